"""The two programs side by side, each on a table of its own."""

from __future__ import annotations

import os
import shlex
import sys
import traceback
from select import select
from signal import SIGKILL
from typing import NamedTuple

from pyipvsadm import cli

from . import rawtable
from .namespaces import Namespace

PATIENCE = 20  # seconds until a program counts as hanging
IPVSADM = "/sbin/ipvsadm"
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}


class Answer(NamedTuple):
    """What a program said. Bytes that are no UTF-8 are surrogates."""

    returncode: int
    stdout: str
    stderr: str

    @property
    def problem(self) -> str:
        """The first line of stderr."""
        return self.stderr.partition("\n")[0]


def _file(content: bytes = b"") -> int:
    """A file in memory that holds `content`, to be read from its start."""
    number = os.memfd_create("stream")
    if content:
        os.write(number, content)
        os.lseek(number, 0, os.SEEK_SET)
    return number


def _content(number: int) -> str:
    size = os.fstat(number).st_size
    return os.fsdecode(os.pread(number, size, 0)) if size else ""


class Director:
    """A network namespace with its own table, and a program that runs in it: call it with a line or with words."""

    def __init__(self, namespace: Namespace | None = None) -> None:
        self.namespace = namespace or Namespace()

    def __call__(self, line: str | list[str], stdin: str | bytes = b"") -> Answer:
        words = shlex.split(line) if isinstance(line, str) else line
        streams = [_file(os.fsencode(stdin)), _file(), _file()]
        try:
            with self.namespace.entered():
                status = self._run(words, streams)
            return Answer(status, _content(streams[1]), _content(streams[2]))
        finally:
            for stream in streams:
                os.close(stream)

    def _run(self, words: list[str], streams: list[int]) -> int:
        raise NotImplementedError

    def table(self, counters: bool = False) -> rawtable.Table:
        """The kernel's own account of what there is."""
        with self.namespace.entered():
            return rawtable.read(counters)


class Process(Director):
    """A program as a process of its own. `called` is what it is told its name is."""

    def __init__(
        self, program: list[str], called: str = "ipvsadm", namespace: Namespace | None = None, **environment: str
    ) -> None:
        super().__init__(namespace)
        self._program = program
        self._called = called
        self._environment = {**ENVIRONMENT, **environment}

    def _run(self, words: list[str], streams: list[int]) -> int:
        actions = [(os.POSIX_SPAWN_DUP2, stream, number) for number, stream in enumerate(streams)]
        argv = [self._called, *self._program[1:], *words]
        process = os.posix_spawn(
            self._program[0], [os.fsencode(word) for word in argv], self._environment, file_actions=actions
        )
        handle = os.pidfd_open(process)
        if not select([handle], [], [], PATIENCE)[0]:
            os.write(streams[2], b"hangs\n")
            os.kill(process, SIGKILL)
        os.close(handle)
        code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        return code if code >= 0 else 128 - code


class InProcess(Director):
    """Our command line, called as a function. What it raises is told as Python would, with status 1."""

    def _run(self, words: list[str], streams: list[int]) -> int:
        try:
            return cli.main(["ipvsadm", *words], cli.World("ipvsadm", *streams))
        except BaseException:
            os.write(streams[2], traceback.format_exc().encode())
            return 1


def ipvsadm(namespace: Namespace | None = None, **environment: str) -> Director:
    """The real one."""
    return Process([IPVSADM], namespace=namespace, **environment)


def pyipvsadm_process(namespace: Namespace | None = None, **environment: str) -> Director:
    """Ours, as scripts run it."""
    start = "import sys, pyipvsadm.cli; sys.argv[0] = 'ipvsadm'; pyipvsadm.cli.command()"
    program = [sys.executable, "-I", "-c", start]  # which finds its modules by what it is called
    return Process(program, called=sys.executable, namespace=namespace, **environment)


def stop_daemons(namespace: Namespace) -> None:
    """Stop the daemons, which would keep the namespace alive."""
    program = InProcess(namespace)
    for daemon in program.table().daemons:
        program(["--stop-daemon", "master" if daemon[8] == 1 else "backup"])


PROGRAMS = {"ipvsadm": ipvsadm, "pyipvsadm": InProcess, "pyipvsadm process": pyipvsadm_process}
