"""Help: a screen a topic, on which each option, command, value and verb is found."""

from __future__ import annotations

import shlex

import pytest

from pyipvsadm import verbs
from pyipvsadm.errors import IpvsadmError
from pyipvsadm.grammar import parse
from pyipvsadm.grammar.options import LONG, OPTIONS, RULES
from pyipvsadm.grammar.schedulers import ENGINES, FLAGS, SCHEDULERS, STATES, TUNNELS
from pyipvsadm.help.screens import usage
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


@pytest.mark.parametrize("word", [*SCHEDULERS, *ENGINES, *FLAGS, *TUNNELS, *STATES])
def test_every_value_is_explained_where_it_is_asked_for(word):
    told = usage("pyipvsadm", word)
    assert told in list(SCREENS.values())[1:]
    assert any(line.split()[:1] == [word] for line in told.splitlines())


def test_the_overview_explains_verbs_in_their_order_and_names_what_else_there_is():
    told = SCREENS[""].splitlines()
    assert tuple(line.split()[0] for line in told[3:-2]) == verbs.NAMES
    assert [line.split()[0] for line in told[1:3]] == ["pyipvsadm", "pyipvsadm"]
    for rule in RULES:
        assert not rule.short or f" -{rule.short[0]} " in told[-2]
        assert f"--{rule.name}" in SCREENS["commands"]
    assert {topic.name for topic in TOPICS} - {"topics"} <= set(SCREENS["topics"].split())


@pytest.mark.parametrize("name", verbs.NAMES)
def test_all_ways_to_a_verb_s_help_are_one(name):
    told = run(["-h", name])
    assert told.stdout.startswith(f"Usage: ipvsadm {name} ")
    assert max(map(len, told.stdout.splitlines())) < 80
    assert "<" not in told.stdout.replace("< ", "").replace("<=", "")
    for words in ([name, "--help"], [name, "-h"], ["help", name], [name, "--help", "--help"]):  # typer reads the last
        ran = run(words)
        assert (ran.status, ran.stdout, ran.stderr) == (0, told.stdout, ""), words


@pytest.mark.parametrize("name", ["ls", "add", "rm", "sync"])
def test_the_verbs_of_a_group_have_their_help(name):
    told = run(["help", "vip", name]).stdout
    assert told.startswith(f"Usage: ipvsadm vip {name} [OPTION...]")
    assert run(["vip", name, "-h"]).stdout == run(["vip", name, "--help"]).stdout == told


@pytest.mark.parametrize(("word", "topic"), [
    ("fwmark", "service"), ("tcp", "service"), ("nat", "server"), ("dr", "server"), ("add", "commands"),
    ("tunnel", "tunnels"), ("topics", "topics"), ("options", "topics"), ("sync", "daemon"),
])  # fmt: skip
def test_words_that_people_try_lead_to_a_topic(word, topic):
    assert run(["-h", word], program="pyipvsadm").stdout == SCREENS[topic]
    assert run(["help", word], program="pyipvsadm").stdout == SCREENS[topic]


@pytest.mark.parametrize(("words", "message", "hint"), [
    ("help zork", "There is no topic `zork`", "there are service, server, list, restore, "),
    ("help sevice", "There is no topic `sevice`; did you mean `service`?", "there are service, "),
    ("-h zork", "There is no topic `zork`", "there are service, server, list, restore, "),
    ("--help sevice", "There is no topic `sevice`; did you mean `service`?", "there are service, "),
    ("help vip zork", "There is no topic `vip zork`", "there are service, "),
])  # fmt: skip
def test_what_is_no_topic_is_told_with_the_topics(words, message, hint):
    ran = run(words.split())
    assert (ran.status, ran.message, ran.stdout) == (2, f"{message}\n", "")
    assert ran.hints[0].startswith(hint)


@pytest.mark.parametrize(("word", "hint"), [
    ("list", "`show`"), ("ls", "`show`"), ("status", "`show`"), ("add", "`-A`"), ("version", "`-v`"),
    ("--flush", "`-C`"), ("delete", "`-D`"), ("save", "`-Sn > FILE`"), ("load", "`-R < FILE`"), ("edit", "`set`"),
    ("shwo", "did you mean `show`?"),
])  # fmt: skip
def test_words_of_other_tools_lead_to_what_is_meant(word, hint):
    ran = run([word])
    assert (ran.status, ran.message) == (255, "Try `ipvsadm -h' or 'ipvsadm --help' for more information.\n")
    assert ran.hints[0].startswith(hint)


@pytest.mark.parametrize(("line", "message", "hint"), [
    ("show --outptu json", "--outptu: unknown option", "did you mean `--output`?"),
    ("show -o jsn", "--output: `jsn` is not one of table, json, yaml, ndjson, rules", "did you mean `json`?"),
    ("show -o", "-o: missing argument", "`ipvsadm show --help` "),
    ("show --plain=x", "--plain: option does not take an argument", "`ipvsadm show --help` "),
    ("apply", "FILE is missing", "write `ipvsadm apply FILE`"),
    ("apply x y z", "`y z`: one argument too many", "`ipvsadm apply --help` "),
    ("apply x --wait-lock y", "--wait-lock: give a number from 0 to 86400", "`ipvsadm apply --help` "),
    ("apply x --wait-lock -1", "--wait-lock: give a number from 0 to 86400", "`ipvsadm apply --help` "),
    ("top --interval x", "--interval: give a number of seconds from 0.2 to 3600", "`ipvsadm top --help` "),
    ("vip ad 10.0.0.1", "`vip ad`: unknown verb", "did you mean `add`?"),
    ("vip zork", "`vip zork`: unknown verb", "there are `ls`, `add`, `rm`, `sync`"),
    ("vip add", "ADDRESS is missing", "write `ipvsadm vip add ADDRESS...`"),
    ("show --\x1b[31m", "--[31m: unknown option", "`ipvsadm show --help` "),
])  # fmt: skip
def test_a_verb_s_usage_errors_are_a_line_and_a_hint(line, message, hint):
    ran = run(line.split(" "))
    assert (ran.status, ran.message, ran.stdout) == (2, f"{message}\n", "")
    (told,) = ran.hints
    assert told.startswith(hint)


def test_a_verb_s_usage_error_has_the_status_of_the_verb():
    assert (run(["doctor", "--bogus"]).status, run(["doctor", "--bogus"]).message) == (64, "--bogus: unknown option\n")


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
    (["-h", "sevice", "-n"], "There is no topic `sevice`; did you mean `service`?"),
    (["-h", "\x1b[31m"], "There is no topic `[31m`"),
    (["-h", "x" * (1 << 20), "x"], f"There is no topic `{'x' * 36}...`"),
    (["-hv", "service"], "Virtual services: what clients connect to"),
    (["-h"], "Usage: ipvsadm [--netns NAME] VERB|COMMAND"),
    (["-h", ""], "Usage: ipvsadm [--netns NAME] VERB|COMMAND"),
    (["-v", "service"], "pyipvsadm v"),
])  # fmt: skip
def test_help_is_on_stdout_whatever_follows(words, first):
    ran = run(words)
    assert (ran.status, ran.stderr) == (0, "")
    assert ran.stdout.startswith(first)


def test_a_topic_s_others_are_options():
    assert {other for topic in TOPICS for other in topic.others} <= LONG.keys()
