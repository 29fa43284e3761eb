"""Random files of keepalived, and what draws words. None of them makes a program stop by a signal, or loop."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

SCHEDULERS = ("rr", "wrr", "lc", "wlc", "sh", "mh", "dh", "sed", "nq", "fo", "ovf", "lblc", "lblcr")
ADDRESSES = tuple(f"10.0.0.{number}" for number in range(1, 5))
SERVERS = tuple(f"10.1.0.{number}" for number in range(1, 6))
ADDRESSES_6 = ("fd00::1", "fd00::2", "FD00::A")
SERVERS_6 = ("fd00:1::1", "fd00:1::2", "fd00:1::3")
PORTS = ("80", "443", "53", "8080")
ODD_PORTS = ("", "0", "70000", "http", "80-90", "+80", "080", "80 90")
ODD_KINDS = (
    "dr", "nat", "LOCAL", "'DR'", "TUN type gue port 6080", "TUN type gue port 6080 csum", "TUN type gre csum",
    "TUN type gre", "TUN type gue", "TUN type gre remcsum", "TUN type ipip csum", "TUN type gue port 70000",
    "TUN type foo", "DR type gre", "TUN csum", "TUN type ipip", "TUN type gue port 6080 remcsum", "NAT csum",
    "TUN nocsum", "TUN port 6080", "TUN foo", "TUN tunnel type gue port 6080", "DR NAT",
)  # fmt: skip


class Words:
    """Draws words for a file from `random`; what is odd comes once in a while."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.pick = random.choice

    def seldom(self, often: float = 0.15) -> bool:
        """Whether something happens that mostly doesn't."""
        return self.random.random() < often

    def odd(self, usual: tuple[str, ...], unusual: tuple[str, ...], often: float = 0.12) -> str:
        """A usual word, or an odd one."""
        return self.pick(unusual if self.seldom(often) else usual)

    def some(self, rows: list[Callable[[], str]], least: int, most: int) -> list[str]:
        """What some of `rows` say, in any order."""
        return [row() for row in self.random.sample(rows, min(len(rows), self.random.randint(least, most)))]


class Keepalived(Words):
    """Writes a keepalived.conf."""

    def text(self) -> str:
        """A whole file."""
        parts = [self.top() for _ in range(self.random.randint(1, 4))]
        groups = [self.group(name) for name in ("A", "B") if self.seldom(0.45)]
        if self.seldom(0.1):
            groups.append(self.group("A"))
        blocks = parts + groups + ([self.aside()] if self.seldom(0.3) else [])
        self.random.shuffle(blocks)
        text = "".join(blocks)
        return "".join(self.dressed(number, line) for number, line in enumerate(text.splitlines()))

    def dressed(self, number: int, line: str) -> str:
        """A line as it is, or written otherwise: with a comment, quotes, an id or a definition."""
        words = line.split()
        if len(words) > 1 and not set('"{}$~@!#') & set(line) and self.seldom(0.2):
            at = self.random.randrange(1, len(words))
            word = words[at]
            before = ""
            if self.seldom(0.4):
                before, words[at] = f"$V{number}={word}\n", self.pick((f"$V{number}", f"${{V{number}}}"))
            elif words[0] != "path" and self.seldom(0.3):
                words[0] = self.pick(("@sandbox ", "@^sandbox ", "@other ", "@^other ")) + words[0]
            else:
                words[at] = f'"{word}"'
            line = before + "\t" + " ".join(words)
        return line + self.odd(("",), (" ! { here", " # }", "\t", "\n"), 0.08) + "\n"

    def aside(self) -> str:
        return self.pick(
            (
                "global_defs {\n router_id X\n lvs_timeouts tcp 100\n}\n",
                "! a comment { here\n# and }\n",
                "vrrp_instance V {\n interface lo\n virtual_ipaddress {\n  10.0.0.1\n }\n}\n",
                "vrrp_script S {\n script /bin/true\n}\n",
                "foo bar\n",
                "foo {\n virtual_server 10.9.9.9 80 {\n }\n}\n",
                "$ALGO=wrr\n",
                "include /nowhere/*.conf\n",
                "static_ipaddress {\n 10.0.0.1/24 dev lo\n}\n",
                "}\n",
            )
        )

    def group(self, name: str) -> str:
        entries = [self.entry() for _ in range(self.random.randint(0 if self.seldom(0.1) else 1, 3))]
        return f"virtual_server_group {name} {{\n" + "".join(f" {one}\n" for one in entries) + "}\n"

    def entry(self) -> str:
        address = self.pick(ADDRESSES)
        port = self.odd(("80", "81", "443"), ("", "0", "70000", "http", "80-82", "80x"))
        row = self.random.random()
        if row < 0.45:
            return f"{address} {port}"
        if row < 0.6:
            return f"10.0.2.{self.random.randint(1, 5)}-{self.random.randint(1, 9)} {port}"
        if row < 0.65:
            return f"10.0.3.{self.random.randint(0, 8)}/{self.pick((29, 30, 31, 32, 33))} {port}"
        if row < 0.7:
            return f"10.0.2.3-10.0.2.{self.random.randint(1, 9)} {port}"
        if row < 0.8:
            return f"{self.pick(ADDRESSES_6)}{self.pick(('', '', '-3', '-b', '/126'))} {port}"
        if row < 0.97:
            mark = self.odd(("3", "4", "5"), ("-1", "4294967296"))
            return f"fwmark {mark} {self.odd(('',), ('inet', 'inet6', 'foo'), 0.3)}"
        return self.pick(("foo", "10.0.0.7:80", "010.0.0.8 80", "localhost 80", "10.0.0.1 80 {", "ten"))

    def top(self) -> str:
        row = self.random.random()
        if row < 0.55:
            address, six = self.pick(ADDRESSES), False
        elif row < 0.7:
            address, six = self.pick(ADDRESSES_6), True
        elif row < 0.85:
            mark = self.odd(("1", "2", "7", "4294967295"), ("0x10", "010", "x", "-1", "5 6"), 0.2)
            return self.service(f"fwmark {mark}", self.seldom(0.3))
        else:
            return self.service(f"group {self.pick(('A', 'B', 'A', 'C'))}", self.seldom(0.2))
        port = self.odd(PORTS, ("", "0", "70000", "http", "80-85", "080", "+80", "80 81", "-1"))
        if self.seldom(0.06):
            address += self.pick(("/32", "-14", "-10.0.0.9", "/24"))
        return self.service(f"{address} {port}", six)

    def service(self, head: str, six: bool) -> str:
        lines = ["delay_loop 60000"]
        if not self.seldom(0.12):
            lines.append("protocol " + self.odd(("TCP", "UDP", "tcp", "sctp", "SCTP"), ("foo", "ICMP", "Tcp udp")))
        rows: list[Callable[[], str]] = [
            lambda: "lb_algo " + self.odd(SCHEDULERS, ("RR", "foo", "twos", '"wrr"', "'rr'", "none", "rr wrr")),
            lambda: "lvs_sched " + self.pick(SCHEDULERS),
            self.flag,
            self.flag,
            lambda: (
                "persistence_timeout " + self.odd(("50", "600", ""), ("0", "2678401", "abc", "5x", "-1", "1.5", "+9"))
            ),
            lambda: "persistence_granularity " + self.granularity(six),
            lambda: "persistence_engine " + self.odd(("sip",), ("foo", "SIP")),
            lambda: self.odd(("ops",), ("ops no", "ops yes x")),
            lambda: self.odd(("alpha",), ("alpha no", "alpha off", "alpha maybe")),
            lambda: self.odd(("inhibit_on_failure",), ("inhibit_on_failure no", "inhibit_on_failure foo")),
            lambda: "quorum " + self.odd(("1", "2", "3", "9"), ("0", "abc", "-2", "4294967295", "2x")),
            lambda: "hysteresis " + self.odd(("0", "1", "3"), ("abc", "-2", "4294967295")),
            lambda: "ip_family " + self.odd(("inet6" if six else "inet",), ("inet", "inet6", "foo", "INET6"), 0.3),
            lambda: "weight " + self.odd(("2", "9"), ("0", "abc", "-1", "1.5")),
            lambda: "sorry_server " + self.endpoint(six),
            lambda: "nat_mask 255.255.255.0",
            lambda: self.pick(("omega", "ha_suspend", "virtualhost www", "hashed", "retry 3", "quorum_up /bin/true")),
            lambda: "lb_kind " + self.kind(),
        ]
        lines += self.some(rows, 0, 6)
        if any(line.startswith("sorry_server ") for line in lines):
            lines += self.some([lambda: "sorry_server_inhibit", lambda: "sorry_server_lvs_method " + self.kind()], 0, 2)
        for _ in range(self.random.randint(0 if self.seldom(0.1) else 1, 4)):
            if self.seldom(0.2):
                lines.append(f"{self.pick(('lb_kind', 'lvs_method'))} {self.kind()}")
            lines.append(self.server(six))
            if self.seldom(0.1):
                lines += self.some(rows, 1, 1)
        if self.seldom(0.2):
            self.random.shuffle(lines)
        return (
            f"virtual_server {head}{self.pick((' {', ' {', '{', chr(10) + '{'))}\n"
            + "".join(f" {one}\n" for one in lines)
            + "}\n"
        )

    def flag(self) -> str:
        return self.pick(("flag-1", "flag-2", "flag-3", "sh-port", "sh-fallback", "mh-port", "mh-fallback", "hashed"))

    def granularity(self, six: bool) -> str:
        if six:
            return self.odd(("64", "128", "48"), ("0", "129", "255.0.0.0", "abc", "/64"), 0.3)
        return self.odd(
            ("255.255.255.0", "255.255.255.255", "255.255.0.255"),
            ("24", "/24", "0.0.0.0", "255.255", "300.1.1.1", "abc"),
            0.3,
        )

    def kind(self) -> str:
        return self.odd(("NAT", "DR", "TUN", "DR"), ODD_KINDS, 0.3)

    def endpoint(self, six: bool) -> str:
        six = six != self.seldom(0.12)
        address = self.odd(
            SERVERS_6 if six else SERVERS,
            (
                "localhost",
                "10.1.0.1:80",
                "010.1.0.1",
                "[fd00::1]",
                "10.1.0.7/32",
                "10.1.0.8-9",
                "0.0.0.0",
                "127.0.0.1",
                "::1",
                "224.0.0.1",
                "255.255.255.255",
                "::ffff:10.1.0.1",
            ),
            0.07,
        )
        return f"{address} {self.odd(('80', '80', '8080', '443'), ODD_PORTS, 0.1)}"

    def server(self, six: bool) -> str:
        rows: list[Callable[[], str]] = [
            lambda: (
                "weight "
                + self.odd(("0", "2", "3", "7", "65536"), ("abc", "1.5", "-1", "5x", "2147483648", "2147483647", '"8"'))
            ),
            lambda: "lvs_method " + self.kind(),
            lambda: "lb_kind DR",
            lambda: f"uthreshold {self.odd(('100', '200'), ('0', 'abc', '-1', '4294967295'))}",
            lambda: f"lthreshold {self.odd(('50', '20'), ('0', 'abc', '300'))}",
            lambda: self.odd(("inhibit_on_failure",), ("inhibit_on_failure no", "inhibit_on_failure foo")),
            lambda: self.odd(("alpha",), ("alpha no", "alpha off", "alpha foo")),
            lambda: "notify_up /bin/true",
            lambda: "persistence_timeout 5",
            self.checker,
            self.checker,
            self.checker,
        ]
        inside = self.some(rows, 0, 4)
        head = f"real_server {self.endpoint(six)}"
        if not inside:
            return head + " { }"
        if len(inside) == 1 and "\n" not in inside[0] and self.seldom(0.4):
            return f"{head} {{ {inside[0]} }}"
        return head + " {\n" + "".join(f"  {one}\n" for one in inside) + " }"

    def checker(self) -> str:
        inside = self.some(
            [
                lambda: "connect_port 8001",
                lambda: "connect_timeout 3",
                lambda: self.odd(("alpha",), ("alpha no", "alpha off")),
                lambda: "retry 2",
                lambda: "foo 3",
            ],
            0,
            2,
        )
        name = self.pick(
            (
                "TCP_CHECK",
                "TCP_CHECK",
                "HTTP_GET",
                "SSL_GET",
                "SMTP_CHECK",
                "DNS_CHECK",
                "MISC_CHECK",
                "UDP_CHECK",
                "PING_CHECK",
            )
        )
        if name.endswith("_GET"):
            inside.append("url {\n    path /\n    status_code 200\n   }")
        if name == "MISC_CHECK":
            inside = [line for line in inside if not line.startswith("connect")]
            inside += self.some(
                [lambda: 'misc_path "/bin/sleep 30"', lambda: "misc_path /bin/true", lambda: "misc_dynamic"], 0, 2
            )
        if name == "DNS_CHECK":
            inside += self.some([lambda: "type A", lambda: "name example.org"], 0, 2)
        if name == "UDP_CHECK":
            inside += self.some([lambda: "payload 0a", lambda: "require_reply"], 0, 1)
        return f"{name} {{\n" + "".join(f"   {one}\n" for one in inside) + "  }"
