"""Runs a program that goes on, and prints the seconds of its processor that each of its answers took.

    python watcher.py screens|lines|scrapes PROGRAM [WORD...] COUNT

It takes COUNT answers behind WARM others, and ends the program. Answers are the screens that it draws on a terminal,
the lines that it prints, or what it sends to a client at the address that one of its words names.
"""

from __future__ import annotations

import fcntl
import http.client
import os
import re
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Sequence

WARM = 5  # answers: the first ones touch memory, and don't know rates yet
DRAWN = b"\x1b[?2026l"  # what ends a screen
SIZE = struct.pack("HHHH", 24, 80, 0, 0)
PIECE = 1 << 20
PAUSE = 1.1  # seconds between two scrapes: a listener reads the table once a second
PATIENCE = 60  # seconds to wait for a listener


def screens(command: Sequence[str]) -> Iterator[int]:
    """The process of `command` at each screen that it draws on a terminal of its own."""
    process, terminal = os.forkpty()
    if not process:
        fcntl.ioctl(0, termios.TIOCSWINSZ, SIZE)
        os.execve(command[0], command, {**os.environ, "TERM": "xterm"})
    held = b""
    while piece := os.read(terminal, PIECE):
        *drawn, held = (held + piece).split(DRAWN)
        for _ in drawn:
            yield process


def lines(command: Sequence[str]) -> Iterator[int]:
    """The process of `command` at each line that it prints."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout
    while piece := os.read(process.stdout.fileno(), PIECE):
        for _ in range(piece.count(b"\n")):
            yield process.pid


def scrapes(command: Sequence[str]) -> Iterator[int]:
    """The process of `command` at each scrape that it answers, as Prometheus asks for them."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = next(found[0] for word in command if (found := re.search(r"127\.0\.0\.1:\d+", word)))
    until = time.monotonic() + PATIENCE
    while True:
        time.sleep(PAUSE)
        client = http.client.HTTPConnection(address)
        try:
            client.request("GET", "/metrics", headers={"Accept-Encoding": "gzip"})
            answer = client.getresponse()
            answer.read()
        except ConnectionRefusedError:
            if process.poll() is not None or time.monotonic() > until:
                raise
            continue
        finally:
            client.close()
        if answer.status != http.HTTPStatus.OK:
            raise OSError(f"{address} answers {answer.status}")
        yield process.pid


KINDS: dict[str, Callable[[Sequence[str]], Iterator[int]]] = {"screens": screens, "lines": lines, "scrapes": scrapes}


def processor(process: int) -> float:
    """The seconds of a processor that `process` has taken, by its clock (linux/posix-timers.h)."""
    return time.clock_gettime(~process << 3 | 2)


def measured(answers: Iterator[int], count: int) -> float:
    """The seconds of each of `count` answers. The program is ended."""
    for _ in range(WARM):
        process = next(answers)
    try:
        before = processor(process)
        for _ in range(count):
            next(answers)
        return (processor(process) - before) / count
    finally:
        os.kill(process, signal.SIGTERM)
        os.waitpid(process, 0)


if __name__ == "__main__":
    _, kind, *command, count = sys.argv
    print(measured(KINDS[kind](command), int(count)))
