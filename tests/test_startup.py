"""Start-up is a feature: what a classic command imports, all of it, on every Python from 3.11 on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pyipvsadm import documents
from pyipvsadm.world import World

from .table_text import text_of

ROOT = Path(__file__).parent.parent
SLOW = {
    "typer", "rich", "pyroute2", "argparse", "dataclasses", "enum", "re", "typing", "ipaddress", "socket", "asyncio",
    "collections", "json", "functools", "pydantic", "yaml", "signal", "subprocess", "operator", "string", "contextlib",
    "logging", "shutil", "tempfile", "pathlib", "inspect", "importlib.metadata", "difflib", "click",
}  # fmt: skip

# Beyond the bare interpreter's. What Python brings: each is built in, or takes a fraction of a millisecond.
ALL = {"__future__", "errno", "gc", "_collections", "_socket"}
WIRE = {"_struct"}
PARSED = {
    "pyipvsadm", "pyipvsadm.cli", "pyipvsadm.world",
    "pyipvsadm.classic", "pyipvsadm.classic.commands", "pyipvsadm.errors", "pyipvsadm.record", "pyipvsadm.model",
    "pyipvsadm.grammar", "pyipvsadm.grammar.options", "pyipvsadm.grammar.values",
}  # fmt: skip
NAMED = {"pyipvsadm.names"}  # the resolver
ASKED = {
    "pyipvsadm.kernel", "pyipvsadm.kernel.wire.codec", "pyipvsadm.kernel.wire", "pyipvsadm.kernel.wire.schema",
    "pyipvsadm.kernel.transport",
}  # fmt: skip
MANY = {  # for what comes in numbers
    "_operator", "itertools", "pyipvsadm.kernel.server_answers", "pyipvsadm.kernel.wire.answers",
    "pyipvsadm.kernel.wire.templates",
}  # fmt: skip
CHANGE = ALL | WIRE | PARSED | ASKED
LISTED_NOTHING = CHANGE | {"pyipvsadm.listing"}
LISTED = (
    LISTED_NOTHING | MANY | {"pyipvsadm.listing.service_lines", "pyipvsadm.listing.numeric", "pyipvsadm.listing.order"}
)
SAVED = LISTED | {"pyipvsadm.kernel.steady", "pyipvsadm.listing.rules"}
RESTORED = CHANGE | {
    "_operator", "select", "pyipvsadm.shapes", "pyipvsadm.kernel.background",
    "pyipvsadm.classic.restore",
    "pyipvsadm.grammar.input_lines", "pyipvsadm.grammar.patterns",
}  # fmt: skip
COMPLETED = (SAVED - {
    "pyipvsadm.classic", "pyipvsadm.classic.commands",
    "pyipvsadm.kernel.server_answers", "pyipvsadm.kernel.steady", "pyipvsadm.kernel.wire.answers",
    "pyipvsadm.kernel.wire.templates",
}) | {
    "pyipvsadm.help", "pyipvsadm.help.complete_command", "pyipvsadm.help.completion_candidates",
    "pyipvsadm.help.typed_line",
    "pyipvsadm.help.completion_values", "pyipvsadm.help.command_lines", "pyipvsadm.table", "pyipvsadm.table.settings",
}  # fmt: skip
EXPLAINED = (SAVED - {"pyipvsadm.kernel.steady", "pyipvsadm.listing.order", "pyipvsadm.kernel.server_answers"}) | {
    "pyipvsadm.explain", "pyipvsadm.explain.causes", "pyipvsadm.explain.requirements", "pyipvsadm.grammar.suggestions",
    "pyipvsadm.grammar.shell",
    "pyipvsadm.explain.similar", "pyipvsadm.grammar.schedulers", "pyipvsadm.table.settings", "pyipvsadm.table.notation",
    "pyipvsadm.table",
}  # fmt: skip
TOLD = ALL | PARSED
WRONG = (TOLD - {"pyipvsadm.classic.commands"}) | {"pyipvsadm.grammar.mistakes", "pyipvsadm.grammar.mistaken_addresses"}
GUESSED = WRONG | {"pyipvsadm.grammar.suggestions", "pyipvsadm.grammar.shell"}
VERSION = TOLD | {"pyipvsadm.help"}
HELPED = VERSION | {
    "pyipvsadm.help.wrapped_lines", "pyipvsadm.help.screens", "pyipvsadm.help.verb_help",
    "pyipvsadm.grammar.suggestions", "pyipvsadm.grammar.shell", "pyipvsadm.grammar.schedulers", "pyipvsadm.help.topics",
    "pyipvsadm.help.command_lines", "pyipvsadm.help.verb_table",
}  # fmt: skip

CASES = [
    (["-A", "-t", "192.0.2.1:80", "-s", "rr"], CHANGE, 0),
    (["-A", "-u", "[2001:db8::1]:80", "-p", "-M", "64", "-b", "flag-1"], CHANGE, 0),
    (["-a", "-t", "192.0.2.1:80", "-r", "192.0.2.2:80", "-m"], CHANGE, 0),
    (["-A", "-t", "localhost:80"], CHANGE | NAMED, 0),  # the codec of IDNA alone would take 10 ms
    (["--set", "1", "2", "3"], CHANGE, 0),
    (["-C"], CHANGE, 0),
    (["-Z"], CHANGE, 0),
    (["--start-daemon", "master"], CHANGE, 0),
    (["-Ln"], LISTED, 0),
    (["-Ln", "--stats"], LISTED, 0),
    ([], LISTED | NAMED, 0),
    (["-Sn"], SAVED, 0),
    (["-S"], SAVED | NAMED, 0),
    (["-R"], RESTORED, 0),
    (["__complete", "-D", "-t", ""], COMPLETED, 0),
    (["-Ln", "-t", "192.0.2.9:80"], EXPLAINED, 1),
    (["-v"], VERSION, 0),
    (["-h"], HELPED, 0),
    (["-h", "service"], HELPED - {"pyipvsadm.classic", "pyipvsadm.classic.commands"}, 0),
    (["-A", "-n"], WRONG, 2),
    (["-L", "--zork"], GUESSED, 255),
    (["zork"], GUESSED | {"pyipvsadm.verbs"}, 255),
]

# Runs a command line with a kernel that has one service and one server, and says what it has imported.
PROGRAM = """
import sys
sys.path.insert(0, {root!r})
import tests.netlink
bare = set(sys.modules)
from pyipvsadm.cli import World, main

class Canned(World):
    @property
    def kernel(self):
        if self._kernel is None:
            from pyipvsadm.kernel import Kernel
            from tests.netlink import CannedSocket, server, service, small_kernel
            table = [] if {empty} else [(service(b"\\x7f\\0\\0\\1", 80), [server(b"\\x7f\\0\\0\\1", 80)])]
            self._kernel = Kernel(CannedSocket(small_kernel(table)), 28)
        return self._kernel

status = main(["ipvsadm", *sys.argv[1:]], Canned("ipvsadm"))
loaded = set(sys.modules)
import json
report = {{"status": status, "loaded": sorted(loaded - bare), "there": sorted(loaded)}}
sys.stderr.write("\\n" + json.dumps(report))
"""
RULES = b"-A -t 192.0.2.1:80 -s rr\n-a -t 192.0.2.1:80 -r 192.0.2.2:80 -m -w 1\n# a comment\n-A -f 5 -6\n"


def check(words, expected, status, empty=False):
    """Check that `words` import the modules of `expected`, and end with `status`; on an `empty` table if need be."""
    ran = subprocess.run(
        [sys.executable, "-I", "-c", PROGRAM.format(root=str(ROOT), empty=empty), *words],
        input=RULES,
        env={**os.environ, "PYIPVSADM_HINTS": "always"},
        capture_output=True,
        check=True,
    )
    report = json.loads(ran.stderr.splitlines()[-1])
    loaded = {name for name in report["loaded"] if name.partition(".")[0] != "tests"}
    assert report["status"] == status
    assert loaded <= expected <= set(report["there"])
    assert not loaded & SLOW


@pytest.mark.parametrize(
    ("words", "expected", "status"), CASES, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_a_classic_command_imports_these_modules_and_no_others(words, expected, status):
    check(words, expected, status)


def test_a_list_of_nothing_imports_nothing_that_makes_lines():
    check(["-Ln"], LISTED_NOTHING, 0, empty=True)


@pytest.mark.parametrize("words", [["-v"], ["zork"]])
def test_the_installed_program_imports_nothing_slow_either(words):
    """As pip's launcher does it: a script of three lines, that calls the function of `project.scripts`."""
    script = "import sys; sys.path.insert(0, {!r}); from pyipvsadm.cli import command; sys.exit(command())"
    ran = subprocess.run(
        [sys.executable, "-I", "-X", "importtime", "-c", script.format(str(ROOT)), *words],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": ""},
    )  # fmt: skip
    told = {line.rpartition("|")[2].strip() for line in ran.stderr.splitlines() if line.startswith("import time:")}
    bare = subprocess.run([sys.executable, "-I", "-X", "importtime", "-c", "pass"], capture_output=True, text=True)
    known = {line.rpartition("|")[2].strip() for line in bare.stderr.splitlines()}
    assert "pyipvsadm.grammar" in told
    assert not (told - known) & SLOW


def test_what_the_library_offers_loads_with_its_package_no_more_than_is_bare():
    script = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); bare = set(sys.modules); import pyipvsadm;"
        " print(*(set(sys.modules) - bare))"
    )
    ran = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True)
    assert set(ran.stdout.split()) <= {"pyipvsadm", "__future__"}


PATTERNS = {"re", "enum", "functools", "collections", "operator"}  # what `re` loads
CONTEXT = {"contextlib", "collections", "functools", "operator"}
FACTS = PATTERNS | CONTEXT | {"socket"}  # of the network
VERBS = [  # a right line, and what it may load of what is slow: typer and what that loads are never among it
    ("show", set()),
    ("show -o rules", set()),
    ("show -o json", set()),
    ("show -o yaml", set()),
    ("check {rules}", set()),
    ("check --from rules -", set()),
    ("check {json}", PATTERNS | {"json"}),
    ("check {shown}", set()),
    ("check {yaml}", PATTERNS | {"json"}),
    ("diff {rules}", set()),
    ("diff {rules} -o json", PATTERNS | {"json"}),
    ("apply {rules} --dry-run", set()),
    ("set 127.0.0.1:80 -s rr", set()),
    ("netns", set()),
    ("convert {rules} -o rules", set()),
    ("where 127.0.0.1:80 192.0.2.1", CONTEXT),
    ("drain 127.0.0.1:81", CONTEXT),
    ("metrics", PATTERNS | CONTEXT | {"typing"}),
    ("vip", set()),
    ("vip sync --dry-run", set()),
    ("doctor --watch 0", FACTS | {"typing", "subprocess", "signal", "json", "ipaddress", "pathlib"}),
    ("top --once", PATTERNS | CONTEXT | {"typing", "json"}),
]
SPARED = {  # by line: modules of ours that load slowly, and that only other lines of the verb need
    "doctor --watch 0": {"pyipvsadm.documents", "pyipvsadm.explain.causes", "pyipvsadm.verbs.doctor.snapshot_file"},
    "vip": {"pyipvsadm.documents", "pyipvsadm.support.outcome", "pyipvsadm.classic.commands"},
    "vip sync --dry-run": {"pyipvsadm.support.outcome", "pyipvsadm.listing.rules", "pyipvsadm.classic.commands"},
}


@pytest.mark.parametrize(("line", "allowed"), VERBS, ids=[line for line, _ in VERBS])
def test_a_right_line_of_a_verb_loads_nothing_slow_but_what_it_needs(line, allowed, tmp_path):
    rules = tmp_path / "table.rules"
    rules.write_bytes(b"-A -t 192.0.2.1:80 -s rr\n-a -t 192.0.2.1:80 -r 192.0.2.2:80 -m -w 1\n")
    data = tmp_path / "table.json"
    data.write_text(
        '{"version": 1, "services": [{"service": "192.0.2.1:80/tcp", "servers": [{"address": "192.0.2.2"}]}]}'
    )
    written = tmp_path / "table.yaml"
    written.write_text("version: 1\nservices:\n  - service: fwmark:7\n    servers:\n      - {address: 192.0.2.2}\n")
    shown = tmp_path / "shown.json"
    shown.write_text(text_of(documents.read(str(rules), World()).table, "json"))
    words = line.format(rules=rules, json=data, yaml=written, shown=shown).split()
    ran = subprocess.run(
        [sys.executable, "-I", "-c", PROGRAM.format(root=str(ROOT), empty=False), *words],
        input=rules.read_bytes(),
        capture_output=True,
        check=True,
    )
    report = json.loads(ran.stderr.splitlines()[-1])
    assert report["status"] in (0, 1, 2)
    assert f"pyipvsadm.verbs.{line.split()[0]}" in report["loaded"]
    assert set(report["loaded"]) & SLOW <= allowed
    assert not SPARED.get(line, set()) & set(report["loaded"])


@pytest.mark.parametrize(("line", "status", "allowed"), [
    ("apply --help", 0, set()), ("doctor -h", 0, set()), ("vip add --help", 0, set()),
    ("check", 2, set()), ("apply --only fwmark:1", 2, set()), ("diff -o json", 2, set()),
    ("show -o zork", 2, set()), ("apply --wait-lock x", 2, set()),
    ("drain a --deadline x", 2, CONTEXT), ("completion zork", 2, PATTERNS | CONTEXT | {"ipaddress", "pathlib"}),
    ("doctor --watch x", 64, SLOW - {"typer", "pydantic", "rich", "pyroute2"}),
    ("top --interval x", 2, PATTERNS | CONTEXT | {"typing", "json"}),
    ("apply --zork", 2, None), ("vip zork", 2, None), ("vip add --zork", 2, None),
])  # fmt: skip
def test_help_loads_nothing_slow_and_a_wrong_word_loads_typer_without_pydantic(line, status, allowed):
    words = [sys.executable, "-I", "-c", PROGRAM.format(root=str(ROOT), empty=False), *line.split()]
    report = json.loads(subprocess.run(words, input=b"", capture_output=True, check=True).stderr.splitlines()[-1])
    assert report["status"] == status
    loaded = set(report["loaded"]) & SLOW
    assert loaded <= allowed if allowed is not None else "typer" in loaded and "pydantic" not in loaded
