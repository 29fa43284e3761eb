"""`--kernel host`: runs the command in a new network namespace of the running kernel, which has its own IPVS table."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import signal
import subprocess
from typing import TYPE_CHECKING

from .images import search_path
from .inside.started_command import NOT_EXECUTABLE, NOT_FOUND
from .request import SandboxError, late

if TYPE_CHECKING:
    from .request import Request

CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000  # linux/sched.h
MS_REC, MS_PRIVATE = 0x4000, 1 << 18  # sys/mount.h
PR_SET_PDEATHSIG = 1  # linux/prctl.h
GRACE_SECONDS = 2.0
TABLE = "/proc/self/net/ip_vs"  # exists if the kernel has IPVS

libc = ctypes.CDLL(None, use_errno=True)


def run(request: Request) -> int:
    """Move this process into a new network namespace, run the command there, and return its exit status.

    Raises SandboxError.
    """
    environment = {**os.environ, "PATH": search_path()}
    command = request.command or (os.environ.get("SHELL", "/bin/sh"),)
    enter()
    if request.module:
        require_module()
    try:
        child = subprocess.Popen(command, env=environment, preexec_fn=_die_with_parent)
    except (FileNotFoundError, NotADirectoryError):
        raise SandboxError(f"{command[0]}: command not found", status=NOT_FOUND) from None
    except OSError as error:
        raise SandboxError(f"{command[0]}: {error.strerror}", status=NOT_EXECUTABLE) from None
    return wait(child, request.timeout)


def enter() -> None:
    """Enter a new network namespace, with its own /sys, named namespaces and loopback. Raises SandboxError."""
    if libc.unshare(CLONE_NEWNET | CLONE_NEWNS) < 0:
        number = ctypes.get_errno()
        if number == errno.EPERM:
            raise SandboxError(
                "Permission denied (you must be root)", hint="`--kernel uml`, the default, needs no root"
            )
        raise SandboxError(f"Can't make a network namespace: {os.strerror(number)}")
    libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None)
    libc.mount(b"none", b"/sys", b"sysfs", 0, None)
    libc.mount(b"none", b"/run/netns", b"tmpfs", 0, b"mode=755")  # fails if `ip netns` has never been used
    from .inside.guest import bring_up_loopback

    bring_up_loopback()


def require_module() -> None:
    """Load ip_vs. Raises SandboxError if this kernel doesn't have it."""
    if not os.path.exists(TABLE) and (modprobe := shutil.which("modprobe", path=search_path())):
        subprocess.run([modprobe, "--quiet", "ip_vs"], check=False)
    if not os.path.exists(TABLE):
        raise SandboxError("This machine's kernel has no IPVS", hint="`--kernel uml` boots one that has")


def wait(child: subprocess.Popen[bytes], seconds: float | None) -> int:
    """Pass signals on until `child` ends; return its status as a shell reports it. Raises SandboxError."""

    def forward(number: int, _: object) -> None:
        child.send_signal(number)

    def leave(number: int, _: object) -> None:
        """Ignore a signal, because the terminal sends it to the child as well."""

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, forward)
    for number in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, leave if os.isatty(0) else forward)
    try:
        status = child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.terminate()
        try:
            child.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        raise late(seconds) from None
    return status if status >= 0 else 128 - status


def _die_with_parent() -> None:
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
