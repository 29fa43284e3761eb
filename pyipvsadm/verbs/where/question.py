"""Turns words and files into the clients in question, and the changes to assume."""

from __future__ import annotations

from _socket import AF_INET, inet_pton

from ...errors import UsageError
from ...grammar.schedulers import SCHEDULERS
from ...grammar.shell import quoted
from ...grammar.suggestions import did_you_mean
from ...model import MASQUERADE, Command, Server, Table, printable
from ...prediction.clients import Client
from ...record import Record
from ...table.comparison import server_key, service_key
from ...table.notation import address_of, server_of, spelled, spelled_server

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...model import Service
    from ...world import World

    Services = tuple[tuple[Service, tuple[Server, ...]], ...]

CLIENT_FORMS = "write 203.0.113.9, 203.0.113.9:40000 or [2001:db8::1]:40000"
WORD, COMMENT = "weight", "#"
LAST_WEIGHT = 2**31 - 1


class Change(Record):
    """The changes to assume, as typed on the command line."""

    __slots__ = ()
    without: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    weights: tuple[str, ...] = ()
    scheduler: str = ""
    table: str = ""
    format: str = ""

    @property
    def is_asked(self) -> bool:
        """Whether any change is assumed."""
        return any(self)

    def planned(self, service: Service, world: World) -> Services:
        """The service in the table, with its servers; empty without a table. Raises IpvsadmError."""
        if not self.table:
            return ()
        from ...documents import Asked
        from ...explain.similar import near_services
        from ...support.document_input import read_document

        key = service_key(service)
        table = read_document(world, self.table, Asked(format=self.format)).table
        found = tuple(entry for entry in table.services if service_key(entry[0]) == key)
        if not found:
            near = ", ".join(f"`{spelled(one)}`" for one in near_services(service, (one for one, _ in table.services)))
            raise UsageError(
                f"{printable(self.table)} has no service {spelled(service)}",
                hint=f"{f'there is {near}; ' if near else ''}with that table, the service is deleted, with all of its"
                " servers",
            )
        return found

    def commands(self, service: Service, servers: Sequence[Server], planned: Services) -> list[Command]:
        """The commands that make first the `planned` table, then the other changes. Raises UsageError."""
        found = _from_table(service, servers, planned) if planned else []
        there = {server_key(server): server for server in servers}
        for command in found:
            if command.server:
                there[server_key(command.server)] = command.server
            elif command.service:
                service = command.service
        for word in self.without:
            server = _existing(word, there, service)
            del there[server_key(server)]
            found.append(Command(verb="delete-server", service=service, server=server))
        for word in self.weights:
            name, _, number = word.partition("=")
            server = _existing(name, there, service).replace(weight=_weight(number, word))
            there[server_key(server)] = server
            found.append(Command(verb="edit-server", service=service, server=server))
        found += [Command(verb="add-server", service=service, server=_new(word, there)) for word in self.added]
        if self.scheduler and self.scheduler not in SCHEDULERS:
            known = f"one of {', '.join(SCHEDULERS)}"
            raise UsageError(
                f"`{printable(self.scheduler)}` is not a known scheduler",
                hint=did_you_mean(self.scheduler, SCHEDULERS, known),
            )
        if self.scheduler:
            found.append(Command(verb="edit-service", service=service.replace(scheduler=self.scheduler)))
        return found


def _from_table(service: Service, servers: Sequence[Server], planned: Services) -> list[Command]:
    """The commands that turn a service, which need not exist, into the `planned` one."""
    from ...table.plan import make_plan

    now = Table(services=((service, tuple(servers)),) if service.scheduler else ())
    return [step.command for step in make_plan(now, Table(services=planned)).steps]


def _existing(word: str, there: dict[tuple[object, ...], Server], service: Service) -> Server:
    """The server that `word` names. Raises UsageError if the service has none."""
    key = server_key(server_of(word))
    if key not in there:
        known = ", ".join(map(spelled_server, there.values())) or "none"
        raise UsageError(f"{spelled(service)} has no server {printable(word)}", hint=f"its servers: {known}")
    return there[key]


def _new(word: str, there: dict[tuple[object, ...], Server]) -> Server:
    """The server that `word` describes. Raises UsageError if there is one of that name."""
    name, *rest = word.split()
    server = server_of(name).replace(forwarding=MASQUERADE)
    if server_key(server) in there:
        raise UsageError(f"{spelled_server(server)} is there already", hint=f"`--weight {name}=N` gives it a weight")
    if not rest:
        return server
    if len(rest) != 2 or rest[0] != WORD:
        raise UsageError(f"`{printable(word)}` describes no server", hint=f"write `{quoted(printable(name))} {WORD} 2`")
    return server.replace(weight=_weight(rest[1], word))


def _weight(number: str, word: str) -> int:
    if number.isascii() and number.isdigit() and len(number) <= 10 and int(number) <= LAST_WEIGHT:
        return int(number)
    raise UsageError(f"`{printable(word)}` names no weight", hint=f"a weight is a number from 0 to {LAST_WEIGHT}")


def client_of(text: str, service: Service) -> Client:
    """The client that `text` names, of the family of `service`. Raises UsageError."""
    try:
        client = _client(text)
    except ValueError as error:
        raise UsageError(f"`{printable(text)}` names no client: {error}", hint=CLIENT_FORMS) from None
    if len(client.address) != (4 if service.af == AF_INET else 16):
        raise UsageError(f"{printable(text)} isn't of the address family of {spelled(service)}", hint=CLIENT_FORMS)
    return client


def _client(text: str) -> Client:
    """The client in `text`: an address, with or without a port. Raises ValueError."""
    host, colon, port = text.rpartition(":")
    if text.startswith("[") and text.endswith("]"):
        return Client(address=address_of(text[1:-1]))
    if not colon or (":" in host and not host.startswith("[")):
        return Client(address=address_of(text))
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536):
        raise ValueError("the port is a number from 1 to 65535")
    return Client(address=address_of(host.removeprefix("[").removesuffix("]")), port=int(port))


def clients_in(path: str, service: Service, world: World) -> Iterator[Client]:
    """The clients in the file `path`: the first word of each line. Raises IpvsadmError."""
    from ...documents.source import read_text

    name, text = read_text(path, world)
    for number, line in enumerate(text.split("\n"), 1):
        word = (line.split(None, 1) or COMMENT)[0]
        if not word.startswith(COMMENT):
            try:
                yield Client.make((inet_pton(service.af, word), None))
            except (OSError, ValueError):
                yield _client_in_line(word, service, f"{name}:{number}")


def _client_in_line(word: str, service: Service, place: str) -> Client:
    """The client that `word` names, at this place of a file. Raises UsageError."""
    try:
        return client_of(word, service)
    except UsageError as error:
        raise UsageError(f"{place}: {error}", error.hint) from None
