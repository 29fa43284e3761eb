"""Which packets rules can't tell apart: addresses and ports of a kind are in the same of their networks and ranges.

Many packets are of few kinds, so that few of them need be followed through the rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .chains import Firewall, port_span, span
from .rule_index import ADDRESSES, PORTS

FEW = 32  # networks or ranges; with more, each value is a kind of its own


class Kinds(dict[str | None, object]):
    """The kinds of the values of a field, an address or a port, that rules compare with `wanted`; None is unknown."""

    def __init__(self, field: str, wanted: Iterable[str]) -> None:
        super().__init__({None: None})
        self._read = port_span if field in PORTS else span
        spans = set(map(self._read, wanted))
        self._single = {one[:2] for one in spans if one[1] == one[2]}
        self._several = [one for one in spans if one[1] < one[2]]

    def __missing__(self, value: str) -> object:
        self[value] = kind = self._kind(value)
        return kind

    def _kind(self, value: str) -> object:
        family, number, _ = self._read(value)
        if (family, number) in self._single or len(self._several) > FEW:
            return value
        return tuple(one for one in self._several if one[0] == family and one[1] <= number <= one[2])


class PacketKinds:
    """The kinds of packets that rules at some hooks tell apart."""

    def __init__(self, firewall: Firewall, hooks: tuple[str, ...]) -> None:
        fields = firewall.fields(hooks)
        self._words = tuple(sorted(fields.keys() - {*ADDRESSES, *PORTS}))
        self._kinds = [(field, Kinds(field, fields[field])) for field in (*ADDRESSES, *PORTS) if field in fields]

    def of(self, packet: Mapping[str, str | None]) -> tuple[object, ...]:
        """The kind of `packet`."""
        return (
            *map(packet.get, self._words),
            *[kinds[packet.get(field)] for field, kinds in self._kinds],
        )
