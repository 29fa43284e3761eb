"""Watches incoming packets for services, before routing and firewalls see them."""

from __future__ import annotations

import socket
import time
from collections import Counter
from collections.abc import Iterable
from struct import unpack_from

from ..snapshot import UnseenError
from ..snapshot_values import Arrival, Service

ETH_P_ALL = 3  # linux/if_ether.h
HEADER_BYTES = 128
PACKETS, CLIENTS = 5000, 500  # numbers that are enough to judge
FRAGMENT = 0x1FFF  # the bits of a fragment's offset
PORTS = (6, 17, 132)  # the protocols that have ports at their start

Key = tuple[int, bytes, int]  # protocol, address, port


def watch(services: Iterable[Service], seconds: float) -> tuple[Arrival, ...]:
    """The packets that arrive for `services` within `seconds`. Raises UnseenError."""
    wanted: dict[Key, str] = {
        (one.protocol, one.key.address, one.port): one.service for one in services if one.key.address
    }
    found: Counter[tuple[str, str, str]] = Counter()
    until = time.monotonic() + seconds
    try:
        with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL)) as watching:
            for _ in range(PACKETS):
                left = until - time.monotonic()
                if left <= 0 or len(found) >= CLIENTS:
                    break
                watching.settimeout(left)
                data, (device, _, kind, *_) = watching.recvfrom(HEADER_BYTES)
                if kind == socket.PACKET_HOST and (ends := _ends(data)):
                    client, protocol, address, port = ends
                    name = wanted.get((protocol, address, port)) or wanted.get((protocol, address, 0))
                    if name:
                        found[device, client, name] += 1
    except TimeoutError:
        pass
    except OSError as error:
        raise UnseenError(f"packets that come in: {error.strerror} (CAP_NET_RAW)") from None
    return tuple(Arrival(*place, packets) for place, packets in found.items())


def _ends(data: bytes) -> tuple[str, int, bytes, int] | None:
    """(client's address, protocol, target address, port) of a packet; None for later fragments or without ports."""
    version = data[0] >> 4 if data else 0
    if version == 4 and len(data) >= 20:
        start, protocol = (data[0] & 15) * 4, data[9]
        source, target, family = data[12:16], data[16:20], socket.AF_INET
        later = unpack_from("!H", data, 6)[0] & FRAGMENT
    elif version == 6 and len(data) >= 40:
        start, protocol = 40, data[6]
        source, target, family = data[8:24], data[24:40], socket.AF_INET6
        later = 0
    else:
        return None
    if later or protocol not in PORTS or len(data) < start + 4:
        return None
    return socket.inet_ntop(family, source), protocol, target, unpack_from("!H", data, start + 2)[0]
