"""Words -> Command: popt's syntax, then the table's rules."""

from __future__ import annotations

from _socket import AF_INET6, IPPROTO_UDP

from ..errors import NoCommandError, OptionError, UsageError
from ..model import (
    DIRECT,
    ONE_PACKET,
    PERSISTENT,
    TUNNEL,
    Command,
    Daemon,
    Listing,
    Restoring,
    Server,
    Service,
    Timeouts,
    printable,
)
from .options import LONG, SHORT, TUNNEL_ROLES, TUNNEL_RULES, Rule, check
from .values import DAYS_31, TUNNELS, Known, integer, scheduler_flags, seconds_hint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ..names import Names
    from .options import Option
    from .values import Fields

    Found = tuple[Rule | Option, str | None, str, int]


def parse(words: Sequence[str], names: Callable[[], Names], program: str = "ipvsadm", posix: bool = False) -> Command:
    """The command that `words`, without the program's name, ask for.

    Raises IpvsadmError, in ipvsadm's wording; its class decides whether a restore continues.
    `names` provides the resolver if a word is a name. `posix` ends the options at the first
    word that isn't one.
    """
    if not words:
        return Command(verb="list")
    leftover: list[str] = []
    found = scan(words, leftover, posix)
    rule, value, at = _command(found, program)
    if rule.verb in ("help", "version"):
        return Command(verb=rule.verb, topic="".join(words[at : at + 1]) if rule.verb == "help" else "")
    known = Known(names)
    if rule.read:
        known.of("daemon").update(rule.read(value, known))
    given = _gather(found, known)
    if rule.verb == "set":
        leftover = _timeouts(leftover, known)
    if leftover:
        raise UsageError(f"unexpected argument {leftover[0]}", hint="an option starts with `-`")
    _settle_flags(known.of("service"))
    check(rule, given)
    return _build(rule, known, given)


def scan(words: Sequence[str], leftover: list[str], posix: bool = False) -> Iterator[Found]:
    """The rows that `words` name, as popt reads them: each with its value, the last word that it takes,
    and the index of the next one.

    Words that aren't options go to `leftover`. Raises OptionError where popt ends with an error.
    """
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if len(word) < 2 or word[0] != "-":
            leftover.append(word)
            if posix:
                break
        elif word == "--":
            break
        elif word[1] == "-":
            name, equals, rest = word[2:].partition("=")
            row = LONG.get(name)
            attached = rest if equals else None
            value, at = _value(row, attached, word, words, at)
            yield row, value, words[at - 1], at  # type: ignore[misc]
        else:
            for index in range(1, len(word)):
                row = SHORT.get(word[index])
                rest = word[index + 1 :]
                takes_rest = row is None or row.value or rest[:1] == "="
                attached = rest.removeprefix("=") if takes_rest and rest else None
                value, at = _value(row, attached, word, words, at)
                yield row, value, words[at - 1], at  # type: ignore[misc]
                if takes_rest:
                    break
    leftover.extend(words[at:])


def _value(
    row: Rule | Option | None, attached: str | None, word: str, words: Sequence[str], at: int
) -> tuple[str | None, int]:
    """The value of `row`, `attached` to its name or the word `at`, and the index of the next word."""
    if row is None:
        raise OptionError(f"{word}: unknown option", hint=_meant(word))
    if row.value is None:
        if attached is not None:
            raise OptionError(f"{word}: option does not take an argument", hint=f"write `--{row.name}`")
        return None, at
    if attached is not None:
        return attached, at
    if row.value[0] == "[" and (at == len(words) or words[at][:1] == "-"):
        return None, at
    if at == len(words):
        raise OptionError(f"{word}: missing argument", hint=f"write `--{row.name} {row.value.upper()}`")
    return words[at], at + 1


def _meant(word: str) -> str:
    """A hint for the unknown option in `word`, a long one or a bundle of short ones: which option was meant."""
    from .suggestions import did_you_mean, meant

    otherwise = "`-h` shows the commands, and `-h TOPIC` their options"
    name = word.lstrip("-").partition("=")[0]
    if not word.startswith("--"):
        letter = next(letter for letter in word[1:] if letter not in SHORT)
        other = letter.swapcase()
        otherwise = (
            f"did you mean `-{other}`?" if other in SHORT else f"there is no option `-{printable(letter)}`; {otherwise}"
        )
    near = any(option.startswith(name.rstrip("s")) for option in LONG)
    if word.startswith("--") and not near and (found := meant(name)):
        return found
    return did_you_mean(name, LONG, otherwise, "--{}") if len(word) > 2 else otherwise


def _command(found: Iterator[Found], program: str) -> tuple[Rule, str | None, int]:
    """The command, which must be the first option, its value, and the index of the next word."""
    hint = "start with a command: `-A`, `-a`, `-L`, ..."
    try:
        row, value, _, at = next(found)
        if isinstance(row, Rule):
            return row, value, at
    except StopIteration:
        pass
    except OptionError as error:
        hint = error.hint
    raise NoCommandError(f"Try `{program} -h' or '{program} --help' for more information.", hint)


def _gather(found: Iterator[Found], known: Known) -> set[str]:
    """Read the options in `found` into `known`, and return their roles."""
    given: set[str] = set()
    for row, value, word, _ in found:
        if isinstance(row, Rule):
            raise UsageError(f"invalid option `{word}'", hint="give only one command")
        if row.role in given:
            raise UsageError(f"multiple '{row.role}' options specified", hint="give only one of them")
        if row.role:
            given.add(row.role)
        if row.sets:
            known.of(row.fills).update((row.sets,))
        elif row.read:
            known.of(row.fills).update(row.read(value, known))
    return given


def _timeouts(words: list[str], known: Known) -> list[str]:
    """Read the three timeouts of `--set` from the front of `words`, and return the rest."""
    if len(words) < 3:
        raise UsageError("--set option requires 3 timeout values", hint="write `--set TCP TCPFIN UDP`, in seconds")
    values = [integer(word, 0, DAYS_31) for word in words[:3]]
    for word, value in zip(words, values, strict=False):
        if value is None:
            raise UsageError(f"invalid timeout value `{word}' specified", hint=seconds_hint(0, word))
    known.of("timeouts").update(zip(Timeouts.FIELDS, values, strict=True))
    return words[3:]


def _settle_flags(service: Fields) -> None:
    """Resolve the flags of `service`: their names depend on the scheduler, which may come after them."""
    service["flags"] = (
        service.get("flags", 0)
        | service.pop("ops", 0)
        | scheduler_flags(service.pop("sched_flags", ""), service.get("scheduler") or "")
    )


def _build(rule: Rule, known: Known, given: set[str]) -> Command:
    """The Command of a line that satisfies the option table, after checking the rules between options."""
    service = server = None
    if "service-address" in given:
        service = Service(**known.of("service"))
        if rule.verb in ("add-service", "edit-service"):
            service = settled_service(service)
        elif rule.verb == "zero" and not (service.fwmark or service.port or any(service.address or b"")):
            service = None
            known.notes.append("`-Z -t 0.0.0.0` zeroes the counters of all services, as `-Z` does")
    if service and "real-server" in given:
        server = Server(**known.of("server"))
        if rule.verb != "delete-server":
            server = _settled(server, service, given, known)
    listing = Listing(**known.of("listing"))
    if rule.verb == "list":
        check_listing(listing)
    daemon = known.fields.get("daemon") if rule.read else None
    if rule.verb == "start-daemon" and daemon is not None:
        daemon["interface"] = daemon.get("interface") or "eth0"
    timeouts = known.fields.get("timeouts")
    return Command(
        verb=rule.verb,
        service=service,
        server=server,
        daemon=Daemon(**daemon) if daemon else None,
        timeouts=Timeouts(**timeouts) if timeouts else None,
        listing=listing,
        restoring=Restoring(**known.of("restoring")),
        notes=tuple(known.notes),
    )


def settled_service(service: Service) -> Service:
    """`service` as it is to be created or edited, with defaults."""
    if service.fwmark is None:
        if not service.port and not service.flags & PERSISTENT:
            how = "name a port, as in `[2001:db8::1]:80`," if service.af == AF_INET6 else "name a port,"
            raise UsageError("Zero port specified for non-persistent service", hint=f"{how} or use `-p` for all ports")
        if service.flags & ONE_PACKET and service.protocol != IPPROTO_UDP:
            raise UsageError("One-Packet Scheduling is only for UDP virtual services", hint="use `-u`, or omit `-o`")
    return service.replace(scheduler=service.scheduler or "wlc", engine=service.engine or None)


def _settled(server: Server, service: Service, given: set[str], known: Known) -> Server:
    """`server` as it is to be added or edited, after checking the rules between it and its service."""
    if service.fwmark is None and server.forwarding in (DIRECT, TUNNEL) and server.port != service.port:
        if server.port:
            known.notes.append(f"without `-m`, the server gets the port of its service: {service.port}")
        server = server.replace(port=service.port)
    if server.af != service.af and server.forwarding != TUNNEL:
        raise UsageError(
            "Different address family is allowed only for tunneling servers",
            hint="use `-i`, or addresses of the same family",
        )
    tunnel = [role for role in ("tun-type", *TUNNEL_ROLES) if role in given]
    if tunnel and server.forwarding != TUNNEL:
        raise UsageError("Tunnel options conflict with forward method", hint="tunnel options require `-i`")
    if server.forwarding == TUNNEL:
        (name,) = (name for name, number in TUNNELS.items() if number == server.tunnel_type)
        check(TUNNEL_RULES[name], given, TUNNEL_ROLES, "tunnel type")
    return server


def check_listing(listing: Listing) -> None:
    """Raise UsageError if two listing options exclude each other."""
    special = listing.connection or listing.timeout or listing.daemon
    columns = listing.stats or listing.rate or listing.thresholds
    if (special and columns) or ((listing.timeout or listing.daemon) and listing.persistent_conn):
        raise UsageError(
            "options conflicts in the list command", hint="only the table has counters, rates and thresholds"
        )
