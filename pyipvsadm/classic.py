"""Carries out an ipvsadm Command: asks the kernel, hands the answer to `text`."""

from __future__ import annotations

from errno import EPERM

from . import errors
from .errors import IpvsadmError, RefusedError, UnreachableError
from .text.parse import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .kernel import Kernel
    from .model import Command, Listing, Server, Service
    from .names import Names
    from .world import World

MANY = 400  # services from which on a second process is worth its start
EDITS = ("edit-service", "edit-server")


def run(words: list[str], world: World) -> int:
    """Carry out one line of the classic grammar, and return the exit status."""
    command = parse(words, lambda: world.names, world.program, world.posix)
    try:
        if command.verb in EDITS and world.watched:
            _edit(command, words, world)
        else:
            carry_out(command, world)
    except (RefusedError, UnreachableError) as error:
        if command.verb != "restore":  # which names the line
            from .explain import explained

            error.hint = explained(command, error, world) or error.hint
        raise
    return 0


def _edit(command: Command, words: list[str], world: World) -> None:
    """Carry out an edit, and tell a person what it has reset."""
    from .text.resets import resets

    service = server = None
    try:
        if command.service and command.server:
            found = world.kernel.servers(command.service)
            server = next((one for one in found if one[:2] == command.server[:2]), None)  # address and port
        elif command.service:
            service = world.kernel.service(command.service)
    except OSError:
        pass  # the edit will be told why
    carry_out(command, world)
    world.note(*filter(None, (resets(words, command, service, server),)))


def carry_out(command: Command, world: World) -> None:
    """Carry out `command`. Raises IpvsadmError where it fails."""
    if command.notes:
        world.note(*command.notes)
    if command.verb == "restore":
        from .restore import restore

        return restore(command, world)
    if command.verb in ANSWERS:
        return ANSWERS[command.verb](command, world)
    try:
        for _, errno in world.kernel.submit((command,)):
            raise refused(command.verb, errno)
    except OSError as error:
        raise transport(command.verb, error) from error


def refused(verb: str, errno: int) -> IpvsadmError:
    """The kernel's refusal; without privilege that of all that is asked."""
    return errors.unreachable(errno) if errno == EPERM else errors.refusal(verb, errno)


def transport(verb: str, error: OSError) -> IpvsadmError:
    """A socket that failed, as ipvsadm says it, with the cause as the hint."""
    found = errors.refusal(verb, error.errno or 0)
    return errors.RefusedError(str(found), found.hint or str(error.strerror), found.status, found.errno)


def _list(command: Command, world: World) -> None:
    """`-L`: connections, one service, timeouts, daemons, or everything."""
    listing = command.listing
    try:
        if listing.connection:
            _list_connections(listing, world)
        elif command.service:
            _list_table([world.kernel.service(command.service)], listing, world, whole=False)
        elif listing.timeout:
            _list_timeouts(listing, world)
        elif listing.daemon:
            _list_daemons(listing, world)
        else:
            _list_table(world.kernel.services(listing.stats or listing.rate), listing, world, whole=True)
    except OSError as error:
        raise refused("list", error.errno or 0) from error


def _list_timeouts(listing: Listing, world: World) -> None:
    from .text.listing import timeouts

    values = world.kernel.timeouts()
    if canvas := world.canvas(listing.plain):
        from .verbs import draw

        world.write(draw.timeouts(values, canvas))
    else:
        world.write(timeouts(values))


def _list_daemons(listing: Listing, world: World) -> None:
    from .text.listing import daemons

    values = world.kernel.daemons()
    if canvas := world.canvas(listing.plain):
        from .verbs import draw

        world.write(draw.daemons(values, canvas))
    else:
        world.write(daemons(values))


def _list_table(services: list[Service], listing: Listing, world: World, whole: bool) -> None:
    from .text.heads import header

    kernel, names = world.kernel, _names(listing, world)
    info = kernel.info() if whole else None
    ordered = not listing.nosort
    services = _in_order(services) if ordered else services

    def found(some: list[Service], kernel: Kernel) -> Iterator[tuple[Service, list[Server]]]:
        return with_servers(some, kernel, listing.stats or listing.rate, ordered)

    def lines(groups: Iterable[tuple[Service, list[Server]]]) -> Iterator[str]:
        from .text.listing import table

        return table(groups, listing, names)

    if canvas := world.canvas(listing.plain):
        from .verbs import draw

        few, groups = draw.few(found(services, kernel), lambda group: 1 + len(group[1]))
        if few is not None:
            world.write(draw.listed(few, info, listing, names, canvas))
            return
        pieces: Iterable[str] = lines(groups)
    else:
        pieces = _made(services, lambda *some: lines(found(*some)), kernel, world.second)
    world.write(header(info, listing))
    for piece in pieces:
        world.write(piece)
    if canvas:
        world.note(draw.TOO_LONG)  # behind the list, where it is seen


def _list_connections(listing: Listing, world: World) -> None:
    from .text.connections import entries, table

    names = _names(listing, world)
    try:
        lines = world.kernel.connections()
        if canvas := world.canvas(listing.plain):
            from .verbs import draw

            few, lines = draw.few(lines)
            if few is not None:
                for text in draw.connections(entries(iter(few)), listing.persistent_conn, names, canvas):
                    world.write(text)
                return
        for line in table(lines, listing, names):
            world.write(line)
        if canvas:
            world.note(draw.TOO_LONG)
    except OSError as error:
        raise IpvsadmError(
            "cannot open file /proc/net/ip_vs_conn", hint=f"{error.strerror}", status=errors.LISTING
        ) from error


def _save(command: Command, world: World) -> None:
    """`-S`: the table as rules."""
    from .text import rules

    listing, kernel, names = command.listing, world.kernel, _names(command.listing, world)
    try:
        services = _in_order(kernel.services())
        for piece in _made(services, lambda *some: rules.table(with_servers(*some), names), kernel, world.second):
            world.write(piece)
        if listing.everything:
            world.write(rules.timeouts(kernel.timeouts()))
            world.write(rules.daemons(kernel.daemons()))
    except OSError as error:
        raise refused("save", error.errno or 0) from error


def _made(
    services: list[Service],
    make: Callable[[list[Service], Kernel], Iterable[str]],
    kernel: Kernel,
    second: Callable[[], Kernel] | None,
) -> Iterable[str]:
    """What `make` yields of `services`; of many by two processes, if `second` reaches the kernel from another one."""
    if not services:
        return ()
    if second is None or len(services) < MANY:
        return make(services, kernel)
    from .halves import made

    return made(services, make, kernel, second)


def _in_order(services: list[Service]) -> list[Service]:
    if len(services) < 2:
        return services
    from .text.order import services_in_order

    return services_in_order(services)


def with_servers(
    services: Iterable[Service], kernel: Kernel, stats: bool = False, ordered: bool = True
) -> Iterator[tuple[Service, list[Server]]]:
    """Each of `services` and its servers, asked for as they are wanted, in ipvsadm's order or the kernel's."""
    from .text.order import servers_in_order

    for service, servers in kernel.with_servers(services, stats):
        yield service, servers_in_order(servers) if ordered else servers


def _names(listing: Listing, world: World) -> Names | None:
    return None if listing.numeric else world.names


def _version(command: Command, world: World) -> None:
    from .text.usage import version

    world.write(version())


def _help(command: Command, world: World) -> None:
    from .text.usage import usage

    world.write(usage(world.program, command.topic))


ANSWERS: dict[str, Callable[[Command, World], None]] = {
    "list": _list,
    "save": _save,
    "version": _version,
    "help": _help,
}
