"""Writes and reads snapshots as JSON, with the version first. Reading is bounded and validated."""

from __future__ import annotations

import json
import os
from functools import cache
from typing import TYPE_CHECKING

from ...documents.formats import LIMIT
from ...documents.source import PIECE
from ...errors import IpvsadmError
from ...model import printable
from .findings import UNUSABLE
from .plausibility import implausible
from .snapshot import VERSION, Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import TypeAdapter

    from ...world import World

HINT = "`pyipvsadm doctor --save FILE` writes a snapshot"
TOLD = 200  # the most characters of a message about a wrong value


@cache
def shape() -> TypeAdapter[Snapshot]:
    """Pydantic's adapter for snapshots, made only to read or write a file."""
    from pydantic import TypeAdapter

    return TypeAdapter(Snapshot)


def save(snapshot: Snapshot, path: str, world: World) -> None:
    """Write a snapshot to the file `path`, or to stdout for `-`. Raises IpvsadmError."""
    text = shape().dump_json(snapshot, indent=1).decode() + "\n"
    if path == "-":
        world.write(text)
        return
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise IpvsadmError(f"cannot write {printable(path)}: {error.strerror}", status=UNUSABLE) from None


def load(path: str, world: World) -> Snapshot:
    """The snapshot in the file `path`, or on stdin for `-`. Raises IpvsadmError."""
    from pydantic import ValidationError

    text = _read(path, world)
    try:
        data = json.loads(text)
    except ValueError as error:
        raise _wrong(path, f"this isn't JSON: {error}") from None
    except RecursionError:
        raise _wrong(path, "it is nested too deeply") from None
    if not isinstance(data, dict) or "version" not in data or "unseen" not in data:
        raise _wrong(path, "this is no snapshot of doctor's")
    if data["version"] != VERSION:
        raise _wrong(path, f"its version is {str(data['version'])[:TOLD]}, and only {VERSION} is known here")
    try:
        snapshot = shape().validate_python(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise _wrong(path, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    except RecursionError:
        raise _wrong(path, "it is nested too deeply") from None
    if why := implausible(snapshot):
        raise _wrong(path, why)
    return snapshot


def _read(path: str, world: World) -> str:
    """The text of the file, of at most LIMIT bytes. Raises IpvsadmError."""
    found = bytearray()
    try:
        for piece in world.chunks() if path == "-" else _pieces(path):
            found += piece
            if len(found) > LIMIT:
                raise _wrong(path, f"it is larger than {LIMIT >> 20} MiB")
        return found.decode()
    except OSError as error:
        raise _wrong(path, error.strerror or str(error)) from None
    except ValueError:
        raise _wrong(path, "this isn't text") from None


def _pieces(path: str) -> Iterator[bytes]:
    """The content of a file, in pieces. Raises OSError, and ValueError for an impossible name."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        while piece := os.read(file, PIECE):
            yield piece
    finally:
        os.close(file)


def _wrong(path: str, why: str) -> IpvsadmError:
    name = "stdin" if path == "-" else printable(path)
    told = printable(why)
    told = told if len(told) <= TOLD else f"{told[:TOLD]}..."
    return IpvsadmError(f"cannot read the snapshot {name}: {told}", hint=HINT, status=UNUSABLE)
