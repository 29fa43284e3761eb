"""The way to the kernel: one generic netlink socket, which sends requests and receives their answers.

It knows netlink's framing, and nothing of IPVS.
"""

from __future__ import annotations

import os
from _socket import AF_NETLINK, MSG_DONTWAIT, SO_RCVBUF, SO_RCVTIMEO, SOCK_RAW, SOL_SOCKET, socket
from _struct import Struct
from errno import EBADMSG, ENOBUFS

from .wire import codec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

NETLINK_GENERIC = 16
SOL_NETLINK, NETLINK_CAP_ACK = 270, 10
SO_RCVBUFFORCE = 33
SO_NETNS_COOKIE, COOKIE_BYTES = 71, 8
TIMEVAL = Struct("@ll")

RECEIVE_BUFFER = 4 << 20  # bytes; an answer takes about 1 KiB of it, a piece of a dump up to 32
LEAST_ROOM = min(os.sysconf("SC_PAGE_SIZE"), 1 << 13)  # bytes, a bit more than linux/netlink.h's NLMSG_GOODSIZE
MOST_ROOM = 1 << 15  # bytes; the kernel makes no longer pieces
DUMP_TRIES = 20  # how often a dump is begun anew when the table changed meanwhile


class Transport:
    """A socket, and the numbers of the messages that pass over it."""

    def __init__(self, sock: socket, family: int, another: Callable[[], socket] | None = None) -> None:
        self._socket = sock
        self._another = another  # makes a socket like it
        self._room = LEAST_ROOM  # for what is received at once: takes any answer, and grows with pieces of dumps
        self._family = family
        self.sequence = 0  # the number of the last request

    def numbers(self, count: int) -> int:
        """Reserve the numbers of `count` requests; the first of them."""
        first = self.sequence + 1
        self.sequence += count
        return first

    def send(self, data: bytes) -> None:
        """Send requests that are framed and numbered. Raises OSError."""
        self._socket.send(data)

    def answers(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """The refusals of the requests from `first` to `last`, as (sequence number, errno)."""
        while True:
            for kind, _, sequence, message in codec.messages(self._receive()):
                if kind == codec.NLMSG_ERROR and sequence >= first:  # else it's about a write that was given up
                    if errno := codec.error_number(message):
                        yield sequence, errno
                    if sequence == last:
                        return

    def wait_at_most(self, seconds: int) -> None:
        """Have what is received raise BlockingIOError when it takes longer; 0 waits for ever."""
        self._socket.setsockopt(SOL_SOCKET, SO_RCVTIMEO, TIMEVAL.pack(seconds, 0))

    def _receive(self) -> bytes:
        try:
            return self._socket.recv(self._room)
        except OSError as error:
            if error.errno == ENOBUFS:
                raise OSError(ENOBUFS, "the kernel had no room for its answers: some refusals may be lost") from None
            raise

    def ask(self, number: int, attributes: bytes = b"") -> list[bytes]:
        """The messages that answer one question, which is no dump. Raises OSError."""
        self.sequence += 1
        flags = codec.NLM_F_REQUEST
        self._socket.send(codec.frame(self._family, flags, self.sequence, number, attributes))
        while True:
            found = []
            for kind, _, sequence, message in codec.messages(self._receive()):
                if sequence != self.sequence:
                    continue
                if kind == codec.NLMSG_ERROR:
                    raise OSError(codec.error_number(message), "refused")
                found.append(message)
            if found:
                return found

    def dump(self, number: int) -> list[bytes]:
        """The messages of a dump, in pieces, anew if the table changed meanwhile. Raises OSError."""
        self.sequence += 1
        question = codec.frame(self._family, codec.DUMP, self.sequence, number, b"")
        return self._answers_to(question, *codec.dump_heads(self._family, self.sequence))

    def dumps(
        self, questions: Iterable[bytes], number: int, keys: Callable[[list[bytes]], object] | None = None
    ) -> Iterator[bytes]:
        """The messages of each dump that `questions`, all of this `number`, ask for, one after the other.

        A dump in several pieces is asked for again until two have the same `keys`. Raises OSError.
        """
        heads = codec.dump_heads(self._family, number)
        for question in questions:
            pieces = self._answers_to(question, *heads)
            if len(pieces) > 1:
                pieces = [b"".join(self._steady(pieces, question, *heads, keys) if keys else pieces)]
            yield pieces[0] if pieces else b""

    def _steady(
        self, pieces: list[bytes], question: bytes, among: bytes, end: bytes, keys: Callable[[list[bytes]], object]
    ) -> list[bytes]:
        """The messages of a dump that has the same `keys` as the one before it, which `pieces` are at first."""
        before = keys(pieces)
        for _ in range(DUMP_TRIES):
            pieces = self._answers_to(question, among, end)
            now = keys(pieces)
            if now == before:
                return pieces
            before = now
        raise OSError(EBADMSG, "the table changes faster than it can be read")

    def _answers_to(self, question: bytes, among: bytes, end: bytes) -> list[bytes]:
        """The messages of a dump, in pieces, that begin with `among` up to one with `end`. Raises OSError."""
        for _ in range(DUMP_TRIES):
            self._socket.send(question)
            try:
                return self._pieces(among, end)
            except InterruptedError:
                continue
        raise OSError(EBADMSG, "the table changes faster than it can be read")

    def renew(self) -> None:
        """Go on with a new socket where this one has had room for long pieces.

        The kernel takes as much memory for each piece of a dump, and for its end, as the socket has ever had room for,
        and where it clears what it takes, as Debian's does, that costs more than a few servers. The old socket stays
        where there is no new one, or none that is known to be of the same network namespace.
        """
        if self._another and self._room > LEAST_ROOM:
            try:
                here = _namespace(self._socket)  # first: where it isn't told, no socket is made in vain
                new = self._another()
                if _namespace(new) == here:
                    self._socket, self._room = new, LEAST_ROOM
            except OSError:
                pass  # the old one takes longer, and serves as well

    def _pieces(self, among: bytes, end: bytes) -> list[bytes]:
        """The answers to a dump. Raises InterruptedError if the table changed while it was read, and OSError."""
        pieces: list[bytes] = []
        interrupted = False
        while True:
            received = self._receive()
            head = received[codec.HEAD]
            if head == among and received[-codec.DONE_LENGTH :][codec.HEAD] != end:
                if pieces:
                    self._room = min(2 * self._room, MOST_ROOM)
                pieces.append(received)
            elif head == end and not interrupted and not codec.error_number(received):
                return pieces
            else:
                for kind, flags, number, message in codec.messages(received):
                    if number != self.sequence:
                        continue  # of a dump that wasn't read to its end
                    interrupted |= bool(flags & codec.NLM_F_DUMP_INTR)
                    if kind in (codec.NLMSG_ERROR, codec.NLMSG_DONE):
                        if errno := codec.error_number(message):
                            raise OSError(errno, "refused")
                        if interrupted:
                            raise InterruptedError
                        return pieces
                    pieces.append(message)


def generic_netlink() -> socket:
    """A socket with room for many answers. Raises OSError."""
    sock = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC)
    for level, option, value in (
        (SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER),  # as much of it as anybody may have
        (SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER),  # all of it, for who administers the whole machine
        (SOL_NETLINK, NETLINK_CAP_ACK, 1),  # a refusal needn't repeat the request
    ):
        try:
            sock.setsockopt(level, option, value)
        except OSError:
            continue  # each of them only makes things better
    return sock


def emptied(sock: socket) -> socket:
    """`sock` without the answers that wait there to what was asked before. Raises OSError."""
    try:
        while sock.recv(MOST_ROOM, MSG_DONTWAIT):
            pass
    except BlockingIOError:
        pass
    return sock


def _namespace(sock: socket) -> bytes:
    """What tells the network namespace of `sock` from all others. Raises OSError, as it does before Linux 5.14."""
    return sock.getsockopt(SOL_SOCKET, SO_NETNS_COOKIE, COOKIE_BYTES)
