"""Hints on what a machine lacks for IPVS, from observations: modules, privileges, the limits of a container."""

from __future__ import annotations

from ..grammar.schedulers import ENGINES, SCHEDULERS
from ..grammar.shell import command
from ..grammar.suggestions import did_you_mean
from ..model import printable
from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..model import Service

CAP_NET_ADMIN, CAP_SYS_MODULE = 12, 16  # linux/capability.h
ALL_USERS = ["0", "0", "4294967295"]  # the only line of /proc/self/uid_map outside user namespaces
MODULE = "ip_vs"
NONE = "none"  # the scheduler's name for a service without one
CONTAINERS = {".dockerenv": "docker", "run/.containerenv": "podman"}  # files that identify the kind of a container
ADD_CAPABILITY = {  # by the kind of container
    "docker": "start it with `--cap-add NET_ADMIN`",
    "podman": "start it with `--cap-add NET_ADMIN`",
    "kubernetes": "add NET_ADMIN to the pod's `securityContext.capabilities.add`",
}


def module_of(path: str) -> str:
    """The name of the module in the file `path`."""
    return path.rpartition("/")[2].partition(".")[0].replace("-", "_")


class Machine(Record):
    """Observations of a machine: the running kernel, its modules, and the privileges of this process.

    `loaded` holds all loaded modules; `on_disk` and `built_in` are the IPVS modules that /lib/modules
    has for this `release` of the kernel, None if it has nothing for it; `releases` are all releases
    that it has modules for. `modular` means that the kernel can load modules, `sealed` that it loads
    no more. `container` is the kind of the container around this process, empty outside.
    """

    __slots__ = ()
    release: str = ""
    modular: bool = True
    sealed: bool = False
    loaded: frozenset[str] = frozenset()
    on_disk: frozenset[str] | None = None
    built_in: frozenset[str] = frozenset()
    releases: tuple[str, ...] = ()
    container: str = ""
    capabilities: int = 0
    user: int = 0
    uid_map: str = ""

    def may(self, capability: int) -> bool:
        """Whether this process has `capability`."""
        return bool(self.capabilities >> capability & 1)

    def has(self, module: str) -> bool:
        """Whether `module` is loaded or built in."""
        return module in self.loaded or module in self.built_in

    def can_load(self, module: str) -> bool:
        """Whether a privileged process could load `module`. A container's files on disk aren't the kernel's modules."""
        return self.modular and not (self.sealed or self.container) and module in (self.on_disk or ())


def unreached(permitted: bool, machine: Machine) -> str:
    """Why IPVS can't be reached; without `permitted`, why this process may not reach it."""
    if permitted or not (machine.has(MODULE) or machine.can_load(MODULE)):
        why = why_not_loaded(MODULE, machine)
    else:
        why = no_privilege(machine)
    return f"{why}; or use a throw-away kernel: `pyipvsadm sandbox`" if why else ""


def no_privilege(machine: Machine) -> str:
    """Why this process lacks CAP_NET_ADMIN; empty if it has it."""
    lines = machine.uid_map.splitlines()
    if machine.may(CAP_NET_ADMIN):
        if not lines or lines[0].split() == ALL_USERS:
            return ""
        return "the kernel requires CAP_NET_ADMIN in the initial user namespace; this process has it only in another"
    if machine.user:
        return "IPVS requires CAP_NET_ADMIN, even to list: use sudo"
    if machine.container:
        how = ADD_CAPABILITY.get(machine.container, "give it that")
        return f"you are root of a container ({machine.container}) that lacks CAP_NET_ADMIN: {how}"
    return "you are root, but this process lacks CAP_NET_ADMIN: it was dropped, as `setpriv` does"


def why_not_loaded(module: str, machine: Machine) -> str:
    """Why `module` isn't loaded, and how to load it."""
    kernel, load = f"this kernel, {machine.release},", command("modprobe", module)
    if machine.has(module):
        return f"`{module}` is part of {kernel} but does not answer this process"
    if not machine.modular:
        return f"{kernel} can't load modules, and `{module}` isn't built in"
    if machine.sealed:
        return f"{kernel} loads no modules until the next boot (kernel.modules_disabled), and `{module}` isn't loaded"
    if machine.container:
        return (
            f"this is a container ({machine.container}), and the kernel hasn't loaded `{module}`:"
            f" `{load}` as root of the host"
        )
    if machine.on_disk is None:
        others = [release for release in machine.releases if release != machine.release]
        if others:
            return f"{machine.release} is running, but the modules are for {', '.join(others[:3])}: boot one of these"
        return f"/lib/modules has no modules for {kernel[:-1]}"
    if module not in machine.on_disk:
        return f"{kernel} has no module `{module}`: it's neither built in nor in /lib/modules"
    if machine.may(CAP_SYS_MODULE):
        return f"the module `{module}` exists for this kernel, but could not be loaded: `{load}` shows why"
    return f"the module `{module}` isn't loaded, and this process may not load it: `sudo {load}`"


def are_known(service: Service, look: Callable[[], Machine]) -> bool:
    """Whether Linux, or the machine that `look` observes, has the scheduler and the engine of `service`."""
    wanted = (("ip_vs_", service.scheduler or NONE, (*SCHEDULERS, NONE)), ("ip_vs_pe_", service.engine, ENGINES))
    odd = [prefix + name for prefix, name, known in wanted if name and name not in known]
    if not odd:
        return True
    machine = look()
    return all(machine.has(module) or machine.can_load(module) for module in odd)


def no_scheduler(service: Service, machine: Machine) -> str:
    """Whether the scheduler or the persistence engine of `service` is missing, and why."""
    wanted = [("scheduler", service.scheduler or "", "ip_vs_", SCHEDULERS)]
    if service.engine:
        wanted.append(("persistence engine", service.engine, "ip_vs_pe_", ENGINES))
    missing = [row for row in wanted if row[1] != NONE and not machine.has(f"{row[2]}{row[1]}")]
    for kind, name, prefix, known in missing:
        if name not in known and not machine.can_load(prefix + name):
            near = did_you_mean(name, known, f"there {'is' if len(known) == 1 else 'are'} {', '.join(known)}")
            return f"there is no {kind} `{printable(name)}`; {near}"
    for kind, name, prefix, known in missing:
        failed = machine.can_load(prefix + name)  # so others may fail as well
        there = [one for one in known if machine.has(prefix + one) or (not failed and machine.can_load(prefix + one))]
        hand = f"; available: {', '.join(there)}" if there else ""
        return f"no {kind} `{name}`: {why_not_loaded(prefix + name, machine)}{hand}"
    return ""
