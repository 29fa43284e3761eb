"""A request for a sandbox, and the error if it fails."""

from __future__ import annotations

from ...errors import IpvsadmError
from ...record import Record

TIMED_OUT = 124  # the exit status, as of timeout(1)


class SandboxError(IpvsadmError):
    """The sandbox can't be set up, or it can't run the command."""


class Request(Record):
    """A request to run `command`, or a shell if it is empty, in a sandbox.

    Writes to the folders `write` reach this machine. `timeout` is in seconds from the start of the
    command. `memory` is in the kernel's notation, such as 512M. `uml` is the kernel's file, if not the
    installed one. `module` says whether ip_vs is loaded before the command starts.
    """

    command: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    timeout: float | None = None
    memory: str = "512M"
    uml: str = ""
    module: bool = True


def late(seconds: float | None) -> SandboxError:
    """The error for a command that didn't end within `seconds`."""
    return SandboxError(
        f"The command didn't end within {seconds:g} s",
        hint="give it more time with `--timeout`",
        status=TIMED_OUT,
    )
