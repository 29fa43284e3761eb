"""The only socket, against a kernel whose answers are written by hand."""

from __future__ import annotations

import os
import struct
from _socket import AF_INET
from errno import EAGAIN, EBADMSG, EBUSY, EEXIST, EINVAL, EMFILE, ENOBUFS, ENOENT, EPERM, ESRCH

import pytest

from pyipvsadm import kernel
from pyipvsadm.errors import UnreachableError
from pyipvsadm.kernel import BATCH, LOOKS, Kernel, transport
from pyipvsadm.kernel.transport import DUMP_TRIES
from pyipvsadm.model import Command, Daemon, Info, Server, Service, Stats, Timeouts

from .netlink import (
    FAMILY,
    CannedSocket,
    daemon,
    done,
    error,
    message,
    nla,
    requests,
    server,
    service,
    small_kernel,
    timeouts,
)

VIP = Service(protocol=6, address=b"\n\0\0\1", port=80)
ADD = Command(verb="add-server", service=VIP, server=Server(address=b"\n\1\0\1", port=80))


def talk(play):
    socket = CannedSocket(play)
    return Kernel(socket, FAMILY), socket


def plays(*answers):
    """Answers the first write with the first of `answers`, and so on: each made from its requests' sequence numbers."""
    rest = list(answers)
    return lambda data: rest.pop(0)([sequence for _, sequence, _, _ in requests(data)])


# Changes.


def test_many_changes_share_a_write_and_the_last_of_it_asks_for_an_acknowledgement():
    told, socket = talk(small_kernel())
    assert list(told.submit([ADD] * (2 * BATCH + 5))) == []
    assert [len(requests(write)) for write in socket.sent] == [BATCH, BATCH, 5]
    for write in socket.sent:
        assert [flags for flags, *_ in requests(write)] == [1] * (len(requests(write)) - 1) + [5]
    numbers = [sequence for _, sequence, _, _ in socket.requests]
    assert numbers == sorted(set(numbers)), "each has a number of its own"
    assert socket.calls == 6


def test_refusals_find_their_commands_across_writes():
    refused = {0: EEXIST, 7: ESRCH, BATCH - 1: EINVAL, BATCH: EEXIST, 3 * BATCH + 1: EPERM}
    told, socket = talk(small_kernel(refuse=lambda n, *_: refused.get(n)))
    assert list(told.submit([ADD] * (3 * BATCH + 2))) == sorted(refused.items())
    assert len(socket.requests) == 3 * BATCH + 2, "a refusal stops nothing behind it"


def test_answers_come_over_several_reads_or_in_one():
    apart = plays(lambda s: [error(s[0], EEXIST), error(s[2], ESRCH), error(s[3], 0)])
    assert list(talk(apart)[0].submit([ADD] * 4)) == [(0, EEXIST), (2, ESRCH)]
    together = plays(lambda s: [error(s[0], EEXIST) + error(s[2], ESRCH) + error(s[3], ESRCH)])
    assert list(talk(together)[0].submit([ADD] * 4)) == [(0, EEXIST), (2, ESRCH), (3, ESRCH)]


def test_nothing_is_sent_for_nothing():
    told, socket = talk(small_kernel())
    assert list(told.submit([])) == []
    assert socket.calls == 0


def test_an_answer_to_what_was_given_up_is_passed_over():
    late = plays(lambda s: [error(s[0] - 3, EEXIST), error(s[0], 0)])
    told, _ = talk(late)
    told._transport.sequence = 10
    assert list(told.submit([ADD])) == []


def test_lost_answers_are_an_error():
    told, _ = talk(plays(lambda s: [OSError(ENOBUFS, "No buffer space available")]))
    with pytest.raises(OSError, match="no room for its answers") as caught:
        list(told.submit([ADD] * 3))
    assert caught.value.errno == ENOBUFS


def test_what_each_change_asks_for():
    daemon_ = Daemon(state=1, interface="lo")
    commands = {
        Command(verb="add-service", service=VIP.replace(scheduler="rr")): 1,
        Command(verb="edit-service", service=VIP.replace(scheduler="rr")): 2,
        Command(verb="delete-service", service=VIP): 3,
        ADD: 5,
        ADD.replace(verb="edit-server"): 6,
        ADD.replace(verb="delete-server"): 7,
        Command(verb="start-daemon", daemon=daemon_): 9,
        Command(verb="stop-daemon", daemon=daemon_): 10,
        Command(verb="set", timeouts=Timeouts(tcp=1)): 12,
        Command(verb="zero"): 16,
        Command(verb="zero", service=VIP): 16,
        Command(verb="clear"): 17,
    }
    told, socket = talk(small_kernel())
    assert list(told.submit(commands)) == []
    assert [number for _, _, number, _ in socket.requests] == list(commands.values())


# Dumps.

TEN = [server(bytes((10, 1, 0, n)), 80, weight=n) for n in range(10)]


def weights(servers):
    return [found.weight for found in servers]


@pytest.mark.parametrize("piece", [1, 3, 10])
def test_a_dump_comes_in_pieces_of_any_size(piece):
    told, socket = talk(small_kernel([(service(b"\n\0\0\1", 80), TEN)], piece))
    (found,) = told.services()
    assert found == Service(protocol=6, address=b"\n\0\0\1", port=80, scheduler="rr")
    for _ in range(3):  # whose layout is known after the first
        assert weights(told.servers(found)) == list(range(10))
    assert [(flags, command) for flags, _, command, _ in socket.requests] == [(0x301, 4)] + [(0x301, 8)] * 3


def test_the_end_may_come_with_the_last_piece():
    play = plays(lambda s: [b"".join(message(s[0], 5, one) for one in TEN) + done(s[0])])
    assert weights(talk(play)[0].servers(VIP)) == list(range(10))


def test_a_service_that_is_gone_has_no_servers():
    assert talk(small_kernel())[0].servers(VIP) == []


def test_counters_are_read_where_they_are_wanted():
    counters = tuple(range(2**40, 2**40 + 10))
    table = [(service(b"\n\0\0\1", 80, counters=counters), [server(b"\n\1\0\1", 80, counters=counters)])]
    told, _ = talk(small_kernel(table))
    assert [found.stats for found in (*told.services(True), *told.servers(VIP, True))] == [Stats.make(counters)] * 2
    assert [found.stats for found in (*told.services(), *told.servers(VIP))] == [None, None]


def test_a_long_dump_gets_more_and_more_room():
    told, socket = talk(small_kernel([(service(b"\n\0\0\1", 80), TEN)], piece=1))
    told.servers(VIP)
    least, *_ = socket.rooms
    assert least == min(os.sysconf("SC_PAGE_SIZE"), 8192), "pieces are of a page, less what the kernel adds to them"
    assert socket.rooms == [min(least * 2 ** max(0, n - 1), 32768) for n in range(11)]


@pytest.mark.parametrize("pieces", ["one", "many"])
def test_servers_behind_a_long_dump_are_asked_for_over_a_new_socket_which_has_had_little_room(pieces):
    table = [(service(bytes((10, 0, 0, n)), 80), TEN[:4]) for n in range(9)]
    play = small_kernel(table, piece=9 if pieces == "one" else 1)
    first, second = CannedSocket(play), CannedSocket(small_kernel(table))
    told = Kernel(first, FAMILY, lambda: second)
    found = list(told.with_servers(told.services()))
    assert [len(servers) for _, servers in found] == [4] * 9
    asked = first if pieces == "one" else second
    assert [command for _, _, command, _ in asked.requests][-9:] == [8] * 9
    assert set(asked.rooms) == {first.rooms[0]}
    assert told.timeouts() == Timeouts(tcp=900, tcpfin=120, udp=300)


def test_long_dumps_go_on_over_the_socket_that_has_room_for_them():
    """Their answers hold a socket's number: those of an idle table are the same bytes only over the same socket."""
    table = [(service(bytes((10, 0, 0, n)), 80), TEN[:4]) for n in range(9)]
    first, second = CannedSocket(small_kernel(table, piece=1)), CannedSocket(small_kernel(table))
    told = Kernel(first, FAMILY, lambda: second)
    for _ in range(2):
        assert len(told.table().services) == 9
    asked = [[command for _, _, command, _ in sock.requests if command in (4, 8)] for sock in (first, second)]
    assert asked == [[4] * 4, [8] * 18]
    assert first.rooms[-1] == 32768
    assert set(second.rooms) == {first.rooms[0]}


def no_socket():
    raise OSError(EMFILE, "Too many open files")


def in_vain():
    raise AssertionError("of which nobody can tell whether it is of the same namespace")


@pytest.mark.parametrize(
    ("namespace", "another"),
    [
        (b"here", no_socket),
        (b"here", lambda: CannedSocket(small_kernel(), b"elsewhere")),
        (None, in_vain),
    ],
    ids=["there is none", "of another namespace", "of an old kernel"],
)
def test_without_a_new_socket_of_the_same_namespace_the_old_one_serves(namespace, another):
    table = [(service(bytes((10, 0, 0, n)), 80), TEN[:4]) for n in range(9)]
    told = Kernel(CannedSocket(small_kernel(table, piece=1), namespace), FAMILY, another)
    assert [len(servers) for _, servers in told.with_servers(told.services())] == [4] * 9


INTERRUPTED = 0x10


@pytest.mark.parametrize("where", ["in the middle", "at the end"])
def test_a_dump_during_which_the_table_changed_is_read_again(where):
    def disturbed(s):
        if where == "at the end":
            return [message(s[0], 5, TEN[5]), done(s[0], flags=2 | INTERRUPTED)]
        return [
            message(s[0], 5, TEN[5]),
            message(s[0], 5, TEN[6], flags=2 | INTERRUPTED),
            message(s[0], 5, TEN[7]),
            done(s[0]),
        ]

    def calm(s):
        return [message(s[0], 5, TEN[1]), done(s[0])]

    told, socket = talk(plays(disturbed, disturbed, calm))
    assert weights(told.servers(VIP)) == [1]
    assert len(socket.sent) == 3


def test_a_table_that_never_keeps_still_is_given_up():
    told, socket = talk(
        lambda data: plays(lambda s: [message(s[0], 5, TEN[0], flags=2 | INTERRUPTED), done(s[0])])(data)
    )
    with pytest.raises(OSError, match="changes faster") as caught:
        told.servers(VIP)
    assert caught.value.errno == EBADMSG
    assert len(socket.sent) == DUMP_TRIES


@pytest.mark.parametrize("known", [False, True], ids=["of a layout not met yet", "of a known layout"])
def test_what_is_left_of_an_earlier_dump_is_passed_over(known):
    def play(s):
        return [message(s[0] - 1, 5, TEN[9]) * 2, done(s[0] - 1), message(s[0], 5, TEN[1]) * 2, done(s[0])]

    told, _ = talk(plays(*([lambda s: [message(s[0], 5, TEN[0]), done(s[0])]] if known else []), play))
    told._transport.sequence = 5
    if known:
        assert weights(told.servers(VIP)) == [0]
    assert weights(told.servers(VIP)) == [1, 1]


ONE = message(7, 5, b"")
FIRST, OTHER = ONE + message(7, 5, nla(2, b"")), message(7, 5, nla(2, b""))


@pytest.mark.parametrize(("received", "answers"), [
    ([FIRST + done(7), OTHER + done(7)], [FIRST, OTHER]),
    ([FIRST + done(7), done(7)], [FIRST, b""]),  # the second has no servers
    ([FIRST + done(7), FIRST + OTHER[:20]], []),  # ... or more than one piece has room for
    ([FIRST + done(7), OTHER], []),
    ([FIRST + done(7), OTHER + done(8)], []),  # the end of another dump
    ([FIRST + done(7), OTHER + done(7, errno=EBUSY)], []),
    ([FIRST + done(7), OTHER + done(7, flags=2 | INTERRUPTED)], []),
    ([message(7, 5, b"", flags=2 | INTERRUPTED) + done(7), OTHER + done(7)], []),
    ([message(6, 5, b"") + done(7), OTHER + done(7)], []),  # left over
    ([FIRST + done(7), error(7, EBUSY)], []),
    ([], []),
])  # fmt: skip
def test_dumps_that_come_all_at_once_are_single_pieces_or_asked_for_again(received, answers):
    told, socket = talk(plays(lambda s: [ONE, done(s[0])]))
    socket.send(done(1))  # what a failure leaves is thrown away
    assert told._transport.short_dumps([b"?", b"?"], 7, lambda file, questions: received) == answers
    assert bool(socket._waiting) == bool(answers)


@pytest.mark.parametrize(
    "end", [lambda s: [error(s[0], EBUSY)], lambda s: [message(s[0], 5, TEN[0]), done(s[0], errno=EBUSY)]]
)
def test_an_error_in_a_dump_is_raised(end):
    with pytest.raises(OSError, match="refused") as caught:
        talk(plays(end))[0].servers(VIP)
    assert caught.value.errno == EBUSY


def test_unknown_attributes_of_a_newer_kernel_are_no_trouble():
    new = nla(60, b"what is this?") + nla(61, nla(1, b"\0\0\0\0"))
    table = [(service(b"\n\0\0\1", 80, extra=new), [server(b"\n\1\0\1", 80, extra=new, weight=7)] * 3)]
    told, _ = talk(small_kernel(table))
    assert told.services() == [VIP.replace(scheduler="rr")]
    assert weights(told.servers(VIP)) == [7, 7, 7]


# Questions.


def test_one_service():
    told, socket = talk(small_kernel([(service(b"\n\0\0\1", 80, "wlc"), [])]))
    assert told.service(VIP).scheduler == "wlc"
    ((flags, _, command, _),) = socket.requests
    assert (flags, command) == (1, 4)
    with pytest.raises(OSError, match="refused") as caught:
        told.service(VIP.replace(port=81))
    assert caught.value.errno == ESRCH


def test_info_and_timeouts():
    told, socket = talk(small_kernel())
    assert told.info() == Info(version=0x010201, size=4096)
    assert told.info() == Info(version=0x010201, size=4096)
    assert told.timeouts() == Timeouts(tcp=900, tcpfin=120, udp=300)
    assert [command for _, _, command, _ in socket.requests] == [15, 13], "what stays as it is is asked once"


def test_an_answer_may_lack_what_it_likes():
    told, _ = talk(
        plays(lambda s: [message(s[0], 14, b"", 0)], lambda s: [message(s[0], 12, timeouts(1, 2, 3)[8:], 0)])
    )
    assert told.info() == Info()
    assert told.timeouts() == Timeouts(tcpfin=2, udp=3)


def test_an_answer_to_another_question_is_passed_over():
    told, _ = talk(
        plays(
            lambda s: [
                error(s[0] - 1, ESRCH),
                message(s[0] - 1, 12, timeouts(9, 9, 9), 0),
                message(s[0], 12, timeouts(1, 2, 3), 0),
            ]
        )
    )
    told._transport.sequence = 5
    assert told.timeouts() == Timeouts(tcp=1, tcpfin=2, udp=3)


def test_daemons():
    rest = b"".join((
        nla(4, struct.pack("=H", 1472)), nla(7, struct.pack("=H", 8848)), nla(8, b"\1"), nla(5, bytes((224, 0, 0, 81)))
    ))  # fmt: skip
    rest6 = nla(7, struct.pack("=H", 9)) + nla(6, b"\xff\2" + bytes(13) + b"\x81")
    told, _ = talk(small_kernel(daemons=[daemon(1, "eth0", 3, rest), daemon(2, "lo", 4, rest6)]))
    assert told.daemons() == [
        Daemon(state=1, interface="eth0", syncid=3, maxlen=1472, group=bytes((224, 0, 0, 81)), port=8848, ttl=1),
        Daemon(state=2, interface="lo", syncid=4, group=b"\xff\2" + bytes(13) + b"\x81", port=9),
    ]
    assert talk(small_kernel())[0].daemons() == []


# Daemons, about which the kernel may forget to answer.

STOP = Command(verb="stop-daemon", daemon=Daemon(state=2))
START = Command(verb="start-daemon", daemon=Daemon(state=1, interface="lo"))
NOTHING = OSError(EAGAIN, "Resource temporarily unavailable")


def shows(*states):
    return lambda s: [*(message(s[0], 9, daemon(state)) for state in states), done(s[0])]


@pytest.mark.parametrize(("command", "looks"), [
    (STOP, [shows()]),
    (STOP, [shows(1)]),
    (START, [shows(1)]),
    (START, [shows(2, 1)]),
])  # fmt: skip
def test_without_an_answer_a_look_tells_that_it_is_done(command, looks):
    told, socket = talk(plays(lambda s: [NOTHING], *looks))
    assert list(told.submit([command])) == []
    assert [number for _, _, number, _ in socket.requests] == [9 if command is START else 10, 11]
    assert socket.options[0][:2] == (1, 20)  # SOL_SOCKET, SO_RCVTIMEO
    assert socket.options[-1][2] == bytes(len(socket.options[-1][2])), "patience again"


def test_an_answer_that_comes_is_taken():
    assert list(talk(plays(lambda s: [error(s[0], ESRCH)]))[0].submit([STOP])) == [(0, ESRCH)]
    assert list(talk(plays(lambda s: [error(s[0], 0)]))[0].submit([START])) == []


def test_an_answer_that_comes_late_is_taken_too():
    """The daemon still runs: so there's more to wait for."""
    told, socket = talk(plays(lambda s: [NOTHING], shows(2)))
    play = socket._play

    def late(data):
        answers = play(data)
        (_, sequence, number, _), *_ = requests(data)
        return [*answers, error(sequence - 1, 0)] if number == 11 else answers

    socket._play = late
    assert list(told.submit([STOP])) == []


def test_a_daemon_that_never_does_as_it_is_told_is_given_up():
    told, socket = talk(
        lambda data: [*shows(2)([requests(data)[0][1]]), NOTHING] if requests(data)[0][2] == 11 else [NOTHING]
    )
    with pytest.raises(OSError, match="doesn't answer"):
        list(told.submit([STOP]))
    assert [number for _, _, number, _ in socket.requests] == [10] + [11] * LOOKS


# Opening.


@pytest.fixture
def opened(monkeypatch):
    """Opens a Kernel whose socket answers as `play` does, and says whether modprobe was asked."""

    def make(play, loads=False, **how):
        socket = CannedSocket(play)
        asked = []
        monkeypatch.setattr(transport, "socket", lambda *_: socket)
        monkeypatch.setattr(kernel, "_load_module", lambda: asked.append(True) or loads)
        try:
            return Kernel.open(**how), socket, len(asked)
        except UnreachableError as error:
            return error, socket, len(asked)

    return make


def controller(number=0x1C, after=0, refuse_info=0):
    """A controller that knows the family from its `after`th question on, and then the family itself."""
    asked = [0]

    def play(data):
        ((_, sequence, command, attributes),) = requests(data)
        family = struct.unpack_from("=H", data, 4)[0]
        if family == 16:
            assert command == 3
            assert attributes == nla(2, b"IPVS\0")
            asked[0] += 1
            if asked[0] <= after:
                return [error(sequence, 2)]
            return [
                message(sequence, 1, nla(2, b"IPVS\0") + nla(1, struct.pack("=H", number)) + nla(3, b"\1\0\0\0"), 0, 16)
            ]
        assert family == number
        if refuse_info:
            return [error(sequence, refuse_info)]
        return small_kernel()(data)

    return play


def test_the_family_is_asked_for_once(opened):
    told, socket, loaded = opened(controller(number=0x21))
    assert loaded == 0
    assert told.timeouts() == Timeouts(tcp=900, tcpfin=120, udp=300)
    families = [struct.unpack_from("=H", write, 4)[0] for write in socket.sent]
    assert families == [16, 0x21, 0x21]


def test_the_module_is_loaded_where_the_family_is_missing(opened):
    told, _, loaded = opened(controller(after=1), loads=True)
    assert loaded == 1
    assert isinstance(told, Kernel)


INIT = "Can't initialize ipvs: {}\nAre you sure that IP Virtual Server is built in the kernel or as module?"


@pytest.mark.parametrize("loads", [False, True])
def test_without_ipvs(opened, loads):
    error, _, loaded = opened(controller(after=9), loads=loads)
    assert (str(error), error.status, loaded) == (INIT.format("Protocol not available"), 2, 1)
    assert "pyipvsadm sandbox" in error.hint


def test_without_ipvs_and_without_privilege_it_is_the_privilege_that_is_told(monkeypatch):
    """As ipvsadm has it, which goes on with a raw socket, and gets none."""
    canned = CannedSocket(controller(after=9))

    def make(family, *_):
        if family == AF_INET:
            raise PermissionError(EPERM, "Operation not permitted")
        return canned

    monkeypatch.setattr(kernel, "_load_module", lambda: False)
    monkeypatch.setattr(transport, "socket", make)
    with pytest.raises(UnreachableError) as raised:
        Kernel.open()
    assert str(raised.value) == INIT.format("Permission denied (you must be root)")


def test_without_privilege(opened):
    error, _, loaded = opened(controller(refuse_info=EPERM))
    assert (str(error), error.status, loaded) == (INIT.format("Permission denied (you must be root)"), 2, 0)
    assert "pyipvsadm sandbox" in error.hint


def test_without_netlink(monkeypatch):
    def none(*_):
        raise OSError(EPERM, "Operation not permitted")

    monkeypatch.setattr(transport, "socket", none)
    with pytest.raises(UnreachableError, match="Can't initialize ipvs"):
        Kernel.open()


def family(sequence):
    """What the kernel says of IPVS's family. Source: linux/genetlink.h, CTRL_ATTR_FAMILY_ID."""
    return message(sequence, 1, nla(1, struct.pack("=H", FAMILY)), flags=0, family=16)


@pytest.mark.parametrize(
    "answers",
    [[lambda sequence: error(sequence, ENOENT)], [family, lambda sequence: error(sequence, EPERM)]],
    ids=["no IPVS", "no privilege"],
)
def test_a_socket_that_does_not_reach_ipvs_is_closed(monkeypatch, answers):
    closed = []
    answers = iter(answers)
    socket = CannedSocket(lambda data: [next(answers)(sequence) for _, sequence, _, _ in requests(data)])
    socket.close = lambda: closed.append(True)
    monkeypatch.setattr(kernel, "generic_netlink", lambda: socket)
    with pytest.raises(UnreachableError):
        Kernel.open(load=False)
    assert closed == [True]
