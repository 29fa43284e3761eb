"""What a reader of a format hands back beside the pieces of a table, which it gives to an Assembly."""

from __future__ import annotations

from ..model import Table
from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..table.assembly import Place
    from ..table.plan import Scope, Step
    from .owners import Owners


class Note(Record):
    """What a table can't say, or what may surprise. Notes of one `kind` are told once, with their number."""

    __slots__ = ()
    kind: str = ""
    place: Place = ()
    message: str = ""


class State(Record):
    """What a server of the kernel is in, that the file lacks or has otherwise, and is right so: it is draining, say."""

    __slots__ = ()
    word: str = ""
    service: str = ""
    server: str = ""
    detail: str = ""


class Expected(Record):
    """The kernel's table as it would be without those `states`."""

    __slots__ = ()
    table: Table = Table()
    states: tuple[State, ...] = ()


def first_line(place: Place) -> int:
    """The line of a place that is one, or the first."""
    return place if isinstance(place, int) else 1


class Findings(Record):
    """What a file says beside the table's pieces.

    `line` tells the line of a place. `left_alone` holds the services that are never removed, although the file lacks
    them. `rival` says who would undo what `apply` does. `expected` takes the kernel's table and the file's; `why` says
    why a step between them is there.
    """

    __slots__ = ()
    line: Callable[[Place], int] = first_line
    notes: tuple[Note, ...] = ()
    owners: Owners | None = None
    left_alone: Scope | None = None
    rival: str = ""
    expected: Callable[[Table, Table], Expected] | None = None
    why: Callable[[Step], str] | None = None
