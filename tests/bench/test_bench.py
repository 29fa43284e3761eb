"""The benchmark's arithmetic and its bytes; it takes no kernel to run these."""

from __future__ import annotations

import math
import os
import signal
import struct
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path

import pytest

from . import __main__ as bench
from . import box, cluster, comparisons, encode, page, plot, qemu, report, schedule, tables, watcher
from .samples import Sample, first_difference, read, write
from .schedule import (
    ADD_SERVER,
    ADD_SERVICE,
    BARE,
    CLEAR,
    LARGE,
    LIST,
    LIST_EMPTY,
    NULL,
    OURS,
    RESTORE,
    SAVE,
    SMALL,
    START,
    THEIRS,
)
from .stats import Ratio, Samples, exponent, ratio

FAMILY = 0x1C


def sample(row: str, program: str, rules: int = 0, pair: int = 1, seconds: float = 1.0, **more: object) -> Sample:
    return Sample(row, program, rules, pair, seconds, **{"status": 0, **more})  # type: ignore[arg-type]


def linear(rules: int, start: float, each: float) -> float:
    return start + rules * each


def run_of(sizes: tuple[int, ...], ours: float = 1e-5, kernel: float = 1e-4) -> list[Sample]:
    """Samples of a run in which everything is linear; seconds a rule of our own and of the kernel's."""
    found = [sample(START, BARE, seconds=0.2), sample(LIST_EMPTY, OURS, seconds=0.3)]
    found += [sample(ADD_SERVICE, OURS, seconds=0.3), sample(ADD_SERVER, OURS, seconds=0.3)]
    for rules in sizes:
        for row in (RESTORE, LIST, SAVE):
            found.append(sample(row, OURS, rules, seconds=linear(rules, 0.3, ours + kernel), peak=32 * 1024))
            found.append(sample(row, THEIRS, rules, seconds=linear(rules, 0.01, 10 * kernel), peak=2 * 1024))
        found.append(sample(RESTORE, NULL, rules, seconds=linear(rules, 0.2, kernel)))
        found.append(sample(LIST, NULL, rules, seconds=linear(rules, 0.2, kernel)))
    return found


class TestTables:
    def test_a_table_has_as_many_rules_as_asked_for(self):
        lines = list(tables.lines(tables.table(1000)))
        assert Counter(line[:2] for line in lines) == {"-A": 200, "-a": 800}

    def test_its_first_lines_are_written_as_ipvsadm_reads_them(self):
        assert list(tables.lines(tables.table(10)))[:7] == [
            "-A -t 10.0.0.1:80 -s wlc\n",
            "-a -t 10.0.0.1:80 -r 172.16.0.1:80 -m -w 1\n",
            "-a -t 10.0.0.1:80 -r 172.16.0.2:80 -m -w 2\n",
            "-a -t 10.0.0.1:80 -r 172.16.0.3:80 -m -w 3\n",
            "-a -t 10.0.0.1:80 -r 172.16.0.4:80 -m -w 4\n",
            "-A -t 10.0.0.2:443 -s rr -p 300\n",
            "-a -t 10.0.0.2:443 -r 172.16.0.5:443 -g -w 1\n",
        ]

    def test_ipv6_stands_in_brackets(self):
        assert "-A -t [2001:db8:1::10]:53 -s wlc\n" in list(tables.lines(tables.table(100)))

    def test_no_service_comes_twice(self):
        services = tables.table(100_000)
        assert len({(s.protocol, s.address, s.port) for s in services}) == len(services) == 20_000


class TestMessages:
    def test_a_service_is_added_by_these_bytes(self):
        (command, payload), *_ = encode.additions(tables.table(5))
        assert command == 1  # IPVS_CMD_NEW_SERVICE
        assert payload == bytes.fromhex(
            "5400 0180"  # SERVICE, nested, 84 bytes
            "0600 0100  0200 0000"  # AF, AF_INET
            "0600 0200  0600 0000"  # PROTOCOL, TCP
            "1400 0300  0a000001 00000000 00000000 00000000"  # ADDR, 10.0.0.1
            "0600 0400  0050 0000"  # PORT, 80 in network order
            "0800 0600  776c6300"  # SCHED_NAME, "wlc" and its NUL
            "0c00 0700  00000000 ffffffff"  # FLAGS, none, of all
            "0800 0800  00000000"  # TIMEOUT
            "0800 0900  ffffffff"  # NETMASK
        )

    def test_a_message_is_framed_by_these_bytes(self):
        assert encode.message(FAMILY, encode.ACK, encode.FLUSH, b"", 7) == bytes.fromhex(
            "14000000 1c00 0500"  # length, family, REQUEST|ACK
            "07000000 00000000"  # sequence, pid
            "11 01 0000"  # FLUSH, version 1
        )

    def test_only_the_last_message_of_a_write_asks_for_an_ack(self):
        writes = list(encode.restore(tables.table(1000), FAMILY))
        flags = [[flag for _, flag in messages(write)] for write in writes]
        assert [len(each) for each in flags] == [256, 256, 256, 232]
        assert all(set(each[:-1]) == {encode.REQUEST} for each in flags)
        assert all(each[-1] == encode.REQUEST | encode.ACK for each in flags)

    def test_a_listing_asks_for_the_services_and_the_servers_of_each(self):
        writes = list(encode.listing(tables.table(1000), FAMILY))
        assert [write[16] for write in writes] == [encode.GET_SERVICE] + [encode.GET_DEST] * 200

    def test_the_family_is_found_behind_other_attributes(self):
        answer = bytes(20) + encode.attribute(2, b"IPVS\0") + encode.u16(1, 0x23)
        assert encode.family_number(answer) == 0x23

    def test_no_family_is_said(self):
        with pytest.raises(LookupError):
            encode.family_number(bytes(36))


def messages(write: bytes) -> list[tuple[int, int]]:
    """The type and the flags of each message in `write`."""
    found, at = [], 0
    while at < len(write):
        length, kind, flags = struct.unpack_from("<IHH", write, at)
        found.append((kind, flags))
        at += length
    return found


class TestSchedule:
    @pytest.mark.parametrize("rules", [1000, SMALL, 20000, 100000])
    def test_every_restore_is_cleared_before_the_next(self, rules):
        changes = [step for step in schedule.tables(rules, 2) if step.row in (RESTORE, CLEAR)]
        assert all(a.row == RESTORE and b.row == CLEAR and a.program == b.program for a, b in pairwise_of(changes))

    def test_programs_take_turns_in_each_row(self):
        turns = [step.program for step in schedule.tables(20000, 3) if step.row == LIST and step.program != NULL]
        assert turns == [OURS, THEIRS] * 3

    def test_the_first_pair_of_a_small_size_is_not_timed(self):
        assert {step.timed for step in schedule.tables(1000, 2) if step.pair == 0} == {False}
        assert sum(step.timed for step in schedule.tables(1000, 2) if (step.row, step.program) == (LIST, OURS)) == 2

    def test_a_large_size_runs_ipvsadm_once(self):
        restores = [step.program for step in schedule.tables(LARGE + 1, 3) if step.row == RESTORE]
        assert Counter(restores) == {OURS: 3, NULL: 3, THEIRS: 1}

    def test_memory_is_measured_once_a_row(self):
        peaks = [(step.row, step.program) for step in schedule.tables(20000, 3) if step.peak]
        assert len(peaks) == len(set(peaks)) > 0

    @pytest.mark.parametrize(("group", "rows"), [
        (schedule.STARTS, set()),
        (schedule.LISTS, {LIST, schedule.STATS, schedule.RATE, SAVE, schedule.PIPE}),
        (schedule.RESTORES, {RESTORE, CLEAR}),
        (schedule.DOCUMENTS, {SAVE, *schedule.DOCUMENT_ROWS}),
        (schedule.VERBS, set()),
    ])  # fmt: skip
    def test_a_group_alone_measures_its_rows_and_fills_the_table_unmeasured(self, group, rows):
        steps = list(schedule.tables(SMALL, 2, [group]))
        assert {step.row for step in steps if step.timed and not step.row.startswith(schedule.LEFT)} == rows
        restores = [step.row for step in steps if step.row in (RESTORE, CLEAR)]
        assert restores == [RESTORE, CLEAR] * (len(restores) // 2)

    def test_the_groups_together_are_all(self):
        timed = [
            {(step.row, step.program) for step in schedule.tables(SMALL, 2, groups) if step.timed}
            for groups in (*([group] for group in schedule.GROUPS), schedule.GROUPS)
        ]
        assert set().union(*timed[:-1]) == timed[-1]

    def test_the_bare_start_is_there_for_every_group(self):
        assert {step.row for step in schedule.starts(1, [schedule.LISTS])} == {START}


class TestComparisons:
    def test_each_has_a_row_of_its_own_in_a_group_that_is(self):
        rows = [one.row for one in comparisons.COMPARISONS]
        assert len(set(rows)) == len(rows)
        assert {one.group for one in comparisons.COMPARISONS} <= set(schedule.GROUPS)

    @pytest.mark.parametrize("one", comparisons.COMPARISONS, ids=lambda one: one.row)
    def test_both_take_turns_behind_what_is_not_timed(self, one):
        first, *rest = comparisons.steps(one, 2)
        assert (first.row, first.restores, first.timed) == (RESTORE, True, False)
        turns = [(step.row, step.pair, step.timed) for step in rest if step.row != "preparation"]
        rows, pairs = [one.row, one.against] if one.other else [one.row], (0, 1, 2)
        if one.figure == schedule.MEMORY:
            pairs = (0,)
        assert turns == [(row, pair, pair > 0) for pair in pairs for row in rows]
        assert all(step.peak is (one.figure == schedule.MEMORY) for step in rest if step.row in rows)
        assert not any(step.timed for step in rest if step.row == "preparation")

    @pytest.mark.parametrize("one", comparisons.COMPARISONS, ids=lambda one: one.row)
    def test_what_ends_as_an_error_says_why(self, one):
        assert one.says or one.ends != (2,)
        assert {step.says for step in comparisons.steps(one, 1) if step.row == one.row} == {one.says}
        assert not any(step.says for step in comparisons.steps(one, 1) if step.row != one.row)

    def test_files_that_steps_name_are_made(self):
        one = comparisons.Comparison(
            "documents", "a", ("check", "{json}"), ("ip", "-V"), 2.0, once=(("ours", ">json"),)
        )
        _, kept, *_ = comparisons.steps(one, 1)
        assert (kept.arguments, kept.into) == ((), "json")

    @pytest.mark.parametrize(("seconds", "holds"), [(2.9, True), (3.1, False)])
    def test_it_is_held_against_its_bound(self, seconds, holds):
        one = next(one for one in comparisons.COMPARISONS if one.row == "doctor")
        samples = [sample(one.row, OURS, one.rules, seconds=seconds), sample(one.against, OURS, one.rules)]
        row = next(row for row in report.rows(Samples(samples)) if row.operation == one.row)
        assert (row.holds, row.finding) == (holds, f"{seconds:.2f} ({seconds:.2f}-{seconds:.2f}) of -Ln --stats")

    def verdict(self, name: str, *samples: Sample) -> tuple[bool | None, str]:
        row = next(row for row in report.rows(Samples(samples)) if row.operation == name)
        return row.holds, row.finding.partition(" of ")[0]

    @pytest.mark.parametrize(("mebibytes", "holds", "finding"), [
        (40, True, "3.00 (3.00-3.00)"), (41, False, "3.10 (3.10-3.10)"),
    ])  # fmt: skip
    def test_memory_is_that_beyond_the_interpreter(self, mebibytes, holds, finding):
        row, untimed = "check (JSON): memory", {"rules": 20000, "pair": 0, "timed": False}
        told = self.verdict(
            row,
            sample(START, BARE, pair=0, timed=False, peak=10 << 10),
            sample(row, OURS, peak=mebibytes << 10, **untimed),
            sample(f"against {row}", schedule.HELD, peak=20 << 10, **untimed),
        )
        assert told == (holds, finding)

    @pytest.mark.parametrize(("seconds", "holds"), [(0.5, True), (0.7, False)])
    def test_a_sample_of_top_is_held_by_the_processors_time(self, seconds, holds):
        row = "top: a sample"
        ours = sample(row, schedule.SCREENS, 20000, seconds=9.0, processor=seconds)
        theirs = sample(f"against {row}", OURS, 20000, seconds=0.1, processor=1.0)
        assert self.verdict(row, ours, theirs)[0] is holds

    @pytest.mark.parametrize(("seconds", "holds"), [(0.8, True), (0.9, False)])
    def test_milliseconds_for_each_are_without_a_bare_start(self, seconds, holds):
        row = "netns (200 namespaces)"
        told = self.verdict(row, sample(START, BARE, seconds=0.25), sample(row, OURS, 10, seconds=seconds))
        assert told[0] is holds  # 600 ms are three for each of 200

    def test_a_row_says_which_programs_it_needs(self):
        needs = {one.row: one.needs for one in comparisons.COMPARISONS}
        assert needs["metrics: a scrape"] == {"prometheus-node-exporter"}
        assert needs["-Ln (one processor)"] == {"taskset"}
        assert needs["check (JSON)"] == set()

    def test_the_tables_that_they_bind_and_refuse(self):
        services = tables.table(80)
        assert next(tables.addresses(services)) == "address add 10.0.0.1/32 dev kube-ipvs0\n"
        assert list(tables.addresses(services))[-1] == "address add 2001:db8:1::10/128 dev kube-ipvs0\n"
        changed = [
            (a, b) for a, b in zip(tables.lines(services), list(tables.changed(services))[1:], strict=True) if a != b
        ]
        assert len(changed) == 1


def pairwise_of(steps: list[schedule.Step]) -> list[tuple[schedule.Step, schedule.Step]]:
    """`steps` two by two."""
    return list(pairwise(steps))[::2]


class TestSamples:
    def test_a_sample_survives_its_line(self):
        one = sample(LIST, OURS, 1000, peak=9000, first=0.25, digest="ab")
        assert list(read(["noise\n", write(one) + "\n"])) == [one]

    def test_the_first_line_that_differs_is_named(self):
        assert first_difference(b"a\nb\nc\n", b"a\nx\nc\n") == "line 2: 'b', before 'x'"
        assert first_difference(b"a\n", b"a\nb\n") == "line 2: '', before 'b'"
        assert first_difference(b"a\n", b"a\n") == ""


class TestStatistics:
    def test_a_ratio_is_the_median_of_the_pairs_ratios(self):
        assert ratio({1: 1.0, 2: 3.0, 3: 2.0}, {1: 2.0, 2: 2.0, 3: 2.0}) == Ratio(1.0, 0.5, 1.5)

    def test_a_pair_without_its_other_half_is_left_out(self):
        assert ratio({1: 1.0, 2: 9.0}, {1: 2.0}) == Ratio(0.5, 0.5, 0.5)
        assert ratio({1: 1.0}, {}) is None

    def test_an_allowance_is_added_to_theirs(self):
        assert ratio({1: 1.5}, {1: 1.0}, allowance=0.5) == Ratio(1.0, 1.0, 1.0)

    @pytest.mark.parametrize("power", [0.9, 1.0, 1.3])
    def test_the_exponent_of_a_power_is_found(self, power):
        assert exponent({n: 0.01 * n**power for n in (1000, 5000, 100000)}) == pytest.approx(power)

    def test_a_size_that_drowns_in_noise_weighs_little(self):
        points = {1000: 0.001, 5000: 0.5, 20000: 2.0, 100000: 10.0}  # the first should be 0.1
        plain, weighed = exponent(points), exponent(points, noise=0.3)
        assert plain is not None
        assert weighed is not None
        assert plain > 1.9
        assert 1.0 < weighed < 1.1

    def test_one_size_has_no_exponent(self):
        assert exponent({1000: 1.0}) is None
        assert exponent({1000: -1.0, 5000: 1.0}) is None

    def test_our_own_share_is_without_start_and_kernel(self):
        samples = Samples(run_of((1000, 100000)))
        assert samples.own(LIST) == pytest.approx({1000: 0.01, 100000: 1.0})
        assert samples.kernel(SAVE) == pytest.approx({1000: 0.1, 100000: 10.0})

    def test_a_run_that_is_not_timed_counts_for_memory_alone(self):
        samples = Samples([sample(LIST, OURS, 1000, 0, 9.0, timed=False, peak=2048), sample(LIST, OURS, 1000, 1, 1.0)])
        assert samples.time(LIST, OURS, 1000) == 1.0
        assert samples.peak(LIST, OURS, 1000) == 2.0


class TestReport:
    def verdicts(self, samples: list[Sample]) -> dict[tuple[int, str], bool | None]:
        return {(row.rules, row.operation): row.holds for row in report.rows(Samples(samples))}

    def test_bounds_apply_to_the_sizes_that_they_name(self):
        verdicts = self.verdicts(run_of((1000, 20000, 100000)))
        assert verdicts[1000, RESTORE] is None
        assert verdicts[20000, RESTORE] is True
        assert verdicts[20000, "-R: memory"] is None
        assert verdicts[100000, "-R: memory"] is True
        assert verdicts[0, "-R: growth"] is True

    def test_what_is_broken_is_told(self):
        verdicts = self.verdicts(run_of((1000, 20000), ours=3e-4))
        assert verdicts[20000, RESTORE] is False
        assert verdicts[20000, LIST] is True

    def test_start_is_held_against_the_bare_interpreter(self):
        assert self.verdicts(run_of(()))[0, LIST_EMPTY] is True  # 0.3 s is 1.5 times 0.2 s

    def test_the_table_is_plain_text_and_markdown(self):
        rows = list(report.rows(Samples(run_of((1000, 20000)))))
        assert "yes" in report.render(rows, ["a fact"])
        assert report.render(rows, ["a fact"], markdown=True).count("\n|") > len(rows)

    @pytest.mark.parametrize(
        ("bad", "word"),
        [({"status": 255}, "FAILED"), ({"error": "boo"}, "COMPLAINED"), ({"difference": "line 1"}, "DIFFERENT")],
    )
    def test_what_must_not_be_is_told(self, bad, word):
        (line,) = report.problems([sample(LIST, OURS), sample(LIST, OURS, **bad)])
        assert line.startswith(word)

    def test_the_plot_is_svg(self, tmp_path):
        pytest.importorskip("matplotlib")
        plot.draw(Samples(run_of((1000, 20000))), "a title", tmp_path / "plot.svg")
        assert "<svg" in tmp_path.joinpath("plot.svg").read_text()


class TestPages:
    ROWS = tuple(report.rows(Samples(run_of((1000, 20000, 100000)))))

    def pages(self, root: Path) -> list[str]:
        return [root.joinpath(*name).read_text() for name in (("tests", "bench", "README.md"), ("README.md",))]

    def empty(self, root: Path) -> Path:
        """A project whose two pages have places for results, and prose around them."""
        for folder in ("tests/bench", "man/pictures"):
            root.joinpath(folder).mkdir(parents=True)
        for path, name in (("tests/bench/README.md", "results"), ("README.md", "speed")):
            begin, end = page.BEGIN.format(name), page.END.format(name)
            root.joinpath(path).write_text(f"before\n{begin}stale\n{end}behind\n")
        return root

    def test_a_run_is_written_between_the_markers(self, tmp_path):
        root = self.empty(tmp_path)
        plot_of_run = root / "plot.svg"
        plot_of_run.write_text("<svg/>")
        for _ in range(2):  # the second time over the first
            page.write(self.ROWS, ["a fact"], plot_of_run, root)
        ours, readme = self.pages(root)
        assert ours.startswith("before\n<!-- results")
        assert ours.endswith("-->\nbehind\n")
        assert "stale" not in ours + readme
        assert ours.count("\n- a fact\n") == 1
        assert ours.count("\n|") == len(self.ROWS) + page.HEAD
        cells = [[cell.strip() for cell in line.split("|")[1:3]] for line in readme.splitlines() if line[0] == "|"]
        assert cells[page.HEAD :] == [
            ["", "-A"], ["20,000", "-R"], ["20,000", "-Ln"], ["20,000", "-Sn"], ["100,000", "-R"]
        ]  # fmt: skip
        assert root.joinpath("man/pictures/speed.svg").read_text() == "<svg/>"

    def test_a_page_without_a_place_is_told(self):
        with pytest.raises(ValueError, match="no place for speed"):
            page.fill("# Title\n", "speed", "")

    def test_the_readme_shows_rows_of_the_results(self):
        ours, readme = self.pages(page.ROOT)
        shown = page.content(readme, "speed").splitlines()
        assert len(shown) == len(page.SHORT) + page.HEAD
        assert set(shown) <= set(page.content(ours, "results").splitlines())

    @pytest.mark.parametrize(("words", "full"), [
        ([], True),
        (["--pairs", "3"], True),
        (["--quick"], False),
        (["--rules", "1000"], False),
        (["--only", "lists"], False),
        (["--ours", "cat"], False),
    ])  # fmt: skip
    def test_only_a_run_of_all_sizes_is_shown(self, words, full):
        assert bench.is_full(bench.options(words)) is full


class TestGuest:
    DEPENDENCIES = "b/9p.ko: b/9pnet.ko b/netfs.ko b/fscache.ko\nb/9pnet.ko:\nb/netfs.ko: b/fscache.ko\nb/fscache.ko:\n"

    def test_modules_come_after_what_they_need(self):
        order = qemu.load_order(self.DEPENDENCIES, ("9pnet", "9p", "built_in"))
        assert order == ["b/9pnet.ko", "b/fscache.ko", "b/netfs.ko", "b/9p.ko"]

    def test_an_initramfs_is_a_cpio_archive(self):
        archive = qemu.cpio(("bin",), {"init": b"#!"})
        assert len(archive) % 4 == 0
        assert archive[:6] == b"070701"
        assert archive[110:114] == b"bin\0"
        assert b"TRAILER!!!\0" in archive

    def test_a_script_names_its_interpreter(self, tmp_path):
        script = tmp_path / "script"
        script.write_text(f"#!{sys.executable}\n")
        assert box.interpreter(str(script)) == sys.executable
        assert box.interpreter(os.path.realpath(sys.executable)) is None

    def test_a_link_brings_what_it_leads_to(self, tmp_path):
        tmp_path.joinpath("one").symlink_to("two")
        tmp_path.joinpath("two").symlink_to(tmp_path / "three")
        Path(tmp_path, "three").touch()
        assert list(box.link_targets(str(tmp_path / "one"))) == [str(tmp_path / "two"), str(tmp_path / "three")]


class TestWatcher:
    LINES = "import time\nfor n in range(%d):\n    print(n, flush=True)\n    sum(range(200_000))\ntime.sleep(60)"

    def test_it_takes_the_processors_time_of_each_answer_and_ends_the_program(self):
        command = [sys.executable, "-I", "-c", self.LINES % 1000]
        found = list(islice(watcher.lines(command), watcher.WARM))
        assert len(set(found)) == 1
        os.kill(found[0], signal.SIGKILL)
        os.waitpid(found[0], 0)
        seconds = watcher.measured(watcher.lines(command), 20)
        assert 0.0005 < seconds < 0.1

    def test_a_program_that_ends_too_early_is_no_measurement(self):
        with pytest.raises((StopIteration, RuntimeError)):
            watcher.measured(watcher.lines([sys.executable, "-I", "-c", "print(1)"]), 1)

    def test_screens_are_counted_on_a_terminal(self):
        drawn = "print('\\033[?2026l', end='', flush=True)\n    sum(range(200_000))"
        command = [sys.executable, "-I", "-c", f"import sys\nwhile sys.stdout.isatty():\n    {drawn}"]
        assert watcher.measured(watcher.screens(command), 20) > 0

    def test_it_prints_what_it_found(self):
        told = subprocess.run(
            [sys.executable, "-I", watcher.__file__, "lines", sys.executable, "-I", "-c", self.LINES % 1000, "5"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert float(told.stdout) > 0


def test_the_growth_of_a_linear_run_is_one():
    own = exponent(Samples(run_of((1000, 5000, 20000, 100000))).own(RESTORE))
    assert own is not None
    assert math.isclose(own, 1.0, abs_tol=1e-9)


class TestCluster:
    def test_its_objects_are_a_table_of_so_many_servers(self):
        kinds = [one["kind"] for one in cluster.objects()]
        assert kinds.count("Service") == kinds.count("EndpointSlice") == cluster.SERVICES
        assert cluster.SERVERS == 100_000

    def test_time_is_held_against_loads_and_memory_against_the_file(self):
        samples = [
            Sample(schedule.OBJECTS, schedule.OURS, 100_000, 0, 3.0, 0, peak=300 << 10),
            Sample(schedule.LOADS, schedule.THEIRS, 100_000, 0, 1.0, 0, peak=200 << 10),
        ]
        time, memory, _ = report.cluster_rows(Samples(samples), 100 << 20)
        assert (time.holds, memory.holds) == (True, True)
        assert memory.finding == "3.0 of the file's 100 MiB"
        time, memory, _ = report.cluster_rows(Samples([samples[0], replace(samples[1], seconds=0.7)]), 40 << 20)
        assert (time.holds, memory.holds) == (False, False)

    def test_a_keepalived_conf_is_held_against_its_rules(self):
        samples = [
            Sample(schedule.KEEPALIVED, schedule.OURS, 100_000, 0, 3.0, 0),
            Sample(schedule.AS_RULES, schedule.OURS, 100_000, 0, 1.5, 0),
        ]
        *_, row = report.cluster_rows(Samples(samples), 100 << 20)
        assert (row.operation, row.finding[:4], row.bound) == (schedule.KEEPALIVED, "2.00", "")
