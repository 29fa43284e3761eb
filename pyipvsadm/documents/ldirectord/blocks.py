"""Splits an ldirectord.cf into blocks: global settings, and services with their indented settings."""

from __future__ import annotations

import re
from _socket import AF_INET, AF_INET6

from ...record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

YES_NO = ("yes", "no")
NETMASK = "netmask"
SWITCHES = ("quiescent", "readdquiescent", "cleanstop", "autoreload", "fork", "ops")
NUMBERS = {  # settings that are numbers, with the lowest value
    **dict.fromkeys(
        ("checktimeout", "negotiatetimeout", "checkinterval", "checkcount", "failurecount", "checkport"), 1
    ),
    **dict.fromkeys(("emailalertfreq", "persistent"), 0),
}
UNQUOTED = re.compile(r'"([^"]*)"|\'([^\']*)\'')
BOTH = frozenset((  # settings that may be global or of one service
    "checktimeout", "negotiatetimeout", "checkinterval", "checkcount", "failurecount", "fallback", "fallback6",
    "fallbackcommand", "emailalert", "emailalertfrom", "emailalertfreq", "emailalertstatus", "quiescent",
    "readdquiescent", "cleanstop", "smtp", "monitorfile",
))  # fmt: skip
GLOBAL = BOTH | {"autoreload", "callback", "logfile", "execute", "supervised", "fork", "maintenancedir"}
VIRTUAL = BOTH | {
    "real", "real6", "checktype", "service", "checkcommand", "checkport", "request", "receive", "httpmethod",
    "virtualhost", "login", "passwd", "database", "secret", "scheduler", "persistent", "netmask", "protocol", "ops",
    "servicename", "comment",
}  # fmt: skip
INDENTED = re.compile(r" {4}| *\t")
COMMENT = re.compile(r"""("[^"]*")|#.*""")
SETTING = re.compile(r"(\w+)\s*=\s*(.*)")


class RefusedError(Exception):
    """ldirectord ends at `line`, and makes no table."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"ldirectord ends: {message}")
        self.line = line


class Line(Record):
    """A setting: the number of its line, whether it is indented, its key and its value."""

    __slots__ = ()
    number: int = 0
    indented: bool = False
    key: str = ""
    value: str = ""


class Virtual:
    """A `virtual=` line and the settings below it."""

    def __init__(self, head: Line) -> None:
        self.head = head
        self.reals: list[Line] = []
        self.settings: dict[str, Line] = {}

    @property
    def af(self) -> int:
        """The address family, by the keyword: `virtual` or `virtual6`."""
        return AF_INET6 if self.head.key.endswith("6") else AF_INET

    def told(self, key: str, default: str = "") -> str:
        """The value of `key`, or `default`."""
        return self.settings[key].value if key in self.settings else default

    def line(self, key: str) -> int:
        """The number of the line that sets `key`, or of the first line."""
        return self.settings.get(key, self.head).number


def _lines(text: str) -> Iterator[Line]:
    for number, raw in enumerate(text.split("\n"), 1):
        line = COMMENT.sub(lambda found: found[1] or "", raw)
        if not line.strip():
            continue
        indented = INDENTED.match(line) is not None
        found = SETTING.fullmatch(line.lstrip()) if indented or not line[0].isspace() else None
        if found is None:
            raise RefusedError(number, "this is not a setting: `key = value`, in a service after a tab or four blanks")
        value = found[2] if found[1] in (*SWITCHES, NETMASK) else found[2].rstrip()
        yield Line(number=number, indented=indented, key=found[1], value=value)


def gathered(text: str) -> tuple[Virtual, list[Virtual]]:
    """The global settings, and the services with theirs. Raises RefusedError."""
    above, virtuals = Virtual(Line()), []
    for line in _lines(text):
        if line.key in ("virtual", "virtual6") and not line.indented:
            virtuals.append(Virtual(line))
            continue
        if (line.indented and not virtuals) or line.key not in (VIRTUAL if line.indented else GLOBAL):
            where = "in a service" if line.indented and virtuals else "outside of services"
            raise RefusedError(line.number, f"`{line.key}` is unknown {where}")
        block = virtuals[-1] if line.indented else above
        if line.key in ("real", "real6"):
            if line.key.endswith("6") != block.head.key.endswith("6"):
                raise RefusedError(line.number, f"`{line.key}` can't be used in `{block.head.key}`")
            block.reals.append(line)
        else:
            block.settings[line.key] = _judged(line)
    return above, virtuals


def _judged(line: Line) -> Line:
    """A setting without the quotes around its value. Raises RefusedError if the value is invalid."""
    found = UNQUOTED.fullmatch(line.value)
    value = line.value if found is None else found[1] or found[2] or ""
    if line.key in (*SWITCHES, NETMASK) and value != value.rstrip():
        raise RefusedError(line.number, f"{line.key} has a blank after it, at the end of the line or before a comment")
    if line.key in SWITCHES and value not in YES_NO:
        raise RefusedError(line.number, f"{line.key} must be yes or no")
    if line.key in NUMBERS and not (value.isdecimal() and int(value) >= NUMBERS[line.key]):
        raise RefusedError(line.number, f"{line.key} must be a number of at least {NUMBERS[line.key]}")
    return line.replace(value=value)
