"""Our completions in bash, zsh and fish, typed into: every option is offered, where it goes, by each of them."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from pyipvsadm.grammar.options import OPTIONS, RULES
from pyipvsadm.help.screens import usage
from pyipvsadm.help.topics import TOPICS

from .shells import STARTS, Shell

PAGE = Path(__file__).parents[1] / "man" / "pyipvsadm.8"
COMMANDS = [row for row in RULES if row.verb not in ("help", "version")]
EVERYTHING = [  # lines that together take every option
    "",
    "-A -f 1 ",
    "-a -t x -r y -i --tun-type gue ",
    "-a -i ",
    "-a ",
    "-L ",
    "-S ",
    "-R ",
    "--start-daemon master ",
]
WORD = re.compile(r"(?<![^\s,])--?[A-Za-z0-9][A-Za-z0-9-]*(?![^\s,])")


@pytest.fixture(scope="module", params=STARTS)
def shell(request, tmp_path_factory):
    if not shutil.which(request.param) or not Path("/usr/share/bash-completion").exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{request.param} or bash-completion isn't installed")
    shell = Shell(request.param, tmp_path_factory.mktemp(request.param))
    yield shell
    shell.close()


def offered(shell, line):
    """The options that are listed where a dash has been typed behind `line`, but those of the line itself."""
    shell.typed(f"pyipvsadm {line}-\t\t")
    return set(WORD.findall(shell.seen)) - set(line.split())


def test_every_option_is_in_the_help_the_manual_and_each_completion(shell):
    found = {name for line in EVERYTHING for name in offered(shell, line)}
    help = usage("pyipvsadm") + "".join(usage("pyipvsadm", topic.name) for topic in TOPICS)
    page = PAGE.read_text().replace("\\-", "-")
    for row in (*RULES, *OPTIONS):
        names = {*(f"-{letter}" for letter in row.short), f"--{row.name}"}
        assert names <= found
        for name in names:
            assert re.search(rf"^ .*(?<!\S){name}\b", help, re.MULTILINE), name
            assert f"Fl {name[1:]}" in page


@pytest.mark.parametrize(("keys", "line"), [
    ("pyipvsadm --add-serve\t", "pyipvsadm --add-server "),
    ("pyipvsadm -A -t 192.0.2.1:80 -s wl\t", "pyipvsadm -A -t 192.0.2.1:80 -s wlc "),
    ("pyipvsadm -A --scheduler=wl\t", "pyipvsadm -A --scheduler=wlc "),
    ("pyipvsadm -A -s mh -b mh-fallback,\t", "pyipvsadm -A -s mh -b mh-fallback,mh-port "),
    ("pyipvsadm -a -i --tun-type gu\t", "pyipvsadm -a -i --tun-type gue "),
    ("pyipvsadm -A --wei\t", "pyipvsadm -A --wei"),
    ("pyipvsadm sandb\t--kernel=h\t", "pyipvsadm sandbox --kernel=host "),
    ("pyipvsadm sandbox --write=complet\t", "pyipvsadm sandbox --write=completions/"),
    ("pyipvsadm sandbox --write=man -- pyipvsadm --stop-d\tm\t",
     "pyipvsadm sandbox --write=man -- pyipvsadm --stop-daemon master "),
    ("pyipvsadm check READ\t", "pyipvsadm check README.md "),
    ("pyipvsadm-save -\t", "pyipvsadm-save -n "),
])  # fmt: skip
def test_what_is_typed(shell, keys, line):
    assert shell.typed(keys).rstrip() == line.rstrip()


def test_an_option_is_offered_once_and_not_where_it_makes_no_sense(shell):
    assert not {"-w", "--weight", "--add-service"} & offered(shell, "-A ")
    assert not {"-u", "--tcp-service", "-6"} & offered(shell, "-A -t 192.0.2.1:80 ")
    assert {"-6", "--ipv6"} <= offered(shell, "-A -f 1 ")
