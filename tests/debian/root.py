"""Fresh roots of Debian releases: what happens in one is gone with it, and the machine is left alone.

The first root of a release is made by debootstrap and kept in CACHE; each Root is an overlay on it, in a mount
namespace of its own. It takes along what this machine needs to reach its package registries: apt's proxies and mirror,
pip's configuration with the folders that it names, and the bundle of certificates.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Self

CACHE = Path(os.environ.get("PYIPVSADM_ROOTS", "/var/cache/pyipvsadm"))
MIRROR = "http://deb.debian.org/debian"
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
PIP = ("/etc/pip.conf", str(Path.home() / ".config/pip/pip.conf"), str(Path.home() / ".pip/pip.conf"))
SOURCE = Path(__file__).parents[2]
NEEDED = ("debootstrap", "unshare", "nsenter", "chroot")
HOLD = """\
set -e
mount -t tmpfs -o mode=755 scratch "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" root "$1/root"
cd "$1/root"
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
mount -t tmpfs -o mode=755 run run
mkdir -p var/cache/apt/archives
mount --bind "$3" var/cache/apt/archives
shift 3
for folder; do
    mkdir -p ".$folder"
    mount --bind -o ro "$folder" ".$folder"
done
echo ready
exec cat
"""


def missing() -> str:
    """What a root takes and isn't here; empty if all is."""
    if os.geteuid():
        return "root"
    return " ".join(program for program in NEEDED if not shutil.which(program))


class Root:
    """A fresh root of the release `suite`, to be used in a `with` statement. `path` is where its namespace has it."""

    def __init__(self, suite: str) -> None:
        self.suite = suite
        self._scratch = Path(tempfile.mkdtemp(prefix=f"pyipvsadm-{suite}-"))  # not in /run: a sandbox has its own
        self.path = self._scratch / "root"

    def __enter__(self) -> Self:
        base, archives = CACHE / "roots" / self.suite, CACHE / "archives" / self.suite
        archives.mkdir(parents=True, exist_ok=True)
        if not base.exists():
            bootstrap(self.suite, base)
        alone = ["unshare", "--mount", "--propagation", "private", "sh", "-c", HOLD, "sh"]
        words = [*alone, self._scratch, base, archives, *pip_folders()]
        self._holder = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._holder.stdout
        assert self._holder.stdout.readline() == b"ready\n"
        for path in (BUNDLE, *PIP):
            if os.path.isfile(path):
                self.put(path, Path(path).read_bytes())
        self.put("/etc/apt/apt.conf.d/99machine", proxies().encode())
        self.run("apt-get update -qq", check=False)  # refused where the mirror is out of date: then debootstrap's serve
        return self

    def __exit__(self, *_: object) -> None:
        assert self._holder.stdin
        self._holder.stdin.close()
        self._holder.wait()
        self._scratch.rmdir()

    def put(self, path: str, content: bytes) -> None:
        """Make a file of the root."""
        self.run(f'mkdir -p "$(dirname {path})" && cat > {path}', input=content)

    def run(self, script: str, input: bytes = b"", check: bool = True) -> str:
        """Run a script of bash in the root; what it says. Raises AssertionError if it fails, but for no `check`."""
        return self._within(["chroot", str(self.path), "bash", "-ec", script], input, check)

    def beside(self, words: list[str]) -> str:
        """Run a program of this machine, which sees the root at `path`; what it says."""
        return self._within(words, b"", True)

    def _within(self, words: list[str], input: bytes, check: bool) -> str:
        enter = ["nsenter", f"--mount=/proc/{self._holder.pid}/ns/mnt", f"--wd={SOURCE}"]
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
        done = subprocess.run([*enter, *words], input=input, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env)
        said = done.stdout.decode(errors="replace")
        assert not (check and done.returncode), f"status {done.returncode} in {self.suite}: {words[-1]}\n{said[-6000:]}"
        return said

    def install(self, *packages: str) -> None:
        """Install packages of the release, or files of packages."""
        self.run(f"apt-get install -qq -y --no-install-recommends {' '.join(packages)}")

    def bring_source(self) -> None:
        """Make a clone of this tree in /src, with what isn't committed yet."""
        listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=SOURCE, capture_output=True)
        names = [name for name in listed.stdout.decode().split("\0") if name and (SOURCE / name).exists()]
        packed = subprocess.run(
            ["tar", "-c", "--null", "-T", "-"],
            cwd=SOURCE,
            input="\0".join(names).encode(),
            capture_output=True,
            check=True,
        )
        self.run("mkdir -p /src && tar -x -C /src --no-same-owner", input=packed.stdout)


def bootstrap(suite: str, base: Path) -> None:
    """Make the root of a release, which then stays in the cache. What debootstrap mounts, this machine doesn't see."""
    base.parent.mkdir(parents=True, exist_ok=True)
    unfinished = base.with_name(f"{suite}.{os.getpid()}")
    words = ["debootstrap", "--variant=minbase", "--include=ca-certificates", suite, str(unfinished), mirror()]
    alone = ["unshare", "--mount", "--propagation", "private"]
    try:
        subprocess.run([*alone, *words], check=True, stdout=subprocess.DEVNULL)
        unfinished.rename(base)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def mirror() -> str:
    """Where this machine has Debian's packages from."""
    said = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI)"], capture_output=True, text=True).stdout
    found = [uri.rstrip("/") for uri in said.split() if uri.rstrip("/").endswith("/debian")]
    return found[0] if found else MIRROR


def proxies() -> str:
    """What apt is told here about the way to its mirrors."""
    said = subprocess.run(["apt-config", "dump"], capture_output=True, text=True).stdout
    return "".join(line + "\n" for line in said.splitlines() if re.match(r"Acquire::(\w+::)+Proxy\b.* \".+\";", line))


def pip_folders() -> list[str]:
    """The folders of this machine that pip's configuration and environment name; of an index, all that it may name."""
    texts = [Path(path).read_text() for path in PIP if os.path.isfile(path)]
    texts += [value for name, value in os.environ.items() if name.startswith("PIP_")]
    named = {path for text in texts for path in re.findall(r"(?:file://|(?<=[\s=]))(/[\w./-]+)", f" {text}")}
    found = {os.path.dirname(path) if os.path.basename(path) == "simple" else path for path in named}
    return sorted(path for path in found if os.path.isdir(path))
