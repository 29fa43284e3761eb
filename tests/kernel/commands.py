"""Random command lines, right and wrong, over a small universe of services and servers."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from .vocabulary import (
    ANY_FLAGS,
    BAD_VALUES,
    COMMANDS,
    FLAGS,
    FORMATS,
    IPV6,
    LIKELY,
    MASKS4,
    MASKS6,
    NUMBERS,
    ODD_WORDS,
    OPTIONS,
    PORTS,
    SCHEDULERS,
    SERVERS6,
    UNIVERSES,
)


class Token(NamedTuple):
    """An option or a command, with its value if it has one; without a name, a word of its own."""

    name: str
    value: str | None = None


class Step(NamedTuple):
    """One command line, and what comes on its stdin."""

    words: list[str]
    stdin: bytes = b""


class Maker:
    """Makes steps, all of them from one seed."""

    def __init__(self, seed: object) -> None:
        self.random = Random(repr(seed))
        self.universe = self.random.choice(UNIVERSES)

    def step(self) -> Step:
        """The next step: of five, one restore or listing, and a third of all lines wrong on purpose."""
        draw = self.random.random()
        if draw < 0.08:
            return Step(["-R"], self.restore())
        return Step(self.line())

    # Right lines, by command.

    def line(self, wrong: float = 1 / 3, restoring: bool = False) -> list[str]:
        """The words of one line, wrong with the likelihood `wrong`."""
        name = self.random.choices(tuple(LIKELY), LIKELY.values())[0]
        tokens = getattr(self, "_" + name.replace("-", "_"))()
        if self.random.random() < wrong:
            for _ in range(self.random.choice((1, 1, 2))):
                tokens = self._distort(tokens)
        if any(token.name == "save" for token in tokens):  # which takes that with us alone
            tokens = [token for token in tokens if token.name != "nosort"]
        words = self._spell(tokens)
        if self.random.random() < wrong / 3:
            words = self._scramble(words)
        if restoring:  # kernel's orders differ, and there are inputs that ipvsadm never finishes
            words = [word for word in words if word != "--nosort" and not word.startswith("--stop-daemon")]
        return words

    def _pick(self, *values: str) -> str:
        return self.random.choice(values)

    def _maybe(self, chance: float, *tokens: Token) -> list[Token]:
        return list(tokens) if self.random.random() < chance else []

    def _service(self, six: bool | None = None) -> list[Token]:
        kind = self.random.choices(("tcp-service", "udp-service", "sctp-service", "fwmark-service"), (8, 4, 1, 4))[0]
        six = self.random.random() < 0.3 if six is None else six
        if kind == "fwmark-service":
            return [Token(kind, self._pick(*self.universe["mark"])), *([Token("ipv6")] if six else [])]
        return [Token(kind, self._address(self._pick(*(IPV6 if six else self.universe["4"])), self._pick(*PORTS)))]

    def _address(self, host: str, port: str) -> str:
        if ":" in host:
            return f"[{host}]:{port}" if self.random.random() < 0.9 else host
        return f"{host}:{port}" if self.random.random() < 0.9 else host

    def _add_service(self) -> list[Token]:
        service = self._service()
        six = Token("ipv6") in service or service[0].value[:1] == "["
        scheduler = self._pick(*SCHEDULERS)
        flags = ",".join(self.random.choices(FLAGS.get(scheduler, ()) + ANY_FLAGS, k=self.random.choice((1, 1, 2, 3))))
        options = [
            *self._maybe(0.7, Token("scheduler", scheduler)),
            *self._maybe(0.3, Token("persistent", self._pick("1", "300", "360", "2678400", "77"))),
            *self._maybe(0.1, Token("persistent")),
            *self._maybe(0.15, Token("netmask", self._pick(*(MASKS6 if six else MASKS4)))),
            *self._maybe(0.06, Token("pe", self._pick("sip", "sip", ""))),
            *self._maybe(0.12, Token("sched-flags", flags)),
            *self._maybe(0.5 if service[0].name == "udp-service" else 0.02, Token("ops")),
        ]
        self.random.shuffle(options)
        return [Token("add-service"), *service, *options]

    def _edit_service(self) -> list[Token]:
        return [Token("edit-service"), *self._add_service()[1:]]

    def _delete_service(self) -> list[Token]:
        return [Token("delete-service"), *self._service()]

    def _zero(self) -> list[Token]:
        return [Token("zero"), *(self._service() if self.random.random() < 0.6 else [])]

    def _server(self) -> list[Token]:
        service = self._service()
        six = Token("ipv6") in service or service[0].value[:1] == "["
        if self.random.random() < 0.1:
            six = not six
        host = self._pick(*SERVERS6) if six else self._pick(*self.universe["4"])
        server = Token("real-server", self._address(host, self._pick(*PORTS)))
        return [*service, server] if self.random.random() < 0.9 else [server, *service]

    def _add_server(self) -> list[Token]:
        number = lambda: Token("weight", self._pick("0", "1", "3", "65535", "65536", "2147483647"))  # noqa: E731
        options = [
            *self._maybe(0.5, number()),
            *self._maybe(0.1, Token("u-threshold", self._pick("0", "10", "100", "2147483647"))),
            *self._maybe(0.08, Token("l-threshold", self._pick("0", "5", "10", "50"))),
        ]
        method = self._pick("", "masquerading", "masquerading", "gatewaying", "ipip", "ipip")
        if method:
            options.append(Token(method))
        if method == "ipip" and self.random.random() < 0.6:
            kind = self._pick("ipip", "gue", "gre")
            options.append(Token("tun-type", kind))
            if kind == "gue":
                options.append(Token("tun-port", self._pick("1", "6080", "65535")))
            if kind != "ipip":
                options += self._maybe(0.6, Token(self._pick("tun-csum", "tun-nocsum", "tun-remcsum")))
        self.random.shuffle(options)
        return [Token("add-server"), *self._server(), *options]

    def _edit_server(self) -> list[Token]:
        return [Token("edit-server"), *self._add_server()[1:]]

    def _delete_server(self) -> list[Token]:
        return [Token("delete-server"), *self._server()]

    def _list(self) -> list[Token]:
        which = self.random.choices(
            ((), self._service(), [Token(self._pick("connection", "timeout", "daemon"))]), (6, 3, 2)
        )[0]
        formats = [Token(name) for name in self.random.sample(FORMATS, self.random.choice((0, 1, 1, 2, 3)))]
        options = [*which, *formats, *self._maybe(0.5, Token("numeric"))]
        self.random.shuffle(options)
        return [Token("list"), *dict.fromkeys(options)] if self.random.random() < 0.97 else []

    def _save(self) -> list[Token]:
        return [Token("save"), *self._maybe(0.7, Token("numeric")), *self._maybe(0.1, Token("sort"))]

    def _clear(self) -> list[Token]:
        return [Token("clear")]

    def _set(self) -> list[Token]:
        values = [Token("", self._pick("0", "1", "60", "900", "2678400", "+5")) for _ in range(3)]
        values.insert(self.random.choice((0, 0, 1, 3)), Token("set"))
        return values

    def _start_daemon(self) -> list[Token]:
        options = [
            *self._maybe(0.9, Token("mcast-interface", self._pick("lo", "lo", "no-such-interface-of-that-name"))),
            *self._maybe(0.5, Token("syncid", self._pick("0", "7", "255"))),
            *self._maybe(0.3, Token("mcast-group", self._pick("224.0.0.82", "239.1.2.3", "ff02::81", "ff05::1"))),
            *self._maybe(0.3, Token("mcast-port", self._pick("1", "9000", "65535"))),
            *self._maybe(0.3, Token("mcast-ttl", self._pick("1", "255"))),
            *self._maybe(0.3, Token("sync-maxlen", self._pick("1", "1000", "1500", "65507"))),
        ]
        self.random.shuffle(options)
        return [Token("start-daemon", self._pick("master", "backup")), *options]

    def _stop_daemon(self) -> list[Token]:
        return [Token("stop-daemon", self._pick("master", "backup")), *self._maybe(0.2, Token("syncid", "7"))]

    # What is wrong with a wrong one.

    def _distort(self, tokens: list[Token]) -> list[Token]:
        """`tokens` with something amiss, in a way that an option or a value can be."""
        tokens = list(tokens)
        place = self.random.randrange(len(tokens) + 1)
        kind = self.random.choice(
            ("insert", "insert", "value", "value", "value", "drop", "twice", "command", "swap", "word")
        )
        if kind == "insert":
            name = self._pick(*OPTIONS)
            tokens.insert(place, Token(name, self._value(OPTIONS[name][1])))
        elif kind == "word":
            tokens.insert(place, Token("", self._pick(*ODD_WORDS)))
        elif kind == "command":
            name = self._pick(*COMMANDS)
            tokens.insert(place, Token(name, "master" if "daemon" in name else None))
        elif tokens and kind == "drop":
            tokens.pop(place - 1)
        elif tokens and kind == "twice":
            tokens.insert(place, self.random.choice(tokens))
        elif kind == "swap":
            self.random.shuffle(tokens)
        else:
            valued = [index for index, token in enumerate(tokens) if token.value is not None]
            if valued:
                at = self.random.choice(valued)
                kind = OPTIONS.get(tokens[at].name, ("", ""))[1]
                tokens[at] = tokens[at]._replace(value=self._bad_value(kind))
        return tokens

    def _value(self, kind: str) -> str | None:
        """A value of `kind`, as likely wrong as right."""
        if not kind:
            return None
        good = {
            "vip": self._service(six=False)[0].value, "mark": self._pick(*self.universe["mark"]),
            "scheduler": self._pick(*SCHEDULERS), "timeout": self._pick("1", "60"),
            "netmask": self._pick(*MASKS4, *MASKS6), "engine": "sip", "interface": "lo", "group": "224.0.0.83",
            "rip": self._address(self._pick(*self.universe["4"]), "80"), "number": self._pick("1", "7", "100"),
            "tunnel": self._pick("ipip", "gue", "gre"), "flags": self._pick(*ANY_FLAGS, "sh-port", "mh-fallback"),
        }  # fmt: skip
        return good[kind] if self.random.random() < 0.7 else self._bad_value(kind)

    def _bad_value(self, kind: str) -> str:
        return self._pick(*BAD_VALUES.get(kind, NUMBERS))

    def _scramble(self, words: list[str]) -> list[str]:
        """`words` with something amiss, in a way that words can be."""
        words = list(words)
        place = self.random.randrange(len(words) + 1)
        kind = self.random.choice(("odd", "cut", "join", "twice", "equals", "dash", "letter", "drop"))
        if kind == "odd" or not words:
            words.insert(place, self._pick(*ODD_WORDS))
            return words
        place = self.random.randrange(len(words))
        word = words[place]
        if kind == "cut":
            words[place] = word[: self.random.randrange(len(word) + 1)]
        elif kind == "join" and place + 1 < len(words):
            words[place : place + 2] = [word + words[place + 1]]
        elif kind == "twice":
            words.insert(place, word)
        elif kind == "equals":
            words[place] = word + "="
        elif kind == "dash":
            words[place] = "-" + word
        elif kind == "letter":
            letter = self._pick("6", "n", "p", "=", "x", "-", "A", "0", " ", ":", "\udc80", "#", "\t", ".")
            at = self.random.randrange(len(word) + 1)
            words[place] = word[:at] + letter + word[at:]
        else:
            words.pop(place)
        return words

    # How words are written.

    def _spell(self, tokens: list[Token]) -> list[str]:
        """The words of `tokens`: long and short names, attached values, bundles."""
        words: list[str] = []
        bundle = False  # whether the last word is a short option that more can join
        for name, value in tokens:
            short = COMMANDS[name] if name in COMMANDS else OPTIONS[name][0] if name else ""
            if not name:
                words.append(value or "")
                bundle = False
                continue
            if name == "list":
                short = self._pick("L", "l")
            if not short or self.random.random() < 0.25:
                if value is not None and self.random.random() < 0.4:
                    words.append(f"--{name}={value}")
                else:
                    words += [f"--{name}", *([] if value is None else [value])]
                bundle = False
                continue
            if bundle and self.random.random() < 0.3:
                words[-1] += short
            else:
                words.append(f"-{short}")
            bundle = value is None and name != "persistent"
            if value is not None:
                form = self.random.random()
                if form < 0.15 and value:
                    words[-1] += value
                elif form < 0.2:
                    words[-1] += f"={value}"
                else:
                    words.append(value)
        return words

    # What a restore reads.

    def restore(self) -> bytes:
        """The input of a restore: mostly lines with mostly right rules, now and then mere bytes."""
        if self.random.random() < 0.1:
            return bytes(self.random.choices(b"-AatrsRLn:. \t\r\n\x00\xff\xc3019", k=self.random.randrange(200)))
        if self.random.random() < 0.3:
            return self.saved()
        wrong = self._pick("", "", "often")
        lines = [self._rule(0.3 if wrong else 0.03) for _ in range(self.random.choice((1, 3, 10, 30)))]
        text = b"".join(line + self.random.choice((b"\n", b"\n", b"\n", b"\r\n", b" \n", b"\n\n")) for line in lines)
        if self.random.random() < 0.2:
            text = text[:-1] + self.random.choice((b"", b" ", b"  ", b"\t \r", b"\0"))
        return text

    def saved(self) -> bytes:
        """Many rules in the form of `-Sn`, with now and then a surprise in it."""
        host = self._pick(*self.universe["4"][:2], "[2001:db8::1]")
        rest = self._pick("", " -s rr", " -s wlc -p 300", " -s sh -b sh-port", " -p", " -M 255.255.255.0")
        more = self._pick("", " -m -w 1", " -m", " -g -w 1", " -i -w 3 --tun-type ipip", " -x 10 -y 5 -m", " -w 007 -m")
        rules = []
        for number in range(self.random.choice((3, 10, 40))):
            option = self._pick("-t", "-t", "-t", "-u")
            port = self._pick(str(1000 + number), str(1000 + number), *PORTS, "")
            service = f"{option} {host}{port and ':'}{port}"
            rules.append(f"-A {service}{rest}")
            for server in range(self.random.choice((0, 1, 2))):
                address = f"{self.universe['net']}.{server}.{number}" if host[0] != "[" else f"[2001:db8::{number:x}]"
                tail = more.replace("-w 1", f"-w {self._pick(*NUMBERS)}") if self.random.random() < 0.3 else more
                end = self._pick(port, port, str(2000 + number))
                command = self._pick("-a", "-a", "-a", "-e", "-d")
                rules.append(f"{command} {service} -r {address}{end and ':'}{end}{tail}")
        if self.random.random() < 0.5:
            at = self.random.randrange(len(rules))
            rules[at] = rules[at].replace(self._pick(" ", ":", "1", "-"), self._pick("", "=", " -", "0", "f"), 1)
        return "".join(f"{rule}\n" for rule in rules).encode()

    def _rule(self, wrong: float) -> bytes:
        if self.random.random() < wrong / 5:
            word = self._pick(*ODD_WORDS, "-R", "-v", "-A", "\0", "x" * 5000, "-A\0 -t 10.0.0.1:1")
            return b"" if word.startswith("#") else word.encode("utf-8", "surrogateescape").replace(b"\n", b"")
        words = self.line(wrong, restoring=True)
        if self.random.random() < 0.1:
            words.insert(self.random.randrange(len(words) + 1), "ipvsadm")
        separator = self._pick(" ", " ", " ", "  ", "\t", " \t ", "\r")
        start = self._pick("", "", "", " ", "\t")
        line = (start + separator.join(words)).encode("utf-8", "surrogateescape").replace(b"\n", b"")
        return b"" if line.lstrip(b" \t\r").startswith(b"#") else line
