"""Starts the kernel under a keeper, a process that outlives the caller until it has cleaned up."""

from __future__ import annotations

import ctypes
import os
import random
import select
import signal
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


class Keeper:
    """The kernel's processes, which end when this is closed, or when our own process ends in any way.

    If a kernel is killed, the processes that it traced go on running. So the keeper holds one end
    of a pipe whose other end only we hold; once that is closed, it calls `farewell`, which restores
    what we no longer can, and kills the whole process group.
    """

    def __init__(
        self,
        words: Sequence[str],
        environment: Mapping[str, str],
        inherited: Sequence[int],
        log: int,
        farewell: Callable[[], None],
    ) -> None:
        reading, self._lifeline = os.pipe()
        self._process = os.fork()
        if self._process:
            os.close(reading)
            return
        try:
            os.setsid()  # so that Ctrl-C at the terminal doesn't reach us
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
                signal.signal(number, signal.SIG_IGN)
            kernel = os.fork()
            if not kernel:
                _become(words, environment, inherited, log)
            _lead(kernel)
            _let_go({reading, log, *_terminals()})
            _keep(kernel, reading, log)
            farewell()
        finally:
            os._exit(0)

    def close(self) -> None:
        """Kill the remaining processes, and return when they have ended."""
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1
            os.waitpid(self._process, 0)


def _become(words: Sequence[str], environment: Mapping[str, str], inherited: Sequence[int], log: int) -> NoReturn:
    """Replace this process by the kernel. Never returns.

    It stays on one CPU, since each system call inside switches between two processes, which takes
    ten times as long across CPUs.
    """
    try:
        _lead(0)
        os.sched_setaffinity(0, {random.choice(sorted(os.sched_getaffinity(0)))})
        nothing = os.open(os.devnull, os.O_RDONLY)
        for descriptor, stream in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(descriptor, stream)
        for descriptor in inherited:
            os.set_inheritable(descriptor, True)
        os.execve(words[0], list(words), dict(environment))
    except BaseException as error:
        os.write(log, f"{words[0]}: {error}\n".encode())
    finally:
        os._exit(127)


def _lead(process: int) -> None:
    """Make `process` the leader of a process group. It and its parent both do so, as either may be first."""
    try:
        os.setpgid(process, process)
    except OSError:
        pass  # the process did it itself, and is the kernel already


def _terminals() -> set[int]:
    return {stream for stream in (0, 1, 2) if os.isatty(stream)}


def _let_go(kept: set[int]) -> None:
    """Close all descriptors except `kept`, so that nobody who waits for the end of a pipe waits for us."""
    first = 0
    for descriptor in sorted(kept):
        if first < descriptor:  # otherwise, CPython 3.11 closes all descriptors
            os.closerange(first, descriptor)
        first = descriptor + 1
    os.closerange(first, os.sysconf("SC_OPEN_MAX"))


def _keep(kernel: int, lifeline: int, log: int) -> None:
    """Wait until the kernel ends or the other end of the lifeline is closed; then kill all processes of the kernel."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # orphans of the kernel become our children
    poller = select.poll()
    poller.register(lifeline, select.POLLIN)
    poller.register(os.pidfd_open(kernel), select.POLLIN)
    poller.poll()
    if ended := os.waitid(os.P_PID, kernel, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        os.write(log, f"(the process has ended, with status or signal {ended.si_status})\n".encode())
    os.killpg(kernel, signal.SIGKILL)
    try:
        while True:
            os.wait()
    except ChildProcessError:
        pass  # all have ended
