"""Where nothing but unknown words was given, the hint names the nearest verb."""

from __future__ import annotations

import pytest

from .fakes import run


@pytest.mark.parametrize(
    ("word", "verb"),
    [("shwo", "show"), ("chekc", "check"), ("dif", "diff"), ("aply", "apply"), ("sett", "set"), ("sanbox", "sandbox")],
)
def test_a_mistyped_verb_is_guessed(word, verb):
    answer = run([word, "192.168.2.10:80"])
    assert answer.status == 255
    assert answer.stderr.splitlines()[0].startswith("Try `")
    assert f"did you mean `{verb}`?" in answer.stderr


def test_a_line_with_an_option_gets_no_verb():
    assert "did you mean" not in run(["shwo", "-z"]).stderr
