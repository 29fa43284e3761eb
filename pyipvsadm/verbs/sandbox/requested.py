"""A request for a sandbox, and the error with which one ends."""

from __future__ import annotations

from ...errors import IpvsadmError
from ...record import Record

TIMED_OUT = 124  # timeout(1)'s


class SandboxError(IpvsadmError):
    """The sandbox can't be had, or it can't run the command."""


class Request(Record):
    """One sandbox. No `command` asks for a shell.

    `write` are the folders whose writes reach this machine; `timeout` is in seconds, from the
    start of the command; `memory` is in the kernel's notation; `uml` is the kernel's file, if not the
    installed one; `module` is whether ip_vs is loaded before the command starts.
    """

    command: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    timeout: float | None = None
    memory: str = "512M"
    uml: str = ""
    module: bool = True


def late(seconds: float | None) -> SandboxError:
    """What the caller of a command learns that didn't end in time."""
    return SandboxError(
        f"The command didn't end within {seconds:g} s",
        hint="give it longer with `--timeout`",
        status=TIMED_OUT,
    )
