"""Makes the Debian package of a wheel, with dpkg-deb alone: `make deb` runs this as `python -m tests.debian.build`.

One package serves Debian 12, 13 and sid: it depends on the distribution's libraries in whatever version, since those of
Debian 12 are older than pyproject.toml wants. There, ipvsadm's commands, which need Python alone, and right lines of
most verbs work, and the rest says what it lacks.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
import zipfile
from pathlib import Path

from pyipvsadm import __version__
from pyipvsadm.libraries import LIBRARIES

ROOT = Path(__file__).parents[2]
SCRIPTS = Path(__file__).parent / "files"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
MAINTAINER = "The pyipvsadm developers <pyipvsadm@example.org>"
PLACES = {  # where Debian wants what the wheel has elsewhere
    "share/zsh/site-functions": "share/zsh/vendor-completions",
}
LAUNCHER = """\
#!/usr/bin/python3 -I
import sys

from pyipvsadm.cli import command

sys.exit(command())
"""
SYNOPSIS = "administer the Linux virtual server (IPVS)"
DESCRIPTION = """\
 pyipvsadm takes the commands of ipvsadm, with the same output and the same
 exit status, and adds verbs to them: show, diff and apply keep the table of
 IPVS in a file; drain takes a server out of service; top watches the load;
 doctor finds what is wrong with a director; sandbox boots a kernel to try
 things in.
 .
 ipvsadm's commands need Python alone; the verbs need libraries that are as
 new as those of Debian 13.
"""
SECTION = {"Section": "net", "Priority": "optional", "Architecture": "all"}
COPYRIGHT = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: pyipvsadm

Files: *
Copyright: 2026 The pyipvsadm developers
License: GPL-2+
 This program is free software; you can redistribute it and/or modify it under
 the terms of the GNU General Public License as published by the Free Software
 Foundation; either version 2 of the License, or (at your option) any later
 version.
 .
 On Debian systems, the full text of version 2 of that license is in
 /usr/share/common-licenses/GPL-2.
"""


def build(folder: Path) -> Path:
    """Make the package of this tree in `folder`; its file."""
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch, "tree")
        unpack(wheel(Path(scratch)), tree)
        add_texts(tree)
        add_control(tree)
        file = folder / f"pyipvsadm_{__version__}-1_all.deb"
        folder.mkdir(parents=True, exist_ok=True)
        words = ["dpkg-deb", "--root-owner-group", "-Zxz", "--build", str(tree), str(file)]
        dated = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch())}  # no file is younger: one tree makes the same bytes
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL, env=dated)
    return file


def wheel(folder: Path) -> Path:
    """This tree as a wheel, in `folder`."""
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(words, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    (made,) = folder.glob("*.whl")
    return made


def unpack(wheel: Path, tree: Path) -> None:
    """Put the files of a wheel where Debian has them."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            home, shared, rest = name.partition(".data/data/")
            rest = rest if shared else f"lib/python3/dist-packages/{home}"
            for old, new in PLACES.items():
                rest = rest.replace(old, new)
            if not rest.endswith(("/RECORD", "/licenses/LICENSE")):
                write(tree / "usr" / rest, archive.read(name))
    for page in (tree / "usr/share/man").rglob("*.[1-9]"):
        pack(page)
    for program in PROJECT["scripts"]:
        write(tree / "usr/bin" / program, LAUNCHER, 0o755)


def add_texts(tree: Path) -> None:
    """Add what isn't in the wheel: the unit, its settings, the switch of ipvsadm's names, and Debian's texts."""
    write(tree / "usr/lib/systemd/system/pyipvsadm.service", unit())
    write(tree / "etc/default/pyipvsadm", (SCRIPTS / "default").read_text())
    write(tree / "usr/sbin/pyipvsadm-ipvsadm", (SCRIPTS / "pyipvsadm-ipvsadm").read_text(), 0o755)
    write(tree / "usr/share/man/man8/pyipvsadm-ipvsadm.8", (SCRIPTS / "pyipvsadm-ipvsadm.8").read_text())
    pack(tree / "usr/share/man/man8/pyipvsadm-ipvsadm.8")
    texts = tree / "usr/share/doc/pyipvsadm"
    write(texts / "copyright", COPYRIGHT)
    date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(epoch()))
    entry = f"pyipvsadm ({__version__}-1) unstable; urgency=medium\n\n  * New upstream release.\n\n"
    write(texts / "changelog.Debian", f"{entry} -- {MAINTAINER}  {date}\n")
    write(texts / "changelog", (ROOT / "CHANGELOG.md").read_bytes())
    for name in ("changelog.Debian", "changelog"):
        pack(texts / name)


def unit() -> str:
    """The unit of systemd, as the manual shows it."""
    page = (ROOT / "man/pyipvsadm.8").read_text()
    found = re.search(r"^\.Bd -literal\n(\[Unit\]\n.*?)^\.Ed", page, re.MULTILINE | re.DOTALL)
    assert found
    return found[1].replace("\\-", "-").replace("\\e", "\\")


def add_control(tree: Path) -> None:
    """Add what dpkg needs to know."""
    files = sorted(path for path in tree.rglob("*") if path.is_file())
    sums = [f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.relative_to(tree)}\n" for path in files]
    size = sum(path.stat().st_size for path in files) // 1024
    libraries = [one for one in LIBRARIES.values() if one.name in "".join(PROJECT["dependencies"])]
    fields = {
        "Package": "pyipvsadm",
        "Version": f"{__version__}-1",
        **SECTION,
        "Maintainer": MAINTAINER,
        "Installed-Size": size,
        "Depends": ", ".join([f"python3 ({PROJECT['requires-python']}~)", *(one.package for one in libraries)]),
        "Suggests": "ipvsadm, kmod, user-mode-linux",
        "Description": SYNOPSIS,
    }
    control = tree / "DEBIAN"
    write(control / "control", "".join(f"{key}: {value}\n" for key, value in fields.items()) + DESCRIPTION)
    write(control / "conffiles", "/etc/default/pyipvsadm\n")
    write(control / "md5sums", "".join(sums))
    for name in ("postinst", "prerm", "postrm"):
        write(control / name, (SCRIPTS / name).read_text(), 0o755)


def write(path: Path, content: str | bytes, mode: int = 0o644) -> None:
    """Make a file, with its folders."""
    for folder in reversed(path.parents):
        if not folder.exists():
            folder.mkdir(mode=0o755)
            folder.chmod(0o755)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(mode)


def pack(path: Path) -> None:
    """Compress a file, to the same bytes each time."""
    path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    path.unlink()


def epoch() -> int:
    """When the last change was made; now, where neither the environment nor git tells."""
    if said := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(said)
    if not shutil.which("git"):
        return int(time.time())
    told = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True).stdout
    return int(told or time.time())


if __name__ == "__main__":
    print(build(ROOT / "dist"))
