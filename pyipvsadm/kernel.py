"""The only socket: batches requests, gathers answers. All meaning is in `wire`.

What reads answers by the thousand is loaded when there are some.
"""

from __future__ import annotations

import os
from _socket import AF_INET, AF_NETLINK, IPPROTO_RAW, SO_RCVBUF, SO_RCVTIMEO, SOCK_RAW, SOL_SOCKET, socket
from _struct import Struct
from errno import EAGAIN, EBADMSG, ENOBUFS, ENOENT, ETIMEDOUT

from . import errors
from .model import Command, Table
from .wire import codec, messages, schema

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .alike import Alike
    from .model import Daemon, Info, Server, Service, Timeouts
    from .wire.layout import Reader

NETLINK_GENERIC = 16
GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME = 16, 3, 1, 2
SOL_NETLINK, NETLINK_CAP_ACK = 270, 10
SO_RCVBUFFORCE = 33
SO_NETNS_COOKIE, COOKIE_BYTES = 71, 8
TIMEVAL = Struct("@ll")

BATCH = 256  # requests a write; all their answers have to fit the receive buffer
RECEIVE_BUFFER = 4 << 20  # bytes; an answer takes about 1 KiB of it, a piece of a dump up to 32
LEAST_ROOM = min(os.sysconf("SC_PAGE_SIZE"), 1 << 13)  # bytes, a bit more than linux/netlink.h's NLMSG_GOODSIZE
MOST_ROOM = 1 << 15  # bytes; the kernel makes no longer pieces
AHEAD = 64  # services whose servers are asked for and then read together, which costs less than one by one
DUMP_TRIES = 20  # how often a dump is begun anew when the table changed meanwhile
PATIENCE = 2  # seconds to wait for an answer about a daemon, which the kernel may forget to give
LOOKS = 5  # how often to look then whether it is done, before giving up
CONNECTIONS = "/proc/net/ip_vs_conn"


class Kernel:
    """The IPVS of the network namespace in which it was opened, by generic netlink."""

    def __init__(self, sock: socket, family: int, another: Callable[[], socket] | None = None) -> None:
        self._socket = sock
        self._another = another  # makes a socket like it
        self._room = LEAST_ROOM  # for what is received at once: takes any answer, and grows with pieces of dumps
        self._family = family
        self._sequence = 0
        self._info: Info | None = None
        self._encoder = messages.Encoder(family)
        self._server_readers: dict[bool, Reader] = {}  # by whether they read counters

    @classmethod
    def open(cls, load: bool = True) -> Kernel:
        """Reach IPVS, loading its module if need be and we may. Raises UnreachableError."""
        try:
            control = cls(_generic_netlink(), GENL_ID_CTRL)
        except OSError as error:
            raise errors.unreachable(error.errno or 0) from error
        family = control._look_up() or (load and _load_module() and control._look_up())
        if not family:
            raise errors.unreachable(_raw_refusal())
        kernel = cls(control._socket, family, _generic_netlink)
        try:
            kernel.info()  # which takes the privilege that all else takes
        except OSError as error:
            raise errors.unreachable(error.errno or 0) from error
        return kernel

    def _look_up(self) -> int:
        """The number of IPVS's family, 0 if there is none."""
        name = codec.attribute(CTRL_ATTR_FAMILY_NAME, codec.TEXT.pack(schema.FAMILY))
        try:
            (answer,) = self._ask(CTRL_CMD_GETFAMILY, name)
        except (OSError, ValueError):
            return 0
        rows = ((CTRL_ATTR_FAMILY_ID, codec.U16, "id"),)
        return int(codec.decode(rows, answer).get("id", 0))

    def submit(self, commands: Iterable[Command | Alike]) -> Iterator[tuple[int, int]]:
        """Carry out `commands`; yield the index and the errno of each one that the kernel refuses.

        Up to BATCH of them share one write, since entering the kernel costs more than the work
        there. Only the last of a write asks for an ACK: the kernel works in order and reports a
        refusal unasked, so that ACK says that the batch is through. A refusal doesn't stop what
        stands behind it. Raises OSError where the socket itself fails.
        """
        first = 0
        for batch in _batches(commands):
            for index, errno in self.exchange(batch)():
                yield first + index, errno
            first += len(batch)

    def exchange(self, batch: list[Command | Alike]) -> Callable[[], Iterator[tuple[int, int]]]:
        """What carries out `batch`, of at most BATCH commands, and yields what `submit` does of it.

        The requests are made now, and numbered; it is to be called before any other question is asked, once, and may
        be from another thread. Raises OSError then.
        """
        base = self._sequence + 1
        last = self._sequence = self._sequence + len(batch)
        frames = self._encoder.frames(base, batch)
        frames[-1] = codec.acknowledged(frames[-1])
        data, command = b"".join(frames), batch[-1]

        def carry_out() -> Iterator[tuple[int, int]]:
            self._socket.send(data)
            if isinstance(command, Command) and command.daemon:
                answers = self._answers_about(command, base)
            else:
                answers = self._answers(base, last)
            for sequence, errno in answers:
                yield sequence - base, errno

        return carry_out

    def _answers(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """The refusals of the requests from `first` to `last`, as (sequence number, errno)."""
        while True:
            for kind, _, sequence, message in codec.messages(self._receive()):
                if kind == codec.NLMSG_ERROR and sequence >= first:  # else it's about a write that was given up
                    if errno := codec.error_number(message):
                        yield sequence, errno
                    if sequence == last:
                        return

    def _answers_about(self, command: Command, first: int) -> Iterator[tuple[int, int]]:
        """As `_answers`, of a daemon: a stop right after a start may get no answer though it is done."""
        last = self._sequence
        for _ in range(LOOKS):
            self._socket.setsockopt(SOL_SOCKET, SO_RCVTIMEO, TIMEVAL.pack(PATIENCE, 0))
            try:
                return (yield from self._answers(first, last))
            except OSError as error:
                if error.errno != EAGAIN:
                    raise
            finally:
                self._socket.setsockopt(SOL_SOCKET, SO_RCVTIMEO, TIMEVAL.pack(0, 0))
            runs = any(daemon.state == command.daemon.state for daemon in self.daemons() if command.daemon)
            if runs == (command.verb == "start-daemon"):
                return
        raise OSError(ETIMEDOUT, "the kernel doesn't answer")

    def _receive(self) -> bytes:
        try:
            return self._socket.recv(self._room)
        except OSError as error:
            if error.errno == ENOBUFS:
                raise OSError(
                    ENOBUFS, "the kernel had no room for its answers: some requests may have been refused unseen"
                ) from None
            raise

    def _ask(self, number: int, attributes: bytes = b"") -> list[bytes]:
        """The messages that answer one question, which is no dump. Raises OSError."""
        self._sequence += 1
        flags = codec.NLM_F_REQUEST
        self._socket.send(codec.frame(self._family, flags, self._sequence, number, attributes))
        while True:
            found = []
            for kind, _, sequence, message in codec.messages(self._receive()):
                if sequence != self._sequence:
                    continue
                if kind == codec.NLMSG_ERROR:
                    raise OSError(codec.error_number(message), "refused")
                found.append(message)
            if found:
                return found

    def _dump(self, number: int) -> list[bytes]:
        """The messages of a dump, in pieces, anew if the table changed meanwhile. Raises OSError."""
        self._sequence += 1
        question = codec.frame(self._family, codec.DUMP, self._sequence, number, b"")
        return self._answers_to(question, *codec.dump_heads(self._family, self._sequence))

    def _dumps(self, number: int, services: Iterable[Service]) -> Iterator[bytes]:
        """The messages of a dump about each of `services`. They share a sequence number: each is read to its end."""
        self._sequence += 1
        heads = codec.dump_heads(self._family, self._sequence)
        for service in services:
            pieces = self._answers_to(self._encoder.question(number, codec.DUMP, self._sequence, service), *heads)
            yield pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _answers_to(self, question: bytes, among: bytes, end: bytes) -> list[bytes]:
        for _ in range(DUMP_TRIES):
            self._socket.send(question)
            try:
                return self._pieces(among, end)
            except InterruptedError:
                continue
        raise OSError(EBADMSG, "the table changes faster than it can be read")

    def _renew(self) -> None:
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
                    if number != self._sequence:
                        continue  # of a dump that wasn't read to its end
                    interrupted |= bool(flags & codec.NLM_F_DUMP_INTR)
                    if kind in (codec.NLMSG_ERROR, codec.NLMSG_DONE):
                        if errno := codec.error_number(message):
                            raise OSError(errno, "refused")
                        if interrupted:
                            raise InterruptedError
                        return pieces
                    pieces.append(message)

    def info(self) -> Info:
        """The version of the kernel's IPVS, and the size of its table of connections."""
        if self._info is None:
            self._info = messages.info(self._ask(schema.GET_INFO)[0])
        return self._info

    def timeouts(self) -> Timeouts:
        """The timeouts of connections."""
        return messages.timeouts(self._ask(schema.GET_CONFIG)[0])

    def daemons(self) -> list[Daemon]:
        """The synchronisation daemons that run, the master first."""
        from .wire.answers import daemon, daemon_reader

        return [daemon(values) for values in daemon_reader().all(self._dump(schema.GET_DAEMON))]

    def services(self, stats: bool = False) -> list[Service]:
        """All services, in the kernel's order, with their counters or without."""
        answers = self._dump(schema.GET_SERVICE)
        if not answers:
            return []
        from .wire.answers import service_reader, services

        return services(service_reader(stats).all(answers))

    def service(self, service: Service) -> Service:
        """The service with the key of `service`, with its counters. Raises OSError ESRCH without it."""
        answer = self._ask(schema.GET_SERVICE, messages.service_key(service))
        from .wire.answers import service_reader, services

        return services([service_reader().one(answer[0])])[0]

    def servers(self, service: Service, stats: bool = False) -> list[Server]:
        """The servers of `service`, in the kernel's order; none, too, where there is no such service."""
        return next(self.with_servers((service,), stats))[1]

    def with_servers(self, services: Iterable[Service], stats: bool = False) -> Iterator[tuple[Service, list[Server]]]:
        """Each of `services` and its servers, in the kernel's order; asked for as they are wanted, some ahead."""
        from _operator import itemgetter
        from itertools import groupby, islice

        from .wire.answers import server_reader, servers_of_each

        self._renew()
        reader = self._server_readers.get(stats)
        if reader is None:
            reader = self._server_readers[stats] = server_reader(stats)
        for family, alike in groupby(services, itemgetter(0)):
            while group := list(islice(alike, AHEAD)):
                answers: list[bytes] = []
                failure = None
                try:
                    answers.extend(self._dumps(schema.GET_DEST, group))
                except OSError as error:
                    failure = error  # of what was asked last: what was answered before is worth telling
                yield from zip(group, servers_of_each(reader.each(answers), family), strict=False)
                if failure:
                    raise failure

    def table(self, stats: bool = False) -> Table:
        """The whole table, in the kernel's order, with counters or without. Raises OSError."""
        services = tuple((one, tuple(servers)) for one, servers in self.with_servers(self.services(stats), stats))
        return Table(services=services, timeouts=self.timeouts(), daemons=tuple(self.daemons()))

    def connections(self) -> Iterator[str]:
        """The lines of the kernel's list of connections, without their ends, the header first."""
        with open(CONNECTIONS, encoding="utf-8", errors="surrogateescape", newline="\n") as lines:
            for line in lines:
                yield line.removesuffix("\n")


def _batches(commands: Iterable[Command | Alike]) -> Iterator[list[Command | Alike]]:
    """`commands`, BATCH at a time."""
    batch: list[Command | Alike] = []
    for command in commands:
        batch.append(command)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _generic_netlink() -> socket:
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


def _namespace(sock: socket) -> bytes:
    """What tells the network namespace of `sock` from all others. Raises OSError, as it does before Linux 5.14."""
    return sock.getsockopt(SOL_SOCKET, SO_NETNS_COOKIE, COOKIE_BYTES)


def _raw_refusal() -> int:
    """Why there is no IPVS as ipvsadm has it, which goes on with a raw socket: EPERM if we may not have one."""
    try:
        socket(AF_INET, SOCK_RAW, IPPROTO_RAW).close()
    except OSError as error:
        return error.errno or ENOENT
    return ENOENT


def _load_module() -> bool:
    """Let modprobe load IPVS, as ipvsadm does; tell whether it could."""
    try:
        child = os.posix_spawn("/sbin/modprobe", ["/sbin/modprobe", "--", "ip_vs"], os.environ)
    except OSError:
        return False
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
