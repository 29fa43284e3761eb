"""Outside: runs one sandbox, from the request to the exit status, and passes signals on."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Self

from .caller_terminal import Terminal
from .frames import Start
from .images import image, search_path
from .relay import FORWARDED, Relay
from .request import SandboxError
from .uml import Machine

if TYPE_CHECKING:
    from .request import Request

KEPT = ("/", "/proc", "/sys", "/dev", "/run")  # the sandbox has its own: `--write` refuses them


def run(request: Request) -> int:
    """Run one sandbox on our own streams; return the command's exit status. Raises SandboxError."""
    terminal = Terminal(interactive=not request.command)
    kernel = image(request.uml)
    start = start_frame(request, terminal, kernel.modules)
    fill_gaps()
    with Signals() as signals, Machine(kernel, request.memory, terminal.restore) as machine:
        return Relay(machine, signals.descriptor, terminal, request).run(start)


def start_frame(request: Request, terminal: Terminal, modules: str) -> Start:
    """The frame that starts the command. `modules` is the folder of the kernel's modules. Raises SandboxError."""
    arguments = request.command or (os.environ.get("SHELL", "/bin/sh"),)
    try:
        here = os.getcwdb()
    except FileNotFoundError:
        raise SandboxError("The working folder has been removed", hint="go to one that exists, with `cd`") from None
    folders = []
    for folder in map(os.path.realpath, request.write):
        if not os.path.isdir(folder) or folder in KEPT:
            raise SandboxError(f"Writes to {folder} can't be let through", hint="name a folder that exists, below /")
        folders.append(os.fsencode(folder))
    mask = os.umask(0)
    os.umask(mask)
    return Start(
        arguments=tuple(map(os.fsencode, arguments)),
        environment=tuple({**os.environb, b"PATH": os.fsencode(search_path())}.items()),
        folder=here,
        mask=mask,
        folders=tuple(folders),
        module=request.module,
        modules=os.fsencode(modules),
        terminals=terminal.streams,
        attributes=terminal.attributes,
        window=terminal.window(),
        merged=_are_one(1, 2),
    )


def fill_gaps() -> None:
    """Open the standard streams that the caller has closed, so that no pipe of ours gets their numbers."""
    while (lowest := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(lowest)


def _are_one(one: int, other: int) -> bool:
    """Whether two descriptors are the same file; then the order of the output to both matters."""
    try:
        return os.path.sameopenfile(one, other)
    except OSError:
        return False


class Signals:
    """The signals that the command should get; their numbers can be read from `descriptor`."""

    def __enter__(self) -> Self:
        self.descriptor, self._writing = os.pipe()
        os.set_blocking(self._writing, False)
        self._woken_before = signal.set_wakeup_fd(self._writing)
        self._handlers = {
            number: signal.signal(number, lambda number, frame: None)
            for number in (*FORWARDED, signal.SIGWINCH)
            if signal.getsignal(number) != signal.SIG_IGN  # nohup
        }
        return self

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(self._woken_before)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        os.close(self.descriptor)
        os.close(self._writing)
