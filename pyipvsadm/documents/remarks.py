"""What the reader of a format returns, besides the pieces of a table that it gives to an Assembly."""

from __future__ import annotations

from ..model import Table
from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..shapes import Groups
    from ..table.assembly import Place
    from ..table.plan import Scope
    from ..table.steps import Step
    from .owners import Owners


class Note(Record):
    """What a table can't express, or what may be unexpected. Each `kind` of note is printed once, with a count."""

    __slots__ = ()
    kind: str = ""
    place: Place = ()
    message: str = ""


class State(Record):
    """The state of a server that legitimately differs between the kernel and the file: for example, it is draining."""

    __slots__ = ()
    word: str = ""
    service: str = ""
    server: str = ""
    detail: str = ""


class Expected(Record):
    """The kernel's table as it would be without these `states`."""

    __slots__ = ()
    table: Table = Table()
    states: tuple[State, ...] = ()


class Compared(Record):
    """A document that was compared with the kernel's table while it was read: it may have only what differs.

    `others` are services of the kernel, with their servers: at least those that the document says in other words or not
    at all. `whole` gives the whole document.
    """

    __slots__ = ()
    others: Groups = ()
    whole: Callable[[], Table] = Table


def first_line(place: Place) -> int:
    """The line of a place that is a line number, or the first line."""
    return place if isinstance(place, int) else 1


class Findings(Record):
    """What a file says besides the table's pieces.

    `line` returns the line of a place. `left_alone` holds the services that are never removed, even if the file lacks
    them. `rival` names the program that would undo the changes of `apply`. `expected` takes the kernel's table and the
    file's; `why` gives the reason for a step between them. `compared` is set if the pieces may be only what differs.
    """

    __slots__ = ()
    line: Callable[[Place], int] = first_line
    notes: tuple[Note, ...] = ()
    owners: Owners | None = None
    left_alone: Scope | None = None
    rival: str = ""
    expected: Callable[[Table, Table], Expected] | None = None
    why: Callable[[Step], str] | None = None
    compared: Compared | None = None
