"""`netns`: lists the network namespaces of this machine that hold services, with the number of services."""

from __future__ import annotations

import os
from errno import EINVAL, EPERM

from .. import namespaces
from ..errors import UnreachableError
from ..kernel import Kernel
from ..kernel.transport import generic_netlink
from ..support.text_table import aligned
from ..support.verb import verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Annotated, Any, Literal

    import typer

    from ..world import World

UNKNOWN = 1  # the exit status if a namespace may not be entered
HEADS = ("Namespace", "Services", "Inode", "Process", "")
NUMBERS = (1, 2)  # the columns that contain numbers
Inode = tuple[int, int]  # (device, inode)


class Namespace:
    """A network namespace. `services` is the number of its services, None if it is unknown.

    `process` is the id and the name of the first process in it, if there is one.
    """

    def __init__(self, inode: Inode, path: str) -> None:
        self.inode = inode
        self.path = path
        self.names: list[str] = []
        self.process: tuple[int, str] | None = None
        self.here = False
        self.services: int | None = None

    @property
    def called(self) -> str:
        """The value of `--netns` that names it."""
        if self.names:
            return self.names[0]
        return str(self.process[0]) if self.process else self.path


class Found:
    """All visible namespaces, and the number of processes whose namespaces are `hidden` from us."""

    def __init__(self) -> None:
        self.namespaces: list[Namespace] = []
        self.hidden = 0


@verb(rank=90)
def netns(
    world: World,
    output: Annotated[Literal["table", "json"], typer.Option("--output", "-o", help="Output format.")] = "table",
) -> int:
    """List the network namespaces of this machine that hold services, with the number of services.

    These are the namespaces with a name below `/run/netns` or `/var/run/docker/netns`, and those of running processes.
    The first column is what `--netns` takes; the word `here` marks the namespace in which `pyipvsadm` runs.

    A namespace that this user may not look into is listed as unknown.

    Exit status: 0, or 1 if something is unknown.
    """
    found = search()
    count(found.namespaces)
    told = [one for one in found.namespaces if one.services or one.services is None]
    world.write(_as_json(told, found.hidden) if output == "json" else _as_table(told))
    if not told:
        world.note("no network namespace holds services")
    if found.hidden:
        world.tell(
            f"the network namespaces of {found.hidden} processes are unknown",
            "to see those of other users requires CAP_SYS_PTRACE: use sudo",
        )
    return UNKNOWN if found.hidden or any(one.services is None for one in told) else 0


def search() -> Found:
    """Look for network namespaces: our own, those that have a name, and those of processes."""
    found = Found()
    known: dict[Inode, Namespace] = {}

    def see(path: str) -> Namespace | None:
        try:
            told = os.stat(path)
        except OSError as error:  # usually because the process has ended meanwhile
            found.hidden += isinstance(error, PermissionError)
            return None
        inode = told.st_dev, told.st_ino
        return known.setdefault(inode, Namespace(inode, path))

    here = see(namespaces.HERE)
    if here:
        here.here = True
    for name, path in namespaces.names():
        named = see(path)
        if named:  # called by its path if the same name in another folder hides it
            named.names.append(name if namespaces.path_of(name) == path else path)
    _see_processes(see)
    nsfs = here.inode[0] if here else None  # a stale name is an ordinary file
    found.namespaces = [one for one in known.values() if one.inode[0] == nsfs]
    return found


def _see_processes(see: Callable[[str], Namespace | None]) -> None:
    for number in sorted(int(name) for name in os.listdir("/proc") if name.isdecimal()):
        seen = see(f"/proc/{number}/ns/net")
        if seen and seen.process is None and number != os.getpid():
            seen.process = number, _name_of(number)


def _name_of(process: int) -> str:
    try:
        with open(f"/proc/{process}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().rstrip("\n")
    except OSError:
        return "?"


def count(found: Iterable[Namespace]) -> None:
    """Count the services of the namespaces `found`. Afterwards, this process is where it was before."""
    reached: list[Kernel] = []
    with namespaces.Away() as away:
        for one in sorted(found, key=lambda one: not one.here):
            one.services = _services_in(one, away, reached)


def _services_in(namespace: Namespace, away: namespaces.Away, reached: list[Kernel]) -> int | None:
    """The number of services in `namespace`, which is entered; None if it is unknown.

    IPVS has the same number in all namespaces: it is asked for until a kernel is `reached`.
    """
    try:
        if not namespace.here:  # the first one, which takes no privilege
            away.enter(namespace.path)
        reached[:] = [Kernel(generic_netlink(), reached[0].family) if reached else Kernel.open(load=False)]
        return len(reached[0].services())
    except UnreachableError as error:
        return None if error.errno == EPERM else 0  # a kernel without IPVS has no services anywhere
    except OSError as error:
        return 0 if error.errno == EINVAL else None  # a name may belong to another kind of namespace


def _as_table(told: Iterable[Namespace]) -> str:
    return aligned([HEADS, *map(_row, told)], NUMBERS)


def _row(one: Namespace) -> tuple[str, ...]:
    count = "unknown" if one.services is None else str(one.services)
    process = f"{one.process[0]} {one.process[1]}" if one.process else ""
    return ", ".join(one.names) or one.called, count, str(one.inode[1]), process, "here" if one.here else ""


def _as_json(told: Iterable[Namespace], hidden: int) -> str:
    import json

    return json.dumps({"namespaces": [_data(one) for one in told], "hidden_processes": hidden}, indent=2) + "\n"


def _data(one: Namespace) -> dict[str, Any]:
    process = {"pid": one.process[0], "name": one.process[1]} if one.process else None
    return {
        "netns": one.called,
        "names": one.names,
        "process": process,
        "inode": one.inode[1],
        "here": one.here,
        "services": one.services,
    }
