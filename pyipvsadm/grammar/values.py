"""Readers: the text of an option's value -> fields of the record that it fills.

A reader takes the text and `Known`, what the words before it have set; it returns the fields by
name, and raises UsageError, in ipvsadm's wording, if the text isn't valid.
"""

from __future__ import annotations

from _socket import AF_INET, AF_INET6, IPPROTO_TCP, inet_aton, inet_pton

from ..errors import UsageError
from ..model import BACKUP, FLAG_1, FLAG_2, FLAG_3, GRE, GUE, IPIP, MASTER, PERSISTENT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..names import Names

    Fields = dict[str, Any]
    Reader = Callable[[str, "Known"], Fields]

DEFAULT_PERSISTENCE = 360  # seconds
DAYS_31 = 31 * 24 * 60 * 60  # seconds; the longest timeout
BLANKS = " \t\n\v\f\r"


class Known:
    """What has been read from one line so far: the fields of each record by name.

    `names` provides the resolver, which few lines need.
    """

    def __init__(self, names: Callable[[], Names]) -> None:
        self.names = names
        self.fields: dict[str, Fields] = {}
        self.notes: list[str] = []

    def of(self, record: str) -> Fields:
        """The fields of `record` read so far: "service", "server", ..."""
        return self.fields.setdefault(record, {})


def integer(text: str, low: int, high: int) -> int | None:
    """All of `text` as C's strtol reads it, if it is between `low` and `high`; else None."""
    text = text.lstrip(BLANKS)
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not (digits.isascii() and digits.isdigit()) or len(digits.lstrip("0")) > 20:
        return None
    value = int(digits.lstrip("0") or "0")  # Python refuses to read thousands of digits, even of zeros
    if text[0] == "-":
        value = -value
    return value if low <= value <= high else None


def number(field: str, low: int, high: int, problem: str) -> Reader:
    """A reader of a number; `problem` is ipvsadm's message, with `{}` for the text."""

    def read(text: str, known: Known) -> Fields:
        value = integer(text, low, high)
        if value is None:
            raise UsageError(problem.format(text), hint=f"give a whole number from {low} to {high}")
        return {field: value}

    return read


def choice(field: str, problem: str, **values: Any) -> Reader:
    """A reader of one of the words that `values` names."""

    def read(text: str, known: Known) -> Fields:
        if text not in values:
            from .suggestions import did_you_mean

            hint = did_you_mean(text, values, f"give one of {', '.join(values)}")
            raise UsageError(problem.format(text), hint)
        return {field: values[text]}

    return read


def plain(field: str, limit: int | None = None) -> Reader:
    """A reader of any text, which is cut after `limit` bytes, the most that the kernel accepts."""

    def read(text: str, known: Known) -> Fields:
        if limit is not None and len(text) * 4 > limit:  # a letter has up to four bytes
            text = text.encode("utf-8", "surrogateescape")[:limit].decode("utf-8", "surrogateescape")
        return {field: text}

    return read


def service_address(protocol: int) -> Reader:
    """A reader of a virtual service's address, with its port."""

    def read(text: str, known: Known) -> Fields:
        try:
            address, port = endpoint(text, protocol, 0, known)
        except ValueError as error:
            raise UsageError(
                "illegal virtual server address[:port] specified", hint=f"{error}: {ADDRESS_FORMS}"
            ) from None
        fields: Fields = {"protocol": protocol, "address": address, "port": port}
        if len(address) == 16:
            if known.of("service").get("netmask") is not None:
                known.notes.append("a netmask before an IPv6 address is ignored: put `-M` after the address")
            fields.update(af=AF_INET6, netmask=None)
        return fields

    return read


def server_address(text: str, known: Known) -> Fields:
    """Read a real server's address; without a port, it gets the service's, if that is known already."""
    service = known.of("service")
    protocol = service.get("protocol") or (IPPROTO_TCP if "fwmark" in service else None)  # a mark's ports are TCP's
    try:
        address, port = endpoint(text, protocol, service.get("port") or 0, known)
    except ValueError as error:
        raise UsageError("illegal real server address[:port] specified", hint=f"{error}: {ADDRESS_FORMS}") from None
    if protocol is None:
        known.notes.append("`-r` is before the service: without a port, it gets port 0, not the port of the service")
    return {"address": address, "port": port}


ADDRESS_FORMS = "write 192.0.2.1:80, name:http or [2001:db8::1]:80"


def endpoint(text: str, protocol: int | None, port: int, known: Known) -> tuple[bytes, int]:
    """Address and port in `text`; `port` if it names none. Raises ValueError with the reason.

    An IPv6 address in brackets needs a port after them; without brackets, it has no port. Any
    other text is split at its last colon, and read as inet_aton does, or else as a name.
    """
    if not text or (text.isascii() and text.isdigit()):
        raise ValueError("digits alone are not an address" if text else "the address is empty")
    host, port_text = text, None
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or not rest.startswith(":"):
            raise ValueError("write an IPv6 address as `[ADDRESS]:PORT`")
        port_text = rest[1:]
    try:
        address = inet_pton(AF_INET6, host)
    except (OSError, ValueError, UnicodeError):
        if text.startswith("["):
            known.notes.append("brackets are for IPv6: the port after them is ignored")
        before, colon, after = host.rpartition(":")
        host, port_text = (before, after) if colon else (host, None)
        address = ipv4(host, known)
    if port_text is None:
        return address, port
    return address, port_number(port_text, protocol, known)


def ipv4(host: str, known: Known) -> bytes:
    """The IPv4 address of `host`: digits as C's inet_aton reads them, or a name. Raises ValueError."""
    try:
        return inet_aton(host)
    except (OSError, ValueError):
        return known.names().address(host)


def port_number(text: str, protocol: int | None, known: Known) -> int:
    """The port in `text`, a number or a name for `protocol`. Raises ValueError."""
    value = integer(text, 0, 65535)
    if value is not None:
        return value
    if protocol is None:
        raise ValueError("name the service before a port that is given by name")
    return known.names().port(text, protocol)


def fwmark(text: str, known: Known) -> Fields:
    """Read a firewall mark."""
    value = integer(text, 1, 2**32 - 1)
    if value is None:
        hint = "a mark is a number from 1 to 4294967295"
        negative = integer(text, -(2**31), -1)
        if negative is not None:
            hint += f"; ipvsadm saves marks from 2147483648 on as negative numbers: write {negative + 2**32}"
        raise UsageError(f"invalid fwmark value `{text}' specified", hint=hint)
    return {"fwmark": value}


def ipv6(text: str, known: Known) -> Fields:
    """Make the fwmark service, which comes before this option, an IPv6 service."""
    service = known.of("service")
    if not service.get("fwmark"):
        raise UsageError("-6 must follow -f\n", hint="write the mark first: `-f MARK -6`")
    if service.get("netmask") is not None:
        known.notes.append("a netmask before `-6` is ignored: put `-M` after it")
    return {"af": AF_INET6, "netmask": None}


def persistence(text: str | None, known: Known) -> Fields:
    """Read the persistence timeout; None stands for the default."""
    value = DEFAULT_PERSISTENCE if text is None else integer(text, 1, DAYS_31)
    if value is None:
        raise UsageError(f"invalid timeout value `{text}' specified", hint=seconds_hint(1, text or ""))
    return {"flags": known.of("service").get("flags", 0) | PERSISTENT, "timeout": value}


def seconds_hint(least: int, text: str) -> str:
    """A hint on how to write a time, in seconds from `least` on, instead of `text`."""
    from .suggestions import in_seconds

    return f"give seconds from {least} to {DAYS_31} (31 days){in_seconds(text)}"


def netmask(text: str, known: Known) -> Fields:
    """Read a netmask: a prefix length for a service known to be IPv6, else a mask. None means all bits."""
    if known.of("service").get("af") == AF_INET6:
        digits = text.lstrip(BLANKS)
        sign, digits = (digits[0], digits[1:]) if digits[:1] in ("+", "-") else ("", digits)
        length = len(digits) - len(digits.lstrip("0123456789"))
        value = int(f"{sign}{digits[:length].lstrip('0')[:20] or 0}")
        value = max(-(2**63), min(value, 2**63 - 1)) & 0xFFFFFFFF  # as C's atoi does: a long, cut to an int
        if not 1 <= value <= 128:
            raise UsageError("illegal ipv6 netmask specified", hint="give a prefix length from 1 to 128, such as `64`")
        return {"netmask": value if value != 128 else None}
    try:
        mask = int.from_bytes(ipv4(text, known), "big")
    except ValueError as error:
        raise UsageError(
            "illegal virtual server persistent mask specified", hint=f"{error}: write 255.255.255.0"
        ) from None
    if text.isascii() and text.isdigit() and mask <= 32:
        known.notes.append(f"`-M {text}` is the mask 0.0.0.{mask}, not a prefix length")
    elif (rest := mask ^ 0xFFFFFFFF) & (rest + 1):
        known.notes.append(f"the mask {'.'.join(map(str, mask.to_bytes(4, 'big')))} has gaps: give ones, then zeros")
    return {"netmask": mask if mask != 0xFFFFFFFF else None}


def multicast_group(text: str, known: Known) -> Fields:
    """Read a multicast address: IPv6 if it contains a colon."""
    family = AF_INET6 if ":" in text else AF_INET
    try:
        group = inet_pton(family, text)
    except (OSError, ValueError):
        group = b""
    if (family == AF_INET6 and group[:1] == b"\xff") or (family == AF_INET and group[:1] and 224 <= group[0] < 240):
        return {"group": group}
    raise UsageError(
        f"invalid {'IPv6' if family == AF_INET6 else 'IPv4'} mcast-group `{text}'",
        hint="give a multicast address, such as 224.0.0.81 or ff02::81",
    )


SCHEDULER_FLAGS = {  # name: its bit, and the scheduler that it belongs to
    "sh-fallback": (FLAG_1, "sh"),
    "sh-port": (FLAG_2, "sh"),
    "mh-fallback": (FLAG_1, "mh"),
    "mh-port": (FLAG_2, "mh"),
    "flag-1": (FLAG_1, ""),
    "flag-2": (FLAG_2, ""),
    "flag-3": (FLAG_3, ""),
}


def scheduler_flags(text: str, scheduler: str) -> int:
    """The bits of the flags in `text`, separated by commas. ipvsadm reads 127 characters of it."""
    bits = 0
    for name in filter(None, text[:127].split(",")):
        bit, owner = SCHEDULER_FLAGS.get(name, (0, ""))
        if not bit:
            from .suggestions import did_you_mean

            hint = did_you_mean(name, SCHEDULER_FLAGS, f"the flags are {', '.join(SCHEDULER_FLAGS)}")
            raise UsageError(f"invalid scheduler flag `{name}'", hint)
        if owner and owner != scheduler:
            raise UsageError(f"incompatible scheduler flag `{name}'", hint=f"it belongs to `-s {owner}`")
        bits |= bit
    return bits


TUNNELS = {"ipip": IPIP, "gue": GUE, "gre": GRE}
STATES = {"master": MASTER, "backup": BACKUP}
