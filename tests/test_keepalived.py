"""keepalived.conf as a table, held against what keepalived 2.2.7 itself makes of it.

`keepalived-cases` has whole files and their tables, `keepalived-facts.jsonl` small ones: both were run through
`keepalived -n -l -D -C` on Linux 6.1, and the kernel's table written down.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pyipvsadm.documents import keepalived, rules_format
from pyipvsadm.documents.formats import FORMATS, READ, Inputs, by_content, by_extension
from pyipvsadm.documents.keepalived.keywords import TOP
from pyipvsadm.model import Table
from pyipvsadm.table.assembly import Assembly
from pyipvsadm.table.plan import make_plan

from .fakes import run
from .netlink import small_kernel

HERE = Path(__file__).parent
CASES = sorted((HERE / "keepalived-cases").glob("*.json"))
FACTS = [json.loads(line) for line in (HERE / "keepalived-facts.jsonl").read_text().splitlines()]
HOST = "sandbox"  # where the facts are from
SERVER = " real_server 10.1.0.1 80 { }\n"


class Shelf(keepalived.Files):
    """Files of a test, by name."""

    def __init__(self, **files: str) -> None:
        super().__init__()
        self.shelf = {name.replace("_", "."): text for name, text in files.items()}

    def matching(self, pattern, folder):
        if pattern.startswith("*"):
            return sorted(name for name in self.shelf if name.endswith(pattern[1:]))
        return [pattern] if pattern in self.shelf else []

    def text(self, name):
        return self.shelf[name]


def read(text: str, **given):
    assembly = Assembly()
    options = keepalived.Options(**{"id": HOST, **given})
    return assembly, keepalived.read(text, assembly, Inputs(options=options))


def spelled(table: Table) -> list[str]:
    return sorted(line for piece in rules_format.pieces(table) for line in piece.splitlines())


def table_of(text: str, **given) -> list[str]:
    assembly, _ = read(text, **given)
    assert assembly.problems == []
    return spelled(assembly.table())


def settled(lines: list[str]) -> list[str]:
    """Rules with defaults written out as we do."""
    assembly = Assembly()
    rules_format.read("\n".join(sorted(lines)), assembly, Inputs())  # `-A` sorts before `-a`
    assert assembly.problems == []
    return spelled(assembly.table())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_whole_file_is_the_table_that_keepalived_makes(case):
    facts = json.loads(case.read_text())
    path = case.with_suffix(".conf")
    if not path.exists():
        path = case.with_suffix("") / "keepalived.conf"
    assembly = Assembly()
    options = keepalived.Options(id=facts["options"].get("id", HOST))
    keepalived.read(path.read_text(), assembly, Inputs(options=options, path=str(path)))
    if facts.get("expect") == "refused":
        assert assembly.problems
    else:
        assert assembly.problems == []
        assert spelled(assembly.table()) == settled(case.with_suffix(".rules").read_text().splitlines())


@pytest.mark.parametrize("fact", FACTS, ids=range(len(FACTS)))
def test_a_small_file_is_the_table_that_keepalived_makes(fact):
    text = fact["conf"]
    if "refused" in fact:
        assembly, _ = read(text)
        assert assembly.problems
        assert fact["refused"] in (0, assembly.problems[0].place)
    else:
        assert table_of(text) == settled(fact["rules"])


def service(inside: str = "", server: str = SERVER) -> str:
    return f"virtual_server 10.0.0.1 80 {{\n protocol TCP\n{inside}{server}}}\n"


def test_a_mark_of_0_leaves_the_rest_of_its_group():
    assert table_of(group("10.0.0.1 80", "fwmark 0")) == table_of(group("10.0.0.1 80"))


def group(*entries: str) -> str:
    inside = "".join(f" {entry}\n" for entry in entries)
    return f"virtual_server_group G {{\n{inside}}}\nvirtual_server group G {{\n protocol TCP\n{SERVER}}}\n"


@pytest.mark.parametrize(("text", "line", "words"), [
    (service(" lb_algo\n"), 3, "keepalived ends: `lb_algo` needs a word after it"),
    ("virtual_server_group A B {\n}\n", 1, "the name of a group is one word"),
    ("includea nowhere.conf\n", 1, "does not exist"),
    ("~SEQ(A,1,1000) ~SEQ(B,1,1000) foo\n", 1, "more than 100000 lines"),
    ("$A=${B}\n$B=${A}\nfoo ${A}\n", 3, "never ends"),
    ("$A=${A}${A}\nfoo ${A}\n", 2, "never ends"),
    (group("fd00::/64 80", "fd01::/64 80"), 3, "larger than 100000 entries"),
])  # fmt: skip
def test_what_makes_no_table_is_refused_with_its_line(text, line, words):
    assembly, _ = read(text)
    (problem,) = assembly.problems
    assert problem.place == line
    assert words in problem.message
    assert assembly.table().services == ()


@pytest.mark.parametrize(
    "text", ["{" * 3000, "a {" * 3000, "}" * 3000, "\\\n" * 3000, '"' * 99, "~SEQ(", "$A=\\", "\0"]
)
def test_what_is_no_configuration_is_no_table_and_no_traceback(text):
    assembly, _ = read(text)
    assert assembly.table().services == ()


def test_files_that_include_themselves_are_refused_where_the_first_stands():
    assembly, found = read("\ninclude a.conf\n", files=Shelf(a_conf="\ninclude a.conf\n"))
    (problem,) = assembly.problems
    assert problem.place == ("a.conf", 2)
    assert found.line(problem.place) == 2


def test_what_is_included_is_read_in_its_place_and_names_its_own_lines():
    files = Shelf(a_inc="$W=7\n", b_inc=f"\n{SERVER} foo\n")
    assembly, found = read(
        "include *.none\n" + service(" include a.inc\n weight $W\n include b.inc\n", ""), files=files
    )
    assert spelled(assembly.table())[1].endswith("-w 7")
    (unknown,) = [note for note in found.notes if note.kind == "unknown keyword"]
    assert (unknown.place, found.line(unknown.place)) == (("b.inc", 3), 6)
    assert [note.place for note in found.notes if note.kind == "include"] == [1]


def test_files_come_from_below_the_root(tmp_path):
    folder = tmp_path / "etc" / "keepalived"
    (folder / "conf.d").mkdir(parents=True)
    (folder / "conf.d" / "b.conf").write_text(service())
    (folder / "conf.d" / "a.conf").write_text(service().replace("10.0.0.1", "10.0.0.2"))
    (folder / "conf.d" / ".hidden.conf").write_text(service().replace("10.0.0.1", "10.0.0.3"))
    files = keepalived.Files(str(tmp_path))
    assert len(table_of("include /etc/keepalived/conf.d/*.conf\n", files=files)) == 4
    assert len(table_of("include /etc/keepalived/conf.d/{a,c}.conf\n", files=files)) == 2
    assert len(table_of("include /etc/keepalived/conf.d\ninclude /../../etc/keepalived/nowhere\n", files=files)) == 0


@pytest.mark.parametrize(("text", "kind", "line"), [
    ("virtual_server 10.0.0.1 80 {\n" + SERVER + "}\n", "no protocol", 1),
    ("virtual_server 10.0.0.1 {\n protocol TCP\n" + SERVER + "}\n", "persistence", 1),
    (service(" lb_algo twos\n"), "missing from the table", 1),
    (service(" nat_mask 255.0.0.0\n"), "unknown keyword", 3),
    (service(server=" real_server 10.1.0.1 80 {\n  lthreshold 5\n }\n"), "missing from the table", 3),
    (service(server=" real_server 10.1.0.1 80 {\n  TCP_CHECK { }\n }\n"), "health check", 4),
    (service(" sorry_server 10.1.0.9 80\n"), "sorry server", 3),
    (service(" quorum_up /bin/true\n"), "script", 3),
    (service() + service(" lb_algo rr\n"), "merged", 5),
    ("vrrp_instance A {\n}\n", "VRRP", 1),
    (group("10.0.0.1 80", "fwmark 0"), "read otherwise", 5),
    ("global_defs {\n lvs_timeouts tcp 100\n}\n", "timeouts", 2),
])  # fmt: skip
def test_what_surprises_or_no_table_says_is_a_note_with_its_line(text, kind, line):
    _, found = read(text)
    assert [note.place for note in found.notes if note.kind == kind][:1] == [line]


def test_a_file_is_found_to_be_keepalived_s():
    assert by_content(service()) is FORMATS["keepalived"]
    assert by_content("# x\nglobal_defs\n{\n}\n") is FORMATS["keepalived"]
    assert by_content("virtual=10.0.0.1:80\n\treal=10.1.0.1:80 masq\n") is FORMATS["ldirectord"]
    assert by_extension(".conf") is FORMATS["keepalived"]
    assert by_content("-A -t 10.0.0.1:80\n") is by_content('{"version": 1}') is None


CHECKED = "TCP_CHECK { }\n }\n"
RUNNING = (
    " sorry_server 10.1.0.9 80\n"
    f" real_server 10.1.0.1 80 {{\n weight 3\n {CHECKED}"
    f" real_server 10.1.0.2 80 {{\n inhibit_on_failure\n {CHECKED}"
    " real_server 10.1.0.3 80 { }\n"
)
SERVICE = "-A -t 10.0.0.1:80 -s wlc\n"
FIRST, SECOND, THIRD = (f"-a -t 10.0.0.1:80 -r 10.1.0.{n}:80 -m -w {w}\n" for n, w in ((1, 3), (2, 1), (3, 1)))
SORRY = "-a -t 10.0.0.1:80 -r 10.1.0.9:80 -m -w 1\n"
IDLE = SECOND.replace("-w 1", "-w 0")


def compared(conf: str, kernel: str):
    """The states that the kernel's table is in, and why the steps that are left are there."""
    assembly, found = read(conf)
    now = Assembly()
    rules_format.read(kernel, now, Inputs())
    wanted = assembly.table()
    there = found.expected(now.table(), wanted)
    steps = make_plan(there.table, wanted).steps
    words = [(state.word, state.server) for state in there.states]
    return words, [(step.command.verb, found.why(step)) for step in steps]


@pytest.mark.parametrize(("kernel", "states", "steps"), [
    ([FIRST, SECOND, THIRD], [], []),
    ([SECOND, THIRD], [("checked out", "10.1.0.1:80")], []),
    ([FIRST, IDLE, THIRD], [("inhibited", "10.1.0.2:80")], []),
    ([IDLE, SORRY], [("sorry server in", "10.1.0.1:80"), ("inhibited", "10.1.0.2:80"),
                     ("sorry server in", "10.1.0.3:80"), ("sorry server in", "10.1.0.9:80")], []),
    ([FIRST, SECOND], [], ["add-server"]),  # nothing checks the third
    ([FIRST, THIRD], [], ["add-server"]),  # the second would stay
    ([FIRST, SECOND, THIRD.replace("-w 1", "-w 0")], [], ["edit-server"]),
    ([FIRST.replace("-w 3", "-w 4"), SECOND, THIRD], [], ["edit-server"]),
    ([FIRST, SECOND, THIRD, THIRD.replace(".3:", ".7:")], [], ["delete-server"]),
])  # fmt: skip
def test_what_checks_have_done_is_a_state_and_all_else_a_difference(kernel, states, steps):
    found, left = compared(service(server=RUNNING), SERVICE + "".join(kernel))
    assert found == states
    assert [verb for verb, _ in left] == steps
    assert all(why for _, why in left)


def test_a_server_that_had_to_be_checked_first_is_checked_in():
    conf = service(" alpha\n", f" real_server 10.1.0.1 80 {{\n weight 3\n {CHECKED}")
    assert compared(conf, SERVICE + FIRST) == ([("checked in", "10.1.0.1:80")], [])
    assert compared(conf, SERVICE) == ([], [])


def test_a_reload_leaves_thresholds_and_services_of_groups_and_that_is_told():
    conf = service(server=" real_server 10.1.0.1 80 {\n uthreshold 9\n }\n")
    kernel = SERVICE + FIRST.replace("-w 3", "-w 1 -x 5") + "-A -t 10.0.0.2:80 -s wlc\n"
    _, steps = compared(conf, kernel)
    assert dict(steps) == {
        "delete-service": "not in the file: another's, or what a reload of a group has left behind",
        "edit-server": "a reload doesn't apply thresholds that have changed alone",
    }


@pytest.mark.parametrize(("text", "looks", "way"), [
    ("version: 1\nservices: []\n", "; it looks like yaml", "`--from yaml` reads it as such; "),
    ('{"version": 1, "services": []}\n', "; it looks like json", "`--from json` reads it as such; "),
    ("-A -t 10.0.0.1:80 -s rr\n", "; it looks like rules", "`--from rules` reads it as such; "),
    ("# a proxy\nglobal\n  daemon\n", "; it looks like haproxy.cfg", "the formats are json, yaml, "),
    ("hello\n", "", "the formats are json, yaml, "),
])  # fmt: skip
def test_a_file_that_is_only_named_like_keepalived_s_is_told_so(tmp_path, text, looks, way):
    path = tmp_path / "table.conf"
    path.write_text(text)
    ran = run(["apply", "--yes", str(path)], small_kernel([]))
    assert (ran.status, ran.stdout) == (2, "")
    assert ran.message.endswith(f"named like keepalived's, but holds no word of it{looks}\n")
    assert ran.hints[0].startswith(way)
    for name in READ:
        if f"--from {name}` reads" in ran.hints[0]:
            assert run(["check", "--from", name, str(path)]).status == 0


@pytest.mark.parametrize("line", [
    "", "# nothing", "! nothing", "$A=1", "@x $A=1", "~SEQ(a, 1, 2) x $a", "include *.conf", "includer a",
    "@x include b",
    "  @^x vrrp_instance a {\n}", '"vrrp_instance" a {\n}', "x } linkbeat_use_polling",
    *(word for word, keyword in TOP.items() if not keyword.needs), "child_wait_time 1",
])  # fmt: skip
def test_what_keepalived_may_know_is_read(tmp_path, line):
    path = tmp_path / "some.conf"
    path.write_text(f"unknown\n{line}\n" if line and line[0] not in "#!" else f"{line}\n")
    assert "named like" not in run(["check", str(path)]).message
