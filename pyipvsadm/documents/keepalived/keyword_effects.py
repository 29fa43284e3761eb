"""The functions of the keyword table: each changes a virtual server, a real server or a health check."""

from __future__ import annotations

from _socket import AF_INET, AF_INET6, IPPROTO_TCP, IPPROTO_UDP

from ...grammar.schedulers import SCHEDULERS
from ...model import FLAG_1, FLAG_2, FLAG_3, IPPROTO_SCTP
from .value_readers import LAST_32, LAST_WEIGHT, Method, address, boolean, lenient, method, netmask, port, strict
from .virtual import Checker, RealServer, VirtualServer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ...table.assembly import Place
    from .statements import Tell

    Words = tuple[str, ...]  # the words after the keyword
    ServiceSetting = Callable[[VirtualServer, Words, "Say"], None]

PROTOCOLS = {"tcp": IPPROTO_TCP, "udp": IPPROTO_UDP, "sctp": IPPROTO_SCTP}
FAMILIES = {"inet": AF_INET, "inet6": AF_INET6}
LONGEST, USUAL = 2678400, 360  # seconds of persistence
IGNORED, READ_AS = "ignored", "read otherwise"  # kinds of notes


class Say:
    """Takes a note about one place: its kind, and its message."""

    def __init__(self, tell: Tell, place: Place) -> None:
        self.place = place
        self._tell = tell

    def __call__(self, kind: str, message: str) -> None:
        self._tell(kind, self.place, message)


def number(field: str, low: int, high: int) -> Callable[[object, Words, Say], None]:
    """A function that sets `field` to the number at the start of a word, as `lenient` reads it, unless that is None."""

    def set_number(target: object, words: Words, say: Say) -> None:
        found = lenient(words[0], low, high)
        if found is None:
            say(IGNORED, f"`{words[0]}` isn't from {low} to {high}: keepalived ignores it")
            return
        if strict(words[0], low, high) is None:
            say(READ_AS, f"`{words[0]}` is not a number: keepalived takes {found}")
        setattr(target, field, found)

    return set_number


weight_of_service = number("weight", 1, LAST_WEIGHT)
weight_of_server = number("weight", 0, LAST_WEIGHT)


def scheduler(service: VirtualServer, words: Words, say: Say) -> None:
    """Set the scheduler, as `lb_algo` does."""
    if words[0] in SCHEDULERS:
        service.scheduler = words[0]
    else:
        say(IGNORED, f"`{words[0]}` is not a scheduler for keepalived, which ignores it: names are in lower case")


def forwarding(target: VirtualServer | RealServer, words: Words, say: Say) -> None:
    """Set the forwarding method, as `lvs_method` and its other names do."""
    found, wrong = method(words)
    if wrong:
        say(READ_AS, f"`{' '.join(words)}`: {wrong}")
    if found is not None:  # wrong words leave the tunnel as it was set before, even by DR or NAT
        target.method = (target.method or Method()).replace(forwarding=found.forwarding) if wrong else found


def protocol(service: VirtualServer, words: Words, say: Say) -> None:
    """Set the protocol, in upper or lower case, as `protocol` does."""
    found = PROTOCOLS.get(words[0].lower())
    if found is None:
        say(IGNORED, f"`{words[0]}` is not a protocol for keepalived, which ignores it")
    else:
        service.protocol = found


def flag(bit: int, only: str = "") -> ServiceSetting:
    """A function that sets a flag of the scheduler. With `only`, this scheduler must have been set before."""

    def set_flag(service: VirtualServer, words: Words, say: Say) -> None:
        if only and service.scheduler != only:
            say(IGNORED, f"a flag of {only} has an effect only after `lb_algo {only}`")
        else:
            service.flags |= bit

    return set_flag


FLAGS: dict[str, ServiceSetting] = {
    "flag-1": flag(FLAG_1),
    "flag-2": flag(FLAG_2),
    "flag-3": flag(FLAG_3),
    "sh-fallback": flag(FLAG_1, "sh"),
    "sh-port": flag(FLAG_2, "sh"),
    "mh-fallback": flag(FLAG_1, "mh"),
    "mh-port": flag(FLAG_2, "mh"),
}


def persistence(service: VirtualServer, words: Words, say: Say) -> None:
    """Set the persistence in seconds, USUAL without a number, as `persistence_timeout` does."""
    found = strict(words[0], 1, LONGEST) if words else USUAL
    if found is None:
        say(IGNORED, f"a persistence of `{words[0]}` isn't from 1 to {LONGEST}: keepalived ignores it")
    else:
        service.timeout = found


def granularity(service: VirtualServer, words: Words, say: Say) -> None:
    """Set the netmask of persistence, as `persistence_granularity` does.

    It also makes the service persistent, and sets the family of a firewall mark that has none yet.
    """
    af = service.af or (AF_INET if "." in words[0] else AF_INET6)
    found = netmask(words[0], af)
    if found is None:
        form = "a mask such as 255.255.255.0" if af == AF_INET else "the length of a prefix"
        say(IGNORED, f"the granularity `{words[0]}` isn't {form}: keepalived ignores it")
        return
    if af == AF_INET and words[0].count(".") != 3:
        mask = ".".join(str(byte) for byte in found.to_bytes(4, "big"))
        say(READ_AS, f"the granularity `{words[0]}` is read as the mask {mask}")
    service.af, service.netmask, service.granular = af, found, True


def engine(service: VirtualServer, words: Words, say: Say) -> None:
    """Set the persistence engine, as `persistence_engine` does."""
    service.engine = words[0]


def switch(field: str) -> ServiceSetting:
    """A function that sets `field` to True, whatever words follow the keyword."""

    def set_switch(service: VirtualServer, words: Words, say: Say) -> None:
        if words and boolean(words) is not True:
            say(READ_AS, f"`{words[0]}` has no effect here: the setting is on")
        setattr(service, field, True)

    return set_switch


def answer(field: str) -> Callable[[RealServer | Checker, Words, Say], None]:
    """A function that sets `field` to on or off."""

    def set_answer(target: RealServer | Checker, words: Words, say: Say) -> None:
        found = boolean(words)
        if found is None:
            say(IGNORED, f"`{words[0]}` is neither on nor off: keepalived ignores it")
        else:
            setattr(target, field, found)

    return set_answer


def quorum(service: VirtualServer, words: Words, say: Say) -> None:
    """Set the quorum, or 1 if it is invalid, as `quorum` does, and note that no table has one."""
    service.quorum = lenient(words[0], 1, LAST_32) or 1
    say("quorum", f"a quorum of {service.quorum}: no table has one")


def ip_family(service: VirtualServer, words: Words, say: Say) -> None:
    """Set the family, as `ip_family` does, unless something else has set it before."""
    found = FAMILIES.get(words[0])
    if found is None or service.af not in (None, found):
        say(IGNORED, f"the family `{words[0]}` {'is none' if found is None else 'is too late'}: keepalived ignores it")
    else:
        service.af = found


def endpoint(words: Words) -> tuple[bytes, int] | None:
    """The packed address and the port in `words`, 0 for no port; None if they are invalid."""
    packed, number = address(words[0]), port(words[1]) if words[1:] else 0
    return None if packed is None or number is None else (packed, number)


def sorry_forwarding(service: VirtualServer, words: Words, say: Say) -> None:
    """Set how the sorry server is forwarded to, as `sorry_server_lvs_method` does."""
    if service.sorry is None:
        say(IGNORED, "there is no sorry_server above: keepalived ignores this")
    else:
        forwarding(service.sorry, words, say)


def sorry_inhibit(service: VirtualServer, words: Words, say: Say) -> None:
    """Keep the sorry server with weight 0, as `sorry_server_inhibit` does."""
    if service.sorry is None:
        say(IGNORED, "there is no sorry_server above: keepalived ignores this")
    else:
        service.sorry.inhibit = True


def sorry(service: VirtualServer, words: Words, say: Say) -> None:
    """Set the sorry server, as `sorry_server` does; it replaces an earlier one."""
    found = endpoint(words)
    if found is None:
        say(IGNORED, f"`{' '.join(words[:2])}` is not an address and port in digits: keepalived skips the sorry server")
        return
    service.sorry = RealServer(*found, service.method, say.place)
    service.sorry.inhibit = False


def completes(checker: Checker, words: Words, say: Say) -> None:
    """Mark a health check as complete: it has the setting without which keepalived leaves it out."""
    checker.complete = bool(words)
    checker.target = "".join(words[:1])


def counts_url(checker: Checker, words: Words, say: Say) -> None:
    """Count the path of a URL."""
    checker.urls += 1


def weighs(checker: Checker, words: Words, say: Say) -> None:
    """Let the check set the weight, as `misc_dynamic` does."""
    checker.dynamic = True
