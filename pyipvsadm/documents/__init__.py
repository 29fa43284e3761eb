"""A whole table in a file: read in any format of the registry, and written in the formats that have a writer.

All documents are read in one way: source -> format -> pieces -> table, or a list of all problems.
"""

from __future__ import annotations

import os
from _operator import itemgetter
from itertools import islice

from ..errors import IpvsadmError
from ..model import Table, printable
from ..record import Record
from ..table.assembly import KNOWN_ENGINES, KNOWN_SCHEDULERS, PROBLEMS, Assembly, spelled_path
from .formats import BrokenError, Inputs
from .remarks import Compared, Findings
from .source import lines_of, read_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..kernel import Kernel
    from ..table.assembly import Place
    from ..world import World
    from .source import Source

LOOKED = 100_000  # lines in which something suspicious is looked for
SHOWN = 100  # problems that a message lists
MODULES = "/sys/module"
LARGE = 1 << 17  # bytes of a document from which it pays off that a second process reads the table meanwhile, or a half


class DocumentError(IpvsadmError):
    """A file that isn't a valid table. The message lists its problems, a line each."""


def _no_options(format: str) -> Record | None:
    return None


class Asked(Record):
    """How to read a document: its `format`, detected if empty, with the options of that format.

    `notes` asks for all notes.
    """

    __slots__ = ()
    format: str = ""
    notes: bool = False
    options: Callable[[str], Record | None] = _no_options


AS_IT_IS = Asked()


class Document(Record):
    """The content of a file: its assembled table, other findings, its name for messages, and the name of its format."""

    __slots__ = ()
    assembly: Assembly = Assembly()
    findings: Findings = Findings()
    name: str = ""
    format: str = ""

    @property
    def table(self) -> Table:
        """The table. Each call makes it anew."""
        return self.assembly.table()

    def whole(self) -> Table:
        """The table, even if the document was compared with the kernel's while it was read."""
        compared = self.findings.compared
        return compared.whole() if compared else self.table

    def places(self) -> list[tuple[str, list[str]]]:
        """The places of the table's parts in the file: for each service, its place and its servers' places."""

        def spelled(place: Place) -> str:
            return f"{self.name}:{self.findings.line(place)}"

        return [(spelled(entry.place), list(map(spelled, entry.places))) for entry in self.assembly.entries]


def read(path: str, world: World, asked: Asked = AS_IT_IS, compared: bool = False, shared: bool = False) -> Document:
    """The document in the file `path`, or on stdin for `-`. Raises DocumentError, or IpvsadmError without a file.

    If it is to be `compared` with the kernel's table, it may have only what differs: then its findings say so.
    Where it is `shared`, a second process may read a part of it: this one must have no other threads.
    """
    file, assembly, findings = _assembled(path, world, asked, compared, shared)
    return Document(assembly=assembly, findings=findings, name=file.name, format=file.format.name)


def _assembled(
    path: str, world: World, asked: Asked, compared: bool, shared: bool
) -> tuple[Source, Assembly, Findings]:
    """The document in the file `path`, after all checks. Raises IpvsadmError."""
    file = read_source(path, world, asked.format)
    assembly = _known()
    inputs = Inputs(
        names=lambda: world.names,
        options=asked.options(file.format.name),
        path=path,
        kernel=(lambda: world.kernel) if compared else None,
        is_shared=shared and file.size >= LARGE,
    )
    try:
        findings = _found(file, assembly, inputs)
        if assembly.problems:
            raise _error(file, findings, assembly)  # JSON that is too deep shows only while lines are looked for
    except BrokenError as error:
        raise DocumentError(
            f"{file.name}:{error.line}: {error}{''.join(_advice(file, (error.line - 1, error.line)).values())}",
            hint="correct this first: nothing after it can be read",
        ) from None
    return file, assembly, findings


def _found(file: Source, assembly: Assembly, inputs: Inputs) -> Findings:
    """Add the pieces in `file` to `assembly`. Raises BrokenError and IpvsadmError."""
    if file.format.items and inputs.kernel and file.size >= LARGE:
        return _compared(file, assembly, inputs.replace(kernel=None), inputs.kernel)
    if file.format.is_read(file.lines(), assembly):
        return Findings()
    return file.format.read(file.text, assembly, inputs)


def _compared(file: Source, assembly: Assembly, inputs: Inputs, kernel: Callable[[], Kernel]) -> Findings:
    """Add the pieces in `file` that aren't as in the kernel, or all. Raises BrokenError and IpvsadmError."""
    if same := file.format.same(file.blocks(), assembly):
        found = same.compared(assembly, kernel, lambda: _whole(file, assembly.another(), inputs))
        return Findings(compared=found) if found else _found(file, assembly, inputs)
    from .same_services.table_ahead import Ahead

    with Ahead(kernel) as ahead:
        findings = _found(file, assembly, inputs)
        others = ahead.groups()
    return findings.replace(compared=None if others is None else Compared(others=others, whole=assembly.table))


def _whole(file: Source, assembly: Assembly, inputs: Inputs) -> Table:
    _found(file, assembly, inputs)
    return assembly.table()


def _known() -> Assembly:
    """An empty Assembly that knows the names in Linux, and those of this kernel's modules."""
    try:
        modules = sorted(name.removeprefix("ip_vs_") for name in os.listdir(MODULES) if name.startswith("ip_vs_"))
    except OSError:
        modules = []
    engines = [name.removeprefix("pe_") for name in modules if name.startswith("pe_")]
    schedulers = [name for name in modules if not name.startswith("pe_") and name != "ftp"]
    return Assembly(
        schedulers=tuple(dict.fromkeys((*KNOWN_SCHEDULERS, *schedulers))),
        engines=tuple(dict.fromkeys((*KNOWN_ENGINES, *engines))),
    )


def _advice(file: Source, numbers: Iterable[int]) -> dict[int, str]:
    """What is suspicious in the lines of `file` with these numbers, for JSON and YAML."""
    from .advice import EMPTY, of_line

    wanted = set(numbers) if file.format.name in EMPTY else ()
    lines = enumerate(islice(lines_of(file.text), LOOKED), 1) if wanted else ()
    return {number: of_line(line) for number, line in lines if number in wanted}


def _error(file: Source, findings: Findings, assembly: Assembly) -> DocumentError:
    """The error with all problems, sorted by line."""
    line = findings.line
    placed = sorted(((line(problem.place), problem) for problem in assembly.problems), key=itemgetter(0))
    advice = _advice(file, (number for number, _ in placed[:SHOWN]))
    lines = []
    for number, (place, message, other) in placed[:SHOWN]:
        where = f"{spelled_path(place)}: " if place and isinstance(place, tuple) else ""
        first = "" if other is None else f" (the first is at {file.name}:{line(other)})"
        lines.append(printable(f"{file.name}:{number}: {where}{message}{first}{advice.get(number, '')}"))
    if len(placed) > SHOWN:
        ends = f"; after {PROBLEMS} nothing more was read" if len(placed) >= PROBLEMS else ""
        lines.append(f"and {len(placed) - SHOWN} more{ends}")
    return DocumentError("\n".join(lines), hint="nothing was changed: correct the file first")
