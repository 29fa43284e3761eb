"""Responses to scrapes. All scrapes within a second share one reading: the kernel updates its rates no faster."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from ....classic.commands import transport
from ....errors import IpvsadmError
from ..exposition import CONTENT_TYPE
from .compression import Compressor
from .http_request import HTML, INDEX, METRICS, head, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ..exposition import Piece
    from ..readings import Reading
    from .http_request import Request

FRESH = 1.0  # seconds for which a reading is used


class Answers:
    """Answers requests: `read` takes a reading, `write` formats it, and `tell` reports each failure once."""

    def __init__(
        self,
        read: Callable[[], Sequence[Reading]],
        write: Callable[[Sequence[Reading]], Iterable[str | Piece]],
        tell: Callable[[str], None],
    ) -> None:
        self._read, self._write, self._tell = read, write, tell
        self._compress = Compressor()
        self._readings: Sequence[Reading] = ()
        self._bodies: dict[bool, list[bytes]] = {}  # keyed by whether they are compressed
        self._until = 0.0
        self._told = ""

    def __call__(self, request: Request) -> list[bytes]:
        """The answer to `request` in pieces, the first of which is its head."""
        if request.status != 200:
            return refusal(request.status)
        if request.path != METRICS:
            return [head(200, len(INDEX), HTML), INDEX.encode()]
        try:
            body = self._body(request.gzip)
        except (OSError, IpvsadmError) as error:
            return refusal(500, self._trouble(error))
        self._told = ""
        encoding = {"Content-Encoding": "gzip"} if request.gzip else {}
        length = sum(map(len, body))
        return [head(200, length, CONTENT_TYPE, {"Vary": "Accept-Encoding", **encoding}), *body]

    def _body(self, gzip: bool) -> list[bytes]:
        if monotonic() >= self._until:
            self.forget()
            self._readings = self._read()
            self._until = monotonic() + FRESH
        if gzip not in self._bodies:
            pieces = self._write(self._readings)
            self._bodies[gzip] = self._compress(pieces) if gzip else [str(piece).encode() for piece in pieces]
        return self._bodies[gzip]

    def forget(self) -> None:
        """Drop the reading once it is too old for another scrape."""
        if self._readings and monotonic() >= self._until:
            self._readings, self._bodies = (), {}

    def _trouble(self, error: OSError | IpvsadmError) -> str:
        """The error and its hint, as text."""
        why = transport("list", error) if isinstance(error, OSError) else error
        text = f"{why}\n{why.hint}".rstrip()
        if text != self._told:
            self._tell(text)
        self._told = text
        return text
