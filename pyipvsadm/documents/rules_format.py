"""A table as rules: reads and writes the lines that save prints."""

from __future__ import annotations

from ..errors import IpvsadmError, NoCommandError
from ..grammar.input_lines import Lines, words
from ..grammar.patterns import Parser
from ..listing import rules
from ..listing.service_lines import netmask
from ..model import PERSISTENT, Command
from ..table.assembly import EnoughError
from ..table.notation import spelled
from .remarks import Findings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..model import Table
    from ..shapes import Alike
    from ..table.assembly import Assembly
    from .formats import Inputs

LINES = "`-A`, `-a`, `--set` and `--start-daemon`"  # the rules that define a table


def read(text: str, assembly: Assembly, inputs: Inputs) -> Findings:
    """Add the rules in `text` to `assembly`; places are line numbers.

    The lines that save prints and comments are valid. Any other line is a problem.
    """
    content = text.encode()
    parse = Parser(inputs.names, "ipvsadm").line
    try:
        _lines(content if content.endswith(b"\n") else content + b"\n", assembly, parse)
    except EnoughError:
        pass
    return Findings()


def _lines(content: bytes, assembly: Assembly, parse: Callable[[str], Command | Alike | None]) -> None:
    """Give all lines to `assembly`. Raises EnoughError."""
    take = assembly.server
    entry = service_before = None
    for number, line in Lines().feed(content):
        try:
            found = parse(line)
        except IpvsadmError as error:
            assembly.wrong(number, _refusal(words(line), error))
            continue
        if found is None:
            continue
        command = found if isinstance(found, Command) else found[0].full(found)
        verb, service, server, *_ = command
        if verb != "add-server" or service is None or server is None:
            _take(command, number, line, assembly)
            continue
        if service is not service_before:
            entry, service_before = assembly.entry(service), service
        if entry is None:
            assembly.wrong(number, f"the service {spelled(service)} is not defined yet: put its `-A` before this line")
            service_before = None
        else:
            take(entry, server, number)


def _take(command: Command, number: int, text: str, assembly: Assembly) -> None:
    """Add the piece in one line to `assembly`, unless it is a server's."""
    if command.verb == "add-service" and command.service:
        assembly.service(command.service, number)
    elif command.verb == "set" and command.timeouts:
        assembly.timeouts(command.timeouts)
    elif command.verb == "start-daemon" and command.daemon:
        assembly.daemon(command.daemon, number)
    else:
        assembly.wrong(number, f"`{words(text)[0]}` does not describe a table: only lines of {LINES} do")


def _refusal(words: list[str], error: IpvsadmError) -> str:
    """The reason for refusing a line, on one line."""
    if isinstance(error, NoCommandError):
        return f"`{words[0]}` is not a rule: rules are lines of {LINES}, and comments begin with `#`"
    message = str(error).strip()
    return f"{message} ({error.hint})" if error.hint else message


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
