"""The input of a restore, split as ipvsadm splits it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyipvsadm.grammar.input_lines import Lines, words

from .properties import examples


def split(data, *pieces):
    """The lines of `data` that hold words, fed in `pieces` or as one."""
    lines = Lines()
    found = [line for piece in pieces or (data,) for line in lines.feed(piece)]
    split = [(number, words(text)) for number, text in [*found, *lines.feed(b"", end=True)]]
    return [line for line in split if line[1]], lines.dropped


@pytest.mark.parametrize(("data", "found"), [
    (b"", []),
    (b"\n\n  \n\t\r\n", []),
    (b"-A -f 1\n", [(1, ["-A", "-f", "1"])]),
    (b"-A -f 1", [(1, ["-A", "-f", "1"])]),
    (b"-A -f 1\n-A -f 2\n", [(1, ["-A", "-f", "1"]), (2, ["-A", "-f", "2"])]),
    (b"\n\n-C\n\n-Z\n", [(3, ["-C"]), (5, ["-Z"])]),
    (b"  -A\t-f \r 1  \n", [(1, ["-A", "-f", "1"])]),
    (b"-C\r\n-Z\r\n", [(1, ["-C"]), (2, ["-Z"])]),
    (b"-A -f 33\r-A -f 34\n", [(1, ["-A", "-f", "33", "-A", "-f", "34"])]),  # CR parts words, not lines
    # Other blanks are ordinary letters.
    (b"\x0b-A -f 32\n", [(1, ["\x0b-A", "-f", "32"])]),
    (b"-A\x0c-f 32\n", [(1, ["-A\x0c-f", "32"])]),
    ("-A\u00a0-f 1\u2028x\x85y\n".encode(), [(1, ["-A\u00a0-f", "1\u2028x\x85y"])]),
    (b"-A \x1c\x1d\x1e\x1f -f\n", [(1, ["-A", "\x1c\x1d\x1e\x1f", "-f"])]),
    # No quotes, no escapes; comments are ours.
    (b"""-A "a b" 'c' \\d\n""", [(1, ["-A", '"a', 'b"', "'c'", "\\d"])]),
    (b"# a comment\n  # another\n-C\n#\n#-Z\n", [(3, ["-C"])]),
    (b"-C # no comment\n-A -s #x\n", [(1, ["-C", "#", "no", "comment"]), (2, ["-A", "-s", "#x"])]),
    (b"ipvsadm # a comment\n", [(1, ["#", "a", "comment"])]),
    # The program's name is dropped, anywhere.
    (b"ipvsadm -C\n", [(1, ["-C"])]),
    (b"-A ipvsadm -f ipvsadm 1 ipvsadm\n", [(1, ["-A", "-f", "1"])]),
    (b"ipvsadm\nipvsadm ipvsadm\n-C\n", [(3, ["-C"])]),
    (b"/sbin/ipvsadm -C ipvsadm2\n", [(1, ["/sbin/ipvsadm", "-C", "ipvsadm2"])]),
    # A NUL ends the word that it is in.
    (b"-A -f 2\x00 1\n", [(1, ["-A", "-f", "2", "1"])]),
    (b"-A a\x00b\x00c\n", [(1, ["-A", "a"])]),
    (b"-A \x00x\n", [(1, ["-A", ""])]),
    (b"\x00\n", [(1, [""])]),
    # Bytes that are no UTF-8 stay what they are.
    (b"-A \xff\xfe \xc3\xa9\n", [(1, ["-A", "\udcff\udcfe", "\xe9"])]),
])  # fmt: skip
def test_lines_and_words(data, found):
    assert split(data) == (found, 0)


@pytest.mark.parametrize(("last", "kept"), [
    (b"-C", True), (b"-C ", True), (b"-C\t", True), (b"-C\r", True), (b" ", True), (b"", True), (b"  -C", True),
    (b"-C  ", False), (b"-C \t", False), (b"-C\r\r", False), (b"-C\t\r   ", False),
])  # fmt: skip
def test_a_last_line_without_an_end_is_dropped_if_it_ends_in_two_separators(last, kept):
    found, dropped = split(b"-Z\n" + last)
    assert found == [(1, ["-Z"]), *([(2, ["-C"])] if kept and last.strip() else [])]
    assert dropped == (0 if kept else 2)
    assert split(b"-Z\n" + last + b"\n")[0] == [(1, ["-Z"]), *([(2, ["-C"])] if last.strip() else [])]


@pytest.mark.parametrize("letter", [b"x", b"\xff", b'"'])
@pytest.mark.parametrize(("length", "lengths"), [
    (4095, [4095]), (4096, [4096]), (4097, [4096, 1]), (8192, [4096, 4096]), (10000, [4096, 4096, 1808]),
])  # fmt: skip
def test_a_word_is_cut_every_4096_bytes(length, lengths, letter):
    ((number, found),) = split(b"-A " + letter * length + b" z\n")[0]
    assert number == 1
    assert [len(word) for word in found] == [2, *lengths, 1]


def test_it_is_bytes_that_are_cut_and_not_letters():
    ((_, found),) = split(b"x" + "é".encode() * 3000 + b"\n")[0]
    assert [len(word.encode("utf-8", "surrogateescape")) for word in found] == [4096, 1905]
    assert "".join(word for word in found).encode("utf-8", "surrogateescape") == b"x" + "é".encode() * 3000


def test_a_line_may_be_long():
    ((_, found),) = split(b"a " * 100_000 + b"\n")[0]
    assert found == ["a"] * 100_000


text = st.lists(
    st.sampled_from([
        b"-A", b"-f", b"ipvsadm", b"#", b"\n", b"\n", b"\r\n", b" ", b" ", b"\t", b"\r", b"\0", b"\xff", "é".encode(),
        b"x" * 4097,
        b"\x0b",
    ])
    | st.binary(max_size=5),
    max_size=30,
).map(b"".join)  # fmt: skip


@examples(60)
@given(text, st.lists(st.integers(0, 200), max_size=8))
def test_pieces_give_what_the_whole_gives(data, cuts):
    ends = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    pieces = [data[a:b] for a, b in pairwise(ends)]
    assert split(data, *pieces) == split(data)


@examples(30)
@given(text.filter(lambda data: len(data) < 300))
def test_byte_by_byte_gives_what_the_whole_gives(data):
    assert split(data, *(data[n : n + 1] for n in range(len(data)))) == split(data)


def simple(line: bytes) -> list[bytes]:
    """The words of one line, as the observations say it, letter by letter."""
    found, word, inside = [], b"", False
    for letter in (line[n : n + 1] for n in range(len(line))):
        if letter in b" \t\r":
            if inside:
                found.append(word)
            word, inside = b"", False
        else:
            if len(word) == 4096:
                found.append(word)
                word = b""
            word, inside = word + letter, True
    if inside:
        found.append(word)
    cut = [word.split(b"\0")[0] for word in found]
    return [] if cut and cut[0].startswith(b"#") else [word for word in cut if word != b"ipvsadm"]


@examples(80)
@given(text)
def test_words_are_those_of_a_letter_by_letter_reading(data):
    found = split(data.replace(b"  ", b" ") + b"\n")[0]
    expected = [simple(line) for line in data.replace(b"  ", b" ").split(b"\n")]
    assert [[word.encode("utf-8", "surrogateescape") for word in line] for _, line in found] == [
        x for x in expected if x
    ]


def test_a_line_is_given_as_soon_as_it_is_whole():
    lines = Lines()
    assert list(lines.feed(b"-A -f 1\n-A -f")) == [(1, "-A -f 1")]
    assert list(lines.feed(b" 2\n")) == [(2, "-A -f 2")]
    assert list(lines.feed(b"-C")) == []
    assert list(lines.feed(b"", end=True)) == [(3, "-C")]


def test_words_alone():
    assert words("-A  -f 1") == ["-A", "-f", "1"]
    assert words("") == []
