"""The README's pictures: what a terminal shows, drawn from real tables. `make pictures` runs this in a sandbox.

Each program runs on a pseudo-terminal, whose screen becomes an SVG through rich.
"""

from __future__ import annotations

import io
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pexpect
import pyte
from rich.console import Console
from rich.style import Style
from rich.text import Text

from . import demo, metrics_picture

COLUMNS = 84
CLIENTS = 24  # connections that are held open while pictures are taken
FOLDER = Path(__file__).parents[1] / "man/pictures"
PROMPT = "# "
TABLE = """\
-A -t 192.168.2.10:80 -s wlc
-a -t 192.168.2.10:80 -r 192.168.10.11:80 -m -w 3
-a -t 192.168.2.10:80 -r 192.168.11.12:80 -m -w 1
-A -t 192.168.2.10:443 -s wrr -p 300
-a -t 192.168.2.10:443 -r 192.168.10.11:443 -m -w 1
-a -t 192.168.2.10:443 -r 192.168.11.12:443 -m -w 0
-A -u 192.168.2.10:53 -s rr -o
-A -f 7 -6 -s sh
-a -f 7 -6 -r [2001:db8::12]:0 -g -w 1
"""
CHANGES = "sed -i 's/-s wrr/-s wlc/; s/-w 0/-w 1/; /-f 7/d; s/11.12:80 -m -w 1/11.13:80 -m -w 2/' /tmp/rules"


class Picture(NamedTuple):
    """One screen: what is typed, how many lines there are, and for how long to wait before it's taken."""

    name: str
    typed: str
    lines: int
    seconds: float = 0.0
    keys: str = ""  # that end it


PICTURES = (
    Picture("table", "pyipvsadm -Ln", 19),
    Picture("top", "pyipvsadm top", 18, 20, "q"),
    Picture("diff", "pyipvsadm diff /tmp/rules", 9),
    Picture("error", "pyipvsadm -a -t 192.168.2.10:8080 -r 192.168.10.11 -m", 6),
    Picture("doctor", "pyipvsadm doctor", 34),
)

CLIENT = f"""
import socket, time
held = [socket.create_connection(("{demo.VIP}", 80)) for _ in range({CLIENTS})]
print("ready", flush=True)
while True:
    for _ in range(7):
        with socket.create_connection(("{demo.VIP}", 80)) as one:
            one.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
            while one.recv(65536): pass
    time.sleep(0.1)
"""
SERVER = demo.HTTP_SERVER.replace("http.server.HTTPServer(", "http.server.ThreadingHTTPServer(")


def shown(picture: Picture) -> Text:
    """What a terminal shows once the command of `picture` has been typed and has answered."""
    screen = pyte.Screen(COLUMNS, picture.lines)
    stream = pyte.ByteStream(screen)
    environment = {
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "PAGER": "cat",
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/sbin",
    }
    if not picture.keys:
        stream.feed(f"{PROMPT}{picture.typed}\r\n".encode())
    program = pexpect.spawn(
        "/bin/sh", ["-c", picture.typed], dimensions=(picture.lines, COLUMNS), env=environment, timeout=60
    )
    end = time.monotonic() + picture.seconds
    while True:
        try:
            stream.feed(program.read_nonblocking(1 << 16, timeout=0.5))
        except pexpect.TIMEOUT:
            pass
        except pexpect.EOF:
            break
        if picture.keys and time.monotonic() > end:
            break
    text = text_of(screen)
    if picture.keys:
        program.send(picture.keys)
        program.expect(pexpect.EOF)
    return text


def text_of(screen: pyte.Screen) -> Text:
    """The screen as rich's text, without the empty lines at its end."""
    lines = [line_of(screen, number) for number in range(screen.lines)]
    while lines and not lines[-1].plain.strip():
        lines.pop()
    return Text("\n").join(lines)


def line_of(screen: pyte.Screen, number: int) -> Text:
    line = Text()
    for column in range(screen.columns):
        cell = screen.buffer[number][column]
        foreground = cell.fg if cell.fg != "brown" else "yellow"
        style = Style(
            color=None if foreground == "default" else foreground.replace("bright", "bright_"),
            bold=cell.bold, reverse=cell.reverse, underline=cell.underscore,
        )  # fmt: skip
        line.append(cell.data, style)
    line.rstrip()
    return line


def draw(picture: Picture, folder: Path) -> None:
    """Take `picture`, and write it as an SVG."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(shown(picture), no_wrap=True)
    svg = console.export_svg(title=picture.typed, unique_id=picture.name)
    folder.joinpath(f"{picture.name}.svg").write_text(svg)


def prepare() -> list[subprocess.Popen[str]]:
    """A director with traffic; what has to be kept alive."""
    demo.build_network()
    subprocess.run("pyipvsadm -R", shell=True, input=TABLE, text=True, check=True)
    running = []
    for name, (address, _) in demo.SERVERS.items():
        command = ["ip", "netns", "exec", name, sys.executable, "-c", SERVER, name, address]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        running[-1].stdout.readline()
    client = subprocess.Popen(
        ["ip", "netns", "exec", "client", sys.executable, "-c", CLIENT], stdout=subprocess.PIPE, text=True
    )
    client.stdout.readline()
    subprocess.run(f"pyipvsadm -Sn > /tmp/rules; {CHANGES}", shell=True, check=True)
    return [*running, client]


def main(names: Sequence[str]) -> None:
    running = prepare()
    time.sleep(3)
    for picture in PICTURES:
        if not names or picture.name in names:
            draw(picture, FOLDER)
    if not names or "metrics" in names:
        metrics_picture.draw(FOLDER / "metrics.svg")
    for one in running:
        one.kill()


if __name__ == "__main__":
    main(sys.argv[1:])
