"""Run a command in Debian's kernel, under QEMU's software emulation, on the host's own files.

    result = Machine(debian.kernel()).run(["ipvsadm", "-Ln"], modules=["ip_vs"])
    result.status, result.stdout, result.stderr

The command sees the host's root over 9p, below an overlay in memory: it may write anywhere, and nothing of
that reaches the host. It's root, alone in a fresh kernel, which is gone when it ends. To boot takes some
eight seconds. Nobody need be root on the host, except to install what `debian.require` finds missing.
"""

from __future__ import annotations

import math
import os
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import debian

BOOT_MODULES = ("virtio_pci", "9pnet_virtio", "9p", "overlay")
BOOT_OPTIONS = ("console=ttyS0", "quiet", "panic=-1", "tsc=reliable", "clocksource=tsc")  # an HPET is slow to read
EXCHANGE = "/run/exchange"  # in the guest: the folder that both sides write
A_DAY = 86400  # seconds: for a guest whose clock runs by itself
CONSOLE_TAIL = 4000  # characters of the console that a failed boot shows

INIT = """#!/bin/busybox sh
# The initramfs: loads what it takes to see the host's files, then hands over to them.
export PATH=/bin
/bin/busybox mkdir -p /proc /lower /memory /new
/bin/busybox mount -t proc proc /proc
while read -r module; do /bin/busybox insmod "/modules/$module" || echo "cannot load $module"; done < /modules/order
set -e
/bin/busybox mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=loose,ro host /lower
/bin/busybox mount -t tmpfs -o size=90% memory /memory
/bin/busybox mkdir /memory/upper /memory/work
/bin/busybox mount -t overlay -o lowerdir=/lower,upperdir=/memory/upper,workdir=/memory/work root /new
/bin/busybox mkdir -p /new/proc /new/sys /new/dev /new/run "/new/lib/modules/$version"
/bin/busybox mount -t 9p -o trans=virtio,version=9p2000.L,cache=loose,ro modules "/new/lib/modules/$version"
/bin/busybox mount -t proc proc /new/proc
/bin/busybox mount -t sysfs sysfs /new/sys
/bin/busybox mount -t devtmpfs devtmpfs /new/dev
/bin/busybox mkdir -p /new/dev/pts /new/dev/shm
/bin/busybox mount -t devpts devpts /new/dev/pts
/bin/busybox mount -t tmpfs shm /new/dev/shm
/bin/busybox mount -t tmpfs run /new/run
/bin/busybox mkdir /new/run/exchange
/bin/busybox mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=none exchange /new/run/exchange
exec /bin/busybox switch_root /new /bin/sh /run/exchange/start
"""

START = """# What the guest runs as process 1, once it stands on the host's files.
export PATH={path}
echo started > {exchange}/state
(sleep {patience}; echo b > /proc/sysrq-trigger) &  # should nobody on the host be left to end this
for module in {modules}; do modprobe "$module" || echo "modprobe $module failed" >&2; done
cd {folder}
env -i {environment} {command} < /dev/null > {exchange}/stdout 2> {exchange}/stderr
echo $? > {exchange}/status
echo b > /proc/sysrq-trigger  # a reboot, which QEMU takes as the end
sleep 60
"""


class MachineError(Exception):
    """The guest didn't boot, or didn't end; carries the end of its console."""


@dataclass(frozen=True)
class Result:
    """What a command left: its exit status and output, and the guest's boot time in seconds."""

    status: int
    stdout: bytes
    stderr: bytes
    boot: float


@dataclass(frozen=True)
class Machine:
    """A guest of the kernel that `debian.kernel` unpacked in `kernel`; `boot_options` go to that as they are.

    `cpu` must be one without Meltdown, as "max" is: where the kernel has to isolate its page tables,
    emulation empties its translations with every system call, and one takes twelve times as long. With the options
    `clock` the guest's clock may be another than the host's.
    """

    kernel: Path
    memory: str = "1536M"
    processors: int = 2
    cpu: str = "max"
    accelerator: str = "tcg,thread=multi"
    clock: Sequence[str] = ()
    boot_options: Sequence[str] = ()

    def run(
        self,
        command: Sequence[str],
        *,
        modules: Sequence[str] = (),
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
        timeout: float = 120,
        progress: Callable[[str], object] | None = None,
    ) -> Result:
        """Boot, load `modules`, run `command` in `folder` with only `environment`; `timeout` is in seconds.

        `progress` gets the command's standard error as it comes. Raises MachineError where the guest
        doesn't boot, or is still there after `timeout`; a command's failure is only a status.
        """
        debian.require("qemu-system-x86_64", "busybox")
        with tempfile.TemporaryDirectory(prefix="exchange-") as name:
            exchange = Path(name)
            exchange.joinpath("start").write_text(
                START.format(
                    exchange=EXCHANGE,
                    path=shlex.quote(debian.SYSTEM_PATH),
                    patience=A_DAY if self.clock else math.ceil(timeout),
                    modules=" ".join(modules),
                    folder=shlex.quote(str(folder or Path.cwd())),
                    environment=shlex.join(
                        f"{k}={v}" for k, v in {"PATH": debian.SYSTEM_PATH, **(environment or {})}.items()
                    ),
                    command=shlex.join(command),
                )
            )
            exchange.joinpath("initramfs").write_bytes(initramfs(self.kernel))
            boot = self._watch(exchange, timeout, progress)
            return Result(
                int(exchange.joinpath("status").read_text()),
                exchange.joinpath("stdout").read_bytes(),
                exchange.joinpath("stderr").read_bytes(),
                boot,
            )

    def _watch(self, exchange: Path, timeout: float, progress: Callable[[str], object] | None) -> float:
        """Run the guest to its end; the seconds until it stood on the host's files."""
        begin = time.monotonic()
        boot = 0.0
        shown = 0
        console = exchange / "console"
        with open(console, "wb") as log:
            machine = subprocess.Popen(self._arguments(exchange), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            while machine.poll() is None and time.monotonic() - begin < timeout:
                time.sleep(0.1)
                if not boot and exchange.joinpath("state").exists():
                    boot = time.monotonic() - begin
                if progress:
                    shown += relay(exchange / "stderr", shown, progress)
        finally:
            machine.kill()
            machine.wait()
        if progress:
            relay(exchange / "stderr", shown, progress)
        if not exchange.joinpath("status").exists():
            what = "ran out of time" if time.monotonic() - begin >= timeout else "ended early"
            talk = console.read_text(errors="replace")[-CONSOLE_TAIL:]
            raise MachineError(f"the guest {what}, after {time.monotonic() - begin:.0f} s; its console:\n{talk}")
        return boot

    def _arguments(self, exchange: Path) -> list[str]:
        version = debian.version(self.kernel)
        shared = "security_model=none,multidevs=remap"
        return [
            str(debian.program("qemu-system-x86_64")),
            "-accel", self.accelerator, *self.clock, "-cpu", self.cpu, "-smp", str(self.processors), "-m", self.memory,
            "-nodefaults", "-no-user-config", "-display", "none", "-serial", "stdio", "-no-reboot",
            "-kernel", str(self.kernel / f"boot/vmlinuz-{version}"), "-initrd", str(exchange / "initramfs"),
            "-append", " ".join((*BOOT_OPTIONS, f"version={version}", *self.boot_options)),
            "-virtfs", f"local,path=/,mount_tag=host,readonly=on,{shared}",
            "-virtfs", f"local,path={self.kernel}/lib/modules/{version},mount_tag=modules,readonly=on,{shared}",
            "-virtfs", f"local,path={exchange},mount_tag=exchange,{shared}",
        ]  # fmt: skip


def relay(path: Path, start: int, progress: Callable[[str], object]) -> int:
    """Hand what the file at `path` has gained since `start` to `progress`; how many bytes that was."""
    if not path.exists():
        return 0
    with open(path, "rb") as stream:
        stream.seek(start)
        gained = stream.read()
    if gained:
        progress(gained.decode(errors="replace"))
    return len(gained)


def initramfs(kernel: Path) -> bytes:
    """A cpio archive with busybox, the modules of BOOT_MODULES in the order of their loading, and INIT."""
    tree = kernel / "lib/modules" / debian.version(kernel)
    order = load_order(tree.joinpath("modules.dep").read_text(), BOOT_MODULES)
    files = {f"modules/{Path(path).name}": tree.joinpath(path).read_bytes() for path in order}
    files["modules/order"] = "".join(f"{Path(path).name}\n" for path in order).encode()
    files["bin/busybox"] = Path(str(shutil.which("busybox", path=debian.SYSTEM_PATH))).read_bytes()
    files["init"] = INIT.encode()
    return cpio(("bin", "modules", "dev"), files)


def load_order(dependencies: str, wanted: Sequence[str]) -> list[str]:
    """The paths of the modules `wanted` and of all that they need, what is needed first.

    `dependencies` is a modules.dep: "PATH: NEEDED-PATH ...". A name that it lacks is built in.
    """
    needs = {path: rest.split() for path, _, rest in (line.partition(":") for line in dependencies.splitlines())}
    by_name = {os.path.basename(path).partition(".")[0].replace("-", "_"): path for path in needs}
    order: dict[str, None] = {}
    for name in wanted:
        if path := by_name.get(name.replace("-", "_")):
            for needed in [*reversed(needs[path]), path]:  # modules.dep names the nearest need first
                order.setdefault(needed)
    return list(order)


def cpio(folders: Sequence[str], files: Mapping[str, bytes]) -> bytes:
    """An archive in the kernel's initramfs format (cpio "newc"), everything executable."""
    entries = [(name, 0o040755, b"") for name in folders]
    entries += [(name, 0o100755, content) for name, content in files.items()]
    archive = bytearray()
    for number, (name, mode, content) in enumerate([*entries, ("TRAILER!!!", 0, b"")], 1):
        fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
        archive += b"070701" + b"".join(b"%08X" % value for value in fields) + name.encode() + b"\0"
        archive += bytes(-len(archive) % 4) + content
        archive += bytes(-len(archive) % 4)
    return bytes(archive)
