"""A tree with the programs and nothing else, so that a guest can run them from memory.

Over 9p each look at a file that isn't there is a trip to the host, and Python looks for many: that would be
timed with the program. So the files go over as one archive, to be unpacked in the guest's memory.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import Path

SKIPPED = {"site-packages", "dist-packages", "test", "idlelib", "ensurepip", "tkinter", "lib2to3", "turtledemo",
           "pydoc_data", "sqlite3"}  # fmt: skip
LEFT_OUT = re.compile(
    r"\.a$|^_(tkinter|sqlite3|test|xxtest|dbm|gdbm|curses)\w*\.cpython"
)  # and the libraries behind them
REQUIRED = """
from importlib.metadata import PackageNotFoundError, distribution
from re import match
todo, done = ["pyipvsadm"], set()
while todo:
    name = todo.pop()
    if name in done:
        continue
    done.add(name)
    try:
        found = distribution(name)
    except PackageNotFoundError:
        continue  # it's for other systems
    todo += [match(r"[\\w.-]+", line)[0] for line in found.requires or () if "extra ==" not in line]
    print(*(found.locate_file(file) for file in found.files or ()), sep="\\n")
"""
FOLDERS = ("dev", "proc", "sys", "tmp", "run", "root")
STANDARD_LIBRARY = (
    "import sysconfig as s, sys; print(s.get_path('stdlib'), s.get_path('purelib'), sys.prefix, sep='\\n')"
)


def interpreter(command: str) -> str | None:
    """The interpreter that the program at `command` names in its first line; None if it's no script."""
    with open(command, "rb") as stream:
        head = stream.readline(256)
    words = head[2:].decode(errors="replace").split() if head.startswith(b"#!") else []
    if words and os.path.basename(words[0]) == "env":
        return shutil.which(words[-1])
    return words[0] if words else None


def archive(path: Path, programs: Iterable[str], pythons: Iterable[str], folders: Iterable[Path]) -> None:
    """Write the archive at `path`: `programs` and their libraries, `pythons` and theirs, and `folders` whole."""
    files = set(programs)
    for python in pythons:
        files |= set(python_files(python))
    for folder in folders:
        files |= set(tree(folder))
    files |= set(libraries(files))
    links = {target for name in files for target in link_targets(name)}
    with tarfile.open(path, "w", dereference=False) as box:
        for name in FOLDERS:
            member = tarfile.TarInfo(name)
            member.type, member.mode = tarfile.DIRTYPE, 0o755
            box.addfile(member)
        for name in sorted(files | links):
            box.add(name, recursive=False)


def python_files(python: str) -> list[str]:
    """An interpreter, its standard library, and of its site-packages what start-up and pyipvsadm touch."""
    told = subprocess.run([python, "-I", "-c", STANDARD_LIBRARY], capture_output=True, text=True, check=True).stdout
    standard, site, prefix = (Path(line) for line in told.splitlines())
    found = [python, *tree(standard)]
    found += [str(path) for suffix in ("pth", "py") for path in site.glob(f"*.{suffix}")]
    started = " ".join(path.read_text() for path in site.glob("*.pth"))  # what runs at every start
    for path in site.glob("*"):
        if path.is_dir() and (path.name in re.findall(r"\w+", started) or "pyipvsadm" in path.name):
            found += tree(path)
    told = subprocess.run([python, "-I", "-c", REQUIRED], capture_output=True, text=True, check=True).stdout
    found += {name for line in told.splitlines() if os.path.isfile(name := os.path.normpath(line))} - set(found)
    if (prefix / "pyvenv.cfg").is_file():
        found.append(str(prefix / "pyvenv.cfg"))
    return found


def tree(folder: Path) -> list[str]:
    """All files below `folder`, but not what no program of ours looks at."""
    found = []
    for base, names, files in os.walk(folder):
        names[:] = [name for name in names if name not in SKIPPED and not name.startswith(("config-", "."))]
        found += [os.path.join(base, name) for name in files if not LEFT_OUT.search(name)]
    return found


def libraries(files: Iterable[str]) -> set[str]:
    """The shared libraries that those of `files` need which are ELF."""
    elves = [name for name in files if is_elf(name)]
    told = subprocess.run(["ldd", *elves], capture_output=True, text=True).stdout if elves else ""
    return set(re.findall(r"(/\S+) \(0x", told))


def is_elf(name: str) -> bool:
    """Whether the file at `name` is a program or library of the machine's."""
    with open(name, "rb") as stream:
        return stream.read(4) == b"\x7fELF"


def link_targets(name: str) -> Iterable[str]:
    """Each path that the link at `name` leads through."""
    while os.path.islink(name):
        name = os.path.normpath(os.path.join(os.path.dirname(name), os.readlink(name)))
        yield name
