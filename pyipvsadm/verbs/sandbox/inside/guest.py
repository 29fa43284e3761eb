"""Inside: prepares the system for the command: an overlay over the files, its own /proc, /dev and /run, and ip_vs."""

from __future__ import annotations

import _socket
import ctypes
import os
from fcntl import ioctl
from struct import pack

FIND_PROGRAMS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SCRATCH = "/dev/sandbox"  # on the devtmpfs that the kernel mounts on /dev: at first, the only writable place
DEVICES = (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2"))

MS_BIND, MNT_DETACH = 4096, 2  # sys/mount.h
RB_POWER_OFF = 0x4321FEDC  # sys/reboot.h
SIOCSIFFLAGS, IFF_UP = 0x8914, 1  # linux/sockios.h, linux/if.h

libc = ctypes.CDLL(None, use_errno=True)


def succeed(result: int, what: str) -> None:
    """Raise OSError, naming `what` was tried, if libc returned a negative `result`."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)


def mount(kind: str, target: str | bytes, data: str | bytes = b"") -> None:
    """Mount a new file system of `kind` on `target`, which is created if it is missing. Raises OSError."""
    os.makedirs(target, exist_ok=True)
    options = os.fsencode(data)
    succeed(libc.mount(b"none", os.fsencode(target), kind.encode(), 0, options), f"{kind} on {target!r}")


def insert(module: str) -> None:
    """Load the kernel module in the file `module`, which depends on no other one. Raises OSError."""
    with open(module, "rb") as file:
        image = file.read()
    succeed(libc.init_module(image, ctypes.c_ulong(len(image)), b""), module)


def lay_out_files(writable: tuple[bytes, ...], modules: bytes) -> None:
    """Make an overlay over this machine's files our root. Raises OSError.

    It uses pivot_root, which also moves the kernel's own threads, since they run modprobe to load
    schedulers. The folders `writable` are mounted over the overlay, so writes to them reach the
    machine. The folder `modules` is mounted on /lib/modules.
    """
    overlay = os.fsdecode(modules) + f"/{os.uname().release}/kernel/fs/overlayfs/overlay.ko"
    if os.path.exists(overlay):  # otherwise it is built in, or the mount below reports that it is missing
        insert(overlay)
    mount("tmpfs", SCRATCH, "mode=755")
    for name in ("upper", "work", "root"):
        os.mkdir(f"{SCRATCH}/{name}")
    mount("overlay", f"{SCRATCH}/root", f"lowerdir=/,upperdir={SCRATCH}/upper,workdir={SCRATCH}/work")
    os.chdir(f"{SCRATCH}/root")
    succeed(libc.pivot_root(b".", b"."), "pivot_root")
    succeed(libc.umount2(b".", MNT_DETACH), "unmounting the old root")
    os.chdir("/")
    mount("proc", "/proc")
    mount("sysfs", "/sys")
    mount("devtmpfs", "/dev")
    os.rmdir(SCRATCH)
    mount("devpts", "/dev/pts", "gid=5,mode=620,ptmxmode=666")
    mount("tmpfs", "/dev/shm", "mode=1777")
    mount("tmpfs", "/run", "mode=755")
    for name, target in DEVICES:
        os.symlink(target, f"/dev/{name}")
    for folder in writable:
        mount("hostfs", folder, folder)
    os.makedirs("/lib/modules", exist_ok=True)
    if os.path.isdir(modules):
        succeed(libc.mount(modules, b"/lib/modules", None, MS_BIND, None), "/lib/modules")


def bring_up_loopback() -> None:
    """Set the loopback device up, so that 127.0.0.1 and ::1 work. Raises OSError."""
    control = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM)
    try:
        ioctl(control.fileno(), SIOCSIFFLAGS, pack("16sh14x", b"lo", IFF_UP))
    finally:
        control.close()


def load(module: str) -> bool:
    """Load `module` and the modules on which it depends; return whether that succeeded."""
    os.environ["PATH"] = FIND_PROGRAMS
    child = os.posix_spawnp("modprobe", ["modprobe", module], os.environ)
    return os.waitpid(child, 0)[1] == 0


def power_off() -> None:
    """Stop the kernel, and with it all processes in it."""
    os.sync()
    libc.reboot(RB_POWER_OFF)
