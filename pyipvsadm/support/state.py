"""State that a verb keeps between runs, for each network namespace: JSON that doesn't survive a reboot.

Its folder is private to its owner, so no other user can write the weights and addresses that we restore, or hold
the lock that we wait for.
"""

from __future__ import annotations

import os
import stat

from ..errors import IpvsadmError
from ..namespaces import HERE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

FOLDER = "/run/pyipvsadm"
OURS, PRIVATE = 0o700, 0o600  # the modes of the folder and of its files, whatever the umask
LIMIT = 16 << 20  # bytes of a file; 4,000 servers take less than one million
NOTHING = b"[]"  # the content of a file without rows
REFUSED = 1  # the exit status


class ForeignError(OSError):
    """Another user may have made the folder, or a file in it."""


def path(verb: str) -> str:
    """The file of `verb` for this process's namespace, whose number may be reused later."""
    return f"{FOLDER}/{file_name(verb, 'json')}"


def file_name(what: str, ending: str, namespace: int = 0) -> str:
    """The name of a file in the folder, for the namespace with this inode, or for this process's namespace."""
    return f"{what}-{namespace or os.stat(HERE).st_ino}.{ending}"


class Opened:
    """Opens a file when it is entered, with the function that it is given, and closes it at the end.

    It stands for contextlib's decorator, which takes longer to load than most verbs run.
    """

    def __init__(self, open: Callable[[], int]) -> None:
        self._open = open

    def __enter__(self) -> int:
        self._file = self._open()
        return self._file

    def __exit__(self, *_: object) -> None:
        os.close(self._file)


def folder(make: bool = False) -> Opened:
    """Open the folder; if it is missing, `make` creates it. Raises OSError, such as ForeignError, when entered."""
    return Opened(lambda: _folder(make))


def _folder(make: bool) -> int:
    if make:
        try:
            os.mkdir(FOLDER, OURS)
        except FileExistsError:
            pass
    try:
        opened = os.open(FOLDER, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except NotADirectoryError:
        raise ForeignError(f"{FOLDER} is not a folder of its own") from None
    try:
        found = os.fstat(opened)
        if found.st_uid != os.geteuid():
            raise ForeignError(f"{FOLDER} belongs to user {found.st_uid}")
        if stat.S_IMODE(found.st_mode) != OURS:
            os.fchmod(opened, OURS)
    except BaseException:
        os.close(opened)
        raise
    return opened


def open_private(inside: int, name: str, flags: int) -> int:
    """Open the file `name` in the folder `inside`, private to its owner. Raises OSError, such as ForeignError."""
    opened = os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, PRIVATE, dir_fd=inside)
    try:
        found = os.fstat(opened)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
            raise ForeignError("is not a file of ours")
        if flags & os.O_CREAT:
            os.fchmod(opened, PRIVATE)
        elif found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise ForeignError("others may write it")
    except OSError:
        os.close(opened)
        raise
    return opened


def load(verb: str, namespace: int = 0) -> list[dict[str, Any]]:
    """The rows that `verb` stored for this namespace, or another one; none at first. Raises IpvsadmError."""
    try:
        return rows_in(content(verb, namespace))
    except (OSError, ValueError, RecursionError) as error:
        raise unreadable(verb, error) from error


def content(verb: str, namespace: int = 0) -> bytes:
    """What `verb` stored for this namespace, or another one; no rows at first. Raises OSError, or ValueError."""
    try:
        name = file_name(verb, "json", namespace)
        with folder() as inside, open(open_private(inside, name, os.O_RDONLY), "rb") as file:
            found = file.read(LIMIT + 1)
    except FileNotFoundError:
        return NOTHING
    if len(found) > LIMIT:
        raise ValueError(f"it is larger than {LIMIT >> 20} MiB")
    return found


def rows_in(content: bytes) -> list[dict[str, Any]]:
    """The rows in what a verb stored. Raises ValueError, or RecursionError."""
    if content == NOTHING:
        return []
    import json

    rows = json.loads(content.decode(), object_pairs_hook=_once)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("it is not a list of objects")
    return rows


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object none of whose names comes twice. Raises ValueError."""
    if len(made := dict(pairs)) != len(pairs):
        raise ValueError("an object has a name twice")
    return made


def unreadable(verb: str, error: Exception) -> IpvsadmError:
    """The error for a file that isn't in the form that `verb` writes."""
    return IpvsadmError(
        f"{path(verb)}, the record of `{verb}`, can't be read: {error}",
        hint="nothing was done; if you remove the file, its record is lost",
        status=REFUSED,
    )


def store(verb: str, rows: Sequence[dict[str, Any]]) -> None:
    """Store `rows` for `verb` in this namespace, replacing the old ones. Raises OSError."""
    import json

    store_texts(verb, [json.dumps(row, separators=(",\n", ": ")) for row in rows])  # short lines


def store_texts(verb: str, rows: Sequence[str]) -> None:
    """As `store`; `rows` are objects of JSON. Raises OSError."""
    name = os.path.basename(path(verb))
    new = f"{name}.new"
    with folder(make=True) as inside:
        if not rows:
            _remove(name, inside)
            return
        _remove(new, inside)  # left by a killed run
        with open(open_private(inside, new, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
            file.write(b"[%s]\n" % ",\n".join(rows).encode())  # in one go
        os.replace(new, name, src_dir_fd=inside, dst_dir_fd=inside)


def _remove(name: str, inside: int) -> None:
    try:
        os.unlink(name, dir_fd=inside)
    except FileNotFoundError:
        pass


def unwritable(error: OSError) -> IpvsadmError:
    """The error when nothing was done because no record could be written."""
    if isinstance(error, ForeignError):
        return IpvsadmError(
            f"{FOLDER} can't be trusted: {error}",
            hint="nothing was done; find out who made it, and remove it",
            status=REFUSED,
        )
    return IpvsadmError(
        f"no record can be written in {FOLDER}: {error.strerror}",
        hint="nothing was done; use `sudo`" if os.geteuid() else f"nothing was done; make room in {FOLDER}",
        status=REFUSED,
    )
