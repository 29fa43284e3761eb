"""The only socket: batches requests, gathers answers. All meaning is in `wire`."""

from __future__ import annotations

import os
from _socket import AF_INET, AF_NETLINK, IPPROTO_RAW, SO_RCVBUF, SO_RCVTIMEO, SOCK_RAW, SOL_SOCKET, socket
from _struct import Struct
from errno import EAGAIN, EBADMSG, ENOBUFS, ENOENT, ETIMEDOUT
from itertools import islice

from . import errors
from .model import Table
from .wire import codec, messages, schema

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .model import Command, Daemon, Info, Server, Service, Timeouts
    from .wire.layout import Reader

NETLINK_GENERIC = 16
GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME = 16, 3, 1, 2
SOL_NETLINK, NETLINK_CAP_ACK = 270, 10
SO_RCVBUFFORCE = 33
TIMEVAL = Struct("@ll")

BATCH = 256  # requests a write; all their answers have to fit the receive buffer
RECEIVE_BUFFER = 4 << 20  # bytes; an answer takes about 1 KiB of it, a piece of a dump up to 32
RECEIVE_BYTES = 1 << 16  # no answer of the kernel is longer
DUMP_TRIES = 20  # how often a dump is begun anew when the table changed meanwhile
PATIENCE = 2  # seconds to wait for an answer about a daemon, which the kernel may forget to give
LOOKS = 5  # how often to look then whether it is done, before giving up
CONNECTIONS = "/proc/net/ip_vs_conn"


class Kernel:
    """The IPVS of the network namespace that this process is in, by generic netlink."""

    def __init__(self, sock: socket, family: int) -> None:
        self._socket = sock
        self._family = family
        self._sequence = 0
        self._info: Info | None = None
        self._encoder = messages.Encoder()
        self._server_readers: dict[bool, Reader] = {}  # by whether they read counters

    @classmethod
    def open(cls, load: bool = True) -> Kernel:
        """Reach IPVS, loading its module if need be and we may. Raises UnreachableError."""
        try:
            kernel = cls(_generic_netlink(), GENL_ID_CTRL)
        except OSError as error:
            raise errors.unreachable(error.errno or 0) from error
        family = kernel._look_up() or (load and _load_module() and kernel._look_up())
        if not family:
            raise errors.unreachable(_raw_refusal())
        kernel._family = family
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

    def submit(self, commands: Iterable[Command]) -> Iterator[tuple[int, int]]:
        """Carry out `commands`; yield the index and the errno of each one that the kernel refuses.

        Up to BATCH of them share one write, since entering the kernel costs more than the work
        there. Only the last of a write asks for an ACK: the kernel works in order and reports a
        refusal unasked, so that ACK says that the batch is through. A refusal doesn't stop what
        stands behind it. Raises OSError where the socket itself fails.
        """
        commands = iter(commands)
        first = 0
        while batch := list(islice(commands, BATCH)):
            base = self._sequence + 1
            self._sequence += len(batch)
            self._socket.send(self._frames(base, batch))
            patient = batch[-1].daemon is not None
            answers = self._answers_about(batch[-1], base) if patient else self._answers(base, self._sequence)
            for sequence, errno in answers:
                yield first + sequence - base, errno
            first += len(batch)

    def _frames(self, base: int, batch: list[Command]) -> bytes:
        """The requests of `batch` one after the other, the last of which asks for an ACK."""
        last = len(batch) - 1
        quiet, loud = codec.NLM_F_REQUEST, codec.NLM_F_REQUEST | codec.NLM_F_ACK
        frames = []
        for n, command in enumerate(batch):
            number, payload = self._encoder.request(command)
            frames.append(codec.frame(self._family, loud if n == last else quiet, base + n, number, payload))
        return b"".join(frames)

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
            return self._socket.recv(RECEIVE_BYTES)
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

    def _dump(self, number: int, attributes: bytes, reader: Reader) -> list[tuple[object, ...]]:
        """What `reader` makes of each message of a dump, begun anew if the table changed meanwhile."""
        for _ in range(DUMP_TRIES):
            try:
                return self._dump_once(number, attributes, reader)
            except InterruptedError:
                continue
        raise OSError(EBADMSG, "the table changes faster than it can be read")

    def _dump_once(self, number: int, attributes: bytes, reader: Reader) -> list[tuple[object, ...]]:
        self._sequence += 1
        flags = codec.NLM_F_REQUEST | codec.NLM_F_DUMP
        self._socket.send(codec.frame(self._family, flags, self._sequence, number, attributes))
        found: list[tuple[object, ...]] = []
        interrupted = False
        mine = codec.sequence_bytes(self._sequence)
        clean_end = codec.CLEAN_END + mine
        while True:
            received = self._receive()
            if received[8:12] != mine:
                continue  # of a dump that wasn't read to its end
            if received[:12] == clean_end and not interrupted and not any(received[16:]):
                return found
            block = reader.block(received)
            if block is not None:
                found += block
                continue
            for kind, flags, _, message in codec.messages(received):
                interrupted |= bool(flags & codec.NLM_F_DUMP_INTR)
                if kind in (codec.NLMSG_ERROR, codec.NLMSG_DONE):
                    if errno := codec.error_number(message):
                        raise OSError(errno, "refused")
                    if interrupted:
                        raise InterruptedError
                    return found
                if not interrupted:
                    found.append(reader.one(message))

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
        found = self._dump(schema.GET_DAEMON, b"", messages.daemon_reader())
        return [messages.daemon(values) for values in found]

    def services(self, stats: bool = False) -> list[Service]:
        """All services, in the kernel's order, with their counters or without."""
        return messages.services(self._dump(schema.GET_SERVICE, b"", messages.service_reader(stats)))

    def service(self, service: Service) -> Service:
        """The service with the key of `service`, with its counters. Raises OSError ESRCH without it."""
        answer = self._ask(schema.GET_SERVICE, self._encoder.service_key(service))
        return messages.services([messages.service_reader().one(answer[0])])[0]

    def servers(self, service: Service, stats: bool = False) -> list[Server]:
        """The servers of `service`, in the kernel's order; none, too, where there is no such service."""
        reader = self._server_readers.get(stats)
        if reader is None:
            reader = self._server_readers[stats] = messages.server_reader(stats)
        found = self._dump(schema.GET_DEST, self._encoder.service_key(service), reader)
        return messages.servers(found, service.af)

    def table(self, stats: bool = False) -> Table:
        """The whole table, in the kernel's order, with counters or without. Raises OSError."""
        services = tuple((service, tuple(self.servers(service, stats))) for service in self.services(stats))
        return Table(services=services, timeouts=self.timeouts(), daemons=tuple(self.daemons()))

    def connections(self) -> Iterator[str]:
        """The lines of the kernel's list of connections, without their ends, the header first."""
        with open(CONNECTIONS, encoding="utf-8", errors="surrogateescape", newline="\n") as lines:
            for line in lines:
                yield line.removesuffix("\n")


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
