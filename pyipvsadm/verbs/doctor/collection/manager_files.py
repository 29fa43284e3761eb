"""The files of programs that manage the table: found by their command lines, and compared with the table."""

from __future__ import annotations

import getopt
import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ....documents.formats import FORMATS, Inputs
from ....documents.keepalived import Files, Options
from ....documents.remarks import Findings
from ....frozen import replaced
from ....model import Table
from ....names import Names
from ....support.managers import command_line, running
from ....table.assembly import Assembly
from ....table.comparison import service_key
from ....table.differences import differences
from ....table.plan import make_plan
from ..snapshot_values import ManagerFile

ROOT = "/"
SHOWN = 10  # differences that are shown of one file
KEEPALIVED = "/etc/keepalived/keepalived.conf"
SHORT = "f:PCBlDS:Gu:XVIRndp:r:Tc:ab:xA:s:mM:ei:tvh"  # source: keepalived --help
LONG = [
    "use-file=", "vrrp", "check", "no_bfd", "all", "log-console", "log-detail", "log-facility=", "no-syslog", "umask=",
    "release-vips", "dont-release-vrrp", "dont-release-ipvs", "dont-respawn", "dont-fork", "dump-conf", "pid=",
    "vrrp_pid=", "genhash", "checkers_pid=", "address-monitoring", "bfd_pid=", "snmp", "snmp-agent-socket=",
    "namespace=", "core-dump", "core-dump-pattern=", "all-config", "config-id=", "signum=", "config-test", "version",
    "help",
]  # fmt: skip
LDIRECTORD = "ldirectord.cf"
FOLDERS = ("/etc/ha.d/conf", "/etc/ha.d")  # where ldirectord looks for a name
ACTIONS = ("start", "restart", "try-restart", "reload", "force-reload")


class Asked(NamedTuple):
    """The paths at which the file of a command line may be, and the id of `@id` lines."""

    places: tuple[str, ...]
    id: str = ""


def keepalived(words: list[str]) -> Asked | None:
    """The file of a keepalived process; None if it runs only VRRP."""
    try:
        given = getopt.gnu_getopt(words[1:], SHORT, LONG)[0]
    except getopt.GetoptError:
        given = []
    options = dict(given)
    if ("-P" in options or "--vrrp" in options) and not ("-C" in options or "--check" in options):
        return None
    file = options.get("-f", options.get("--use-file", KEEPALIVED))
    host = os.uname().nodename.partition(".")[0]
    return Asked((file,), options.get("-i", options.get("--config-id", host)))


def ldirectord(words: list[str]) -> Asked | None:
    """The file of an ldirectord process; in `words` it comes after the name of the script."""
    at = next((index for index, word in enumerate(words) if os.path.basename(word) == "ldirectord"), len(words))
    named = [word for word in words[at + 1 :] if not word.startswith("-") and word not in ACTIONS]
    name = named[0] if named else LDIRECTORD
    return Asked((name, *(os.path.join(folder, name) for folder in FOLDERS)))


PROGRAMS: dict[str, Callable[[list[str]], Asked | None]] = {"keepalived": keepalived, "ldirectord": ldirectord}


class Read(NamedTuple):
    """A file that was read, and the table that it describes."""

    file: ManagerFile
    findings: Findings
    wanted: Table


def manager_files(table: Table, names: Callable[[], Names], root: str = ROOT) -> tuple[ManagerFile, ...]:
    """The files of running programs, with their differences from `table`, not counting services of others."""
    found: dict[tuple[str, Asked], Read] = {}
    for program, process in running(root):
        asked = PROGRAMS[program](command_line(process, root)) if program in PROGRAMS else None
        if asked and (program, asked) not in found and _is_ours(process, root):
            found[program, asked] = _read(program, asked, process, names, root)
    wanted = [(read, {service_key(service) for service, _ in read.wanted.services}) for read in found.values()]
    everyone = [key for _, keys in wanted for key in keys]
    prune = not any(read.file.unread for read in found.values())  # the services of an unread file are unknown
    return tuple(_compared(read, _without(table, set(everyone) - keys), prune) for read, keys in wanted)


def _without(table: Table, others: set[tuple[object, ...]]) -> Table:
    kept = tuple(row for row in table.services if service_key(row[0]) not in others)
    return table.replace(services=kept)


def _is_ours(process: str, root: str) -> bool:
    """Whether a process belongs to root or to us: others can't manage the table, whatever their names are."""
    try:
        return os.stat(os.path.join(root, "proc", process)).st_uid in (0, os.geteuid())
    except OSError:
        return False


def _read(program: str, asked: Asked, process: str, names: Callable[[], Names], root: str) -> Read:
    """The file that a process reads, below the root folder of the process."""
    files = Files(os.path.join(root, "proc", process, "root"))
    folder = _folder(process, root)
    places = [os.path.normpath(os.path.join(folder, place)) for place in asked.places]
    path, text = next(_texts(files, places), (places[0], None))
    if text is None:
        return Read(ManagerFile(program, path, unread="it can't be read"), Findings(), Table())
    assembly = Assembly()
    options = Options(id=asked.id, files=files) if program == "keepalived" else None
    findings = FORMATS[program].read(text, assembly, Inputs(names=names, options=options, path=path))
    if assembly.problems:
        place, message, _ = assembly.problems[0]
        unread = f"line {findings.line(place)}: {message}"
        return Read(ManagerFile(program, path, unread=unread), findings, Table())
    return Read(ManagerFile(program, path), findings, assembly.table())


def _compared(read: Read, table: Table, prune: bool) -> ManagerFile:
    """The file with its differences from `table`."""
    if read.file.unread:
        return read.file
    states = 0
    if read.findings.expected:
        now = read.findings.expected(table, read.wanted)
        table, states = now.table, len(now.states)
    found = differences(make_plan(table, read.wanted, prune=prune).steps, read.findings.why, table)
    lines = tuple(one.line().strip() for one in found[:SHOWN])
    return replaced(read.file, differences=lines, count=len(found), states=states)


def _texts(files: Files, places: list[str]) -> Iterator[tuple[str, str]]:
    for place in places:
        text = files.text(place)
        if text is not None:
            yield place, text


def _folder(process: str, root: str) -> str:
    """The working folder of a process."""
    try:
        return os.readlink(os.path.join(root, "proc", process, "cwd"))
    except OSError:
        return "/"
