"""A kernel's IPVS in miniature, at the level of bytes, for a CannedSocket: its table changes as it is told to.

It shares nothing with the code under test but tests/netlink.py. Errors are those of ip_vs_ctl.c.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from errno import EEXIST, ENOENT, ERANGE, ESRCH

from .netlink import done, error, message, nla, requests, stats

ACK, DUMP = 0x4, 0x300
(NEW_SERVICE, SET_SERVICE, DEL_SERVICE, GET_SERVICE, NEW_DEST, SET_DEST, DEL_DEST, GET_DEST,
 NEW_DAEMON, DEL_DAEMON, GET_DAEMON, SET_CONFIG, GET_CONFIG) = range(1, 14)  # fmt: skip
GET_INFO = 15
READS = (GET_SERVICE, GET_DEST, GET_DAEMON, GET_CONFIG, GET_INFO)
SERVICE, DEST, DAEMON = 1, 2, 3
SCHEDULERS = ("rr", "wrr", "lc", "wlc", "sh", "mh", "dh", "sed", "nq", "fo", "ovf", "lblc", "lblcr", "none")
HASHED = 2


def attributes(data: bytes) -> dict[int, bytes]:
    """The attributes in `data`, by number."""
    found = {}
    while data:
        length, number = struct.unpack_from("=HH", data)
        found[number & 0x3FFF] = data[4:length]
        data = data[(length + 3) & ~3 :]
    return found


def packed(found: dict[int, bytes]) -> bytes:
    return b"".join(nla(number, payload) for number, payload in found.items())


class Ipvs:
    """What `play` answers, and the table that it answers from.

    `before` is called with the number of each change, from 0, and may change the table, or return an
    errno with which that change is refused. `changes` is how many there were.
    """

    def __init__(self, before: Callable[[int], int | None] = lambda number: None) -> None:
        self.services: dict[tuple, dict[int, bytes]] = {}
        self.dests: dict[tuple, dict[tuple, dict[int, bytes]]] = {}
        self.daemons: dict[bytes, dict[int, bytes]] = {}
        self.timeouts = {4: 900, 5: 120, 6: 300}
        self.before = before
        self.changes = 0
        self.reads = 0
        self.counts: Callable[[dict[int, bytes]], tuple[int, int, int]] = lambda dest: (0, 0, 0)  # its connections
        self.on_read: Callable[[int], None] = lambda number: None  # with the number of each dump of the services

    def snapshot(self):
        """The table, to be compared with another moment's."""
        dests = {key: {k: dict(v) for k, v in sorted(its.items())} for key, its in self.dests.items()}
        return {k: dict(v) for k, v in self.services.items()}, dests, dict(self.daemons), dict(self.timeouts)

    def play(self, data: bytes) -> list[bytes]:
        """The answers to one write."""
        answers: list[bytes] = []
        for flags, sequence, command, payload in requests(data):
            if command in READS:
                answers += self._read(command, sequence, attributes(payload), flags)
                continue
            self.changes += 1
            errno = self.before(self.changes - 1) or self._change(command, attributes(payload))
            if errno or flags & ACK:
                answers.append(error(sequence, errno))
        return answers

    def _read(self, command: int, sequence: int, given: dict[int, bytes], flags: int) -> list[bytes]:
        if command == GET_INFO:
            return [message(sequence, 14, nla(1, struct.pack("=I", 0x010201)) + nla(2, struct.pack("=I", 4096)), 0)]
        if command == GET_CONFIG:
            return [message(sequence, 12, b"".join(nla(n, struct.pack("=I", v)) for n, v in self.timeouts.items()), 0)]
        if command == GET_DAEMON:
            return [*(message(sequence, 9, nla(DAEMON, packed(one))) for one in self.daemons.values()), done(sequence)]
        if command == GET_SERVICE and flags & DUMP:
            self.on_read(self.reads)
            self.reads += 1
            return [*(message(sequence, 1, self._told(one)) for one in self.services.values()), done(sequence)]
        key = self._key(attributes(given[SERVICE]))
        if command == GET_SERVICE:
            found = self.services.get(key)
            return [message(sequence, 1, self._told(found), 0)] if found else [error(sequence, ESRCH)]
        dests = reversed(self.dests.get(key, {}).values())  # the kernel adds at the head of its list
        told = [message(sequence, 5, nla(DEST, packed({**one, **self._counts(one)}) + stats())) for one in dests]
        return [*told, done(sequence)]

    def _counts(self, dest: dict[int, bytes]) -> dict[int, bytes]:
        """Active, inactive and persistent connections as attributes."""
        return {number: struct.pack("=I", count) for number, count in enumerate(self.counts(dest), 7)}

    def _told(self, service: dict[int, bytes]) -> bytes:
        flags = struct.unpack_from("=I", service[7])[0] | HASHED
        return nla(SERVICE, packed({**service, 7: struct.pack("=II", flags, 0xFFFFFFFF)}) + stats())

    @staticmethod
    def _key(service: dict[int, bytes]) -> tuple:
        return (service[1], service[5]) if 5 in service else (service[1], service[2], service[3], service[4])

    def _change(self, command: int, given: dict[int, bytes]) -> int:
        if command == SET_CONFIG:
            self.timeouts.update({n: v for n, raw in given.items() if (v := struct.unpack("=I", raw)[0])})
            return 0
        if DAEMON in given:
            return self._change_daemon(command, attributes(given[DAEMON]))
        service = attributes(given[SERVICE])
        if DEST in given:
            return self._change_dest(command, self._key(service), attributes(given[DEST]))
        return self._change_service(command, service)

    def _change_service(self, command: int, service: dict[int, bytes]) -> int:
        key = self._key(service)
        if command == DEL_SERVICE:
            self.dests.pop(key, None)
            return 0 if self.services.pop(key, None) else ESRCH
        if (command == NEW_SERVICE) == (key in self.services):
            return EEXIST if command == NEW_SERVICE else ESRCH
        if service[6].rstrip(b"\0").decode() not in SCHEDULERS:
            return ENOENT
        self.services[key] = service
        self.dests.setdefault(key, {})
        return 0

    def _change_dest(self, command: int, key: tuple, dest: dict[int, bytes]) -> int:
        its = self.dests.get(key)
        if its is None:
            return ESRCH
        name = dest[11], dest[1], dest[2]
        if (command == NEW_DEST) == (name in its):
            return EEXIST if command == NEW_DEST else ENOENT
        if command == DEL_DEST:
            del its[name]
            return 0
        upper, lower = struct.unpack("=I", dest[5])[0], struct.unpack("=I", dest[6])[0]
        if lower > upper:
            return ERANGE
        its[name] = dest
        return 0

    def _change_daemon(self, command: int, daemon: dict[int, bytes]) -> int:
        state = daemon[1]
        if (command == NEW_DAEMON) == (state in self.daemons):
            return EEXIST if command == NEW_DAEMON else ESRCH
        if command == DEL_DAEMON:
            del self.daemons[state]
        else:
            chosen = {4: struct.pack("=H", 1472), 7: struct.pack("=H", 8848), 8: b"\1", 5: bytes((224, 0, 0, 81))}
            self.daemons[state] = {**chosen, **daemon}
        return 0
