"""`pyipvsadm sandbox`: what needs no kernel."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import termios
from types import SimpleNamespace

import pytest

from pyipvsadm.verbs.sandbox import frames, host, images, keeper, relay, uml
from pyipvsadm.verbs.sandbox.caller_terminal import raw
from pyipvsadm.verbs.sandbox.frames import Start
from pyipvsadm.verbs.sandbox.request import Request, SandboxError


class NoTerminal:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class Inside:
    """A machine without a kernel: the test is what is inside."""

    def __init__(self):
        from_inside, self.tell_outside = os.pipe()
        self.heard, to_inside = os.pipe()
        self.control = (from_inside, to_inside)
        (out, self.out), (err, self.err) = os.pipe(), os.pipe()
        self.outlets = {1: out, 2: err}
        self.ring = os.memfd_create("ring")

    def say(self, *told):
        os.write(self.tell_outside, b"".join(frames.pack(*frame) for frame in told))

    def death(self, when):
        return SandboxError(f"stopped {when}: panic")


@pytest.fixture
def inside():
    return Inside()


def relayed(inside, **wishes):
    signals, _ = os.pipe()
    return relay.Relay(inside, signals, NoTerminal(), Request(command=("true",), **wishes)).run(Start())


@pytest.mark.parametrize("cut", range(1, 40))
def test_frames_come_in_any_pieces(cut):
    told = [("ready",), ("stdin", 70_000), ("ended", 3, (1, 2)), ("start", *Start(arguments=(b"\xff",)))]
    data = b"".join(frames.pack(*frame) for frame in told)
    reader = frames.Reader()
    heard = [frame for at in range(0, len(data), cut) for frame in reader.feed(data[at : at + cut])]
    assert heard == told


def test_a_command_that_has_ended_before_its_start_was_heard_of(inside, capfd):
    os.write(inside.out, b"yes\n")
    inside.say(("ready",), ("started",), ("ended", 5, (4, 0)))
    assert relayed(inside) == 5
    assert capfd.readouterr() == ("yes\n", "")


def test_a_refusal_is_an_error_with_its_status(inside):
    inside.say(("ready",))
    inside.say(("refused", "no-such: command not found", "look", 127))
    with pytest.raises(SandboxError, match="not found") as caught:
        relayed(inside)
    assert (caught.value.hint, caught.value.status) == ("look", 127)


@pytest.mark.parametrize("told", [[], [("ready",)], [("ready",), ("started",)]])
def test_a_machine_that_dies_says_why(inside, told):
    inside.say(*told)
    for line in (inside.tell_outside, inside.out, inside.err):
        os.close(line)
    with pytest.raises(SandboxError, match=r"(?s)stopped .*panic"):
        relayed(inside)


def test_output_that_comes_before_the_death_is_shown(inside, capfd):
    inside.say(("ready",), ("started",))
    os.write(inside.out, b"last")
    for line in (inside.tell_outside, inside.out, inside.err):
        os.close(line)
    with pytest.raises(SandboxError):
        relayed(inside)
    assert capfd.readouterr().out == "last"


def test_a_raw_terminal_passes_bytes_and_keeps_what_was():
    _, terminal = os.openpty()
    before = termios.tcgetattr(terminal)
    after = raw(before)
    assert before == termios.tcgetattr(terminal)
    assert not after[3] & (termios.ECHO | termios.ICANON | termios.ISIG)
    assert not after[1] & termios.OPOST
    assert after[6][termios.VMIN] == 1


def test_path_has_the_folders_of_roots_programs_at_its_end(monkeypatch):
    monkeypatch.setenv("PATH", "/one:/sbin:/two")
    own = os.path.dirname(sys.executable)
    assert images.search_path() == f"/one:/sbin:/two:/usr/sbin:{own}"


def test_a_missing_package_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(images, "search_path", lambda: str(tmp_path))
    with pytest.raises(SandboxError, match=r"linux\.uml.*user-mode-linux") as caught:
        images.image("")
    assert "apt-get install user-mode-linux" in caught.value.hint
    assert caught.value.status == 2


@pytest.fixture
def kernels(tmp_path, monkeypatch):
    """A folder that alone is on the path, and what puts programs there that end as a script says."""
    monkeypatch.setattr(images, "search_path", lambda: str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()

    def put(name, script="exit 0"):
        file = tmp_path / "bin" / name
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)
        return str(file)

    put("modprobe")
    return put


def test_a_kernel_has_its_modules_beside_it_or_where_the_package_has_them(kernels, tmp_path):
    default, other = kernels("linux.uml"), kernels("linux.uml-7.2")
    assert images.image("") == images.Image(path=default, modules="/usr/lib/uml/modules")
    (tmp_path / "lib/uml/modules").mkdir(parents=True)
    assert images.image(other) == images.Image(path=other, modules=f"{tmp_path}/lib/uml/modules")


def test_other_kernels_that_are_installed_are_offered(kernels):
    newest = kernels("linux.uml-7.2")
    with pytest.raises(SandboxError, match=r"needs `linux\.uml`") as caught:
        images.image("")
    assert caught.value.hint == f"installed are: `--uml {newest}`"
    default = kernels("linux.uml")
    with pytest.raises(SandboxError, match="not an executable program") as caught:
        images.image("/etc/passwd")
    assert caught.value.hint == f"installed are: `--uml {default}`, `--uml {newest}`"
    assert images.offer(default) == f"installed are: `--uml {newest}`"


@pytest.mark.parametrize(
    ("script", "said", "hint"),
    [
        ("echo 'libc.so.6: version `GLIBC_2.38'; exit 1", "GLIBC_2.38", "this kernel is built for a newer C library"),
        ("echo 'Kernel panic: Out of memory'; exit 1", "Out of memory", "it lacks memory"),
        ("echo 'no such device' >&2; exit 1", "no such device", "installed are: `--uml "),
    ],
)
def test_a_kernel_that_does_not_boot_speaks_for_itself(kernels, script, said, hint):
    kernels("linux.uml-7.2")
    broken = kernels("linux.uml", script)
    with uml.Machine(images.image(""), "64M", lambda: None) as machine:
        os.read(machine.control[0], 1)  # until it has ended
        error = machine.death("while it booted")
    assert str(error).startswith(f"The sandbox's kernel {broken} stopped while it booted. Its last lines:\n")
    assert said in str(error)
    assert error.hint.startswith(hint)


def test_a_folder_that_was_removed_is_an_error(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(SandboxError, match="has been removed"):
        host.start_frame(Request(write=(".",)), SimpleNamespace(streams=(), attributes=None), "")


@pytest.mark.parametrize("folder", ["/", "/proc", "/no-such-folder", __file__])
def test_folders_that_cannot_be_let_through(folder):
    with pytest.raises(SandboxError, match="can't be let through"):
        host.start_frame(Request(write=(folder,)), SimpleNamespace(streams=(), attributes=None), "")


KEPT = """
import os, sys, time
from pyipvsadm.verbs.sandbox.keeper import Keeper
log = os.memfd_create("log")
words = ["/bin/sh", "-c", "sleep 1000 & echo $$ > pid; exec sleep 1000"]
keeper = Keeper(words, {}, (), log, lambda: open("farewell", "w"))
while not os.path.exists("pid") or not os.path.getsize("pid"):
    time.sleep(0.01)
if sys.argv[1] == "close":
    keeper.close()
else:
    os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize("end", ["close", "kill"])
def test_the_keeper_leaves_nothing(end, tmp_path):
    where = {"cwd": tmp_path, "env": {**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(__file__))}}
    process = subprocess.run([sys.executable, "-c", KEPT, end], timeout=30, stdout=subprocess.PIPE, **where)
    assert process.returncode == (0 if end == "close" else -signal.SIGKILL)
    group = int((tmp_path / "pid").read_text())
    for _ in range(200):
        if (tmp_path / "farewell").exists():
            break
        signal.sigtimedwait([], 0.05)
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)


def test_a_keeper_closes_all_but_what_it_keeps():
    """Among what it keeps is 0, before which there is nothing to close: CPython then closes everything."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        keeper._let_go({0, writing})
        try:
            os.fstat(reading)
        except OSError:
            os.fstat(0)
            os.write(writing, b"kept")
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    assert os.read(reading, 10) == b"kept"
