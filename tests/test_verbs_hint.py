"""Where a line has no command, and starts with a word, the hint names the nearest verb."""

from __future__ import annotations

import pytest

from .fakes import run


@pytest.mark.parametrize(
    ("word", "verb"),
    [("shwo", "show"), ("chekc", "check"), ("dif", "diff"), ("aply", "apply"), ("sett", "set"), ("sanbox", "sandbox")],
)
@pytest.mark.parametrize("rest", [["192.168.2.10:80"], ["-z"], ["--output", "json"]], ids=" ".join)
def test_a_mistyped_verb_is_guessed(word, verb, rest):
    answer = run([word, *rest])
    assert answer.status == 255
    assert answer.stderr.splitlines()[0].startswith("Try `")
    assert f"did you mean `{verb}`?" in answer.stderr


@pytest.mark.parametrize(("words", "hint"), [
    (["zork"], "the verbs are show,"),
    (["zork", "-z"], "did you mean `-Z`?"),
    (["zork", "-t", "x"], "start with a command"),
])  # fmt: skip
def test_what_is_like_no_verb_is_told_what_there_is(words, hint):
    assert run(words).hints[0].startswith(hint)
