"""Carries out ipvsadm's commands: asks the kernel, and prints the answer in the form that `listing` gives it."""

from __future__ import annotations

from errno import EPERM

from .. import errors
from ..errors import IpvsadmError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ..kernel import Kernel
    from ..model import Command, Listing, Server, Service
    from ..names import Names
    from ..shapes import Group
    from ..world import World

NOT_PUBLIC = ("stats", "rate", "thresholds", "persistent_conn", "tun_info", "timeout", "daemon")  # not in /proc
SOME = 64  # services from which reading servers without records pays off
HEADS_OF_CONNECTIONS = 2  # lines
LINES = 256  # of connections, to print at a time


def carry_out(command: Command, world: World) -> None:
    """Carry out `command`, which isn't a restore. Raises IpvsadmError if it fails."""
    if command.notes:
        world.note(*command.notes)
    if command.verb in ANSWERS:
        return ANSWERS[command.verb](command, world)
    try:
        for _, errno in world.kernel.submit((command,), checked=True):
            raise refused(command.verb, errno)
    except OSError as error:
        raise transport(command.verb, error) from error


def refused(verb: str, errno: int) -> IpvsadmError:
    """The error for the kernel's refusal; without privilege, the same error for all requests."""
    return errors.unreachable(errno) if errno == EPERM else errors.refusal(verb, errno)


def transport(verb: str, error: OSError) -> IpvsadmError:
    """The error for a failed socket, in ipvsadm's wording, with the cause as the hint."""
    found = errors.refusal(verb, error.errno or 0)
    return errors.RefusedError(str(found), found.hint or str(error.strerror), found.status, found.errno)


def _list(command: Command, world: World) -> None:
    """`-L`: connections, one service, timeouts, daemons, or everything."""
    with world.paged(not command.listing.no_pager):
        _list_now(command, command.listing, world)


def _list_now(command: Command, listing: Listing, world: World) -> None:
    try:
        kernel = world.readable if _is_public(listing, world) else world.kernel
        if listing.connection:
            _list_connections(listing, kernel, world)
        elif command.service:
            _list_table([kernel.service(command.service)], listing, kernel, world, whole=False)
        elif listing.timeout:
            _list_setting("timeouts", kernel.timeouts(), listing.plain, world)
        elif listing.daemon:
            _list_setting("daemons", kernel.daemons(), listing.plain, world)
        else:
            _list_table(kernel.services(listing.stats or listing.rate), listing, kernel, world, whole=True)
    except OSError as error:
        raise refused("list", error.errno or 0) from error


def _is_public(listing: Listing, world: World) -> bool:
    """Whether to read /proc without privilege: for people, unless they want what isn't there; ipvsadm refuses."""
    wanted = any(getattr(listing, name) for name in NOT_PUBLIC)
    return world.looked_at and (listing.connection or not wanted)


def _list_setting(what: str, value: object, plain: bool, world: World) -> None:
    """List `value`, the timeouts or the daemons: `what` names the function that draws it, or prints it as text."""
    if canvas := world.canvas(plain):
        from .. import drawing

        world.draw(getattr(drawing, what)(value, canvas))
    else:
        from ..listing import service_lines

        world.write(getattr(service_lines, what)(value))


def _list_table(services: list[Service], listing: Listing, kernel: Kernel, world: World, whole: bool) -> None:
    if listing.brief:
        from ..listing.service_sums import header
    else:
        from ..listing import header

    names = _names(listing, world)
    info = kernel.info() if whole else None
    ordered = not listing.nosort
    services = _in_order(services) if ordered else services

    def found(some: list[Service], kernel: Kernel) -> Iterator[Group]:
        if ordered and not listing.brief and _are_many(services, names, kernel):
            from ..listing.service_lines import server_end

            return _told_groups(some, kernel, *server_end(listing))
        groups = kernel.groups(some, listing.stats or listing.rate)
        return _ordered(groups) if ordered else groups

    def lines(groups: Iterable[Group]) -> Iterator[str]:
        if listing.brief:
            from ..listing.service_sums import table
        else:
            from ..listing.service_lines import table
        return table(groups, listing, names)

    def made(some: list[Service], kernel: Kernel) -> Iterator[str]:
        return lines(found(some, kernel))

    if canvas := world.canvas(listing.plain):
        from .. import drawing

        few, rest = drawing.few(_singly(found(services, kernel)), drawing.rows_of(listing.brief))
        if few is not None:
            drawn = drawing.listed(few, info, listing, names, canvas)
            world.head(drawing.heads_of(drawn, canvas))
            world.draw(drawn)
            return
        pieces: Iterable[str] = lines(([service], [servers]) for service, servers in rest)
    else:
        pieces = kernel.shared(services, made)
    heads = header(info, listing)
    world.head(heads.count("\n"))
    world.write(heads)
    for piece in pieces:
        world.write(piece)
    if canvas:
        world.note(drawing.TOO_LONG)  # after the list, where it is seen


def _list_connections(listing: Listing, kernel: Kernel, world: World) -> None:
    from ..listing.connections import entries, table

    names = _names(listing, world)
    try:
        lines = kernel.connections()
        if canvas := world.canvas(listing.plain):
            from .. import drawing

            few, lines = drawing.few(lines)
            if few is not None:
                for text in drawing.connections(entries(iter(few)), listing.persistent_conn, names, canvas):
                    world.head(drawing.heads_of(text, canvas))
                    world.draw(text)
                return
        world.head(HEADS_OF_CONNECTIONS)
        _write_lines(table(lines, listing, names), world)
        if canvas:
            world.note(drawing.TOO_LONG)
    except OSError as error:
        raise IpvsadmError(
            "cannot open file /proc/net/ip_vs_conn", hint=f"{error.strerror}", status=errors.LISTING
        ) from error


def _write_lines(lines: Iterator[str], world: World) -> None:
    """Print `lines`, many at a time. What comes before an error that they raise is printed, too."""
    from itertools import islice

    while True:
        some: list[str] = []
        try:
            some.extend(islice(lines, LINES))
        finally:
            world.write("".join(some))
        if not some:
            return


def _save(command: Command, world: World) -> None:
    """`-S`: the table as rules."""
    from ..listing import rules

    listing, kernel, names = command.listing, world.kernel, _names(command.listing, world)
    try:

        def lines(some: list[Service], kernel: Kernel) -> Iterable[str]:
            if not listing.nosort and _are_many(some, names, kernel):
                return rules.table(_told_groups(some, kernel, *rules.SERVER_END, steady=True), names)
            return rules.table(_ordered(kernel.groups(some, steady=True), as_added=listing.nosort), names)

        with world.paged(not listing.no_pager):
            for piece in kernel.steadily_shared(lines, list if listing.nosort else _in_order):
                world.write(piece)
            if listing.everything:
                world.write(rules.timeouts(kernel.timeouts()))
                world.write(rules.daemons(kernel.daemons()))
    except OSError as error:
        raise refused("save", error.errno or 0) from error


def _in_order(services: list[Service]) -> list[Service]:
    if len(services) < 2:
        return services
    from ..listing.order import services_in_order

    return services_in_order(services)


def _ordered(groups: Iterable[Group], as_added: bool = False) -> Iterator[Group]:
    """`groups` with the servers of each service in ipvsadm's order, or in that of adding that restores the kernel's."""
    from ..listing import order

    sort = order.as_added if as_added else order.servers_in_order
    for services, servers in groups:
        yield services, list(map(sort, servers))


def _are_many(services: list[Service], names: Names | None, kernel: Kernel) -> bool:
    """Whether `services` are so many that reading servers without records pays off; names and /proc need records."""
    return names is None and len(services) >= SOME and not kernel.source


def _told_groups(
    services: Iterable[Service],
    kernel: Kernel,
    fields: tuple[str, ...],
    tell: Callable[[Server], str],
    steady: bool = False,
) -> Iterator[Group]:
    """Groups of `services`, in ipvsadm's order; of servers that look alike, only what `tell` says by their `fields`."""
    from ..listing.order import cut_in_order, servers_in_order

    for group, servers in kernel.told_groups(services, fields, tell, steady, cut=True):
        cut = servers and isinstance(servers[0], tuple)
        yield group, cut_in_order(servers) if cut else list(map(servers_in_order, servers))


def _singly(groups: Iterable[Group]) -> Iterator[tuple[Service, list[Server]]]:
    """Each service of `groups` with its servers."""
    for group in groups:
        yield from zip(*group, strict=True)


def _names(listing: Listing, world: World) -> Names | None:
    return None if listing.numeric else world.names


def _version(command: Command, world: World) -> None:
    from ..help import version

    world.write(version())


def _help(command: Command, world: World) -> None:
    from ..help.screens import usage

    with world.paged():
        world.write(usage(world.program, command.topic))


ANSWERS: dict[str, Callable[[Command, World], None]] = {
    "list": _list,
    "save": _save,
    "version": _version,
    "help": _help,
}
