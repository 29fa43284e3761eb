"""The fast parser of alike lines gives exactly what `parse` gives, whatever it has seen before."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyipvsadm.errors import IpvsadmError
from pyipvsadm.grammar import parse
from pyipvsadm.grammar.input_lines import words as words_of
from pyipvsadm.grammar.patterns import PATTERNS, Parser
from pyipvsadm.model import Command

from .fakes import NAMES
from .properties import examples


def outcome(function, *arguments):
    """What came of it: the Command in full, None if there is none, or all that an error says."""
    try:
        found = function(*arguments)
        return found if found is None or isinstance(found, Command) else found[0].full(found)
    except IpvsadmError as error:
        return type(error), str(error), error.hint, error.status, error.stops


one = st.sampled_from
address4 = one(["10.0.0.1", "10.0.0.2", "192.168.0.1", "0.0.0.0", "255.255.255.255"])
address6 = one(["2001:db8::1", "2001:db8::2", "::", "::ffff:10.0.0.1"])
odd_address = one([
    "10.1", "010.0.0.1", "0x0a000001", "167772161", "10.0.0.256", "localhost", "vip.example", "no-such-host", "",
    "10.0.0.1 x", " 10.0.0.1", "10.0.0.1\n", "10.0.0.\u0661", "fe80::1%lo", "2001:db8::1]", "[10.0.0.1]",
])  # fmt: skip
port = one(["80", "443", "8080", "0", "65535"])
odd_port = one([
    "080", "00080", "000080", "+80", " 80", "65536", "99999", "-1", "http", "domain", "zork", "", "80 ", "8\u0660",
    "1_0", "\u00b2",
])  # fmt: skip
plain4 = st.builds("{}:{}".format, address4, port)
plain6 = st.builds("[{}]:{}".format, address6, port)
odd = st.one_of(
    st.builds("{}:{}".format, st.one_of(address4, odd_address), st.one_of(port, odd_port)),
    st.builds("[{}]:{}".format, st.one_of(address6, odd_address), st.one_of(port, odd_port)),
    address4, address6, odd_address, st.builds("[{}]".format, address6),
)  # fmt: skip
endpoint = st.one_of(plain4, plain4, plain6, odd)
weight = one([
    "0", "1", "2", "007", "+3", " 4", "-1", "", "x", "2147483647", "2147483648", "999999999", "9999999999", "\u0661",
])  # fmt: skip


def option(*names):
    """A value given to one of `names`: in the next word, or attached."""

    def spell(name, value, form):
        if form == "next":
            return [name, value]
        return [f"{name}={value}"] if form == "equals" or name.startswith("--") else [f"{name}{value}"]

    return lambda values: st.builds(spell, one(names), values, one(["next", "next", "next", "equals", "attached"]))


service = st.one_of(
    option("-t", "-t", "--tcp-service")(endpoint),
    option("-u", "--udp-service", "--sctp-service")(endpoint),
    option("-f", "--fwmark-service")(one(["1", "2", "4294967295", "0", "x", "+1"])),
    option("-f")(one(["1", "2"])).map(lambda given: [*given, "-6"]),
)
method = one([["-m"], ["-g"], ["-i"], ["--masquerading"], [], ["-m", "-i"]])
server_extras = st.lists(
    st.one_of(
        option("-w", "--weight")(weight),
        option("-x", "-y")(one(["0", "5", "x"])),
        one(
            [
                ["--tun-type", "gre"],
                ["--tun-csum"],
                ["--tun-port", "80"],
                ["-n"],
                ["--sort"],
                ["zork"],
                ["--zork"],
                ["--"],
            ]
        ),
    ),
    max_size=3,
).map(lambda parts: [word for part in parts for word in part])
service_extras = st.lists(
    one([
        ["-s", "rr"], ["-s", "sh"], ["-srr"], ["-p"], ["-p", "60"], ["-p60"], ["-M", "255.255.255.0"], ["-M", "64"],
        ["-M", "24"], ["-o"],
        ["-b", "sh-port"], ["-b", "flag-1"], ["--pe", "sip"], ["-6"], ["-w", "3"], ["--sort"], ["-"], ["10.0.0.1:80"],
    ]),
    max_size=3,
).map(lambda parts: [word for part in parts for word in part])  # fmt: skip


def joined(*parts):
    """One line of its parts, a command first, the others in any order."""
    return st.tuples(
        one([True, True, True, False]), st.tuples(*parts[1:]).flatmap(st.permutations), parts[0], st.tuples(*parts[1:])
    ).map(lambda made: [*made[2], *(word for part in (made[3] if made[0] else made[1]) for word in part)])


line = st.one_of(
    joined(one([["-a"], ["-a"], ["-e"], ["--add-server"]]), service, option("-r", "-r", "--real-server")(endpoint),
           method, server_extras),
    joined(one([["-d"], ["--delete-server"]]), service, option("-r")(endpoint)),
    joined(one([["-A"], ["-A"], ["-E"], ["--add-service"]]), service, service_extras),
    joined(one([["-D"], ["-Z"], ["-L"]]), service),
    one([["-C"], ["-Z"], ["-L"], ["-Ln"], ["-Sn"], ["--set", "1", "2", "3"], ["--set", "4", "5", "6"], ["-R"], ["-h"],
         ["zork"],
         ["--start-daemon", "master"], ["--stop-daemon", "backup"], ["-At10.0.0.1:80"], ["-t", "10.0.0.1:80"], [""]]),
)  # fmt: skip


@examples(60)
@given(st.lists(line, min_size=2, max_size=12))
def test_what_was_seen_before_changes_nothing(lines):
    parser = Parser(NAMES, "ipvsadm")
    for words in [*lines, *lines]:  # the second time over, all of them are known
        assert outcome(parser.parse, words) == outcome(parse, words, NAMES, "ipvsadm"), words


def slow(text, names, program):
    """What a line asks for, without any memory."""
    words = words_of(text)
    return parse(words, names, program) if words else None


def same_as_slow(parser, text):
    """Check that the line `text` is read as it would be as the first."""
    assert outcome(parser.line, text) == outcome(slow, text, NAMES, "ipvsadm"), text


spaced = st.tuples(
    st.lists(line, min_size=1, max_size=10), st.lists(one([" ", " ", " ", "  ", "\t", " \r"]), min_size=40)
)


@examples(60)
@given(spaced)
def test_what_was_seen_before_changes_no_line(drawn):
    """Also where words are parted by more than a blank, and where the ends of lines come again."""
    lines, blanks = drawn
    parser = Parser(NAMES, "ipvsadm")
    texts = [" ".join(words) for words in lines]
    odd = ["".join(word + blank for word, blank in zip(words, blanks, strict=False)) for words in lines]
    for text in [*texts, *odd, *texts, *odd]:
        same_as_slow(parser, text)


@pytest.mark.parametrize("method", ["-m", "-g", "-i -w 3", "-m -w 7 -x 5", ""])
@pytest.mark.parametrize(
    "service", ["-t 10.0.0.1:80", "-u [2001:db8::1]:80", "-f 5", "-f 5 -6", "--tcp-service=10.0.0.1:80"]
)
@pytest.mark.parametrize("command", ["-a", "-e", "-d", "--add-server"])
def test_lines_that_begin_and_end_as_others_did(command, service, method):
    parser = Parser(NAMES, "ipvsadm")
    for who in (service, service.replace("10.0.0.1", "10.0.0.2"), service, service.replace(":80", ":0")):
        for server in ["10.1.0.1:80", "10.1.0.2:80", "[2001:db8::9]:80", *ODD_ENDPOINTS]:
            same_as_slow(parser, f"{command} {who} -r {server} {method}".rstrip(" "))
            same_as_slow(parser, f"{command} {who} -r {server} {method} -r 10.9.9.9:80")
            same_as_slow(parser, f"{command} {who} -r {server} {method} ipvsadm")
            same_as_slow(parser, f"# {command} {who} -r {server} {method}")


@pytest.mark.parametrize("settings", ["-s rr", "-s wlc -p 300", "-s sh -b sh-port,sh-fallback", "-o", "-s rr -w 3", ""])
@pytest.mark.parametrize(("command", "option"), [
    ("-A", "-t"), ("-E", "-t"), ("-A", "-u"), ("-D", "-t"), ("--add-service", "--tcp-service"), ("-A", "-f"),
])  # fmt: skip
def test_lines_about_services_that_begin_and_end_as_others_did(command, option, settings):
    parser = Parser(NAMES, "ipvsadm")
    for who in ["10.0.0.1:80", "[2001:db8::1]:80", "10.0.0.2:443", "[2001:db8::2]:443", "5", "5 -6", *ODD_ENDPOINTS]:
        line = f"{command} {option} {who} {settings}".rstrip(" ")
        for text in (line, line, f"{line} ", f"# {line}", f"{line} ipvsadm", f"{line} -M 24", line.replace(" ", "  ")):
            same_as_slow(parser, text)
        same_as_slow(parser, line.replace(" ", "\t", 1))
        same_as_slow(parser, line[::-1].replace(" ", "\t", 1)[::-1])


def test_a_line_about_a_service_that_was_learned_is_not_split_into_words(monkeypatch):
    parser = Parser(NAMES, "ipvsadm")
    for port in (80, 81):
        parser.line(f"-A -t 10.0.0.1:{port} -s rr -p 300")
    monkeypatch.setattr("pyipvsadm.grammar.patterns.words_of", lambda text: pytest.fail("it was split into words"))
    found = outcome(parser.line, "-A -t 10.0.0.2:443 -s rr -p 300")
    assert (found.verb, found.service.address, found.service.port) == ("add-service", bytes((10, 0, 0, 2)), 443)
    assert (found.service.scheduler, found.service.timeout) == ("rr", 300)


@examples(25)
@given(st.lists(st.tuples(plain4, plain4, one(["1", "2", "65535"])), min_size=3, max_size=20))
def test_lines_that_differ_in_addresses_and_weights_alone(rows):
    parser = Parser(NAMES, "ipvsadm")
    for first, second, weight in rows:
        for words in (
            ["-A", "-t", first, "-s", "rr"],
            ["-a", "-t", first, "-r", second, "-m", "-w", weight],
            ["-a", "-t", first, "-r", second, "-g", "-w", weight],
            ["-D", "-t", first],
        ):
            assert outcome(parser.parse, words) == outcome(parse, words, NAMES, "ipvsadm"), words


ODD_ENDPOINTS = [
    "10.0.0.9:80", "10.0.0.9:0", "10.0.0.9:65535", "10.0.0.9:65536", "10.0.0.9:080", "10.0.0.9:000080", "10.0.0.9:+80",
    "10.0.0.9: 80", "10.0.0.9:80 ", "10.0.0.9:8\u0660", "10.0.0.9:1_0", "10.0.0.9:\u00b2", "10.0.0.9:", "10.0.0.9",
    "10.0.9:80", "010.0.0.9:80", "0x0a000009:80", "10.0.0.9 x:80", " 10.0.0.9:80", "10.0.0.\u0669:80", "10.0.0.9:http",
    "vip.example:80", "[10.0.0.9]:80", "[10.0.0.9:80]:90", "10.0.0.9:80:90", "", ":80", "80",
    "[2001:db8::9]:80", "[2001:db8::9]:0", "[2001:db8::9]", "2001:db8::9:80", "2001:db8::9", "x2001:db8::9]:80",
    "[2001:db8::9x:80", "12001:db8::9]:80", "[2001:db8::91:80", "[2001:db8::9%lo]:80", "[::ffff:10.0.0.9]:80", "[]:80",
    "[2001:db8::9]:80:90", "[[2001:db8::9]]:80",
]  # fmt: skip
ODD_WEIGHTS = [
    "0", "7", "007", "000000007", "0000000007", "2147483647", "2147483648", "999999999", "9999999999", "+7", " 7", "7 ",
    "-1", "", "x", "\u0667", "7\u0667", "\u00b2", "1_0", "0x7",
]  # fmt: skip


@pytest.mark.parametrize("method", ["-m", "-g", "-i"])
@pytest.mark.parametrize(("service", "server"), [
    ("10.0.0.1:80", "10.1.0.1:80"), ("[2001:db8::1]:80", "[2001:db8::2]:80"), ("10.0.0.1:80", "[2001:db8::2]:80"),
    ("[2001:db8::1]:80", "10.1.0.1:80"),
])  # fmt: skip
def test_each_odd_value_in_the_place_of_a_plain_one(service, server, method):
    for command in ("-a", "-d"):
        model = [command, "-t", service, "-r", server, *([method, "-w", "1"] if command == "-a" else [])]
        parser = Parser(NAMES, "ipvsadm")
        outcome(parser.parse, model)
        lines = [[*model[:2], text, *model[3:]] for text in ODD_ENDPOINTS]
        lines += [[*model[:4], text, *model[5:]] for text in ODD_ENDPOINTS]
        lines += [[*model[:-1], text] for text in ODD_WEIGHTS]
        for words in lines:
            assert outcome(parser.parse, words) == outcome(parse, words, NAMES, "ipvsadm"), words


@pytest.mark.parametrize("posix", [False, True])
def test_the_environment_counts(posix):
    parser = Parser(NAMES, "ipvsadm", posix)
    for words in (["-A", "-t", "10.0.0.1:80"], ["-A", "x", "-t", "10.0.0.1:80"], ["x", "-A", "-t", "10.0.0.1:80"]) * 2:
        assert outcome(parser.parse, words) == outcome(parse, words, NAMES, "ipvsadm", posix)


def test_a_line_that_was_learned_takes_no_second_look(monkeypatch):
    parser = Parser(NAMES, "ipvsadm")
    parser.parse(["-a", "-t", "10.0.0.1:80", "-r", "10.1.0.1:80", "-m", "-w", "1"])
    monkeypatch.setattr("pyipvsadm.grammar.patterns.parse", lambda *_: pytest.fail("it was parsed in full"))
    found = outcome(parser.parse, ["-a", "-t", "10.0.0.2:443", "-r", "10.1.0.2:8443", "-m", "-w", "70"])
    assert (found.service.address, found.service.port) == (bytes((10, 0, 0, 2)), 443)
    assert (found.server.address, found.server.port, found.server.weight) == (bytes((10, 1, 0, 2)), 8443, 70)


def test_the_memory_has_an_end():
    """An input all of whose lines look different costs no more memory than one whose lines are alike."""
    parser = Parser(NAMES, "ipvsadm")
    for n in range(PATTERNS * 4):
        parser.parse(["-A", "-f", str(n + 1)])
    assert parser._count == PATTERNS
    assert outcome(parser.parse, ["-A", "-f", "5"]) == parse(["-A", "-f", "5"], NAMES)
    assert isinstance(parser.parse(["-C"]), Command)
