"""Which addresses the kernel takes for a server's."""

from __future__ import annotations


def unfit(address: bytes) -> str:
    """What `address`, which is packed, is instead of unicast; empty if it's fit, as far as that isn't up to routes."""
    if not any(address):
        return "no address, but stands for all"
    if len(address) == 4:
        if address[0] in range(224, 240):
            return "a multicast address"
        return "the broadcast address" if address == b"\xff\xff\xff\xff" else ""
    if address[0] == 0xFF:
        return "a multicast address"
    return "a link-local address" if address[0] == 0xFE and address[1] & 0xC0 == 0x80 else ""
