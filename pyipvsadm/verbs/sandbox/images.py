"""Finds the kernels that a sandbox can boot, and their modules."""

from __future__ import annotations

import os
import shutil
import sys

from ...grammar.shell import command
from ...record import Record
from .request import SandboxError

KERNEL = "linux.uml"  # Debian's name; others begin with it
BESIDE = "../lib/uml/modules"  # the folder of a kernel's own modules, relative to the kernel's folder
MODULES = "/usr/lib/uml/modules"
SYSTEM_FOLDERS = ("/usr/sbin", "/sbin")  # folders of root's programs, which an ordinary user's PATH may lack
PACKAGES = "user-mode-linux kmod"


class Image(Record):
    """A kernel's file, and the folder that holds a folder of modules for each kernel release."""

    path: str = KERNEL
    modules: str = MODULES


def search_path() -> str:
    """PATH, followed by the folders of root's programs and of our own interpreter."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    more = (*SYSTEM_FOLDERS, os.path.dirname(sys.executable))
    return os.pathsep.join(folders + [folder for folder in more if folder not in folders])


def installed() -> list[str]:
    """The names of the kernels on the path; several links to one file count as one."""
    found: dict[str, str] = {}
    for folder in search_path().split(os.pathsep):
        try:
            names = sorted(name for name in os.listdir(folder) if name.startswith(KERNEL))
        except OSError:
            continue
        for path in (os.path.join(folder, name) for name in names):
            if os.path.isfile(path) and os.access(path, os.X_OK):
                found.setdefault(os.path.realpath(path), path)
    return list(found.values())


def image(wanted: str) -> Image:
    """The kernel in the file `wanted`, or the installed one if that is empty. Raises SandboxError."""
    for program, package in ((KERNEL, "user-mode-linux"), ("modprobe", "kmod"))[bool(wanted) :]:
        if not shutil.which(program, path=search_path()):
            raise SandboxError(
                f"The sandbox needs `{program}`, of Debian's package {package}",
                hint=offer("") or f"install it with `apt-get install {PACKAGES}`",
            )
    path = os.path.abspath(wanted) if wanted else shutil.which(KERNEL, path=search_path()) or KERNEL
    if not os.path.isfile(path) or not os.access(path, os.X_OK):
        raise SandboxError(f"{wanted}: not an executable program", hint=offer(path) or "name a kernel's file")
    beside = os.path.normpath(os.path.join(os.path.dirname(os.path.realpath(path)), BESIDE))
    return Image(path=path, modules=beside if os.path.isdir(beside) else MODULES)


def offer(but: str) -> str:
    """A hint that names the installed kernels other than the file `but`; empty if there are none."""
    others = [path for path in installed() if not but or os.path.realpath(path) != os.path.realpath(but)]
    options = ", ".join(f"`{command('--uml', path)}`" for path in others)
    return f"installed are: {options}" if others else ""
