"""Not one input makes a traceback: words, and lines of a restore, of any bytes."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pyipvsadm.errors import IpvsadmError
from pyipvsadm.grammar import parse
from pyipvsadm.grammar.input_lines import Lines, words
from pyipvsadm.grammar.patterns import Parser
from pyipvsadm.model import Command
from pyipvsadm.names import Names
from pyipvsadm.shapes import Shape

from .fakes import NAMES
from .properties import examples


def taken(words, names=NAMES, parser=None):
    """Whether `words` parse, or are refused with a message; all else is a bug."""
    try:
        command = parser.parse(words) if parser else parse(words, lambda: names)
    except IpvsadmError as error:
        return str(error) != "" and error.status in (2, 255)
    return isinstance(command, Command) or isinstance(command[0], Shape)  # the parser's answer about a repeated line


# As the system hands words over: bytes, of which those that are no UTF-8 become lone surrogates.
any_word = st.one_of(
    st.text(max_size=30), st.binary(max_size=30).map(lambda raw: raw.decode("utf-8", "surrogateescape"))
)
options = st.sampled_from([
    *(f"-{letter}" for letter in "AEDCLlaedRSZhvtuf6spMrgimwxynXcob"), "--set", "--start-daemon", "--stop-daemon",
    "--sctp-service", "--mcast-interface", "--mcast-group", "--mcast-port", "--syncid", "--sync-maxlen", "--mcast-ttl",
    "--pe", "--tun-type", "--tun-port", "--timeout", "--daemon", "--", "-", "--all", "--check", "--strict", "--sort",
    "--plain",
])  # fmt: skip
commands = st.sampled_from(
    ["-A", "-E", "-D", "-a", "-e", "-d", "-L", "-Z", "-S", "-R", "--set", "--start-daemon=master", "-C"]
)
values = st.sampled_from([
    "10.0.0.1:80", "[::1]:80", "5", "0", "rr", "master", "gue", "255.0.0.0", "flag-1,", "224.0.0.1", "ff02::1",
    "[", "]:", "::", ":",
])  # fmt: skip
attached = st.builds("{}{}{}".format, options, st.sampled_from(["", "="]), st.one_of(values, any_word))
word = st.one_of(options, values, any_word, attached)


@examples(120)
@given(st.lists(word, max_size=8))
def test_any_words(words):
    assert taken(words)


@examples(120)
@given(commands, st.lists(st.one_of(st.tuples(options, st.one_of(values, any_word)), st.tuples(word)), max_size=6))
def test_any_words_behind_a_command(command, parts):
    assert taken([command, *(word for part in parts for word in part)])


@examples(80)
@example([b"-A -t 10.0.0.1:80\n", b"-A -t 10.0.0.1:80\n"])  # the second is like the first
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=40), st.sampled_from([b"\n", b"-A -t ", b"-a -f 1 -r ", b" -w ", b"10.0.0.1:80\n"])
        ),
        max_size=12,
    )
)
def test_any_bytes_as_lines(pieces):
    lines = Lines()
    parser = Parser(NAMES, "ipvsadm")
    found = [line for piece in pieces for line in lines.feed(piece)]
    for number, text in [*found, *lines.feed(b"", end=True)]:
        assert number > 0
        assert taken(words(text), parser=parser)


HUGE = 1 << 20
OPTION_WITH_VALUE = [
    "-A -t={}", "-A -f={}", "-A -t 10.0.0.1:80 -s={}", "-A -t 10.0.0.1:80 --pe={}", "-A -t 10.0.0.1:80 -b={}",
    "-A -t 10.0.0.1:80 -p={}", "-A -t 10.0.0.1:80 -M={}", "-A -t [::1]:80 -M={}", "-a -t 10.0.0.1:80 -r={}",
    "-a -t 10.0.0.1:80 -r 10.0.0.2 -w={}", "--set 1 2 {}", "--start-daemon={}",
    "--start-daemon master --mcast-group={}",
    "--start-daemon master --mcast-interface={}", "--start-daemon master --syncid={}", "-L {}", "{}", "--{}", "-{}",
]  # fmt: skip


@pytest.mark.parametrize("form", OPTION_WITH_VALUE)
@pytest.mark.parametrize("unit", ["x", "9", ":", "[", ",", "\0", "\udcff", "é", "1.", "::", "=", "-", "n"])
def test_huge_and_odd_words(form, unit):
    before, _, last = form.rpartition(" ")
    for count in (0, 1, HUGE):
        assert taken([*before.split(), last.replace("{}", unit * count)])


@pytest.mark.parametrize(
    "unit", ["\0", "\udcff", "é", "x" * 70, "9" * 20, "-", "\n", " ", "%", "a..b", ".", "xn--", "☃"]
)
def test_odd_names_of_hosts_and_services(unit):
    """Through the system's resolver itself, which isn't asked about what is no name."""
    names = Names()
    assert taken(["-A", "-t", f"10.0.0.1:{unit}"], names)
    with pytest.raises(ValueError, match=r"neither a port"):
        names.port(unit, 6)
