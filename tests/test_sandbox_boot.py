"""`pyipvsadm sandbox` for real: boots kernels, from outside of one."""

from __future__ import annotations

import fcntl
import hashlib
import os
import pty
import random
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from pyipvsadm import cli

pytestmark = [
    pytest.mark.boot,
    pytest.mark.skipif(not shutil.which("linux.uml"), reason="no user-mode-linux"),
]

PYIPVSADM = [sys.executable, "-m", "pyipvsadm"]
SANDBOX = [*PYIPVSADM, "sandbox"]
PATIENCE = 60  # seconds, on a machine under load


def sandbox(*words, **options):
    return subprocess.run(
        [*SANDBOX, *words], capture_output=True, timeout=PATIENCE, **{"stdin": subprocess.DEVNULL, **options}
    )


def parents():
    """Each process's parent."""
    found = {}
    for name in filter(str.isdecimal, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat") as file:
                found[int(name)] = int(file.read().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
    return found


def only_child(process):
    (child,) = (child for child, parent in parents().items() if parent == process)
    return child


def children(process):
    """The keeper, and the kernel's processes: all descendants of `process`."""
    found, fresh, parent = set(), {process}, parents()
    while fresh:
        fresh = {child for child in parent if parent[child] in fresh} - found
        found |= fresh
    return found


def has_ended(process):
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def eventually(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def started(*words, **options):
    """A sandbox whose command has said `up`."""
    process = subprocess.Popen(
        [*SANDBOX, "--timeout", "300", *words], **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, **options}
    )
    assert process.stdout.readline() == b"up\n"
    return process


@pytest.fixture
def screen():
    """Makes terminals with a sandbox on each, and takes them away."""
    made = []

    def make(*words, **options):
        made.append(Screen(*words, **options))
        return made[-1]

    yield make
    for each in made:
        each.process.kill()
        each.process.wait()


class Screen:
    """A terminal, and a sandbox that runs on it."""

    def __init__(self, *words, streams=(0, 1, 2), environment=None):
        self.master, slave = pty.openpty()
        self.resize(33, 101)
        self.before = termios.tcgetattr(self.master)
        self.shown = b""

        def own_the_terminal():
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            [*SANDBOX, *words],
            stdin=slave if 0 in streams else subprocess.DEVNULL,
            stdout=slave if 1 in streams else subprocess.PIPE,
            stderr=slave if 2 in streams else subprocess.PIPE,
            preexec_fn=own_the_terminal,
            env={**os.environ, "SHELL": "/bin/bash", "TERM": "xterm", **(environment or {})},
        )
        os.close(slave)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self.master, text.encode())

    def read(self, seconds=PATIENCE):
        if not select.select([self.master], [], [], seconds)[0]:
            raise AssertionError(f"nothing more on the screen: {self.shown!r}")
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.shown += data
        return bool(data)

    def expect(self, text):
        """Read until `text` is on the screen; what stood before it goes."""
        wanted = text.encode()
        while wanted not in self.shown:
            assert self.read(), f"{text!r} isn't in {self.shown!r}"
        before, self.shown = self.shown.split(wanted, 1)
        return before.decode()

    def end(self):
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"it doesn't end: {self.shown!r}"
            if select.select([self.master], [], [], 0.05)[0] and not self.read():
                break
        return self.process.wait(PATIENCE)


# streams and status


def test_streams_are_kept_apart_and_the_status_comes_back():
    done = sandbox("--", "sh", "-c", "echo out; echo err >&2; cat; exit 7", stdin=None, input=b"in\n")
    assert (done.stdout, done.stderr, done.returncode) == (b"out\nin\n", b"err\n", 7)


@pytest.mark.parametrize(
    ("script", "status"),
    [("true", 0), ("exit 255", 255), ("kill -9 $$", 137), ("kill -15 $$", 143), ("sleep 100 & exit 4", 4)],
)
def test_statuses(script, status):
    assert sandbox("--", "sh", "-c", script).returncode == status


def test_bytes_pass_unchanged_both_ways():
    data = bytes(range(256)) * 4096 + random.Random(1).randbytes(24_000_001)
    done = sandbox("--", "cat", stdin=None, input=data)
    assert done.stderr == b""
    assert done.returncode == 0
    assert hashlib.sha256(done.stdout).digest() == hashlib.sha256(data).digest()


def test_bytes_of_a_slow_writer_are_those_that_it_wrote(tmp_path):
    """The ring is written while the kernel inside may have kept an older state of it."""
    choice = random.Random(2)
    pieces = [choice.randbytes(choice.choice((1, 511, 4096, 5000, 65536))) for _ in range(300)]
    with (tmp_path / "out").open("wb") as out:
        process = subprocess.Popen([*SANDBOX, "--", "cat"], stdin=subprocess.PIPE, stdout=out)
    for piece in pieces:
        process.stdin.write(piece)
        process.stdin.flush()
        time.sleep(0.002 if choice.random() < 0.1 else 0)
    process.stdin.close()
    assert process.wait(PATIENCE) == 0
    assert (tmp_path / "out").read_bytes() == b"".join(pieces)


def test_both_outputs_at_once_and_a_slow_reader():
    process = subprocess.Popen(
        [*SANDBOX, "--", "sh", "-c", "head -c 3000000 /dev/zero & head -c 2000000 /dev/zero >&2; wait"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    err = process.stderr.read(2_000_000)  # all of it before any of stdout, which is full by then
    out = process.stdout.read()
    assert (len(out), len(err), process.wait()) == (3_000_000, 2_000_000, 0)


def test_one_file_for_both_outputs_keeps_their_order():
    script = "for n in 1 2 3 4 5 6 7 8 9; do echo out$n; echo err$n >&2; done"
    done = subprocess.run(
        [*SANDBOX, "--", "sh", "-c", script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=PATIENCE,
    )  # fmt: skip
    assert done.stdout.decode().split() == [f"{what}{n}" for n in range(1, 10) for what in ("out", "err")]


def test_output_streams_as_it_comes():
    process = subprocess.Popen(
        [*SANDBOX, "--", "sh", "-c", "read a; echo 1 $a; read b; echo 2 $b"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0,
    )  # fmt: skip
    process.stdin.write(b"one\n")
    assert process.stdout.readline() == b"1 one\n"
    process.stdin.write(b"two\n")
    assert process.stdout.readline() == b"2 two\n"
    process.stdin.close()
    assert process.wait(PATIENCE) == 0


def test_nobody_reads_stdout():
    line = f"set -o pipefail; {' '.join(SANDBOX)} -- yes | head -1"
    done = subprocess.run(["bash", "-c", line], capture_output=True, timeout=PATIENCE)
    assert (done.stdout, done.stderr, done.returncode) == (b"y\n", b"", 141)


def test_the_command_reads_no_stdin_to_its_end():
    line = f"yes | {' '.join(SANDBOX)} -- head -1"
    done = subprocess.run(["bash", "-c", line], capture_output=True, timeout=PATIENCE)
    assert (done.stdout, done.stderr, done.returncode) == (b"y\n", b"", 0)


def test_no_streams_at_all():
    line = f"{' '.join(SANDBOX)} -- sh -c 'cat; echo x; exit 5' <&- >&- 2>&-"
    assert subprocess.run(["bash", "-c", line], timeout=PATIENCE).returncode == 5


def test_streams_that_are_no_terminal_are_none_inside():
    assert sandbox("--", "sh", "-c", "for n in 0 1 2; do test -t $n || echo $n; done").stdout == b"0\n1\n2\n"


# what the command sees


def test_words_folder_environment_and_mask(tmp_path):
    script = 'pwd; umask; echo "$WORD"; for w; do echo "<$w>"; done'
    done = sandbox(
        "--", "sh", "-c", script, "sh", "a b", "", "--", "*", "ä",
        cwd=tmp_path, env={**os.environ, "WORD": "one\ntwo=ü"}, umask=0o027,
    )  # fmt: skip
    assert done.stdout.decode() == f"{tmp_path}\n0027\none\ntwo=ü\n<a b>\n<>\n<-->\n<*>\n<ä>\n"


def test_it_is_root_on_a_kernel_with_ipvs():
    script = (
        "id -u; ipvsadm -A -t 192.168.2.10:80 -s wlc; ipvsadm -Sn; ip netns add x; ip netns;"
        " ip netns exec x ipvsadm -Sn; ip -br link show lo | grep -c LOWER_UP; ping -c1 -q 127.0.0.1 >/dev/null;"
        " echo x | tee /run/a /tmp/a /dev/shm/a /usr/bin/a >/dev/null; ls /dev/stdin /dev/pts/ptmx"
    )
    done = sandbox("--", "sh", "-c", script)
    expected = "0\n-A -t 192.168.2.10:80 -s wlc\nx\n1\n/dev/pts/ptmx\n/dev/stdin\n"
    assert done.stdout.decode() == expected, done.stderr


def test_ip_vs_can_be_left_out():
    assert b"ip_vs" not in sandbox("--no-module", "--", "cat", "/proc/modules").stdout
    assert b"ip_vs" in sandbox("--", "cat", "/proc/modules").stdout
    assert b"ip_vs" in sandbox("--no-module", "--", "sh", "-c", "modprobe ip_vs; cat /proc/modules").stdout


def test_writes_are_thrown_away_but_for_those_let_through(tmp_path):
    inside, outside = tmp_path / "in, side", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (inside / "old").write_text("old")
    (outside / "kept").write_text("kept")
    script = """
import os, mmap, tempfile
open("outside/lost", "w").write("lost"); os.unlink("outside/kept")
os.chdir("in, side")
open("new", "w").write("x" * 300_000); os.rename("new", "newer"); os.unlink("old")
os.makedirs("a/b/c"); os.symlink("newer", "link"); os.chmod("newer", 0o600)
with open("mapped", "w+b") as file:
    file.truncate(8192)
    with mmap.mmap(file.fileno(), 8192) as memory:
        memory[5000:5005] = b"hello"
with tempfile.TemporaryFile(dir=".") as file:
    file.write(b"y" * 10_000); file.seek(0); print(len(file.read()))
"""
    done = sandbox("--write", "in, side", "--", "python3", "-c", script, cwd=tmp_path)
    assert (done.stdout, done.stderr, done.returncode) == (b"10000\n", b"", 0)
    assert sorted(os.listdir(inside)) == ["a", "link", "mapped", "newer"]
    assert (inside / "link").read_text() == "x" * 300_000
    assert (inside / "newer").stat().st_mode & 0o777 == 0o600
    assert (inside / "mapped").read_bytes()[5000:5005] == b"hello"
    assert os.listdir(outside) == ["kept"]


def test_the_running_kernel_in_a_new_namespace():
    """A sandbox has IPVS, so it is a host to try `--kernel host` on."""
    inner = " ".join([*SANDBOX, "--kernel", "host"])
    script = (
        f"ipvsadm -A -f 1; {inner} -- sh -c 'ipvsadm -A -f 2; ipvsadm -Sn; ip -br link; exit 3'; echo $?;"
        f" ipvsadm -Sn; {inner} --timeout 0.5 -- sleep 60; echo $?"
    )
    done = sandbox("--", "sh", "-c", script)
    assert done.stdout.decode().split("\n")[0] == "-A -f 2 -s wlc"
    assert done.stdout.decode().split("\n")[1].startswith("lo ")
    assert done.stdout.decode().split("\n")[2:] == ["3", "-A -f 1 -s wlc", "124", ""]


# errors


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["--", "no-such-command"], 127, "no-such-command: command not found\nhint: "),
        (["--", "/etc/passwd"], 126, "/etc/passwd: Permission denied\n"),
        (["--write", "/no-such-folder", "--", "true"], 2, "Writes to /no-such-folder can't be let through\nhint: "),
        (["--memory", "9000G", "--", "true"], 2, "No temporary folder has room for 9000G of memory\nhint: "),
    ],
)
def test_refusals(words, status, message):
    done = sandbox(*words)
    assert done.returncode == status
    assert done.stderr.decode().startswith(message)
    assert done.stdout == b""


def test_a_command_that_does_not_end():
    before = time.monotonic()
    done = sandbox("--timeout", "2", "--", "sh", "-c", "trap 'echo no' TERM; while :; do sleep 0.1; done")
    assert done.returncode == 124
    assert done.stdout == b"no\n"
    assert "The command didn't end within 2 s\nhint: " in done.stderr.decode()
    assert time.monotonic() - before < 30


def test_a_kernel_that_dies_is_told_with_its_last_lines():
    done = sandbox("--", "sh", "-c", "echo out; sleep 0.2; echo c > /proc/sysrq-trigger; sleep 100")
    assert done.returncode == 2
    assert done.stdout == b"out\n"
    assert "stopped before the command ended. Its last lines:" in done.stderr.decode()
    assert "panic" in done.stderr.decode()


def test_no_chatter_of_the_kernel():
    done = sandbox("--", "sh", "-c", "echo 8 > /proc/sys/kernel/printk; echo '<0>loud' > /dev/kmsg; ip netns add x")
    assert (done.stdout, done.stderr, done.returncode) == (b"", b"", 0)


# signals, and what is left


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_reach_the_command(number):
    name = number.name.removeprefix("SIG")
    process = started("--", "sh", "-c", f"trap 'echo got {name}; exit 9' {name}; echo up; while :; do sleep 0.1; done")
    process.send_signal(number)
    assert process.stdout.read() == f"got {name}\n".encode()
    assert process.wait(PATIENCE) == 9


def test_a_signal_during_the_boot_ends_it():
    process = subprocess.Popen([*SANDBOX, "--", "true"], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert eventually(lambda: len(children(process.pid)) >= 2)
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == 130
    assert process.stderr.read() == b""


@pytest.mark.parametrize("victim", ["ours", "keeper", "kernel"])
def test_nothing_is_left_whoever_is_killed(victim, tmp_path):
    process = started(
        "--", "sh", "-c", "yes > /dev/null & echo up; sleep 1000", env={**os.environ, "TMPDIR": str(tmp_path)}
    )
    everything = children(process.pid)
    keeper = only_child(process.pid)
    os.kill({"ours": process.pid, "keeper": keeper, "kernel": only_child(keeper)}[victim], signal.SIGKILL)
    if victim == "keeper":
        process.terminate()
    process.wait(PATIENCE)
    assert eventually(lambda: all(map(has_ended, everything)))
    assert os.listdir(tmp_path) == []


def test_no_file_is_left(tmp_path):
    options = {"env": {**os.environ, "TMPDIR": str(tmp_path), "HOME": str(tmp_path)}, "cwd": tmp_path}
    process = started("--", "sh", "-c", "echo up; read x", stdin=subprocess.PIPE, **options)
    assert os.listdir(tmp_path) == []  # not even while it runs
    process.communicate(b"\n", PATIENCE)
    assert os.listdir(tmp_path) == []


def test_several_at_once():
    processes = [
        subprocess.Popen([*SANDBOX, "--", "sh", "-c", f"ipvsadm -A -f {n}; ipvsadm -Sn"], stdout=subprocess.PIPE)
        for n in (1, 2, 3)
    ]
    assert [p.communicate(timeout=PATIENCE)[0].decode() for p in processes] == [
        f"-A -f {n} -s wlc\n" for n in (1, 2, 3)
    ]


# the terminal


# `exec`, since a shell that is about to start a program may leave a Ctrl-C to that program, which isn't there yet
WAITS = "sh -c 'echo u\"\"p; exec sleep 1000'\r"


def test_an_interactive_shell(screen):
    on = screen()
    on.expect("# ")
    on.type("stty size; tty; id -u\r")
    assert "33 101\r\n/dev/pts/0\r\n0\r\n" in on.expect("# ")
    on.resize(20, 60)
    on.type("sleep 0.5; stty size\r")
    on.expect("20 60\r\n")
    on.expect("# ")
    on.type("echo abd\x7fc\r")  # line editing
    assert "abc\r\n" in on.expect("# ")
    on.type(WAITS)
    on.expect("up\r\n")
    on.type("\x03")  # Ctrl-C: to the shell's job, not to us
    on.expect("# ")
    on.type(WAITS)
    on.expect("up\r\n")
    on.type("\x1a")
    on.expect("Stopped")
    on.type("jobs; disown -a; exit 6\r")  # bash doesn't leave while it has a job that is stopped
    assert on.end() == 6
    assert termios.tcgetattr(on.master) == on.before


def test_a_command_on_a_terminal_has_one(screen):
    on = screen("--", "sh", "-c", "test -t 0 -a -t 1 -a -t 2 && echo yes; read x; echo got $x >&2")
    on.expect("yes\r\n")
    on.type("word\r")
    on.expect("got word\r\n")
    assert on.end() == 0
    assert termios.tcgetattr(on.master) == on.before


def test_a_terminal_at_stdin_and_a_pipe_at_stdout(screen):
    on = screen("--", "sh", "-c", "test -t 0 && ! test -t 1 && test -t 2 && echo yes; cat", streams=(0, 2))
    assert on.process.stdout.readline() == b"yes\n"
    assert termios.tcgetattr(on.master)[3] == on.before[3]  # whoever is at the pipe may want it
    on.type("line\n")
    assert on.process.stdout.readline() == b"line\n"
    on.type("\x04")
    assert on.process.stdout.read() == b""
    on.expect("line\r\n")  # its echo: ours, so that the one inside must not echo it again
    assert on.end() == 0
    assert on.shown == b""


def test_ctrl_c_with_a_pipe_at_stdout(screen):
    on = screen("--", "sh", "-c", "echo up; exec sleep 1000", streams=(0, 2))
    assert on.process.stdout.readline() == b"up\n"
    on.type("\x03")
    assert on.end() == 130


def test_a_terminal_at_stdout_alone(screen):
    on = screen("--", "sh", "-c", "test -t 1 && ! test -t 0 && echo yes; stty size <&1", streams=(1, 2))
    on.expect("yes\r\n33 101\r\n")
    assert on.end() == 0


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 129), (signal.SIGHUP, 129), (signal.SIGKILL, -9)])
def test_the_terminal_is_restored(screen, number, status):
    on = screen()
    on.expect("# ")
    assert termios.tcgetattr(on.master)[3] != on.before[3]
    everything = children(on.process.pid)
    on.process.send_signal(number)
    assert on.end() == status
    assert eventually(lambda: termios.tcgetattr(on.master) == on.before)
    assert eventually(lambda: all(map(has_ended, everything)))


def test_a_terminal_that_hangs_up_ends_the_shell(screen):
    on = screen()
    on.expect("# ")
    everything = children(on.process.pid)
    os.close(on.master)
    assert on.process.wait(PATIENCE) == 129
    assert eventually(lambda: all(map(has_ended, everything)))


def test_a_terminal_that_hangs_up_is_the_end_of_what_is_read(screen):
    """Of a shell that heeds no signal, as any does for a moment when it's about to read."""
    on = screen()
    on.expect("# ")
    on.type("trap '' HUP\r")
    on.expect("# ")
    everything = children(on.process.pid)
    os.close(on.master)
    on.process.wait(PATIENCE)
    assert eventually(lambda: all(map(has_ended, everything)))


# without root


def copy_program(folder):
    """Put the program, and all that it needs, into `folder`: the checkout may be where others can't read."""
    names = ["pyipvsadm"]
    for name in names:  # which grows
        for line in metadata.requires(name) or ():
            needed = Requirement(line)
            if needed.name not in names and (not needed.marker or needed.marker.evaluate({"extra": ""})):
                names.append(needed.name)
    for file in (file for name in names[1:] for file in metadata.files(name) if ".." not in file.parts):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file.locate(), folder / file)
    shutil.copytree(Path(cli.__file__).parent, folder / "pyipvsadm", copy_function=shutil.copyfile)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


@pytest.fixture
def for_all():
    """A folder that all may use. Those of pytest are closed to others again whenever another session begins."""
    with tempfile.TemporaryDirectory(prefix="pyipvsadm-tests-") as name:
        os.chmod(name, 0o777)
        yield Path(name)


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_an_ordinary_user(for_all):
    """As `nobody`, which may be unable to read the interpreter of these tests: the system's serves as well."""
    program = for_all / "program"
    copy_program(program)
    script = "id -u; cat /etc/shadow; ipvsadm -A -f 1; ipvsadm -Sn; touch here /usr/bin/there; ls /usr/bin/there"
    done = subprocess.run(
        ["/usr/bin/python3", "-m", "pyipvsadm", "sandbox", "--write", ".", "--", "sh", "-c", script],
        cwd=for_all, user="nobody", group="nogroup", extra_groups=[], capture_output=True, timeout=PATIENCE,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(program), "HOME": "/nonexistent"},
    )  # fmt: skip
    assert done.stdout.decode() == "0\n-A -f 1 -s wlc\n/usr/bin/there\n", done.stderr
    assert done.stderr.decode() == "cat: /etc/shadow: Permission denied\n"
    assert (for_all / "here").owner() == "nobody"
    assert not os.path.exists("/usr/bin/there")
