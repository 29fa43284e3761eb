"""The attribute table: which attribute holds which field, and how.

Source: linux/ip_vs.h. The rows are in the order in which ipvsadm sends them.
"""

from __future__ import annotations

from sys import byteorder

from .codec import ADDRESS, BE16, TEXT, U8, U16, U32, U64, Kind, nested

FAMILY = "IPVS"

# Commands, IPVS_CMD_*.
(
    NEW_SERVICE,
    SET_SERVICE,
    DEL_SERVICE,
    GET_SERVICE,
    NEW_DEST,
    SET_DEST,
    DEL_DEST,
    GET_DEST,
    NEW_DAEMON,
    DEL_DAEMON,
    GET_DAEMON,
    SET_CONFIG,
    GET_CONFIG,
) = range(1, 14)
GET_INFO, ZERO, FLUSH = 15, 16, 17

# Attributes of a request, IPVS_CMD_ATTR_*.
ATTR_SERVICE, ATTR_DEST, ATTR_DAEMON = 1, 2, 3

HASHED = 2  # a flag that only the kernel sets
ALL_FLAGS = b"\xff\xff\xff\xff"


def _flags_out(flags: int) -> bytes:
    """`flags` as the attribute holds them, with a mask that makes the kernel set or clear every flag."""
    return flags.to_bytes(4, byteorder) + ALL_FLAGS


def flags_in(raw: bytes) -> int:
    """The flags in the attribute's value `raw`, without those that only the kernel sets."""
    return int.from_bytes(raw[:4], byteorder) & ~HASHED


FLAGS = Kind("8s", to=_flags_out, back=flags_in)


def _stats(wide: Kind) -> Kind:
    """The attribute that holds IPVS_STATS_ATTR_*, where all counters but those of bytes have the type `wide`."""
    return nested(
        (1, wide, "connections"),
        (2, wide, "packets_in"),
        (3, wide, "packets_out"),
        (4, U64, "bytes_in"),
        (5, U64, "bytes_out"),
        (6, wide, "connection_rate"),
        (7, wide, "packet_rate_in"),
        (8, wide, "packet_rate_out"),
        (9, wide, "byte_rate_in"),
        (10, wide, "byte_rate_out"),
    )


STATS = ((10, _stats(U32), "stats"), (12, _stats(U64), "stats"))  # 64-bit counters come later and replace others

# Inside ATTR_SERVICE, IPVS_SVC_ATTR_*. The key, which identifies a service, is one of two:
ADDRESS_KEY = (
    (1, U16, "af"),
    (2, U16, "protocol"),
    (3, ADDRESS, "address"),
    (4, BE16, "port"),
)
MARK_KEY = (
    (1, U16, "af"),
    (5, U32, "fwmark"),
)
SETTINGS = (
    (6, TEXT, "scheduler"),
    (11, TEXT, "engine"),
    (7, FLAGS, "flags"),
    (8, U32, "timeout"),
    (9, U32, "netmask"),
)
SERVICE = (*ADDRESS_KEY, *MARK_KEY, *SETTINGS)
SERVICE_ANSWER = ((ATTR_SERVICE, nested(*SERVICE, *STATS), ""),)

DEST_KEY = (  # inside ATTR_DEST, IPVS_DEST_ATTR_*
    (11, U16, "af"),
    (1, ADDRESS, "address"),
    (2, BE16, "port"),
)
DEST_SETTINGS = (
    (3, U32, "forwarding"),
    (4, U32, "weight"),
    (13, U8, "tunnel_type"),
    (14, BE16, "tunnel_port"),
    (15, U16, "tunnel_flags"),
    (5, U32, "upper_threshold"),
    (6, U32, "lower_threshold"),
)
DEST = (*DEST_KEY, *DEST_SETTINGS)
_COUNTED = (
    (7, U32, "active"),
    (8, U32, "inactive"),
    (9, U32, "persistent"),
)
REQUEST = ((ATTR_SERVICE, nested(*SERVICE), "service"), (ATTR_DEST, nested(*DEST), "server"))
DEST_ANSWER = ((ATTR_DEST, nested(*DEST, *_COUNTED, *STATS), ""),)

GROUP, GROUP6 = 5, 6
DAEMON = (  # inside ATTR_DAEMON, IPVS_DAEMON_ATTR_*
    (1, U32, "state"),
    (2, TEXT, "interface"),
    (3, U32, "syncid"),
    (4, U16, "maxlen"),
    (7, U16, "port"),  # in the machine's byte order, unlike all other ports
    (8, U8, "ttl"),
    (GROUP, Kind("4s"), "group"),  # this one for IPv4,
    (GROUP6, ADDRESS, "group"),  # or this one for IPv6
)
TIMEOUTS = (  # at the top, IPVS_CMD_ATTR_TIMEOUT_*, in seconds
    (4, U32, "tcp"),
    (5, U32, "tcpfin"),
    (6, U32, "udp"),
)
INFO = (  # at the top of GET_INFO's answer, IPVS_INFO_ATTR_*
    (1, U32, "version"),
    (2, U32, "size"),
)
