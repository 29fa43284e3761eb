"""`set SERVICE [SERVER] SETTING...`: changes only the named settings."""

from __future__ import annotations

from errno import ENOENT

from .. import errors
from ..classic.commands import refused
from ..errors import IpvsadmError, OptionError, UsageError
from ..grammar import scan, settled_service
from ..grammar.options import LONG, RULES, SHORT, TUNNEL_ROLES, TUNNEL_RULES, Option, Rule, check
from ..grammar.schedulers import SCHEDULERS
from ..grammar.suggestions import DRAIN, did_you_mean
from ..grammar.values import TUNNELS, Known, scheduler_flags
from ..listing.rules import rule
from ..model import DIRECT, FLAG_1, FLAG_2, FLAG_3, GUE, ONE_PACKET, PERSISTENT, TUNNEL, Command, Server, Service
from ..support import managers
from ..support.lock import WAIT, alone
from ..support.outcome import Result, data_of
from ..support.verb import verb
from ..table.comparison import plain_server, plain_service, server_changes, server_key, service_changes
from ..table.differences import differences
from ..table.notation import SERVICE_FORMS, server_of, service_of
from ..table.steps import Step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated, Any, Literal

    import typer

    from ..grammar.values import Fields
    from ..support.arguments import WaitLock
    from ..world import World

    Given = dict[str, tuple[Option, str | None]]  # by role: the option, and its value as text

FORWARDINGS = "how packets are forwarded is `-m` (masquerade), `-g` (direct) or `-i` (tunnel)"
SHOWN = "`pyipvsadm set --help` shows the settings"
DRAINED = ("drain", "drained", "state", "disable", "disabled", "down", "maint")  # words of other tools
REFUSED = 1  # the exit status
SCHEDULER_FLAGS = FLAG_1 | FLAG_2 | FLAG_3
SERVICE_ROLES, SERVER_ROLES = (
    next(rule.takes for rule in RULES if rule.verb == verb) for verb in ("edit-service", "edit-server")
)
SETTINGS = [one.name for one in LONG.values() if isinstance(one, Option) and one.role in SERVICE_ROLES + SERVER_ROLES]
OFF: dict[str, tuple[str, dict[str, Any], int]] = {  # by word: the role, fields and flags that it removes
    "--no-persistent": ("persistent", {"timeout": 0, "netmask": None}, PERSISTENT),
    "--no-netmask": ("netmask", {"netmask": None}, 0),
    "--no-ops": ("ops", {}, ONE_PACKET),
    "--no-pe": ("pe", {"engine": None}, 0),
    "--no-sched-flags": ("sched-flags", {}, SCHEDULER_FLAGS),
}


@verb(rank=50, lenient=True)
def set_(
    world: World,
    words: Annotated[list[str], typer.Argument(metavar="SERVICE [SERVER] SETTING...", show_default=False)],
    wait_lock: WaitLock = WAIT,
    output: Annotated[
        Literal["text", "json"], typer.Option("--output", help="What to print; `-o json` is the same as --output json.")
    ] = "text",
) -> int:
    """Change only the named settings of a live service or server.

    A service is `192.168.2.10:80/tcp` (`/tcp` is optional), `[2001:db8::1]:53/udp`, `fwmark:7` or
    `fwmark:7/ipv6`; a server is `10.2.0.2:8080`.

    Exit status: 0 done; 1 refused by the kernel; 2 wrong input.
    """
    words, told = _told(words, output)
    names, given, off = _read(words)
    key = service_of(names[0])
    server = server_of(names[1]) if names[1:] else None
    _check_roles(given, off, server is not None)
    try:
        with alone(world, wait_lock):
            step = _step(world, key, server, given, off)
            found = differences([step] if step else [])
            if step:
                for _, errno in world.kernel.submit((step.command,), checked=True):
                    error = _refusal(step.command.verb, errno)
                    if told == "json":
                        refused = ({"command": rule(step.command), "why": str(error)},)
                        world.write(Result(changes=data_of(found), refused=refused, complete=False).text())
                    raise error
    except OSError as error:
        raise _refusal("list", error.errno or 0) from error
    if told == "json":
        world.write(Result(changes=data_of(found)).text())
    elif world.watched:
        world.tell("".join(one.line() for one in found).rstrip() or "nothing to change: all is set as wanted")
    if step:
        managers.tell(world)
    return 0


def _told(words: list[str], output: str) -> tuple[list[str], str]:
    """The words without `-o json` or `-o text`, and the output format. An `-o` alone is the setting `--ops`."""
    for number in range(len(words) - 1):
        if words[number] == "-o" and words[number + 1] in ("text", "json"):
            return [*words[:number], *words[number + 2 :]], words[number + 1]
    return words, output


def _step(world: World, key: Service, server: Server | None, given: Given, off: list[str]) -> Step | None:
    """The step that sets the `given` options and removes those in `off`; None if that changes nothing."""
    service = world.kernel.service(key)
    old = _current(server, service, world) if server else None
    command = edit_server(service, old, given, world) if old else edit_service(service, given, off, world)
    return Step(command=command, inverse=command.replace(service=service, server=old)) if command else None


def _refusal(verb: str, errno: int) -> IpvsadmError:
    """The kernel's refusal, with the exit status of verbs."""
    error = refused(verb, errno)
    return error if isinstance(error, errors.UnreachableError) else IpvsadmError(str(error), error.hint, REFUSED)


def _current(server: Server, service: Service, world: World) -> Server:
    """The current state of `server`. Raises IpvsadmError if it doesn't exist."""
    for found in world.kernel.servers(service):
        if server_key(found) == server_key(server):
            return found
    raise _refusal("edit-server", ENOENT)


def _read(words: list[str]) -> tuple[list[str], Given, list[str]]:
    """(the names of the service and the server, the given options, the words that remove settings)."""
    off = list(dict.fromkeys(word for word in words if word in OFF))
    names: list[str] = []
    given: Given = {}
    try:
        for row, value, *_ in scan([word for word in words if word not in OFF], names):
            if isinstance(row, Rule) or row.role not in SERVICE_ROLES + SERVER_ROLES:
                raise UsageError(f"`--{row.name}` is not a setting", hint=_other_case(row.short) or SHOWN)
            if row.role in given or any(OFF[word][0] == row.role for word in off):
                raise UsageError(f"`{row.role}` is set twice", hint="give only one of them")
            given[row.role] = row, value
    except OptionError as error:
        raise UsageError(str(error), hint=_meant(str(error).partition(":")[0], error.hint)) from None
    if not 1 <= len(names) <= 2:
        raise UsageError(
            f"unexpected argument `{names[2]}'" if names else "which service?",
            hint=_setting(names[1:]) or f"give the service first, then its server, then the settings: {SERVICE_FORMS}",
        )
    if not given and not off:
        hint = _setting(names[1:]) or "name a setting, such as `--weight 0`; `set --help` shows them"
        raise UsageError("nothing to set", hint=hint)
    return names, given, off


def _meant(word: str, otherwise: str) -> str:
    """A hint for the option `word`, which isn't there, or lacks its value."""
    name = word.lstrip("-")
    if name in SETTINGS:
        return otherwise
    if name in ("forwarding", "forward", "method", "mode", "nat", "masq", "dr", "tun"):
        return FORWARDINGS
    if name in DRAINED:
        return DRAIN
    names = [*SETTINGS, *(word.removeprefix("--") for word in OFF)]
    return _other_case(name) or did_you_mean(name, names, SHOWN, "--{}")


def _other_case(letter: str) -> str:
    """A hint that names the setting of the same letter in the other case."""
    row = SHORT.get(letter.swapcase())
    is_setting = isinstance(row, Option) and row.role in SERVICE_ROLES + SERVER_ROLES
    return f"did you mean `-{letter.swapcase()}`?" if is_setting else ""


def _setting(words: list[str]) -> str:
    """A hint on how to write the setting that `words` name without hyphens, or by its value; empty for none."""
    for word, following in zip(words, [*words[1:], ""], strict=False):
        name, equals, value = word.partition("=")
        row = LONG.get(name) or (SHORT.get(name) if equals else None)
        if isinstance(row, Option) and row.role in SERVICE_ROLES + SERVER_ROLES:
            value = (value if equals else following) if row.value else ""
            return f"a setting is an option: `{' '.join(filter(None, (f'--{row.name}', value)))}`"
        if word in SCHEDULERS:
            return f"a setting is an option: `--scheduler {word}`"
        if word in DRAINED:
            return DRAIN
    number = next((word for word in words if word.isdecimal() and word.isascii()), "")
    return f"a setting is an option, such as `--weight {number}`" if number else ""


def _check_roles(given: Given, off: list[str], server: bool) -> None:
    """Raise UsageError if a setting is not one of those that the service or server has."""
    for role in [*given, *(OFF[word][0] for word in off)]:
        if server and role not in SERVER_ROLES:
            raise UsageError(f"`{role}` is a setting of the service", hint="omit the server")
        if not server and role not in SERVICE_ROLES:
            raise UsageError(
                f"`{role}` is a setting of a server", hint="name the server after the service, such as 10.2.0.2:8080"
            )


def edit_service(old: Service, given: Given, off: list[str], world: World) -> Command | None:
    """The command that sets the `given` options of a service and removes those in `off`; None if nothing changes."""
    known = Known(world.resolver)
    fields = known.of("service")
    fields.update(old.asdict())
    for word in off:
        _, gone, flags = OFF[word]
        fields.update(gone, flags=fields["flags"] & ~flags)
    _take(given, known, fields)
    fields["flags"] |= fields.pop("ops", 0)
    text = fields.pop("sched_flags", None)
    if text is not None:
        fields["flags"] = fields["flags"] & ~SCHEDULER_FLAGS | scheduler_flags(text, fields["scheduler"])
    new = settled_service(Service(**fields))
    world.note(*known.notes)
    return Command(verb="edit-service", service=plain_service(new)) if service_changes(old, new) else None


def edit_server(service: Service, old: Server, given: Given, world: World) -> Command | None:
    """The command that sets the `given` options of a server; None if nothing changes."""
    known = Known(world.resolver)
    known.of("service").update(af=service.af)
    fields = known.of("server")
    fields.update(old.asdict())
    _take(given, known, fields)
    _settle_tunnel(fields, old, set(given))
    new = Server(**fields)
    if new.forwarding != TUNNEL and new.af != service.af:
        raise UsageError("Different address family is allowed only for tunneling servers", hint="keep tunnelling")
    moved = new.forwarding in (DIRECT, TUNNEL) and new.port != service.port and service.fwmark is None
    if moved and new.forwarding != old.forwarding:
        raise UsageError(
            f"without masquerading, the server gets the port of its service, {service.port}",
            hint="the port can't be changed: add a server with that port, then delete this one",
        )
    command = Command(verb="edit-server", service=plain_service(service), server=plain_server(new))
    return command if server_changes(old, new) else None


def _take(given: Given, known: Known, fields: Fields) -> None:
    """Set `fields` to the values of the options."""
    for option, value in given.values():
        fields.update((option.sets,) if option.sets else option.read(value, known))


def _settle_tunnel(fields: Fields, old: Server, given: set[str]) -> None:
    """Drop settings of a tunnel that don't fit its type any more. Raises UsageError if given ones don't fit."""
    tunnel = given & {"tun-type", *TUNNEL_ROLES}
    if fields["forwarding"] != TUNNEL:
        if tunnel:
            raise UsageError("Tunnel options conflict with forward method", hint="tunnel options require `-i`")
        fields.update(tunnel_type=0, tunnel_port=0, tunnel_flags=0)
        return
    if fields["tunnel_type"] != old.tunnel_type:
        if "tun-port" not in given:
            fields["tunnel_port"] = 0
        if not given & {"tun-nocsum", "tun-csum", "tun-remcsum"}:
            fields["tunnel_flags"] = 0
    has_port = {"tun-port"} if fields["tunnel_type"] == GUE and fields["tunnel_port"] else set()
    names = [name for name, number in TUNNELS.items() if number == fields["tunnel_type"]]
    if tunnel and names:
        check(TUNNEL_RULES[names[0]], tunnel | has_port, TUNNEL_ROLES, "tunnel type")
