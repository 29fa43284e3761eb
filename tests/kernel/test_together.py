"""Nothing is lost: changes at once, input that pauses, no room to write, and lists of a table that changes."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from pyipvsadm.kernel import Kernel

from .namespaces import Namespace

PROGRAM = [sys.executable, "-m", "pyipvsadm"]


@pytest.fixture
def namespace():
    found = Namespace()
    with found.entered():
        yield found
    found.close()


def rules(first, count):
    return "".join(f"-A -t 192.0.2.{first}:{port} -s rr\n" for port in range(1, count + 1))


def saved():
    return subprocess.run([*PROGRAM, "-Sn"], capture_output=True, text=True, check=True).stdout


def apply(*words, stdin):
    return subprocess.Popen([*PROGRAM, "apply", "--yes", *words], stdin=stdin, stderr=subprocess.PIPE, text=True)


def test_two_that_apply_at_once_leave_the_table_of_one_of_them(namespace, tmp_path):
    wanted = [rules(first, 300) for first in (1, 2)]
    for number, text in enumerate(wanted):
        (tmp_path / f"{number}.rules").write_text(text)
    for _ in range(3):
        subprocess.run([*PROGRAM, "-C"], check=True)
        runs = [apply(str(tmp_path / f"{number}.rules"), stdin=subprocess.DEVNULL) for number in (0, 1)]
        assert [run.wait() for run in runs] == [0, 0]
        assert sorted(saved().splitlines()) in [sorted(text.splitlines()) for text in wanted]
        for run in runs:
            run.stderr.close()


@pytest.mark.parametrize("verb", [["apply", "--yes", "-"], ["diff", "-"], ["check", "-"]])
def test_a_stdin_that_is_not_ready_is_waited_for(namespace, verb):
    lines = rules(1, 5).splitlines(keepends=True)
    subprocess.run([*PROGRAM, "-R"], input="".join(lines), text=True, check=True)
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    with subprocess.Popen([*PROGRAM, *verb], stdin=reading, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        os.close(reading)
        os.write(writing, lines[0].encode())
        time.sleep(1.5)
        os.write(writing, "".join(lines[1:]).encode())
        os.close(writing)
        assert run.wait() == 0, run.stderr.read()
    assert saved() == "".join(lines)


def test_a_stdin_that_cannot_be_read_changes_nothing(namespace, tmp_path):
    subprocess.run([*PROGRAM, "-R"], input=rules(1, 5), text=True, check=True)
    only_written = os.open(tmp_path / "file", os.O_WRONLY | os.O_CREAT)
    run = apply("-", stdin=only_written)
    os.close(only_written)
    assert (run.wait(), run.stderr.read()) == (2, "stdin can't be read: Bad file descriptor\nhint: nothing was done\n")
    run.stderr.close()
    assert saved() == rules(1, 5)


def test_without_room_to_write_it_down_no_address_is_bound(namespace):
    subprocess.run([*PROGRAM, "-A", "-t", "192.0.2.1:80"], check=True)
    script = """
mount -t tmpfs -o size=64k,nr_inodes=64 tmpfs /run
mkdir -m 700 /run/pyipvsadm && touch /run/pyipvsadm/table-$(stat -Lc %i /proc/self/ns/net).lock
head -c 1000000 /dev/zero > /run/full 2> /dev/null
{program} vip sync; echo $?
ip -o address show | grep -c 192.0.2.1
""".format(program=" ".join(PROGRAM))
    ran = subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True, text=True)
    assert ran.stdout == "1\n0\n", ran.stderr
    assert "no record can be written in /run/pyipvsadm: No space left on device" in ran.stderr


def test_what_stays_is_in_every_list_while_others_come_and_go(namespace):
    """A dump in several pieces goes on by counting, so whoever stands behind one that went may be left out."""
    subprocess.run([*PROGRAM, "-R"], input=rules(1, 300), text=True, check=True)
    others = rules(2, 400) + rules(2, 400).replace("-A", "-D").replace(" -s rr", "")
    churn = "while :; do cat /tmp/others | {program} -R; done".format(program=" ".join(PROGRAM))
    with open("/tmp/others", "w") as file:
        file.write(others)
    with subprocess.Popen(["sh", "-c", churn], start_new_session=True) as process:
        try:
            time.sleep(1)
            for _ in range(5):
                kernel = Kernel.open()
                try:
                    found = kernel.table().services
                except OSError as error:
                    assert error.strerror == "the table changes faster than it can be read"  # noqa: PT017
                    continue
                assert sum(service.address == bytes((192, 0, 2, 1)) for service, _ in found) == 300
        finally:
            os.killpg(process.pid, 9)
