"""Programs that manage the table by themselves, and may undo manual changes."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..world import World

PROGRAMS = {  # the kernel's name of a process, up to 15 characters: the usual name
    "keepalived": "keepalived",
    "ldirectord": "ldirectord",
    "kube-proxy": "kube-proxy",
    "kube-router": "kube-router",
    "kube-vip": "kube-vip",
    "lvscare": "lvscare",
    "k3s": "k3s",
    "k3s-server": "k3s",
    "k3s-agent": "k3s",
    "rke2": "rke2",
    "rke2-server": "rke2",
    "rke2-agent": "rke2",
    "kubelite": "kubelite",
    "seesaw_engine": "seesaw",
    "seesaw_ncc": "seesaw",
    "seesaw_watchdog": "seesaw",
    "dockerd": "dockerd",
}
WITH_FILES = {"keepalived", "ldirectord"}  # those whose files doctor reads
INTERPRETED = {"perl", "python3", "sh"}  # these run scripts: the command line then has the script's name
ELSEWHERE = "dockerd"  # changes the tables of network namespaces other than its own


def managers(root: str = "/") -> tuple[str, ...]:
    """The running programs that change the table of this network namespace, as far as that is visible."""
    found = {name for name, _ in running(root)}
    return tuple(name for name in dict.fromkeys(PROGRAMS.values()) if name in found)


def running(root: str = "/") -> Iterator[tuple[str, str]]:
    """The processes of these programs, each as (usual name, process number)."""
    here = _namespace(root, "self")
    try:
        processes = [name for name in os.listdir(os.path.join(root, "proc")) if name.isdecimal()]
    except OSError:
        return
    for process in sorted(processes, key=int):
        name = PROGRAMS.get(_name(root, process))
        if name and (name == ELSEWHERE or _namespace(root, process) in ("", here)):
            yield name, process


def command_line(process: str, root: str) -> list[str]:
    """The words of the command line of a process; none if it isn't visible."""
    return _read(os.path.join(root, "proc", process, "cmdline")).removesuffix("\0").split("\0")


def tell(world: World) -> None:
    """Warn on a terminal, in one line, which programs may undo manual changes."""
    if world.watched and (found := warning()):
        world.note(found)


def warning(root: str = "/") -> str:
    """Which programs may undo manual changes, in one line; empty for none."""
    found = [name for name in managers(root) if name != ELSEWHERE]
    if not found:
        return ""
    verb = "runs here and manages" if len(found) == 1 else "run here and manage"
    return f"{' and '.join(found)} {verb} this table, and may undo the change"


def _name(root: str, process: str) -> str:
    """The name of a process; for a script, the script's name."""
    name = _read(os.path.join(root, "proc", process, "comm")).strip()
    if name in INTERPRETED:
        scripts = [os.path.basename(one) for one in command_line(process, root)[1:] if one and not one.startswith("-")]
        return scripts[0] if scripts else name
    return name


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(4096)
    except OSError:
        return ""


def _namespace(root: str, process: str) -> str:
    """The network namespace of a process; empty if it isn't visible."""
    try:
        return os.readlink(os.path.join(root, "proc", process, "ns/net"))
    except OSError:
        return ""
