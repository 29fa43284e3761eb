"""What a verb has to remember between two runs, for each network namespace: JSON that is gone after a restart."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, flock
from typing import TYPE_CHECKING

from ..errors import IpvsadmError
from ..namespaces import HERE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

FOLDER = "/run/pyipvsadm"
REFUSED = 1  # the exit status


def path(verb: str) -> str:
    """The file of `verb` for the namespace that this process is in, whose number another may get later."""
    return f"{FOLDER}/{verb}-{os.stat(HERE).st_ino}.json"


def load(verb: str) -> list[dict[str, Any]]:
    """What `verb` has stored in this namespace, nothing at first. Raises IpvsadmError."""
    name = path(verb)
    try:
        with open(name, encoding="utf-8") as file:
            rows = json.load(file)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ValueError("it is not a list of objects")
        return rows
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise unreadable(verb, error) from error


def unreadable(verb: str, error: Exception) -> IpvsadmError:
    """What to tell of a file that isn't as `verb` has written it."""
    return IpvsadmError(
        f"{path(verb)}, the record of `{verb}`, can't be read: {error}",
        hint="nothing was done; if you remove the file, its record is lost",
        status=REFUSED,
    )


def store(verb: str, rows: Sequence[dict[str, Any]]) -> None:
    """Have `verb` remember `rows` and nothing else in this namespace. Raises OSError."""
    name = path(verb)
    if not rows:
        with suppress(FileNotFoundError):
            os.unlink(name)
        return
    with open(f"{name}.new", "w", encoding="utf-8") as file:
        file.write(json.dumps(rows, indent=2) + "\n")
    os.replace(f"{name}.new", name)


@contextmanager
def alone(verb: str) -> Iterator[None]:
    """Keep other runs of `verb` from storing anything meanwhile. Raises IpvsadmError."""
    try:
        os.makedirs(FOLDER, mode=0o755, exist_ok=True)
        lock = os.open(f"{FOLDER}/{verb}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise unwritable(error) from error
    try:
        flock(lock, LOCK_EX)
        yield
    finally:
        os.close(lock)


def unwritable(error: OSError) -> IpvsadmError:
    """What to tell where nothing was done, since it couldn't have been written down."""
    return IpvsadmError(
        f"no record can be written in {FOLDER}: {error.strerror}",
        hint="nothing was done; use `sudo`",
        status=REFUSED,
    )
