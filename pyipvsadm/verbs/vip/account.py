"""What this program bound, for each network namespace, in a file that lasts until the machine is restarted."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import asdict
from fcntl import LOCK_EX, flock
from typing import TYPE_CHECKING

from ...errors import IpvsadmError
from ...namespaces import HERE
from .deciding import Binding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FOLDER = "/run/pyipvsadm"
REFUSED = 1


def path() -> str:
    """The file of the namespace that this process is in. Another one may get its number later: hence `created`."""
    return f"{FOLDER}/vip-{os.stat(HERE).st_ino}.json"


def load() -> set[Binding]:
    """What was bound in this namespace; perhaps it isn't there any more. Raises IpvsadmError."""
    name = path()
    try:
        with open(name, encoding="utf-8") as file:
            return {Binding(str(one["address"]), str(one["device"]), int(one["created"])) for one in json.load(file)}
    except FileNotFoundError:
        return set()
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise IpvsadmError(
            f"{name}, which says what was bound, can't be read: {error}",
            hint="if you remove it, what it names stays bound, and is yours to take away",
        ) from error


def store(bound: Iterable[Binding]) -> None:
    """Say what is bound in this namespace from now on. Raises OSError."""
    name, rows = path(), sorted((asdict(one) for one in bound), key=lambda row: (row["device"], row["address"]))
    if not rows:
        try:
            os.unlink(name)
        except FileNotFoundError:
            pass
        return
    with open(f"{name}.new", "w", encoding="utf-8") as file:
        file.write(json.dumps(rows, indent=2) + "\n")
    os.replace(f"{name}.new", name)


@contextmanager
def alone() -> Iterator[None]:
    """Keep others of this program from changing what is bound meanwhile. Raises IpvsadmError."""
    try:
        os.makedirs(FOLDER, mode=0o755, exist_ok=True)
        lock = os.open(f"{FOLDER}/vip.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise IpvsadmError(
            f"what is bound can't be written down in {FOLDER}: {error.strerror}",
            hint="nothing was done; use sudo",
            status=REFUSED,
        ) from error
    try:
        flock(lock, LOCK_EX)
        yield
    finally:
        os.close(lock)
