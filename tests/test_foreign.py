"""Text from outside: no terminal gets it raw, and no command that is printed has it unquoted."""

from __future__ import annotations

import re
import shlex

import pytest

from pyipvsadm.explain.causes import CAUSES, Seen
from pyipvsadm.grammar.shell import command, requoted
from pyipvsadm.grammar.suggestions import did_you_mean
from pyipvsadm.model import Command, Daemon, Server, Service, printable_lines

from .fakes import run
from .netlink import daemon, server, service, small_kernel
from .terminal import ANSI, environment, seen

VIP, REAL = bytes((192, 168, 2, 10)), bytes((10, 2, 0, 2))
TITLE = "\x1b]0;owned\a"  # sets a terminal's title: harmless, and never ours
DEVICE = "d;id\x1b]0;x\a"
SHELL = "d;id"  # a name that a kernel takes for a device
LINES = {  # what gets foreign text, each with a letter of it that is to be seen
    "a device": (["-L", "--daemon"], "d;id"),
    "a device, plain": (["-L", "--daemon", "--plain"], "d;id"),
    "a device as a rule": (["-S", "-n"], "rr"),
    "a device in show": (["show"], "d;id"),
    "a device in show, plain": (["show", "--plain"], "d;id"),
    "a device as json": (["show", "-o", "json"], "d;id"),
    "a device as rules": (["show", "-o", "rules"], "d;id"),
    "a device as yaml": (["show", "-o", "yaml"], "d;id"),
    "a refused word": (["-Ln", f"zork{TITLE}"], "zork"),
    "a refused option": (["-Ln", f"--zork{TITLE}"], "zork"),
    "a refused address": (["-A", "-t", f"zork{TITLE}:80"], "virtual server"),
    "a refused word of a verb": (["show", f"--zork{TITLE}"], "zork"),
    "a refused service": (["show", f"zork{TITLE}"], "zork"),
    "a refused verb of a verb": (["vip", f"zork{TITLE}"], "zork"),
    "a refused server": (["drain", f"zork{TITLE}"], "zork"),
    "a refused setting": (["set", "192.168.2.10:80", f"--zork{TITLE}"], "zork"),
    "a file": (["check", f"/nowhere/zork{TITLE}"], "zork"),
    "a namespace": (["--netns", f"zork{TITLE}", "-Ln"], "zork"),
    "a device to be made": (["vip", "sync", "--device", f"zork{TITLE}"], "zork"),
    "a client": (["where", "192.168.2.10:80", f"zork{TITLE}"], "zork"),
}


def kernel():
    return small_kernel([(service(VIP, 80, "rr"), [server(REAL, 80)])], daemons=[daemon(1, DEVICE, 5)])


@pytest.mark.parametrize("name", LINES)
def test_a_terminal_gets_no_control_characters_but_our_own(name):
    words, told = LINES[name]
    ran = seen(words, kernel())
    assert told in ran.text
    assert printable_lines(ran.text) == ran.text
    assert set(ANSI.findall(ran.raw)) <= set(re.findall(r"\x1b\[[0-9;]*[mK]", ran.raw))


def test_elsewhere_the_bytes_are_ipvsadm_s():
    with environment():
        assert DEVICE in run(["-L", "--daemon"], kernel()).stdout
        assert TITLE in run(["-Ln", f"--zork{TITLE}"]).stderr


@pytest.mark.parametrize(("words", "line"), [
    (("ip", "link", "set", "eth0.7", "up"), "ip link set eth0.7 up"),
    (("a b", "", "d;id", "$(id)", "it's", "`id`", "*", "~", "é"), None),
    (("10.0.0.1:80/tcp", "[2001:db8::1]:80", "--netns=x"), None),
])  # fmt: skip
def test_a_shell_takes_a_command_for_its_words(words, line):
    assert shlex.split(command(*words)) == list(words)
    assert command(*words) == (line or shlex.join(words))


def test_no_hint_holds_a_name_that_a_shell_would_run():
    bad = Daemon(interface=SHELL, group=bytes((224, 0, 0, 81)))
    asked = Command(
        verb="add-service",
        service=Service(protocol=6, address=VIP, port=80, scheduler=SHELL, engine=SHELL),
        server=Server(address=REAL),
        daemon=bad,
    )
    there = Service(protocol=6, address=VIP, port=80, scheduler="rr")
    eyes = Seen(service=there, services=(there,), daemons=(bad,), servers=(Server(address=REAL, weight=9),))
    hints = [decide(asked, eyes.replace(interfaces=("lo", f"{SHELL}x"))) for _, decide in CAUSES.values()]
    typed = [line for hint in hints for line in re.findall(r"`([^`]*)`", hint) if " " in line]
    assert any(SHELL in line for line in typed)
    for line in typed:
        assert ";" not in "".join(re.split(r"'[^']*'", line)), line


def test_what_is_suggested_can_be_typed():
    assert did_you_mean("d;i", ["d;id"], form="--mcast-interface {}") == "did you mean `--mcast-interface 'd;id'`?"
    assert requoted("-E -t 10.0.0.1:80 -s d;id") == "-E -t 10.0.0.1:80 -s 'd;id'"


def test_the_program_and_the_file_are_quoted(tmp_path):
    path = tmp_path / "a;id"
    path.write_text("-A -t zork:80\n")
    ran = run(["diff", str(path)], program="ipv;s")
    assert f"check '{path}'" in ran.stderr
