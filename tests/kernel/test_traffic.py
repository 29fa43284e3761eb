"""With real traffic on the table: what ours shows is what ipvsadm shows at the same moment."""

from __future__ import annotations

import socket
import time

import pytest

from .directors import InProcess, ipvsadm
from .network import CLIENT, SERVERS, SERVERS6, VIP, VIP6, Network

RULES = f"""
-A -t {VIP}:80 -s rr
-a -t {VIP}:80 -r {SERVERS[0]}:8080 -m -w 3
-a -t {VIP}:80 -r {SERVERS[1]}:8080 -m -w 3
-A -t {VIP}:443 -s rr -p 300 -M 255.255.255.0
-a -t {VIP}:443 -r {SERVERS[0]}:8080 -m
-a -t {VIP}:443 -r {SERVERS[1]}:8080 -m -x 100 -y 50
-A -u {VIP}:53 -s rr -o
-a -u {VIP}:53 -r {SERVERS[0]}:5353 -m
-A -u {VIP}:5060 -s rr -p 60 --pe sip
-a -u {VIP}:5060 -r {SERVERS[1]}:5060 -m
-A -t [{VIP6}]:80 -s rr -p 90 -M 64
-a -t [{VIP6}]:80 -r [{SERVERS6[0]}]:8080 -m
-a -t [{VIP6}]:80 -r [{SERVERS6[1]}]:8080 -m
-A -f 5 -s rr -p 120
-a -f 5 -r {SERVERS[1]}:8080 -m
"""
MARK = 5
ESTIMATE = 2.2  # seconds after which the kernel has refreshed its counters and rates
TRIES = 20
INVITE = b"INVITE sip:a@example SIP/2.0\r\nCall-ID: abcd1234@client.example\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture(scope="module")
def busy():
    """The network after ten requests and more, with connections in many states."""
    network = Network()
    program = ipvsadm(network.director)
    assert program("-R", RULES) == (0, "", "")
    listening = [network.listen(address, 8080) for address in (*SERVERS, *SERVERS6)]
    receiving = [network.receive(SERVERS[0], 5353), network.receive(SERVERS[1], 5060)]
    for port, count in ((80, 10), (443, 3)):
        for _ in range(count):
            network.connect(VIP, port).sendall(b"GET / HTTP/1.0\r\n\r\n")
    for _ in range(2):
        network.connect(VIP6, 80).sendall(b"x" * 1000)
    marked = network.socket(network.director, socket.AF_INET, socket.SOCK_STREAM)
    marked.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, MARK)
    marked.connect((VIP, 8080))
    for _ in range(4):
        network.datagram(VIP, 53, b"question")
    network.datagram(VIP, 5060, INVITE)
    for one in listening[:2]:
        for _ in range(2):  # so that some connections are half closed
            accepted, _ = one.accept()
            assert accepted.recv(100) == b"GET / HTTP/1.0\r\n\r\n"
            accepted.close()
    received = [one.recv(2000) for one in receiving]
    assert received == [b"question", INVITE]
    yield network
    network.close()


def at_one_moment(namespace, line):
    """What both programs print: ours, and ipvsadm's, which says the same before and after."""
    ours, theirs = InProcess(namespace), ipvsadm(namespace)
    for _ in range(TRIES):
        before, answer, after = theirs(line), ours(line), theirs(line)
        if before == after:
            return answer, before
    raise AssertionError(f"{line} never stood still")


def numbers(text):
    """The five numbers of each line that has them, by what the line begins with."""
    rows = [line.removeprefix("  -> ").rsplit(None, 5) for line in text.splitlines()[3:]]
    return [(row[0].strip(), *map(int, row[1:])) for row in rows]


def test_counters(busy):
    time.sleep(ESTIMATE)
    ours, theirs = at_one_moment(busy.director, "-Ln --stats")
    assert ours == theirs
    rows = numbers(ours.stdout)
    service, first, second = rows[:3]
    assert [row[:2] for row in rows[:3]] == [
        (f"TCP  {VIP}:80", 10),
        (f"{SERVERS[0]}:8080", 5),
        (f"{SERVERS[1]}:8080", 5),
    ]
    assert service[2] == first[2] + second[2] >= 30  # packets: SYN, ACK, and the request
    assert service[4] == first[4] + second[4] >= 30 * 40
    assert (f"UDP  {VIP}:53", 4, 4, 0, 4 * 36, 0) in rows


@pytest.mark.parametrize(
    "line",
    [
        "-Ln --stats --exact",
        "-L --stats",
        "-Ln --rate",
        "-Ln --rate --exact",
        f"-Ln --stats -t {VIP}:443",
        f"-Ln --rate -t {VIP}:80",
        "-Ln",
        "-L",
        "-Ln --persistent-conn",
        "-Ln --thresholds",
        "-Lnc",
        "-Lc",
        "-Lnc --persistent-conn",
        "-Lc --persistent-conn --sort",
        "-Ln --nosort --stats",
        f"-Ln -t [{VIP6}]:80",
        "-Ln --stats -f 5",
    ],
)
def test_both_show_the_same(busy, line):
    ours, theirs = at_one_moment(busy.director, line)
    assert ours == theirs
    assert ours.returncode == 0


def test_connections_of_all_kinds_are_there(busy):
    ours, theirs = at_one_moment(busy.director, "-Lnc --persistent-conn")
    assert ours == theirs
    header, columns, *lines = ours.stdout.splitlines()
    assert header == "IPVS connection entries"
    assert columns.split() == ["pro", "expire", "state", "source", "virtual", "destination", "pe", "name", "pe_data"]
    rows = [line.split() for line in lines]
    states = sorted(row[2] for row in rows if row[4] == f"{VIP}:80")
    assert states == ["ESTABLISHED"] * 6 + ["FIN_WAIT"] * 4
    (template,) = (row for row in rows if row[3:5] == ["10.1.0.0:0", f"{VIP}:443"])
    assert template[0::2][:2] == ["TCP", "ASSURED"]
    assert [row[0] for row in rows if row[4] == f"0.0.0.{MARK}:0"] == ["IP"]
    assert any(row[4] == f"[{VIP6}]:80" and row[3] == "[2001:db8:1::]:0" for row in rows)
    assert [row[6:] for row in rows if row[4] == f"{VIP}:5060" and row[3] == f"{CLIENT}:0"] == [
        ["sip", "abcd1234@client.example"]
    ]


@pytest.mark.clock
def test_rates_show_while_there_is_traffic(busy):
    """A rate is counted over two seconds, so that a hundred packets a second show for a while."""
    with busy.director.entered():
        sending = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for _ in range(200):
        sending.sendto(b"question", (VIP, 53))
    time.sleep(ESTIMATE)
    ours, theirs = at_one_moment(busy.director, "-Ln --rate")
    sending.close()
    assert ours == theirs
    (row,) = (row for row in numbers(ours.stdout) if row[0] == f"UDP  {VIP}:53")
    assert row[1] > 0
    assert row[4] > 36


def test_zeroing_takes_the_counters_only(busy):
    ours = InProcess(busy.director)
    before = ours("-Ln").stdout
    assert ours(f"-Z -t {VIP}:80") == (0, "", "")
    answer, theirs = at_one_moment(busy.director, "-Ln --stats")
    assert answer == theirs
    rows = numbers(answer.stdout)
    assert rows[0] == (f"TCP  {VIP}:80", 0, 0, 0, 0, 0)
    assert next(row for row in rows if row[0] == f"TCP  {VIP}:443")[1] == 3
    assert ours("-Ln").stdout == before
    assert ours("-Z") == (0, "", "")
    assert {row[1:] for row in numbers(ours("-Ln --stats").stdout)} == {(0, 0, 0, 0, 0)}


def test_long_data_of_an_engine(busy):
    """Data exists that ends ipvsadm by a signal (exception 6): this is shorter, and for ours alone."""
    caller = "c" * 100
    busy.datagram(VIP, 5060, INVITE.replace(b"abcd1234", caller.encode()))
    answer = InProcess(busy.director)("-Lnc --persistent-conn")
    assert (answer.returncode, answer.stderr) == (0, "")
    told = [line.split()[6:] for line in answer.stdout.splitlines() if "ccc" in line]
    assert told == [["sip", f"{caller}@client.example"]]
