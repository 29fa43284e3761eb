"""The connection to the kernel: one generic netlink socket that sends requests and receives their answers.

It knows netlink's framing, and nothing about IPVS.
"""

from __future__ import annotations

import os
from _socket import AF_INET, AF_NETLINK, IPPROTO_RAW, MSG_DONTWAIT, SO_RCVBUF, SO_RCVTIMEO, SOCK_RAW, SOL_SOCKET, socket
from _struct import Struct
from errno import EBADMSG, ENOBUFS, ENOENT

from .wire import codec
from .wire.codec import HEAD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from .asynchronous_io import Exchange

NETLINK_GENERIC = 16
GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME = 16, 3, 1, 2
SOL_NETLINK, NETLINK_CAP_ACK = 270, 10
SO_RCVBUFFORCE = 33
SO_NETNS_COOKIE, COOKIE_BYTES = 71, 8
TIMEVAL = Struct("@ll")

RECEIVE_BUFFER = 4 << 20  # bytes; an answer takes about 1 KiB of it, a piece of a dump up to 32 KiB
LEAST_ROOM = min(os.sysconf("SC_PAGE_SIZE"), 1 << 13)  # bytes, a bit more than linux/netlink.h's NLMSG_GOODSIZE
MOST_ROOM = 1 << 15  # bytes; the kernel's pieces are never longer
LAST_HEAD = slice(HEAD.start - codec.DONE_LENGTH, HEAD.stop - codec.DONE_LENGTH)  # of a message that ends a dump
DUMP_TRIES = 20  # how often a dump is tried while the table keeps changing


class Transport:
    """A socket, and the sequence numbers of its messages."""

    def __init__(self, sock: socket, family: int, another: Callable[[], socket] | None = None) -> None:
        self._socket = sock
        self._another = another  # opens another such socket
        self._room = LEAST_ROOM  # for one receive: holds any answer, and grows with the pieces of dumps
        self._wide: tuple[socket, int] | None = None  # the socket that was replaced, with its room: for more long dumps
        self._family = family
        self.sequence = 0  # the number of the last request

    def numbers(self, count: int) -> int:
        """Reserve the numbers of `count` requests, and return the first."""
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
                if kind == codec.NLMSG_ERROR and sequence >= first:  # others belong to a write that was given up
                    if errno := codec.error_number(message):
                        yield sequence, errno
                    if sequence == last:
                        return

    def wait_at_most(self, seconds: int) -> None:
        """Make receiving raise BlockingIOError after `seconds`; 0 waits forever."""
        self._socket.setsockopt(SOL_SOCKET, SO_RCVTIMEO, TIMEVAL.pack(seconds, 0))

    def _receive(self) -> bytes:
        try:
            return self._socket.recv(self._room)
        except OSError as error:
            if error.errno == ENOBUFS:
                raise OSError(ENOBUFS, "the kernel had no room for its answers: some refusals may be lost") from None
            raise

    def ask(self, number: int, attributes: bytes = b"") -> list[bytes]:
        """The messages that answer one request that isn't a dump. Raises OSError."""
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

    def dump(self, number: int, sequence: int = 0) -> list[bytes]:
        """The messages of a dump, in pieces; read again if the table changed meanwhile. Raises OSError.

        A `sequence` number is one that was reserved.
        """
        sequence = sequence or self.numbers(1)
        question = codec.frame(self._family, codec.DUMP, sequence, number, b"")
        narrow = self._socket, self._room
        if self._wide:
            self._socket, self._room = self._wide
        try:
            return self._answers_to(question, *codec.dump_heads(self._family, sequence))
        finally:
            if self._wide:
                self._wide = self._socket, self._room
                self._socket, self._room = narrow

    def dumps(
        self, questions: Iterable[bytes], number: int, keys: Callable[[list[bytes]], object] | None = None
    ) -> Iterator[bytes]:
        """The messages of each dump that `questions` ask for, one dump after the other; all have this `number`.

        A dump in several pieces is requested again until two have the same `keys`. Raises OSError.
        """
        among, end = codec.dump_heads(self._family, number)
        for question in questions:
            self._socket.send(question)
            received = self._receive()
            if received[HEAD] == among and received[LAST_HEAD] != end:
                last = self._receive()
                if last[HEAD] == end and not codec.error_number(last):
                    yield received  # so most dumps look: one piece and the end
                    continue
                pieces = self._answers_to(question, among, end, received, last)
            else:
                pieces = self._answers_to(question, among, end, received)
            if len(pieces) > 1:
                pieces = [b"".join(self._steady(pieces, question, among, end, keys) if keys else pieces)]
            yield pieces[0] if pieces else b""

    def short_dumps(self, questions: Sequence[bytes], number: int, exchange: Exchange) -> list[bytes]:
        """As `dumps`, by an `exchange` of all at once; nothing if a dump has several pieces, or is unusual otherwise.

        Raises OSError.
        """
        among, end = codec.dump_heads(self._family, number)
        self._socket.setblocking(False)
        try:
            found = exchange(self._socket.fileno(), questions)
        finally:
            self._socket.setblocking(True)
        ends = [one[-codec.DONE_LENGTH :] for one in found]
        whole = [last[HEAD] == end and not codec.error_number(last) for last in ends]
        if not found or not all(whole) or any(one[HEAD] not in (among, end) for one in found):
            emptied(self._socket)
            return []
        return [one[: -codec.DONE_LENGTH] for one in found]

    def _steady(
        self, pieces: list[bytes], question: bytes, among: bytes, end: bytes, keys: Callable[[list[bytes]], object]
    ) -> list[bytes]:
        """The messages of the first dump with the same `keys` as the dump before it; `pieces` is the first dump.

        Raises OSError EBADMSG if that never happens.
        """
        before = keys(pieces)
        for _ in range(DUMP_TRIES):
            pieces = self._answers_to(question, among, end)
            now = keys(pieces)
            if now == before:
                return pieces
            before = now
        raise restless()

    def _answers_to(self, question: bytes, among: bytes, end: bytes, *begun: bytes) -> list[bytes]:
        """The messages of the dump that `question` requests, in pieces; `begun` were received already. Raises OSError.

        They have the bytes `among` at HEAD, and the last message has `end` there.
        """
        for _ in range(DUMP_TRIES):
            if not begun:
                self._socket.send(question)
            try:
                return self._pieces(among, end, begun)
            except InterruptedError:
                begun = ()
        raise restless()

    def renew(self) -> None:
        """Replace the socket if it has offered room for long pieces.

        For each piece of a dump, and for its end, the kernel allocates as much memory as the socket has ever offered.
        If it clears that memory, as Debian's does, that costs more than a few servers. Therefore `dump` alone goes on
        using the old socket. All do if no new one can be opened, or if it isn't known to be in the same network
        namespace.
        """
        if self._another and self._room > LEAST_ROOM:
            try:
                here = _namespace(self._socket)  # first: if it is unknown, a new socket is useless
                new = self._another()
                if _namespace(new) == here:
                    self._wide = self._socket, self._room
                    self._socket, self._room = new, LEAST_ROOM
            except OSError:
                pass  # the old one is slower, but works as well

    def _pieces(self, among: bytes, end: bytes, begun: Sequence[bytes]) -> list[bytes]:
        """The answers to a dump, of which `begun` were received already.

        Raises InterruptedError if the table changed while it was read, and OSError.
        """
        pieces: list[bytes] = []
        interrupted = False
        waiting = [*reversed(begun)]
        while True:
            received = waiting.pop() if waiting else self._receive()
            head = received[HEAD]
            if head == among and received[LAST_HEAD] != end:
                if pieces:
                    self._room = min(2 * self._room, MOST_ROOM)
                pieces.append(received)
            elif head == end and not interrupted and not codec.error_number(received):
                return pieces
            else:
                asked = codec.sequence_in(end)
                for kind, flags, number, message in codec.messages(received):
                    if number != asked:
                        continue  # left over from a dump that wasn't read to its end
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
        (SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER),  # as much of it as any user may have
        (SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER),  # all of it, for the administrator of the whole machine
        (SOL_NETLINK, NETLINK_CAP_ACK, 1),  # a refusal doesn't repeat the request
    ):
        try:
            sock.setsockopt(level, option, value)
        except OSError:
            continue  # each option is only an improvement
    return sock


def family_number(sock: socket, name: str) -> int:
    """The number of the generic netlink family of that name, 0 if there is none."""
    wanted = codec.attribute(CTRL_ATTR_FAMILY_NAME, codec.TEXT.pack(name))
    try:
        (answer,) = Transport(sock, GENL_ID_CTRL).ask(CTRL_CMD_GETFAMILY, wanted)
    except (OSError, ValueError):
        return 0
    rows = ((CTRL_ATTR_FAMILY_ID, codec.U16, "id"),)
    return int(codec.decode(rows, answer).get("id", 0))


def restless() -> OSError:
    """The error of a table that keeps changing while it is read."""
    return OSError(EBADMSG, "the table changes faster than it can be read")


def raw_refusal() -> int:
    """The errno to report without IPVS: EPERM if a raw socket is refused, which ipvsadm tries; otherwise ENOENT."""
    try:
        socket(AF_INET, SOCK_RAW, IPPROTO_RAW).close()
    except OSError as error:
        return error.errno or ENOENT
    return ENOENT


def emptied(sock: socket) -> socket:
    """`sock`, without the pending answers to earlier requests, for which no more room is offered. Raises OSError."""
    try:
        while sock.recv(LEAST_ROOM, MSG_DONTWAIT):
            pass
    except BlockingIOError:
        pass
    return sock


def _namespace(sock: socket) -> bytes:
    """The unique number of the network namespace of `sock`. Raises OSError, always so before Linux 5.14."""
    return sock.getsockopt(SOL_SOCKET, SO_NETNS_COOKIE, COOKIE_BYTES)
