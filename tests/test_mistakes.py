"""Mistakes that people make, and the hint that each gets: tried as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pyipvsadm import documents
from pyipvsadm.documents import DocumentError
from pyipvsadm.model import DIRECT, MASQUERADE, TUNNEL

from .fakes import run
from .netlink import server, service, small_kernel

FOUR = b"\xc0\xa8\x02\x0a"  # 192.168.2.10
ROWS = [json.loads(line) for line in (Path(__file__).parent / "mistakes.jsonl").read_text().splitlines()]


def fresh():
    return small_kernel([(service(FOUR, 80), [server(b"\x0a\0\0\1", 80)]), (service(FOUR, 443), [])])


TABLE = fresh()


@pytest.mark.parametrize(("words", "hint"), [
    (["-A", "-t", "2001:db8::1:80"], "an IPv6 address before a port goes in brackets: `[2001:db8::1]:80`"),
    (["-A", "-t", ":80"], "the address before `:80` is missing: write `192.0.2.1:80`"),
    (["-A", "--tcp-service", ":80"], "the address before `:80` is missing: write `192.0.2.1:80`"),
    (["-D", "192.168.2.10:80"], "say which protocol: `-D -t 192.168.2.10:80` for TCP, `-u` for UDP"),
    (["-A", "[::1]:80"], "say which protocol: `-A -t [::1]:80` for TCP, `-u` for UDP"),
    (["-A", "-t", "10.0.0.1:htpp"], "did you mean `10.0.0.1:http`?"),
    (["-A", "-t", "192.168.2.11/80"], "a port goes behind a colon: `192.168.2.11:80`"),
    (["\u2013A", "-t", "10.0.0.1:80"], "an en dash (U+2013) stands in the word `-A`: type `-`"),
    (["-A", "\u2014t", "10.0.0.1:80"], "an em dash (U+2014) stands in the word `-t`: type `-`"),
    (["-A", "-t\u00a010.0.0.1:80"], "a no-break space (U+00A0) stands in the word `-t 10.0.0.1:80`: type a blank"),
    (["-A", "-t", "10.0.0.1:80 "], "a blank stands in the word `10.0.0.1:80 `: leave it out"),
    (["-R", "rules"], "rules come on stdin: `-R < rules`"),
    (["set", "10.0.0.1:80", "10.0.0.2:80", "weight", "3"], "a setting is an option: `--weight 3`"),
    (["set", "10.0.0.1:80", "10.0.0.2:80", "masquerading"], "a setting is an option: `--masquerading`"),
])  # fmt: skip
def test_a_mistake_in_words_gets_the_hint_that_helps(words, hint):
    ran = run(words, TABLE)
    assert ran.status
    assert ran.stdout == ""
    assert ran.hints[0].startswith(hint)


@pytest.mark.parametrize("words", [["-R"], ["-R", "--check"]])
@pytest.mark.parametrize(("line", "hint"), [
    ("-A -t 192.168.2.11/80", "line 2: a port goes behind a colon: `192.168.2.11:80`"),
    ("\u2013A -t 10.0.0.1:80", "line 2: an en dash (U+2013) stands in the word `-A`: type `-`"),
    ("-D 192.168.2.10:80", "line 2: say which protocol: `-D -t 192.168.2.10:80` for TCP, `-u` for UDP"),
    ("-A -t 10.0.0.1:htpp", "line 2: did you mean `10.0.0.1:http`?"),
])  # fmt: skip
def test_a_mistake_in_a_line_of_a_restore_gets_it_too(words, line, hint):
    ran = run(words, TABLE, f"\n{line}\n".encode())
    assert ran.hints[0].startswith(hint)
    quiet = run(words[:1], TABLE, f"\n{line}\n".encode(), hints="never")
    assert (quiet.hints, quiet.message) == ([], ran.message)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: " ".join(row["words"]))
def test_what_people_type_leads_on(row, tmp_path, monkeypatch):
    """Each row was judged by eye: what is typed, and what has to be answered."""
    monkeypatch.chdir(tmp_path)
    for word in row["words"]:
        if "document" in row and word.endswith((".yaml", ".json", ".txt")):
            (tmp_path / word).write_text(row["document"])
    ran = run(row["words"], fresh(), program="pyipvsadm")
    assert (ran.status, ran.stdout) == (row["status"], "")
    assert row["says"] in ran.stderr


@pytest.mark.parametrize("words", [
    ["drain", "-t", "\x1b[1m", "-r", "x"], ["drain", "\x1b[1m:1", "b.c"], ["undrain", "a", "from \x1b[1m"],
    ["show", "-o", "\x1b[1m.json"],
])  # fmt: skip
def test_words_that_a_hint_repeats_reach_no_terminal_raw(words):
    ran = run(words, TABLE)
    assert ran.status == 2
    assert "\x1b" not in ran.stderr


def test_who_drains_a_service_learns_what_is_drained():
    ran = run(["drain", "192.168.2.10:80"], TABLE)
    assert ran.hints == ["that is a service, but `drain` takes a server: `drain 10.0.0.1:80 --from 192.168.2.10:80`"]


def test_an_address_shows_all_services_that_it_has():
    alone, both = (run(["show", "-o", "rules", name], TABLE) for name in ("192.168.2.10:443", "192.168.2.10"))
    assert (both.status, both.stderr) == (0, "")
    assert alone.stdout in both.stdout
    assert "-A -t 192.168.2.10:80 " in both.stdout


@pytest.mark.parametrize(("word", "forwarding"), [
    ("nat", MASQUERADE), ("masq", MASQUERADE), ("masquerade", MASQUERADE), ("dr", DIRECT), ("gate", DIRECT),
    ("tun", TUNNEL), ("ipip", TUNNEL),
])  # fmt: skip
def test_a_way_of_forwarding_has_synonyms_and_is_written_in_one_way(tmp_path, word, forwarding):
    path = tmp_path / "table.yaml"
    path.write_text(
        "version: 1\nservices:\n- service: 10.0.0.1:80\n  servers:\n"
        f"  - {{address: 10.0.0.2, port: 80, forwarding: {word}}}\n"
    )
    ran = run(["convert", str(path), "-o", "json"])
    ((_, (found,)),) = documents.read(str(path), None).table.services
    assert found.forwarding == forwarding
    assert ran.status == 0
    assert f'"forwarding": "{word}"' not in ran.stdout or word == "masquerade"


@pytest.mark.parametrize(("part", "told"), [
    ("port: 80", ""), ("address: 10.0.0.1", ""), ("protocol: tcp", ""), ("family: ipv4", ""),
    ("port: 8080", "services[0].port: is a part of `service`, which says 80"),
    ("fwmark: 7", "services[0].fwmark: is a part of `service`, which says nothing of it"),
])  # fmt: skip
def test_parts_of_a_name_that_contradict_it_are_told(tmp_path, part, told):
    path = tmp_path / "table.yaml"
    path.write_text(f"version: 1\nservices:\n- service: 10.0.0.1:80\n  {part}\n")
    ran = run(["check", str(path)])
    assert (ran.status, told in ran.message) == (2 if told else 0, True)


@pytest.mark.parametrize(("text", "told"), [
    ("services:\n- protocol: tcp\n   port: 80\n", "a line that is indented deeper than its neighbours"),
    ("a: 1\n b: 2\n", "a line that is indented deeper"),
    ("version: 1\nservices:\n  - service: x\n - service: y\n", "keys of one mapping begin in the same column"),
    ("services:\n\t- protocol: tcp\n", "indent YAML with blanks, not with tabs"),
])  # fmt: skip
def test_yaml_that_is_indented_wrongly_is_told_in_words_that_help(tmp_path, text, told):
    path = tmp_path / "table.yaml"
    path.write_text(text)
    with pytest.raises(DocumentError) as caught:
        documents.read(str(path), None)
    assert told in str(caught.value)
