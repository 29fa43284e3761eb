"""The rules of each balancer, and what is made of their figures; it takes no guest to run these."""

from __future__ import annotations

import os
import subprocess
from itertools import count

import pytest

from .. import __main__ as bench
from .. import debian, page, report
from ..samples import Sample
from ..stats import Samples
from . import balancers, findings, guest
from .balancers import ADDERS, BALANCERS, NONE, Program, services
from .rounds import ADD, CONNECTION, failed

BY_NAME = {balancer.name: balancer for balancer in BALANCERS}
LINES = {  # of two services: what loads both; by hand, from what kube-proxy leaves and the programs show
    "IPVS": """\
-A -u 10.96.0.1:53 -s rr
-a -u 10.96.0.1:53 -r 10.128.0.1:5353 -m
-a -u 10.96.0.1:53 -r 10.128.0.2:5353 -m
-a -u 10.96.0.1:53 -r 10.128.0.3:5353 -m
-A -u 10.96.0.2:53 -s rr
-a -u 10.96.0.2:53 -r 10.128.0.4:5353 -m
""",
    "iptables": """\
*nat
:KUBE-SERVICES - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A KUBE-SERVICES -d 10.96.0.1/32 -p udp -m comment --comment "default/service-0:dns cluster IP" -m udp --dport 53 -j S0
-A KUBE-SERVICES -d 10.96.0.2/32 -p udp -m comment --comment "default/service-1:dns cluster IP" -m udp --dport 53 -j S1
-A S1 ! -s 10.128.0.0/9 -d 10.96.0.2/32 -p udp -m comment --comment "default/service-1:dns cluster IP" \
-m udp --dport 53 -j KUBE-MARK-MASQ
-A S1 -m comment --comment "default/service-1:dns -> 10.128.0.4:5353" -m statistic --mode random \
--probability 0.33333333333 -j E10
-A S1 -m comment --comment "default/service-1:dns -> 10.128.0.5:5353" -m statistic --mode random \
--probability 0.50000000000 -j E11
-A S1 -m comment --comment "default/service-1:dns -> 10.128.0.6:5353" -j E12
-A E12 -s 10.128.0.6/32 -m comment --comment "default/service-1:dns" -j KUBE-MARK-MASQ
-A E12 -p udp -m comment --comment "default/service-1:dns" -m udp -j DNAT --to-destination 10.128.0.6:5353
COMMIT
""",
    "nftables": """\
add rule ip kube-proxy services ip daddr . meta l4proto . th dport vmap @service-ips
add chain ip kube-proxy N1
add rule ip kube-proxy N1 meta l4proto udp dnat ip to numgen random mod 3 \
map { 0 : 10.128.0.4 . 5353, 1 : 10.128.0.5 . 5353, 2 : 10.128.0.6 . 5353 }
add element ip kube-proxy cluster-ips { 10.96.0.2 }
add element ip kube-proxy service-ips { 10.96.0.2 . udp . 53 : goto N1 }
""",
}


def short(text: str) -> str:
    """`text` with short names for the chains of two services."""
    for number, service in enumerate(services(2)):
        own, *ends = balancers.chains(service)
        text = text.replace(own, f"S{number}").replace(
            f"service-{own[9:17]}-default/service-{number}/dns", f"N{number}"
        )
        for index, end in enumerate(ends):
            text = text.replace(end, f"E{number}{index}")
    return text


def text(program: Program, number: int) -> str:
    return "".join(program.lines(services(number)))


class TestRules:
    @pytest.mark.parametrize("name", LINES)
    def test_lines_stand_in_this_order(self, name):
        lines = short(text(BY_NAME[name].loads[-1], 2)).splitlines()
        at = [lines.index(line) for line in LINES[name].splitlines()]
        assert at == sorted(at)

    @pytest.mark.parametrize("name", LINES)
    def test_what_adds_a_service_is_what_loading_it_has(self, name):
        balancer = BY_NAME[name]
        both = set(text(balancer.loads[-1], 2).splitlines())
        one = set(text(balancer.loads[-1], 1).splitlines())
        for adder in balancer.adders.values():
            added = set(text(adder, 2).splitlines())
            assert both - one <= added <= both

    def test_the_chains_of_iptables_have_names_of_at_most_28_characters_and_no_two_the_same(self):
        names = [chain for service in services(5000) for chain in balancers.chains(service)]
        assert len(set(names)) == len(names) == 5000 * (1 + balancers.SERVERS)
        assert max(map(len, names)) <= 28

    def test_a_tracked_ipvs_has_no_rule_for_a_service(self):
        masquerading, table = BY_NAME["IPVS, tracked"].loads
        assert "DNAT" not in text(masquerading, 2)
        assert text(table, 2) == text(BY_NAME["IPVS"].loads[0], 2)

    @pytest.mark.parametrize(("command", "name"), [
        (["iptables-legacy-restore", "--test"], "iptables"),
        (["nft", "-c", "-f", "-"], "nftables"),
    ])  # fmt: skip
    def test_the_program_takes_them(self, command, name):
        if os.geteuid() or not all(debian.program(one) for one in ("unshare", command[0])):
            pytest.skip(f"takes root and {command[0]}")
        load, (adder,) = BY_NAME[name].loads[-1], BY_NAME[name].adders.values()
        if taken(command, text(load, 0)).returncode:
            pytest.skip(f"this kernel has nothing for {command[0]}")
        whole = text(load, 40)
        if name == "nftables":
            whole += text(adder, 41)  # which names what the table has
        ran = taken(command, whole)
        assert (ran.returncode, ran.stderr) == (0, "")
        assert taken(command, whole.replace("5353", "zork")).returncode


def taken(command: list[str], lines: str) -> subprocess.CompletedProcess[str]:
    """Have a program check `lines`, in a network namespace that goes with it."""
    found = [str(debian.program(one)) for one in ("unshare", command[0])]
    return subprocess.run([found[0], "--net", found[1], *command[1:]], input=lines, text=True, capture_output=True)


def samples_of(*sizes: int, slow: float = 1e-7) -> list[Sample]:
    """A run in which iptables takes `slow` seconds a service, and all others the same at every size."""
    found = []
    for size in sizes:
        for number in range(3):
            for name, seconds in zip((one.name for one in BALANCERS), count(2e-5, 1e-5)):
                more = slow * size if name == "iptables" else 0
                found.append(Sample(CONNECTION, name, size, number, seconds + more, 0))
            found += [
                Sample(ADD, name, size, number, 0.05 if name != "iptables" else 0.001 * size, 0) for name in ADDERS
            ]
    return found


class TestFindings:
    def test_a_table_has_rates_and_what_they_are_of_the_ceiling(self):
        rows = [line.split() for line in findings.render(Samples(samples_of(10, 5000))).splitlines()]
        assert ["10", "50,000", "33,333", "(0.67)", "25,000", "(0.50)", "19,608", "(0.39)", "16,667", "(0.33)"] in rows
        assert ["10", "0.050", "s", "0.050", "s", "0.010", "s", "0.050", "s"] in rows

    @pytest.mark.parametrize(("row", "name", "expected"), [
        (CONNECTION, "IPVS", 1.0), (CONNECTION, "nftables", 1.0), (CONNECTION, "iptables", 51 / 550),
        (ADD, "iptables", 500.0), (ADD, "ipvsadm", 1.0),
    ])  # fmt: skip
    def test_the_change_is_that_from_the_fewest_services_to_the_most(self, row, name, expected):
        assert findings.change(Samples(samples_of(10, 100, 5000)), row, name) == pytest.approx(expected)

    def test_a_host_that_is_slower_in_one_round_does_not_change_the_part(self):
        slower = [
            Sample(s.row, s.program, s.rules, s.pair, s.seconds * (3 if s.pair == 1 else 1), 0) for s in samples_of(10)
        ]
        assert findings.share(Samples(slower), "IPVS", 10) == pytest.approx(2 / 3)

    def test_one_size_has_no_change(self):
        assert "change" not in findings.render(Samples(samples_of(10)))
        assert "change" in findings.render(Samples(samples_of(10, 100)), markdown=True)

    def test_a_balancer_that_failed_leaves_its_cells_empty_and_is_told(self):
        lost = failed(BY_NAME["iptables"], 10, 1, OSError("no such table"))
        kept = [*(one for one in samples_of(10) if one.program != "iptables"), lost]
        row = next(
            line for line in findings.render(Samples(kept), markdown=True).splitlines() if line.startswith("|       10")
        )
        assert [cell.strip() for cell in row.split("|")[5:7]] == ["", "16,667 (0.33)"]
        (told,) = report.problems(kept)
        assert told == "FAILED: new connection, iptables, 10 rules, pair 1: status 1: no such table"

    def test_the_plot_is_svg(self, tmp_path):
        pytest.importorskip("matplotlib")
        findings.draw(Samples(samples_of(10, 100)), "a title", tmp_path / "plot.svg")
        assert "IPVS, tracked" in tmp_path.joinpath("plot.svg").read_text()

    def test_each_line_of_the_plot_has_a_colour(self):
        assert {*findings.NAMES, *ADDERS} == {*findings.COLOURS}


class TestRun:
    @pytest.mark.parametrize(("words", "sizes", "full"), [
        ([], guest.SIZES, True),
        (["--only", "packets"], guest.SIZES, True),
        (["--rules", "1000"], (10, 100, 1000), False),
        (["--rules", "1000", "--quick"], guest.QUICK_SIZES, False),
        (["--only", "lists"], None, True),
    ])  # fmt: skip
    def test_a_smaller_run_has_smaller_sizes_and_leaves_the_page(self, words, sizes, full, monkeypatch):
        monkeypatch.setattr(debian, "program", lambda name: f"/usr/sbin/{name}")
        chosen = bench.options(words)
        plan = bench.packet_plan(chosen)
        assert (plan and tuple(plan.sizes)) == sizes
        assert bench.has_all_sizes(chosen) is full

    def test_the_connections_of_all_rounds_have_room(self):
        assert (guest.ROUNDS + 1) * guest.DATAGRAMS < 2**18

    def test_its_results_are_written_between_the_markers(self, tmp_path):
        folder = tmp_path / "tests" / "bench"
        folder.mkdir(parents=True)
        begin, end = page.BEGIN.format("packets"), page.END.format("packets")
        folder.joinpath("README.md").write_text(f"before\n{begin}stale\n{end}behind\n")
        page.write_packets("tables\n", ["a fact"], tmp_path / "none", tmp_path)
        assert folder.joinpath("README.md").read_text() == f"before\n{begin}- a fact\n\ntables\n{end}behind\n"

    def test_the_page_has_a_place_for_them(self):
        assert all(balancer.name in page.content(page.ROOT.joinpath("tests/bench/README.md").read_text(), "packets")
                   for balancer in BALANCERS)  # fmt: skip


def test_without_a_balancer_nothing_is_loaded():
    assert not NONE.loads
