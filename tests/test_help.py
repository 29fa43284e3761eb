"""Help: a screen a topic, on which each option, command, value and verb is found."""

from __future__ import annotations

import shlex

import pytest

from pyipvsadm import verbs
from pyipvsadm.errors import IpvsadmError
from pyipvsadm.grammar import parse
from pyipvsadm.grammar.options import LONG, OPTIONS, RULES
from pyipvsadm.grammar.schedulers import ENGINES, FLAGS, SCHEDULERS, STATES, TUNNELS
from pyipvsadm.help import usage
from pyipvsadm.help.topics import TOPICS

from .fakes import NAMES, run

SCREENS = {"": usage("pyipvsadm"), **{topic.name: usage("pyipvsadm", topic.name) for topic in TOPICS}}


@pytest.mark.parametrize("name", SCREENS)
def test_a_topic_fits_a_screen_with_the_prompt_that_follows(name):
    lines = SCREENS[name].splitlines()
    assert 4 < len(lines) < 24
    assert max(map(len, lines)) < 80
    assert not any(line.endswith(" ") for line in lines)


@pytest.mark.parametrize("row", [*RULES, *OPTIONS], ids=lambda row: row.name)
def test_every_row_of_the_option_table_is_on_some_topic(row):
    names = ", ".join([*(f"-{letter}" for letter in row.short), f"--{row.name}"])
    found = {
        topic for topic, text in SCREENS.items() if any(line.startswith(f"  {names}") for line in text.split("\n"))
    }
    assert found
    if row in OPTIONS:
        told = usage("pyipvsadm", f"--{row.name}")
        assert told in SCREENS.values(), "an option is itself a topic"
        assert names in told


@pytest.mark.parametrize("word", [*SCHEDULERS, *ENGINES, *FLAGS, *TUNNELS, *STATES, *verbs.NAMES])
def test_every_value_and_verb_is_explained_where_it_is_asked_for(word):
    told = usage("pyipvsadm", word)
    assert told in list(SCREENS.values())[1:]
    assert any(line.split()[:1] == [word] for line in told.splitlines())


def test_the_overview_names_commands_topics_and_verbs():
    told = SCREENS[""]
    for rule in RULES:
        assert f"--{rule.name}" in told
    words = told.split()
    assert {*verbs.NAMES, *(topic.name for topic in TOPICS)} <= set(words)


@pytest.mark.parametrize("example", [line for topic in TOPICS for line in topic.examples])
def test_an_example_is_a_line_of_the_grammar(example):
    words = shlex.split(example.partition("<")[0].partition(">")[0])
    try:
        assert parse(words, NAMES).verb not in ("help", "version")
    except IpvsadmError as error:
        pytest.fail(f"{error}: {error.hint}")


@pytest.mark.parametrize(("words", "first"), [
    (["-h", "service"], "Virtual services: what clients connect to"),
    (["--help", "server"], "Real servers: the machines behind a service"),
    (["foo", "-h", "-w"], "Real servers: the machines behind a service"),
    (["-h", "rr", "and", "--all", "-that"], "Schedulers: how the kernel chooses a server for a connection"),
    (["-h", "sevice"], "There is no topic `sevice`; did you mean `service`?"),
    (["-h", "\x1b[31m"], "There is no topic `[31m`"),
    (["-h", "x" * (1 << 20)], f"There is no topic `{'x' * 36}...`"),
    (["-hv", "service"], "Virtual services: what clients connect to"),
    (["-h"], "pyipvsadm v"),
    (["-h", ""], "pyipvsadm v"),
    (["-v", "service"], "pyipvsadm v"),
])  # fmt: skip
def test_help_is_on_stdout_whatever_follows(words, first):
    ran = run(words)
    assert (ran.status, ran.stderr) == (0, "")
    assert ran.stdout.startswith(first)


def test_a_topic_s_others_are_options():
    assert {other for topic in TOPICS for other in topic.others} <= LONG.keys()
