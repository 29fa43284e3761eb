"""The fuzzer's share of every test run: 2,000 commands, the same ones each time."""

from __future__ import annotations

import pytest

from .commands import Maker, Step
from .comparison import compared, has_order, patiently
from .directors import InProcess, ipvsadm, pyipvsadm_process
from .fuzz import difference, failure, script, sequence, shrunk, two_namespaces
from .vocabulary import UNIVERSES

SEED = "ci"
SEQUENCES = 50  # of 40 commands each
AS_PROCESSES = 20  # commands, since each takes an interpreter's start


@pytest.mark.parametrize("number", range(SEQUENCES))
def test_both_programs_agree_on_random_commands(number):
    steps = sequence(SEED, number)
    found = difference(steps)
    assert not found, failure(steps, found)


def test_both_programs_agree_as_processes():
    steps = sequence(SEED, SEQUENCES, AS_PROCESSES)
    found = difference(steps, pyipvsadm_process)
    assert not found, failure(steps, found, pyipvsadm_process)


FORMATS = ("", "--stats", "--rate", "--thresholds", "--persistent-conn", "--tun-info", "--exact", "--stats --rate",
           "--exact --rate", "--tun-info --thresholds", "--persistent-conn --tun-info --exact")  # fmt: skip


def test_all_listings_of_a_large_table_agree():
    makers = [maker for number in range(40) if (maker := Maker(("listings", number))).universe is UNIVERSES[0]]
    steps = [step for maker in makers for step in (maker.step() for _ in range(50)) if "-C" not in step.words]
    with two_namespaces() as (namespace, _):
        ours, theirs = InProcess(namespace), ipvsadm(namespace)
        for step in steps:
            ours(step.words, step.stdin)
        assert len(ours.table().services) > 50
        for command in ("-L", "-Ln", "-Ln --nosort"):
            for form in FORMATS:
                line = f"{command} {form}"
                unsorted = "--nosort" in line
                assert not patiently(lambda: compared(ours(line), theirs(line), unsorted=unsorted)), line  # noqa: B023


@pytest.mark.parametrize(("hosts", "has"), [
    ((), True), (("10.0.0.1",), True), (("10.0.0.1", "192.0.2.1"), True),
    (("10.0.0.1", "92.0.0.1", "192.0.2.1"), False), (("1.0.0.0", "129.0.0.0"), True),
    (("10.0.0.1", "92.0.0.1", "137.0.0.1"), True),
])  # fmt: skip
def test_a_list_without_an_order_is_known_as_such(director, hosts, has):
    of_services, of_servers = director("pyipvsadm"), director("pyipvsadm")
    of_servers("-A -f 1")
    for host in hosts:
        assert not of_services(f"-A -t {host}:80").returncode
        assert not of_servers(f"-a -f 1 -r {host} -g").returncode
    assert has_order(of_services.table()) == has_order(of_servers.table()) == has


class Slip(InProcess):
    """Ours with a slip: it takes a weight of 3 for 4."""

    def _run(self, words, streams):
        return super()._run(["-w4" if word == "-w3" else word for word in words], streams)


def test_the_fuzzer_finds_a_slip_and_shows_it_in_a_few_lines():
    rules = ["-A -t 10.0.0.1:80", "-A -u 10.0.0.1:53 -o", "-Ln", "-a -t 10.0.0.1:80 -r 10.0.0.9 -m -w3", "-Z"]
    steps = [Step(rule.split()) for rule in rules]
    found = difference(steps, Slip)
    assert found.index == 3
    assert "tables differ in services" in found.what
    steps, found = shrunk(steps, found, Slip)
    assert [" ".join(step.words) for step in steps] == ["-A -t 10.0.0.1:80", "-a -t 10.0.0.1:80 -r 10.0.0.9 -w3"]
    assert script(steps).splitlines()[2:] == [
        '"$P" -A -t 10.0.0.1:80',
        '"$P" -a -t 10.0.0.1:80 -r 10.0.0.9 -w3',
        '"$P" -Sn',
    ]


def test_a_script_says_all_bytes():
    text = script([Step(["-s", "it's", "\udcff\n"], b"a\\\0\n\xff 7")])
    assert text.splitlines()[2] == r"""printf %b 'a\0134\0000\n\0377 7' | "$P" -s 'it'"'"'s' $'\xff\x0a'"""
