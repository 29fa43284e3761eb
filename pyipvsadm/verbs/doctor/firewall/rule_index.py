"""Finds the rules of a chain that may match a packet by its addresses and ports, without testing each rule."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping

from .chains import Chain, Firewall, Match, Rule, span

SMALL = 16  # rules; fewer are tested one by one
ADDRESSES, PORTS = ("target", "source"), ("port", "source_port")
BITS = {4: 32, 6: 128}

Key = tuple[str, int, int, int]  # field, family of addresses, number of leading bits, their value
Known = tuple[bool, ...]  # for each field of ADDRESSES + PORTS: whether it is known


class Index:
    """The positions of a chain's rules by the addresses and ports that they match."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._rules = rules
        self._by_known: dict[Known, tuple[dict[Key, list[int]], list[int], set[tuple[str, int, int]]]] = {}
        self._last: tuple[object, list[int]] = (None, [])

    @classmethod
    def of(cls, firewall: Firewall, chain: Chain) -> Index:
        """The index of a chain, which is made once."""
        found = firewall.memory.get(chain.place)
        if not isinstance(found, Index):
            found = firewall.memory[chain.place] = cls(chain.rules)
        return found

    def following(self, packet: Mapping[str, str | None], position: int) -> int:
        """The first position from `position` on of a rule that may match `packet`; the number of rules if none does."""
        if len(self._rules) < SMALL:
            return position
        asked = tuple(packet.get(field) for field in ADDRESSES + PORTS)
        if self._last[0] != asked:
            self._last = asked, self._positions(asked)
        positions = self._last[1]
        found = bisect_left(positions, position)
        return positions[found] if found < len(positions) else len(self._rules)

    def _positions(self, asked: tuple[str | None, ...]) -> list[int]:
        known = tuple(value is not None for value in asked)
        if known not in self._by_known:
            self._by_known[known] = self._made({f for f, k in zip(ADDRESSES + PORTS, known, strict=True) if k})
        table, rest, shapes = self._by_known[known]
        values = dict(zip(ADDRESSES + PORTS, asked, strict=True))
        found = set(rest)
        for field, family, bits in shapes:
            value = values[field] or ""
            of, number = (0, int(value)) if field in PORTS else span(value)[:2]
            if of == family:
                found.update(table.get((field, family, bits, number >> (BITS.get(family, bits) - bits)), ()))
        return sorted(found)

    def _made(self, known: set[str]) -> tuple[dict[Key, list[int]], list[int], set[tuple[str, int, int]]]:
        """The index for packets whose `known` fields are these.

        It consists of the positions of rules by key, the positions of rules without a key, and the (field, family,
        bits) of all keys.
        """
        table: dict[Key, list[int]] = {}
        rest = []
        for position, rule in enumerate(self._rules):
            if rule.action == "drop" and any(match.field in ADDRESSES + PORTS and match.field not in known
                                             for match in rule.matches):  # fmt: skip
                continue  # it matches only some such packets, and is ignored
            keys = next(filter(None, (_keys(match, known) for match in _ordered(rule.matches))), None)
            if keys is None:
                rest.append(position)
            for key in keys or ():
                table.setdefault(key, []).append(position)
        return table, rest, {key[:3] for key in table}


def _ordered(matches: Iterable[Match]) -> list[Match]:
    order = ADDRESSES + PORTS
    return sorted((one for one in matches if one.field in order), key=lambda one: order.index(one.field))


def _keys(match: Match, known: set[str]) -> list[Key] | None:
    """The keys of packets that `match` accepts; None if they can't be looked up."""
    if match.negated or match.field not in known:
        return None
    made = [_key(match.field, value) for value in match.values]
    return None if None in made or not made else [key for key in made if key]


def _key(field: str, value: str) -> Key | None:
    if field in PORTS:
        return (field, 0, 16, int(value)) if value.isascii() and value.isdecimal() and len(value) <= 5 else None
    family, low, high = span(value)
    size = (high - low).bit_length()
    if not family or high - low != (1 << size) - 1 or low & (high - low):
        return None  # a range that isn't a network
    bits = BITS[family] - size
    return field, family, bits, low >> size
