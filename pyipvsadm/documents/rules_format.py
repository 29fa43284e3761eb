"""A table as rules: reads and writes the lines that save prints."""

from __future__ import annotations

from ..errors import IpvsadmError, NoCommandError
from ..grammar.input_lines import words
from ..grammar.patterns import Parser
from ..listing import rules
from ..listing.service_lines import netmask
from ..model import PERSISTENT, Command
from ..table.assembly import EnoughError
from ..table.notation import spelled
from .remarks import Findings
from .source import lines_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ..kernel import Kernel
    from ..model import Table
    from ..shapes import Alike
    from ..table.assembly import Assembly
    from .formats import Inputs
    from .remarks import Compared

    Given = Callable[..., Assembly]

LINES = "`-A`, `-a`, `--set` and `--start-daemon`"  # the rules that define a table
SERVICE = "\n-A "  # the beginning of a service's lines, where save has written them
SOME = 64  # services from which it pays off to look for them in the kernel, instead of reading them
FORMS = f"rules are lines of {LINES}, and comments begin with `#`"


def read(text: str, assembly: Assembly, inputs: Inputs) -> Findings:
    """Add the rules in `text` to `assembly`; places are line numbers.

    The lines that save prints and comments are valid. Any other line is a problem.
    """
    parse = Parser(inputs.names, "ipvsadm").line

    def given(text: str, assembly: Assembly, first: int = 1) -> Assembly:
        try:
            _lines(lines_of(text), assembly, parse, lambda: inputs.names().ports(), first)
        except EnoughError:
            pass
        return assembly

    if inputs.kernel and text.count(SERVICE) >= SOME and (compared := _compared(text, assembly, given, inputs.kernel)):
        return Findings(compared=compared)
    if inputs.is_shared:
        from .dialect.second_half import is_read

        if is_read(text, assembly, given):
            return Findings()
    given(text, assembly)
    return Findings()


def _compared(text: str, assembly: Assembly, given: Given, kernel: Callable[[], Kernel]) -> Compared | None:
    """Add the rules in `text` that aren't as in the kernel; None if all must be read, and then nothing is added.

    `given` adds the rules in a text to an Assembly, which it returns.
    """
    from .same_services.same_rules import RuleParts

    parts = RuleParts(text, assembly, SERVICE, given)
    return parts.compared(assembly, kernel, lambda: given(text, assembly.another()).table())


def _lines(
    lines: Iterable[str],
    assembly: Assembly,
    parse: Callable[[str], Command | Alike | None],
    ports: Callable[[], list[str]],
    first: int,
) -> None:
    """Give all lines, numbered from `first` on, to `assembly`. Raises EnoughError. `ports` tells the names of ports."""
    row = assembly.row
    entry = shape_before = virtual_before = None  # of the line before: most lines are about servers of one service
    for number, line in enumerate(lines, first):
        try:
            found = parse(line)
        except IpvsadmError as error:
            assembly.wrong(number, Refusal(line, error, ports))
            continue
        if found is None:
            continue
        if isinstance(found, Command):
            _take(found, number, line, assembly)
            continue
        shape, virtual, address, port, weight = found
        if shape is not shape_before or virtual is not virtual_before:
            shape_before, virtual_before, known = shape, virtual, shape.known
            service, verb = shape.service(virtual), shape.command.verb
            entry = assembly.entry(service) if verb == "add-server" else None
        if entry is not None:
            row(entry, (address, port), known.get(weight) or shape.settings(weight), number)
        elif service and verb == "add-service":
            assembly.service(service, number)
        else:
            _take(shape.full(found), number, line, assembly)


def _take(command: Command, number: int, text: str, assembly: Assembly) -> None:
    """Add the piece in one line to `assembly`."""
    if command.verb == "add-server" and command.service and command.server:
        entry = assembly.entry(command.service)
        if entry is None:
            name = spelled(command.service)
            assembly.wrong(number, f"the service {name} is not defined yet: put its `-A` before this line")
        else:
            assembly.server(entry, command.server, number)
    elif command.verb == "add-service" and command.service:
        assembly.service(command.service, number)
    elif command.verb == "set" and command.timeouts:
        assembly.timeouts(command.timeouts)
    elif command.verb == "start-daemon" and command.daemon:
        assembly.daemon(command.daemon, number)
    else:
        assembly.wrong(number, f"`{words(text)[0]}` does not describe a table: only lines of {LINES} do")


class Refusal:
    """The reason for refusing a line, on one line. It is looked for when it is shown, since few of many are."""

    def __init__(self, line: str, error: IpvsadmError, ports: Callable[[], list[str]]) -> None:
        self._line, self._error, self._ports = line, error, ports

    def __str__(self) -> str:
        from ..grammar.mistakes import mistaken

        said, error = words(self._line), self._error
        hint = mistaken(said, self._ports)
        if isinstance(error, NoCommandError):
            return f"`{said[0]}` is not a rule: {hint or FORMS}"
        message, hint = str(error).strip(), hint or error.hint
        return f"{message} ({hint})" if hint else message


def pieces(table: Table) -> Iterator[str]:
    """`table` as rules, a piece of text for each service.

    Rules can't express that there are no daemons, nor that a server is `local`, which is written as `-g`.
    """
    for service, servers in table.services:
        who = rules.service_option(service)
        settings = rules.service_settings(service)
        if service.netmask is not None and not service.flags & PERSISTENT:
            settings += f" -M {netmask(service)}"  # save leaves it out, although the kernel keeps it
        lines = [f"-A {who} {settings}\n"]
        for server in servers:
            address = rules.endpoint(server.address, server.port, service.protocol, None)
            lines.append(f"-a {who} -r {address} {rules.server_settings(server)}\n")
        yield "".join(lines)
    if table.timeouts is not None:
        yield rules.timeouts(table.timeouts)
    if table.daemons:
        yield rules.daemons(table.daemons)
