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

    Words = tuple[str, ...]  # those behind the keyword
    ServiceSetting = Callable[[VirtualServer, Words, "Say"], None]

PROTOCOLS = {"tcp": IPPROTO_TCP, "udp": IPPROTO_UDP, "sctp": IPPROTO_SCTP}
FAMILIES = {"inet": AF_INET, "inet6": AF_INET6}
LONGEST, USUAL = 2678400, 360  # seconds of persistence
IGNORED, READ_AS = "ignored", "read otherwise"  # kinds of notes


class Say:
    """Takes notes of one place: of what kind, and what they say."""

    def __init__(self, tell: Tell, place: Place) -> None:
        self.place = place
        self._tell = tell

    def __call__(self, kind: str, message: str) -> None:
        self._tell(kind, self.place, message)


def number(field: str, low: int, high: int) -> Callable[[object, Words, Say], None]:
    """What sets `field` to a number: to 0, if there is none, and not at all, if it's out of range."""

    def set_number(target: object, words: Words, say: Say) -> None:
        found = lenient(words[0], low, high)
        if found is None:
            say(IGNORED, f"`{words[0]}` isn't from {low} to {high}: keepalived ignores it")
            return
        if strict(words[0], low, high) is None:
            say(READ_AS, f"`{words[0]}` is no number: keepalived takes {found}")
        setattr(target, field, found)

    return set_number


weight_of_service = number("weight", 1, LAST_WEIGHT)
weight_of_server = number("weight", 0, LAST_WEIGHT)


def scheduler(service: VirtualServer, words: Words, say: Say) -> None:
    """`lb_algo`."""
    if words[0] in SCHEDULERS:
        service.scheduler = words[0]
    else:
        say(IGNORED, f"`{words[0]}` is no scheduler for keepalived, which ignores it: it knows lower case alone")


def forwarding(target: VirtualServer | RealServer, words: Words, say: Say) -> None:
    """`lvs_method`, and what else it's called."""
    found, wrong = method(words)
    if wrong:
        say(READ_AS, f"`{' '.join(words)}`: {wrong}")
    if found is not None:  # words that are wrong leave the tunnel of before, which DR and NAT may have named, too
        target.method = (target.method or Method()).replace(forwarding=found.forwarding) if wrong else found


def protocol(service: VirtualServer, words: Words, say: Say) -> None:
    """`protocol`, whose case doesn't count."""
    found = PROTOCOLS.get(words[0].lower())
    if found is None:
        say(IGNORED, f"`{words[0]}` is no protocol for keepalived, which ignores it")
    else:
        service.protocol = found


def flag(bit: int, only: str = "") -> ServiceSetting:
    """What sets a flag of the scheduler, which may have to be `only` that, and to stand above."""

    def set_flag(service: VirtualServer, words: Words, say: Say) -> None:
        if only and service.scheduler != only:
            say(IGNORED, f"a flag of {only} only counts behind `lb_algo {only}`")
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
    """`persistence_timeout`, which stands for 360 s alone."""
    found = strict(words[0], 1, LONGEST) if words else USUAL
    if found is None:
        say(IGNORED, f"a persistence of `{words[0]}` isn't from 1 to {LONGEST}: keepalived ignores it")
    else:
        service.timeout = found


def granularity(service: VirtualServer, words: Words, say: Say) -> None:
    """`persistence_granularity`, which makes a service persistent, and may settle the family of a mark."""
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
    """`persistence_engine`."""
    service.engine = words[0]


def switch(field: str) -> ServiceSetting:
    """What is on as soon as it stands there, whatever follows."""

    def set_switch(service: VirtualServer, words: Words, say: Say) -> None:
        if words and boolean(words) is not True:
            say(READ_AS, f"`{words[0]}` doesn't count behind this: it is on")
        setattr(service, field, True)

    return set_switch


def answer(field: str) -> Callable[[RealServer | Checker, Words, Say], None]:
    """What may be on or off."""

    def set_answer(target: RealServer | Checker, words: Words, say: Say) -> None:
        found = boolean(words)
        if found is None:
            say(IGNORED, f"`{words[0]}` is neither on nor off: keepalived ignores it")
        else:
            setattr(target, field, found)

    return set_answer


def quorum(service: VirtualServer, words: Words, say: Say) -> None:
    """`quorum`, which is 1 where keepalived can't read it."""
    service.quorum = lenient(words[0], 1, LAST_32) or 1
    say("quorum", f"a quorum of {service.quorum}: no table has one")


def ip_family(service: VirtualServer, words: Words, say: Say) -> None:
    """`ip_family`, which only counts where nothing else has settled the family."""
    found = FAMILIES.get(words[0])
    if found is None or service.af not in (None, found):
        say(IGNORED, f"the family `{words[0]}` {'is none' if found is None else 'is too late'}: keepalived ignores it")
    else:
        service.af = found


def endpoint(words: Words) -> tuple[bytes, int] | None:
    """The address and the port that `words` say, 0 for none."""
    packed, number = address(words[0]), port(words[1]) if words[1:] else 0
    return None if packed is None or number is None else (packed, number)


def sorry_forwarding(service: VirtualServer, words: Words, say: Say) -> None:
    """`sorry_server_lvs_method`."""
    if service.sorry is None:
        say(IGNORED, "there is no sorry_server above: keepalived ignores this")
    else:
        forwarding(service.sorry, words, say)


def sorry_inhibit(service: VirtualServer, words: Words, say: Say) -> None:
    """`sorry_server_inhibit`."""
    if service.sorry is None:
        say(IGNORED, "there is no sorry_server above: keepalived ignores this")
    else:
        service.sorry.inhibit = True


def sorry(service: VirtualServer, words: Words, say: Say) -> None:
    """`sorry_server`, of which the last counts."""
    found = endpoint(words)
    if found is None:
        say(IGNORED, f"`{' '.join(words[:2])}` is no address and port in digits: keepalived ignores the sorry server")
        return
    service.sorry = RealServer(*found, service.method, say.place)
    service.sorry.inhibit = False


def completes(checker: Checker, words: Words, say: Say) -> None:
    """What a check can't do without."""
    checker.complete = bool(words)
    checker.target = "".join(words[:1])


def counts_url(checker: Checker, words: Words, say: Say) -> None:
    """The path of a URL."""
    checker.urls += 1


def weighs(checker: Checker, words: Words, say: Say) -> None:
    """`misc_dynamic`: the check sets the weight."""
    checker.dynamic = True
