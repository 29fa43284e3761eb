"""The kernel's IPVS: queries and commands. `wire` knows the meaning of all messages.

The fast readers of many answers are loaded when there are answers to read.
"""

from __future__ import annotations

import os
from errno import EAGAIN, ETIMEDOUT

from .. import errors
from ..model import Command
from . import wire
from .transport import Transport, emptied, family_number, generic_netlink, raw_refusal
from .wire import codec, schema

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, TypeVar

    from ..model import Daemon, Info, Server, Service, Table, Timeouts
    from ..shapes import Alike, Group, Short
    from .repeated import Repeated
    from .wire.templates import Reader

    Found = TypeVar("Found")

BATCH = 256  # requests per write; all their answers must fit the receive buffer
PATIENCE = 2  # seconds to wait for an answer about a daemon, which the kernel may not send
LOOKS = 5  # how often to wait so and then check whether the daemon has started or stopped, before giving up
MANY = 400  # services from which a second process pays off
CONNECTIONS = "/proc/net/ip_vs_conn"


class Kernel:
    """The IPVS of the network namespace in which the socket was opened, over generic netlink."""

    source = ""  # the source of an incomplete table; empty for the kernel, whose table is complete
    second: Callable[[], Kernel] | None = None  # reaches the same kernel from a second process; None: there is none

    def __init__(self, sock: socket, family: int, another: Callable[[], socket] | None = None) -> None:
        self.family = family  # the number of IPVS
        self._transport = Transport(sock, family, another)
        self._info: Info | None = None
        self._encoder = wire.Encoder(family)
        self._server_readers: dict[bool, Reader] = {}  # keyed by whether they read counters

    @classmethod
    def open(cls, load: bool = True, held: socket | None = None) -> Kernel:
        """Open IPVS; load its module if it is missing and `load` is set. Raises UnreachableError.

        A socket `held` is used instead of a new one: it may belong to another network namespace.
        """
        try:
            sock = emptied(held) if held else generic_netlink()
        except OSError as error:
            raise errors.unreachable(error.errno or 0) from error
        family = family_number(sock, schema.FAMILY)
        if not family and load and _load_module():
            family = family_number(sock, schema.FAMILY)
        if not family:
            sock.close()
            raise errors.unreachable(raw_refusal())
        kernel = cls(sock, family, None if held else generic_netlink)
        try:
            kernel.info()  # needs the same privilege as everything else
        except OSError as error:
            sock.close()
            raise errors.unreachable(error.errno or 0) from error
        return kernel

    def submit(self, commands: Iterable[Command], checked: bool = False) -> Iterator[tuple[int, int]]:
        """Carry out `commands`; yield the index and the errno of each command that the kernel refuses.

        Up to BATCH of them share one write, since a system call costs more than the work in the
        kernel. Only the last request of a write asks for an ACK: the kernel works in order and reports
        refusals in any case, so the ACK means that the batch is done. A refusal doesn't stop the
        commands after it. Raises ValueError, before anything is sent, if no kernel can carry one out,
        unless they are known to be `checked`; and OSError if the socket itself fails.
        """
        if not checked:
            from .validity import judge

            commands = list(commands)
            for command in commands:
                judge(command)
        first = 0
        for batch in _batches(commands):
            for index, errno in self.exchange(batch)():
                yield first + index, errno
            first += len(batch)

    def exchange(self, batch: list[Command | Alike]) -> Callable[[], Iterator[tuple[int, int]]]:
        """A function that carries out `batch`, of at most BATCH commands, and yields what `submit` yields.

        The requests are encoded and numbered now. Call the function once, before any other query; another thread may
        call it. The function raises OSError. Nothing is checked here: our own parser made these commands.
        """
        base = self._transport.numbers(len(batch))
        frames = self._encoder.frames(base, batch)
        frames[-1] = codec.acknowledged(frames[-1])
        data, command = b"".join(frames), batch[-1]

        def carry_out() -> Iterator[tuple[int, int]]:
            self._transport.send(data)
            if isinstance(command, Command) and command.daemon:
                answers = self._answers_about(command, base)
            else:
                answers = self._transport.answers(base, base + len(batch) - 1)
            for sequence, errno in answers:
                yield sequence - base, errno

        return carry_out

    def _answers_about(self, command: Command, first: int) -> Iterator[tuple[int, int]]:
        """The refusals of a command about a daemon: a stop right after a start may succeed without an answer."""
        last = self._transport.sequence
        for _ in range(LOOKS):
            self._transport.wait_at_most(PATIENCE)
            try:
                return (yield from self._transport.answers(first, last))
            except OSError as error:
                if error.errno != EAGAIN:
                    raise
            finally:
                self._transport.wait_at_most(0)
            runs = any(daemon.state == command.daemon.state for daemon in self.daemons() if command.daemon)
            if runs == (command.verb == "start-daemon"):
                return
        raise OSError(ETIMEDOUT, "the kernel doesn't answer")

    def info(self, again: bool = False) -> Info:
        """The version of IPVS and the size of its connection table; `again` asks the kernel anew, as it may grow."""
        if self._info is None or again:
            self._info = wire.info(self._transport.ask(schema.GET_INFO)[0])
        return self._info

    def timeouts(self) -> Timeouts:
        """The timeouts of connections."""
        return wire.timeouts(self._transport.ask(schema.GET_CONFIG)[0])

    def daemons(self) -> list[Daemon]:
        """The running synchronisation daemons, the master first."""
        from .wire.answers import daemon, daemon_reader

        return [daemon(values) for values in daemon_reader().all(self._transport.dump(schema.GET_DAEMON))]

    def services(self, stats: bool = False, steady: bool = False) -> list[Service]:
        """All services in the kernel's order; `stats` adds their counters.

        A dump in several pieces may silently miss services while others come and go. With `steady`, it is read until
        two readings have the same keys. Raises OSError EBADMSG if they never do.
        """
        answers = self._transport.dump(schema.GET_SERVICE)
        if not answers:
            return []
        from .wire.answers import services_in

        if steady and len(answers) > 1:
            from .steady import steady_answers

            answers = steady_answers(self._transport, answers)
        return services_in(answers, stats)

    def service(self, service: Service) -> Service:
        """The service with the key of `service`, with its counters. Raises OSError ESRCH if there is none."""
        answer = self._transport.ask(schema.GET_SERVICE, wire.service_key(service))
        from .wire.answers import service_reader, services

        return services([service_reader().one(answer[0])])[0]

    def servers(self, service: Service, stats: bool = False, steady: bool = False) -> list[Server]:
        """The servers of `service` in the kernel's order; none if there is no such service."""
        return next(self.with_servers((service,), stats, steady))[1]

    def with_servers(
        self, services: Iterable[Service], stats: bool = False, steady: bool = False
    ) -> Iterator[tuple[Service, list[Server]]]:
        """Each of `services` and its servers, in the kernel's order; requested lazily, some ahead.

        `steady` applies to the servers of each service as it does in `services`.
        """
        for group, found in self.groups(services, stats, steady):
            yield from zip(group, found, strict=True)

    def groups(
        self, services: Iterable[Service], stats: bool = False, steady: bool = False
    ) -> Iterator[tuple[list[Service], list[list[Server]]]]:
        """As `with_servers`, some services at a time: groups of them, and the servers of each."""
        from .server_answers import server_answers
        from .wire.answers import server_reader, servers_of_each

        reader = self._server_readers.get(stats)
        if reader is None:
            reader = self._server_readers[stats] = server_reader(stats)
        for group, family, answers in server_answers(self._transport, self._encoder, services, steady):
            yield group, servers_of_each(reader.each(answers), family)

    def repeatedly(self) -> Repeated:
        """What reads the table with its counters again and again."""
        from .repeated import Repeated

        return Repeated(self._transport, self._encoder)

    def with_told_servers(
        self, services: Iterable[Service], fields: tuple[str, ...], tell: Callable[[Server], Any], steady: bool = False
    ) -> Iterator[tuple[Service, list[Server] | Short]]:
        """As `with_servers`, but faster if many servers are alike: yields (address, port, text) instead of records.

        `tell` gives the text of a server, and may use only `fields`. Services whose servers have another layout than
        the first ones get records.
        """
        for group, found in self.told_groups(services, fields, tell, steady):
            yield from zip(group, found, strict=True)

    def told_groups(
        self,
        services: Iterable[Service],
        fields: tuple[str, ...],
        tell: Callable[[Server], Any],
        steady: bool = False,
        cut: bool = False,
    ) -> Iterator[Group]:
        """As `with_told_servers`, some services at a time; `cut` is for servers as shapes.Cut."""
        from .server_answers import server_answers
        from .wire.answers import servers_of_each
        from .wire.spans import Spans

        spans = Spans(fields, tell, cut)
        for group, family, answers in server_answers(self._transport, self._encoder, services, steady):
            yield group, spans.each(answers, family) or servers_of_each(spans.reader.each(answers), family)

    def shared(
        self,
        services: list[Service],
        make: Callable[[list[Service], Kernel], Iterable[Found]],
        prove: Callable[[], None] | None = None,
    ) -> Iterable[Found]:
        """What `make` yields for `services` and a kernel, in their order, if `make` works on each service by itself.

        Two processes share many services, if there is a `second`; the values must be such as `marshal` takes.
        `prove` is called before anything is yielded; it may raise, and takes no more time if two processes work.
        """
        if len(services) < MANY or not self.is_shared:
            if prove:
                prove()
            return make(services, self) if services else ()
        from .parallel import shared

        return shared(services, make, self, prove)

    def steadily_shared(
        self, make: Callable[[list[Service], Kernel], Iterable[Found]], order: Callable[[list[Service]], list[Service]]
    ) -> Iterator[Found]:
        """As `shared`, for all services in the `order` that is given, which are read as `services` does with `steady`.

        Raises OSError.
        """
        from .steady import steadily_shared

        return steadily_shared(self, self._transport, make, order)

    @property
    def is_shared(self) -> bool:
        """Whether a second process can reach the same kernel, and has a processor."""
        return self.second is not None and len(os.sched_getaffinity(0)) > 1

    def table(self, stats: bool = False) -> Table:
        """The whole table in the kernel's order, as it was at one moment; `stats` adds counters. Raises OSError."""
        from .steady import table

        return table(self, stats)

    def at_one_moment(self, read: Callable[[list[Service]], Found], stats: bool = False) -> Found:
        """What `read` returns for all services.

        The kernel sends a table in pieces: it is read again until the services are the same before and after the
        reading of their servers. Raises OSError, EBADMSG if they never are.
        """
        from .steady import at_one_moment

        return at_one_moment(self._transport, read, stats)

    def connections(self) -> Iterator[str]:
        """The lines of the kernel's list of connections, without line ends, the header first."""
        from .proc_lines import lines

        return lines(CONNECTIONS)


def ready() -> None:
    """Load the modules that read a table, so that no file needs to be read later."""
    from . import asynchronous_io, repeated  # noqa: F401
    from .wire import answers, templates  # noqa: F401


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


def _load_module() -> bool:
    """Let modprobe load IPVS, as ipvsadm does; return whether it succeeded."""
    try:
        child = os.posix_spawn("/sbin/modprobe", ["/sbin/modprobe", "--", "ip_vs"], os.environ)
    except OSError:
        return False
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
