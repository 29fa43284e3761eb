"""Debian packages: what the benchmark needs installed, and a kernel that is unpacked but not installed."""

from __future__ import annotations

import lzma
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

NEEDED = {  # a program, and the package that brings it
    "qemu-system-x86_64": "qemu-system-x86",
    "busybox": "busybox-static",
    "depmod": "kmod",
    "ipvsadm": "ipvsadm",
    "iptables-legacy-restore": "iptables",
    "nft": "nftables",
    "ip": "iproute2",
    "unshare": "util-linux",
    "time": "time",  # GNU: a shell's own tells no peak memory, busybox's four times what it is
}
SYSTEM_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"  # where an ordinary user doesn't look
CACHE = Path(__file__).resolve().parents[2] / ".bench/kernel"  # git ignores it
KERNEL = "linux-image-amd64"  # a meta package: it depends on the image of the day
BULKY = (
    "sound",
    "drivers/gpu",
    "drivers/media",
    "drivers/net/ethernet",
    "drivers/net/wireless",
    "drivers/infiniband",
    "drivers/staging",
    "drivers/iio",
    "drivers/scsi",
    "drivers/usb",
)  # two thirds of the modules, and no network


class MissingError(Exception):
    """Something that the benchmark needs isn't here and can't be fetched; says what, and how to get it."""


def program(name: str) -> str | None:
    """The path of the program `name`, looked for where root would look."""
    return shutil.which(name, path=SYSTEM_PATH)


def require(*programs: str) -> None:
    """Install the packages of those `programs` that are missing, or raise MissingError with their names."""
    packages = [NEEDED[name] for name in programs if program(name) is None]
    if not packages:
        return
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    if os.geteuid() != 0 or program("apt-get") is None:
        raise MissingError(f"missing: {', '.join(packages)}; as root: {' '.join(command)}")
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    for attempt in (["apt-get", "update"], command):
        done = subprocess.run(attempt, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise MissingError(f"`{' '.join(command)}` failed: {done.stderr.strip()}")


def kernel(cache: Path = CACHE) -> Path:
    """The folder under `cache` of an unpacked Debian kernel, fetched if none is there.

    It holds boot/vmlinuz-VERSION and lib/modules/VERSION, modules uncompressed, dependencies computed.
    """
    ready = sorted(cache.glob("linux-image-*"), key=os.path.getmtime)
    if ready:
        return ready[-1]
    require("depmod")
    package = image_package()
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, ignore_cleanup_errors=True) as name:
        unpack(download(package, Path(name)), Path(name, "root"))
        try:
            Path(name, "root").rename(cache / package)  # only a whole one gets the name
        except OSError:  # another run was faster
            pass
    return cache / package


def unpack(archive: Path, folder: Path) -> None:
    """Unpack the kernel package `archive` into `folder`, and make it ready to boot from."""
    folder.mkdir()
    tar = ["tar", "-x", "-C", str(folder), "--wildcards", *(f"--exclude=*/kernel/{part}/*" for part in BULKY)]
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(archive)], stdout=subprocess.PIPE) as unpacked:
        subprocess.run(tar, stdin=unpacked.stdout, check=True)
    for path in folder.glob("lib/modules/*/kernel/**/*.ko.xz"):  # Debian 13; busybox loads plain ones alone
        path.with_suffix("").write_bytes(lzma.decompress(path.read_bytes()))
        path.unlink()
    subprocess.run([str(program("depmod")), "-b", str(folder), version(folder)], check=True)


def version(folder: Path) -> str:
    """The kernel's version, from the unpacked package in `folder`: the name of its modules' folder."""
    return next((folder / "lib/modules").iterdir()).name


def image_package() -> str:
    """The package that Debian's meta package stands for today."""
    if program("apt-cache") is None:
        raise MissingError("no apt-cache: fetching Debian's kernel takes a Debian system")
    shown = subprocess.run(["apt-cache", "depends", KERNEL], capture_output=True, text=True).stdout
    for line in shown.splitlines():
        name = line.partition("Depends: ")[2].strip()
        if name.startswith("linux-image-"):
            return name
    raise MissingError(f"no package {KERNEL} is known here; `apt-get update`, on Debian for amd64, brings it")


def download(package: str, folder: Path) -> Path:
    """Fetch `package` into `folder`, without installing it; the archive's path."""
    for attempt in ("download", "update", "download"):  # old lists name archives that are gone
        done = subprocess.run(
            ["apt-get", attempt, *([package] if attempt == "download" else [])],
            cwd=folder,
            capture_output=True,
            text=True,
        )
        if archives := list(folder.glob("*.deb")):
            return archives[0]
    raise MissingError(f"`apt-get download {package}` failed: {done.stderr.strip()}")
