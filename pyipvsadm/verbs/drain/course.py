"""`drain SERVER`: sets its weight to 0, shows its connections until they end, and removes it on request."""

from __future__ import annotations

from _socket import IPPROTO_UDP

from ... import errors
from ...errors import IpvsadmError, UsageError
from ...grammar.shell import command
from ...model import PROTOCOLS, printable
from ...record import Record
from ...support import managers
from ...support.current_table import table_now
from ...support.lock import WAIT, alone
from ...support.scheduling import effects
from ...support.signals import name_of
from ...table.comparison import service_key
from ...table.notation import counted, servers_of, service_of, spelled, spelled_server
from ...table.plan import make_plan
from . import wait
from .change import change, load, store, tidy
from .holders import Machine, refused_clients
from .places import Place, left_without, places_of, remembered, with_weights, without
from .progress_lines import Teller, counts
from .server_result import ServerResult

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ...model import Service, Table
    from ...world import World
    from .wait import Timer

NOTHING, NOT_TRIED, LATE = 1, errors.USAGE, 3  # exit statuses
DRAINED, EMPTY, REMOVED = "drained", "empty", "removed"  # states of a server, for programs
EXPIRE = "/proc/sys/net/ipv4/vs/expire_quiescent_template"
NODEST = "/proc/sys/net/ipv4/vs/expire_nodest_conn"


class Wishes(Record):
    """The options of a drain. `server` and `services` are as typed; `deadline` is in seconds."""

    __slots__ = ()
    server: str = ""
    services: tuple[str, ...] = ()
    wait: bool = False
    deadline: float = 600
    everything: bool = False
    remove: bool = False
    force: bool = False
    wait_lock: float = WAIT  # seconds
    json: bool = False


def run(world: World, wishes: Wishes) -> int:
    """Drain a server, and return the exit status. Raises IpvsadmError."""
    _servers(wishes.server)  # reports wrong words before anything is read from the kernel
    result = ServerResult(world, wishes.server, wishes.json)
    with wait.Clock() as clock, result.told():
        places = _drained(world, wishes, clock, result)
        managers.tell(world)
        around = machine(world)
        drain = f"{world.called} {command('drain', wishes.server, *_from(wishes))}"
        teller = Teller(world, wishes.server, around, drain, wishes.remove and not wishes.everything)
        if not wishes.wait:
            now = look(world, places)
            result.seen(now)
            teller.once(now)
            return 0
        return _wait(world, wishes, places, teller, clock, _counts_as_busy(wishes, around, clock), result)


def _counts_as_busy(wishes: Wishes, around: Machine, clock: Timer) -> Callable[[Place], object]:
    """A predicate that says whether to wait for a place; UDP flows that the kernel moves on don't count."""
    began = clock.now()

    def busy(place: Place) -> object:
        moves_on = wishes.remove and not wishes.everything and around.expire_nodest_conn
        if moves_on and place.service.protocol == IPPROTO_UDP and around.outlasted(clock.now() - began):
            return False
        return place.busy(wishes.everything)

    return busy


def found(world: World, server: str, services: Sequence[str], verb: str) -> tuple[Table, list[Place]]:
    """The table, and the places of `server` in `services`, or in all. Raises IpvsadmError if there are none."""
    address, port = _servers(server)
    only = [service_of(name) for name in services]
    table = table_now(world)
    places = places_of(table, address, port, only)
    missing = _missing(only, places)
    if missing or not places:
        where = f"{spelled(missing[0])} has" if missing else "no service has"
        raise IpvsadmError(
            f"{where} no server {server}" if missing else f"{where} a server {server}",
            hint=_is_service(server, table, verb)
            or f"nothing was done; `{world.called} show` lists services and servers",
            status=NOTHING,
        )
    return table, places


def _servers(name: str) -> tuple[bytes, int | None]:
    """Address and port of the servers that `name` names. Raises UsageError."""
    try:
        return servers_of(name)
    except UsageError as error:
        plain, _, protocol = name.rpartition("/")
        if protocol in PROTOCOLS.values():
            error.hint = f"a server has no protocol: write `{printable(plain)}`"
        raise


def _is_service(name: str, table: Table, verb: str) -> str:
    """A hint on how to `verb` the servers of the service `name`, given instead of a server; empty if it isn't one."""
    try:
        key = service_key(service_of(name))
    except UsageError:
        return ""
    servers = next((servers for service, servers in table.services if service_key(service) == key), None)
    if servers is None:
        return ""
    one = spelled_server(servers[0]) if servers else "SERVER"
    return f"that is a service, but `{verb}` takes a server: `{verb} {one} --from {name}`"


def _missing(only: Sequence[Service], places: Sequence[Place]) -> list[Service]:
    there = {place.key[0] for place in places}
    return [service for service in only if service_key(service) not in there]


def _drained(world: World, wishes: Wishes, clock: Timer, result: ServerResult) -> list[Place]:
    """Set the server's weights to 0, record and print the old ones, and return its places."""
    with alone(world, wishes.wait_lock, lambda: clock.first):
        table, places = found(world, wishes.server, wishes.services, "drain")
        if not wishes.force:
            _check_others(table, places)
        before = load(table)
        after = {place.key: place for place in places if place.server.weight}
        weights = {
            **before,
            **{
                key: remembered(place, before[key].weight if key in before else place.server.weight)
                for key, place in after.items()
            },
        }
        store(weights.values())
        try:
            change(world, table, with_weights(table, dict.fromkeys(after, 0)), "drain", result, clock.first)
        except IpvsadmError:
            tidy({**weights, **before}.values())  # of what wasn't taken back, the weight is still to be known
            raise
    for place in places:
        what = f"weight {place.server.weight} -> 0" if place.server.weight else "weight 0 already"
        kept = weights[place.key].weight if place.key in weights else 0
        more = f", {kept} is recorded" if kept and kept != place.server.weight else ""
        result.weight(place, place.server.weight, 0)
        result.say(f"{place.name}  {what}{more}")
    result.state = DRAINED
    effects.tell(world, table, make_plan(table, with_weights(table, dict.fromkeys(after, 0))).commands)
    for line in refused_clients(places, world.called):
        world.tell("", line)
    world.flush()
    return places


def _check_others(table: Table, places: Sequence[Place]) -> None:
    """Raise IpvsadmError if a service would be left without a server that gets connections."""
    if lost := left_without(table, places):
        names = [spelled(service) for service in lost]
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        raise IpvsadmError(
            f"no other server of {', '.join(names[:3])}{more} has a weight: it would have no usable server",
            hint="nothing was done; drain the server in other services with `--from SERVICE`, or use `--force`",
            status=NOT_TRIED,
        )


def look(world: World, places: Sequence[Place]) -> list[Place]:
    """`places` as they are now, without those that are gone. Raises IpvsadmError."""
    now = []
    by_service = {place.key[0]: place.service for place in places}
    wanted = {place.key for place in places}
    try:
        for service in by_service.values():
            there = (Place(service=service, server=server) for server in world.kernel.servers(service))
            now += [place for place in there if place.key in wanted]
    except OSError as error:
        raise IpvsadmError(
            f"the kernel can't be reached any more: {error.strerror or error}",
            hint="the server stays drained",
            status=NOTHING,
        ) from error
    return now


def machine(world: World) -> Machine:
    """The values that explain why a server stays busy, as far as they can be read."""
    try:
        udp = world.kernel.timeouts().udp
    except OSError:
        udp = 0
    return Machine(expire_quiescent_template=_setting(EXPIRE), expire_nodest_conn=_setting(NODEST), udp_timeout=udp)


def _setting(path: str) -> int | None:
    try:
        with open(path, encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return None


def _wait(
    world: World,
    wishes: Wishes,
    places: Sequence[Place],
    teller: Teller,
    clock: Timer,
    busy: Callable[[Place], object],
    result: ServerResult,
) -> int:
    """Wait for the connections to end, remove the server if requested, and return the exit status."""
    end = clock.now() + wishes.deadline
    while True:
        why = wait.wait(lambda: look(world, places), busy, end, clock, teller.tell)
        world.clear()
        if why != wait.EMPTIED:
            break
        if not wishes.remove:
            now = look(world, places)
            result.seen(now)
            result.state = EMPTY
            world.tell(f"{wishes.server} is empty: {counts(now)}")
            return 0
        if _removed(world, wishes, places, clock, busy, result):
            result.state = REMOVED
            return 0
    now = look(world, places)
    result.seen(now)
    stands = f"{wishes.server} stays drained, with {counts(now)}"
    hint = f"`{world.called} {command('undrain', wishes.server, *_from(wishes))}` restores its weights"
    if why == wait.STOPPED:
        raise IpvsadmError(f"stopped by {name_of(clock.first)}: {stands}", hint, 128 + clock.first)
    raise IpvsadmError(f"the deadline passed: {stands}", f"the same `drain` continues to wait; {hint}", LATE)


def _from(wishes: Wishes) -> list[str]:
    return [word for name in wishes.services for word in ("--from", name)]


def _removed(
    world: World,
    wishes: Wishes,
    places: Sequence[Place],
    clock: Timer,
    busy: Callable[[Place], object],
    result: ServerResult,
) -> bool:
    """Remove the server; False if it is busy again. Raises IpvsadmError."""
    with alone(world, wishes.wait_lock, lambda: clock.first):
        table = table_now(world)
        wanted = {place.key for place in places}
        now = [place for place in places_of(table, *servers_of(wishes.server), ()) if place.key in wanted]
        if weighted := [place for place in now if place.server.weight]:
            raise IpvsadmError(
                f"{weighted[0].name} got weight {weighted[0].server.weight} from somebody else: nothing was removed",
                hint="the same `drain` drains it again",
                status=NOTHING,
            )
        if any(map(busy, now)):
            return False
        change(world, table, without(table, now), "drain", result, clock.first)
        tidy([weight for key, weight in load(table).items() if key not in wanted])
    for place in now:
        result.removed(place)
        result.say(f"{place.name}  removed")
    result.seen(now)
    count = counted(len(now), "service")
    was = f"had {counts(now)}," if any(place.busy(wishes.everything) for place in now) else "was empty"
    how = f"{was} and is removed from {count}" if now else "is gone: somebody else removed it"
    world.tell(f"{wishes.server} {how}")
    return True
