"""Random files of ldirectord."""

from __future__ import annotations

from collections.abc import Callable

from .configurations import ADDRESSES, ADDRESSES_6, PORTS, SCHEDULERS, SERVERS, SERVERS_6, Words


class Ldirectord(Words):
    """Writes an ldirectord.cf."""

    def text(self) -> str:
        """A whole file."""
        above = self.some(
            [
                lambda: "quiescent=" + self.pick(("yes", "no")),
                lambda: "checktimeout=3",
                lambda: "fallback=127.0.0.1:80" + self.pick(("", " gate", " masq")),
                lambda: "# a comment",
                lambda: self.odd(
                    ("checkinterval=100",), ("checktype=on", "foo=1", "quiescent=maybe", "checkinterval=0")
                ),
            ],
            0,
            2,
        )
        services = [self.service() for _ in range(self.random.randint(1, 3))]
        return "".join(f"{one}\n" for one in above) + "".join(services)

    def service(self) -> str:
        row = self.random.random()
        if row < 0.6:
            head, six, mark = (
                f"virtual={self.pick(ADDRESSES)}:{self.odd(PORTS, ('0', 'http', 'domain', '70000'), 0.1)}",
                False,
                False,
            )
        elif row < 0.75:
            head, six, mark = f"virtual6=[{self.pick(ADDRESSES_6)}]:{self.pick(PORTS)}", True, False
        elif row < 0.9:
            head, six, mark = f"virtual={self.odd(('1', '2', '5'), ('10.0.0.1', '0'), 0.1)}", False, True
        else:
            head, six, mark = "virtual6=8", True, True
        rows: list[Callable[[], str]] = [
            lambda: "scheduler=" + self.odd(SCHEDULERS, ("foo", '"rr"', "RR"), 0.08),
            lambda: "persistent=" + self.odd(("60", "300"), ("0", "abc", '"9"'), 0.1),
            lambda: (
                "netmask="
                + (
                    self.pick(("64", "128", "48"))
                    if six
                    else self.odd(("255.255.255.0", "255.255.0.0"), ("24", "255.255.255.255"), 0.15)
                )
            ),
            lambda: (
                "protocol=" + ("fwm" if mark != self.seldom(0.04) else self.odd(("tcp", "udp"), ("sctp", "foo"), 0.05))
            ),
            lambda: "ops=" + self.odd(("yes", "no"), ("maybe",), 0.05),
            lambda: "quiescent=" + self.pick(("yes", "no")),
            lambda: (
                f"fallback{'6' if six else ''}="
                + ("[::1]:80" if six else "127.0.0.1:8080")
                + self.odd(("", " gate", " masq", " ipip"), (" foo",), 0.04)
            ),
            lambda: "virtualhost=www.example.org",
            lambda: 'request="/"',
            lambda: "service=http",
            lambda: "# a comment",
        ]
        lines = [self.real(six) for _ in range(self.random.randint(0 if self.seldom(0.1) else 1, 3))]
        lines += self.some(rows, 0, 4) + [f"checktype={self.odd(('on',), ('off',), 0.1)}"]
        if self.seldom(0.3):
            self.random.shuffle(lines)
        tab = self.pick(("\t", "\t", "    "))
        return f"{head}\n" + "".join(f"{tab}{one}{self.odd(('',), (' # here',), 0.05)}\n" for one in lines)

    def real(self, six: bool) -> str:
        port = self.odd(("80", "8080", "81"), ("", "0", "http"), 0.12)
        kind = self.odd(("masq", "gate", "ipip"), ("MASQ", "foo", ""), 0.05)
        weight = self.odd(("", " 1", " 5", " 0", " 300"), (" x", " -1", " 1.5"), 0.04)
        if six:
            return f"real6=[{self.pick(SERVERS_6)}]{':' * bool(port)}{port} {kind}{weight}"
        address = self.odd(SERVERS, ("10.1.0.1->10.1.0.3", "localhost"), 0.15)
        return f"real={address}{':' * bool(port)}{port} {kind}{weight}"
