"""Network namespaces: found by name, by process or by path, and entered by setns(2)."""

from __future__ import annotations

import os
import sys
from errno import EACCES, EINVAL, ENOENT, ENOTDIR, EPERM

from .errors import IpvsadmError, UsageError
from .grammar.options import NETNS
from .grammar.shell import quoted
from .model import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any, Self

FOLDERS = ("/run/netns", "/var/run/docker/netns")  # folders of named namespaces: ip(8)'s, and Docker's
HERE = "/proc/self/ns/net"
CLONE_NEWNET = 0x40000000  # linux/sched.h
SHOWN = 8  # names that a hint lists
FORMS = "give a name, a process id or a path; `pyipvsadm netns` lists the namespaces that hold services"


def parted(words: Sequence[str]) -> tuple[str | None, list[str]]:
    """The namespace that `words` begin with, as `--netns NAME` or `--netns=NAME`, and the words after it.

    None if they begin with something else. Raises UsageError if the name is missing.
    """
    head, equals, name = words[0].partition("=") if words else ("", "", "")
    if head != NETNS:
        return None, list(words)
    rest = list(words[1:])
    if not equals:
        name = rest.pop(0) if rest else ""
    if not name:
        raise UsageError(f"`{NETNS}` needs a namespace", hint=FORMS)
    return name, rest


def path_of(name: str) -> str:
    """The file that represents the namespace `name`, whether it exists or not.

    A name with a `/` is a path. A number that is also a name means the name, as in
    `ip link set ... netns`: to mean the process instead, write its path.
    """
    if "/" in name:
        return name
    for folder in FOLDERS:
        if os.path.lexists(f"{folder}/{name}"):
            return f"{folder}/{name}"
    return f"/proc/{name}/ns/net" if _is_process(name) else f"{FOLDERS[0]}/{name}"


def _is_process(name: str) -> bool:
    return name.isascii() and name.isdigit()


def enter(name: str) -> None:
    """Move this process, which has one thread, into the namespace `name` permanently. Raises IpvsadmError.

    The process keeps its mounts: only /proc shows the new namespace.
    """
    try:
        _move_to(path_of(name))
    except OSError as error:
        raise refusal(name, error) from error


def _move_to(path: str) -> None:
    file = open_namespace(path)
    try:
        move(file)
    finally:
        os.close(file)


def open_namespace(path: str) -> int:
    """Open the file that represents a namespace, without a check of its kind. Raises OSError."""
    return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a FIFO would block us


def move(file: int) -> None:
    """Move this thread into the network namespace that is open as `file`. Raises OSError."""
    if sys.version_info >= (3, 12):
        os.setns(file, CLONE_NEWNET)
    else:
        import ctypes  # takes as long to load as a command: only Python 3.11 needs it

        if not _setns:
            _setns.append(ctypes.CDLL(None, use_errno=True).setns)
        if _setns[0](file, CLONE_NEWNET) < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))


_setns: list[Any] = []  # the function of the C library, once it was looked for


class Away:
    """A context manager whose end leaves this thread in the namespace in which it began. Raises OSError."""

    def __enter__(self) -> Self:
        self._before = open_namespace(HERE)
        self._moved = False
        return self

    def enter(self, path: str) -> None:
        """Enter the namespace at `path`. Raises OSError, and stays where it was."""
        _move_to(path)
        self._moved = True

    def __exit__(self, *_: object) -> None:
        try:
            if self._moved:  # which takes a privilege
                move(self._before)
        finally:
            os.close(self._before)


def names() -> Iterator[tuple[str, str]]:
    """The named namespaces, each with its path, sorted by name."""
    for folder in FOLDERS:
        try:
            found = sorted(os.listdir(folder))
        except OSError:
            continue  # no namespace was ever created here
        yield from ((name, f"{folder}/{name}") for name in found)


def refusal(name: str, error: OSError) -> IpvsadmError:
    """The error when a namespace can't be entered, with a hint."""
    path, named = path_of(name), path_of(name).startswith(FOLDERS)
    name = printable(name)
    if error.errno in (ENOENT, ENOTDIR):
        if _is_process(name):
            return IpvsadmError(
                f"there is neither a process {name} nor a network namespace of that name", hint=_known()
            )
        return IpvsadmError(f"there is no network namespace `{name}`", hint=_known())
    if error.errno in (EPERM, EACCES):
        return IpvsadmError(
            f"the network namespace `{name}` can't be entered: {error.strerror}",
            hint="this requires CAP_SYS_ADMIN, and CAP_SYS_PTRACE for a process of another user: use sudo",
        )
    if error.errno == EINVAL:
        left = "the name may be stale, or bound in another mount namespace; " if named else ""
        return IpvsadmError(f"`{printable(path)}` is not a network namespace", hint=left + FORMS)
    return IpvsadmError(f"the network namespace `{name}` can't be entered: {error.strerror}", hint=FORMS)


def _known() -> str:
    found = [f"`{quoted(printable(name))}`" for name, _ in names()]
    if not found:
        return f"no namespace has a name; {FORMS}"
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return f"there are {', '.join(found[:SHOWN])}{more}; {FORMS}"
