"""Writes a file atomically, for collectors that may read it at any time."""

from __future__ import annotations

import os
import stat
from contextlib import suppress

from ...errors import IpvsadmError
from ...model import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

MODE = 0o644  # the collector is another user
FAILED = 1  # the exit status


def replace(path: str, pieces: Iterable[str]) -> None:
    """Replace the content of `path` by `pieces`, as a whole or not at all. Raises IpvsadmError."""
    folder, name = os.path.split(path)
    new = os.path.join(folder, f".{name}.{os.urandom(6).hex()}")  # a name that collectors ignore
    try:
        _check(path)
        file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, MODE)
        try:
            _fill(file, pieces)
            os.rename(new, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(new)
            raise
    except OSError as error:
        raise IpvsadmError(
            f"{printable(path)} can't be written: {error.strerror}",
            hint="its contents are as before; its folder must exist, be writable, and have room",
            status=FAILED,
        ) from error


def _check(path: str) -> None:
    """Raise IpvsadmError if `path` exists and isn't a regular file, since it would be replaced."""
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise IpvsadmError(f"{printable(path)} is no ordinary file", hint="name one ending in .prom", status=FAILED)


def _fill(file: int, pieces: Iterable[str]) -> None:
    """Write `pieces` to `file`, flush them to the disk, and close it."""
    with open(file, "w", encoding="utf-8", newline="\n") as out:
        os.fchmod(file, MODE)  # regardless of the umask
        out.writelines(pieces)
        out.flush()
        os.fsync(file)
