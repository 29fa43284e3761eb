"""Runs `metrics --listen`: binds the address, drops privileges, and serves."""

from __future__ import annotations

import gc
import socket
from errno import EACCES, EADDRINUSE, EADDRNOTAVAIL
from typing import TYPE_CHECKING

from ....errors import IpvsadmError, UsageError
from ....kernel import ready
from ....model import printable
from . import privileges
from .http_request import METRICS
from .listener import Ending, Listener
from .record_reader import recaller
from .responses import Answers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ....world import World
    from ..exposition import Piece
    from ..readings import Reading

__all__ = ["address_of", "recaller", "serve"]
FAILED = 1  # the exit status
LOCAL, LAST_PORT = "127.0.0.1", 65535
FORMS = "write 9796, 127.0.0.1:9796 or [::1]:9796"
BACKLOG = 128  # connections that wait to be accepted
HINTS = {
    EADDRINUSE: "another program listens there, which `ss -ltnp` shows; name another port",
    EADDRNOTAVAIL: "that is not an address of this machine, or of this network namespace",
    EACCES: "ports below 1024 take root, or CAP_NET_BIND_SERVICE",
}


def address_of(text: str) -> tuple[str, int]:
    """The address, which may be omitted, and the port in `text`. Raises UsageError."""
    host, _, digits = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    is_port = digits.isascii() and digits.isdigit() and len(digits) < 6 and int(digits) <= LAST_PORT
    if not is_port or (":" in host) != bracketed:
        raise UsageError(f"`{printable(text)}` is not an address to listen at", hint=FORMS)
    return host.strip("[]") or LOCAL, int(digits)


def serve(
    world: World,
    address: tuple[str, int],
    read: Callable[[], Sequence[Reading]],
    write: Callable[[Sequence[Reading]], Iterable[str | Piece]],
) -> int:
    """Answer scrapes until SIGTERM arrives; return the exit status. Raises IpvsadmError."""
    with Ending() as ending:  # before anybody can know that we run
        listening = _bound(*address)
        ready()
        try:
            privileges.drop()
        except OSError as error:
            raise IpvsadmError(f"privileges can't be given up: {error.strerror}", status=FAILED) from error
        host, port = listening.getsockname()[:2]
        world.tell(f"listening at http://{f'[{host}]' if ':' in host else host}:{port}{METRICS}")
        gc.freeze()  # what was made at the start stays
        answers = Answers(read, write, world.tell)
        Listener(listening, answers, answers.forget).run(ending)
    return 0


def _bound(host: str, port: int) -> socket.socket:
    """A socket that listens on `host` and `port`. Raises IpvsadmError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE | socket.AI_NUMERICHOST
        )[0]
    except OSError:
        raise UsageError(f"`{printable(host)}` is not an address in digits", hint=FORMS) from None
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        raise IpvsadmError(
            f"can't listen at {where}: {error.strerror}", hint=HINTS.get(error.errno or 0, FORMS), status=FAILED
        ) from error
    return listening
