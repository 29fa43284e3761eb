"""Snapshots as files: JSON, with the version first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from ...errors import IpvsadmError
from ...model import printable
from .snapshot import VERSION, Snapshot

if TYPE_CHECKING:
    from ...world import World

SHAPE = TypeAdapter(Snapshot)
UNUSABLE = 64  # the exit status where nothing can be judged, as sysexits.h has it
HINT = "`pyipvsadm doctor --save FILE` writes a snapshot"


def save(snapshot: Snapshot, path: str, world: World) -> None:
    """Write a snapshot to the file `path`, or to stdout for `-`. Raises IpvsadmError."""
    text = SHAPE.dump_json(snapshot, indent=1).decode() + "\n"
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
    text = _read(path, world)
    try:
        data = json.loads(text)
    except ValueError as error:
        raise _wrong(path, f"this isn't JSON: {error}") from None
    if not isinstance(data, dict) or "version" not in data or "unseen" not in data:
        raise _wrong(path, "this is no snapshot of doctor's")
    if data["version"] != VERSION:
        raise _wrong(path, f"its version is {printable(str(data['version']))}, and only {VERSION} is known here")
    try:
        snapshot = SHAPE.validate_python(data)
        for service in snapshot.services or ():
            service.key  # noqa: B018  # which raises for a name that isn't one
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise _wrong(path, f"{printable(where)}: {printable(first['msg'])}") from None
    except IpvsadmError as error:
        raise _wrong(path, str(error)) from None
    return snapshot


def _read(path: str, world: World) -> str:
    try:
        if path == "-":
            return b"".join(world.chunks()).decode()
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError as error:
        raise _wrong(path, error.strerror or str(error)) from None
    except ValueError:
        raise _wrong(path, "this isn't text") from None


def _wrong(path: str, why: str) -> IpvsadmError:
    name = "stdin" if path == "-" else printable(path)
    return IpvsadmError(f"cannot read the snapshot {name}: {why}", hint=HINT, status=UNUSABLE)
