"""Finds why the kernel refused a command: inspects the table once, and the machine."""

from __future__ import annotations

import os
from _socket import if_nameindex
from errno import EPERM
from itertools import pairwise

from ..errors import RefusedError, UnreachableError
from .requirements import CONTAINERS, MODULE, Machine, module_of, unreached

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..model import Command, Daemon, Server, Service
    from ..world import World

ROOT = "/"  # the root of the files that describe the machine
MODULES = ("lib/modules", "usr/lib/modules", "run/booted-system/kernel-modules/lib/modules")


def explained(command: Command, error: RefusedError | UnreachableError, world: World) -> str:
    """A hint: why the kernel refused `command`, and what to type; empty if nothing explains it."""
    try:
        if isinstance(error, UnreachableError):
            return unreached(error.errno != EPERM, machine())
        from . import causes

        rows = causes.CAUSES
        found = rows.get((command.verb, error.errno)) or rows.get((None, error.errno))
        if not found:
            return ""
        looks, decide = found
        eyes = Eyes(command, world)
        return decide(command, causes.Seen(**{look: getattr(eyes, look)() for look in looks}))
    except Exception:  # whatever fails here, the kernel's error must be reported
        return ""


class Eyes:
    """Observations around `command`. Each may raise any exception."""

    def __init__(self, command: Command, world: World) -> None:
        self._command = command
        self._world = world

    def services(self) -> tuple[Service, ...]:
        """All services."""
        return tuple(self._world.kernel.services())

    def service(self) -> Service | None:
        """The command's service in the current table."""
        return self._world.kernel.service(self._command.service) if self._command.service else None

    def servers(self) -> tuple[Server, ...]:
        """The servers of the command's service."""
        return tuple(self._world.kernel.servers(self._command.service)) if self._command.service else ()

    def daemons(self) -> tuple[Daemon, ...]:
        """The running daemons."""
        return tuple(self._world.kernel.daemons())

    def interfaces(self) -> tuple[str, ...]:
        """The network interfaces."""
        return tuple(name for _, name in if_nameindex())

    def ipv6(self) -> tuple[str, ...]:
        """The interfaces with an IPv6 address: the last word of each line."""
        return tuple(line.split()[-1] for line in _lines("proc/net/if_inet6"))

    def broadcasts(self) -> frozenset[str]:
        """The broadcast addresses: the line after each one says so."""
        lines = _lines("proc/net/fib_trie")
        return frozenset(line.split()[-1] for line, below in pairwise(lines) if below.endswith("/32 link BROADCAST"))

    def unrouted(self) -> bool:
        """Whether there is no routing table: the first address creates it, and it then stays."""
        return os.path.exists(f"{ROOT}proc/net/fib_trie") and not _lines("proc/net/fib_trie")

    def machine(self) -> Machine:
        """The kernel, its modules, and the privileges of this process."""
        return machine()


def machine() -> Machine:
    """Observations of this machine that don't need the kernel's IPVS."""
    release = _text("proc/sys/kernel/osrelease").strip()
    folder = next((folder for folder in MODULES if os.path.isdir(ROOT + folder)), MODULES[0])
    status = dict(line.partition(":")[::2] for line in _lines("proc/self/status"))
    on_disk = _lines(f"{folder}/{release}/modules.dep")
    loaded = [line.partition(" ")[0] for line in _lines("proc/modules")]
    if os.path.exists(f"{ROOT}proc/net/ip_vs"):
        loaded.append(MODULE)  # or built in, which nothing else shows in a container
    return Machine(
        release=release,
        modular=os.path.exists(f"{ROOT}proc/modules") or not status,  # unknown without /proc
        sealed=_text("proc/sys/kernel/modules_disabled").strip() == "1",
        loaded=frozenset(loaded),
        on_disk=_modules(on_disk) if on_disk else None,
        built_in=_modules(_lines(f"{folder}/{release}/modules.builtin")),
        releases=tuple(sorted(os.listdir(ROOT + folder))) if os.path.isdir(ROOT + folder) else (),
        container=_container(),
        capabilities=int(status.get("CapEff", "0"), 16),
        user=os.geteuid(),
        uid_map=_text("proc/self/uid_map"),
    )


def _modules(lines: list[str]) -> frozenset[str]:
    """The IPVS modules in `lines`, each of which begins with a module's path and a colon."""
    names = (module_of(line.partition(":")[0]) for line in lines)
    return frozenset(name for name in names if name.startswith(MODULE))


def _container() -> str:
    """The kind of container around this process; empty if there is none.

    If the kernel's own threads are visible, there is no container, whatever files exist: a kernel may
    have been booted on a container's files.
    """
    if _text("proc/2/comm").strip() == "kthreadd":
        return ""
    if "KUBERNETES_SERVICE_HOST" in os.environ:
        return "kubernetes"
    kind = _text("run/systemd/container").strip() or os.environ.get("container", "")  # noqa: SIM112
    return kind or next((kind for file, kind in CONTAINERS.items() if os.path.exists(ROOT + file)), "")


def _lines(path: str) -> list[str]:
    return _text(path).splitlines()


def _text(path: str) -> str:
    """The content of a file; empty if it can't be read."""
    try:
        with open(ROOT + path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
