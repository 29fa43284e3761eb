"""Pure: parses an HTTP request, and builds the head of its response. A connection serves one request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....record import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

METRICS = "/metrics"
MOST = 1 << 14  # bytes of a request
ENDS = (b"\r\n\r\n", b"\n\n")
REASONS = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
}
ALLOWED = ("GET", "HEAD")
INDEX = f'<!DOCTYPE html>\n<title>pyipvsadm</title>\n<p><a href="{METRICS}">Metrics of IPVS</a>\n'
TEXT, HTML = "text/plain; charset=utf-8", "text/html; charset=utf-8"


class Request(Record):
    """A request; `status` is 200 if it can be fulfilled, otherwise the status of the refusal."""

    __slots__ = ()
    status: int = 200
    path: str = ""
    head_only: bool = False
    gzip: bool = False


def request_in(received: bytes) -> Request | None:
    """The request in `received`; None if it is incomplete."""
    end = min((at for mark in ENDS if (at := received.find(mark)) >= 0), default=-1)
    if end < 0:
        return Request(status=431) if len(received) > MOST else None
    first, *rest = received[:end].decode("latin-1").splitlines() or [""]
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1.") or not words[1].startswith("/"):
        return Request(status=400)
    method, target, _ = words
    path = target.partition("?")[0]
    status = 404 if path not in (METRICS, "/") else 200 if method in ALLOWED else 405
    return Request(status=status, path=path, head_only=method == "HEAD", gzip=_takes_gzip(rest))


def _takes_gzip(lines: list[str]) -> bool:
    """Whether one of these header lines accepts gzip."""
    fields = (line.partition(":")[::2] for line in lines)
    offers = [offer for name, said in fields if name.strip().lower() == "accept-encoding" for offer in said.split(",")]
    for offer in offers:
        name, _, quality = offer.replace(" ", "").lower().partition(";")
        if name in ("gzip", "x-gzip", "*"):
            return quality.removeprefix("q=").strip("0.") != "" or not quality
    return False


def head(status: int, length: int, kind: str, more: Mapping[str, str] | None = None) -> bytes:
    """The head of an answer with a body of `length` bytes."""
    fields = {
        "Content-Type": kind,
        "Content-Length": str(length),
        "Connection": "close",
        "X-Content-Type-Options": "nosniff",
        **({"Allow": ", ".join(ALLOWED)} if status == 405 else {}),
        **(more or {}),
    }
    lines = [f"HTTP/1.1 {status} {REASONS[status]}", *(f"{name}: {said}" for name, said in fields.items())]
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("ascii")


def refusal(status: int, why: str = "") -> list[bytes]:
    """A response that says what is wrong: its head and its body."""
    body = f"{why or REASONS[status]}\n".encode("utf-8", "replace")
    return [head(status, len(body), TEXT), body]
