"""`top` on a real kernel: rates of real traffic, and changes as they happen."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from statistics import median

import pytest

from pyipvsadm.support.lock import alone
from pyipvsadm.world import World

from ..seat import Seat
from .directors import ipvsadm
from .namespaces import Namespace
from .network import SERVERS, VIP, Network
from .sitting import Sitting

RATE, BYTES = 50, 128  # datagrams a second, and the length of each with its headers
SAMPLES = 8  # of which some are off where the machine is busy


@pytest.fixture
def network():
    made = Network()
    yield made
    made.close()


@pytest.mark.clock
def test_rates_are_those_of_the_traffic(network):
    ipvsadm(network.director)(
        "-R", f"-A -u {VIP}:53 -s rr -o\n" + "".join(f"-a -u {VIP}:53 -r {one}:5353 -m\n" for one in SERVERS)
    )
    _ = [network.receive(one, 5353) for one in SERVERS]
    client = network.socket(network.client, socket.AF_INET, socket.SOCK_DGRAM)
    enough = threading.Event()

    def send():
        begun, sent = time.monotonic(), 0
        while not enough.is_set():
            while sent < (time.monotonic() - begun) * RATE:
                client.sendto(bytes(BYTES - 28), (VIP, 53))
                sent += 1
            time.sleep(0.005)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        with network.director.entered():
            words = [shutil.which("pyipvsadm"), "top", "-o", "ndjson"]
            top = subprocess.Popen(words, stdout=subprocess.PIPE)
        told = [json.loads(top.stdout.readline())["services"][0] for _ in range(SAMPLES)]
    finally:
        top.kill()
        top.communicate()
        enough.set()
        sender.join()
    rates = [one["rates"] for one in told[1:]]  # before the first, the sender may have begun late
    assert median(one["packets_in"] for one in rates) == pytest.approx(RATE, rel=0.3), rates
    assert all(one["bytes_in"] == pytest.approx(BYTES * one["packets_in"], rel=0.01) for one in rates)
    for one in (0, 1):
        of_server = median(found["servers"][one]["rates"]["packets_in"] for found in told[1:])
        assert of_server == pytest.approx(RATE / 2, rel=0.3)
    assert told[-1]["counters"]["packets_in"] > told[0]["counters"]["packets_in"]


def test_changes_show_while_one_looks():
    namespace = Namespace()
    program = ipvsadm(namespace)
    program("-R", "-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.1.0.1 -m\n-a -t 10.0.0.1:80 -r 10.1.0.2 -m\n")
    with namespace.entered():
        seat = Seat([shutil.which("pyipvsadm"), "top", "--interval", "0.5"])
    try:
        seat.until("10.1.0.2:80")
        program("-e -t 10.0.0.1:80 -r 10.1.0.1 -m -w 7")
        seat.until(r"^~   10\.1\.0\.1:80 .* 7 .*was 1$")
        program("-d -t 10.0.0.1:80 -r 10.1.0.2")
        seat.until(r"^-   10\.1\.0\.2:80 .*gone$")
        program("-A -u 10.0.0.1:53")
        seat.until(r"^\+  10\.0\.0\.1:53/udp")
        seat.until(r"^-", absent=True)
        seat.type("q")
        assert seat.told(r"<ended (-?\d+) (True|False)>").groups() == (b"0", b"True")
    finally:
        seat.close()
        namespace.close()


def test_the_server_at_the_cursor_is_drained_and_undrained():
    namespace = Namespace()
    program = ipvsadm(namespace)
    program("-R", "-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.1.0.1 -m -w 4\n-a -t 10.0.0.1:80 -r 10.1.0.2 -m\n")
    with namespace.entered():
        seat = Seat([shutil.which("pyipvsadm"), "top", "--interval", "0.5"])
    try:
        seat.until("10.1.0.2:80")
        seat.type("jd")
        seat.until(r"^drain 10\.1\.0\.1:80 in 10\.0\.0\.1:80/tcp\?")
        seat.type("n")
        seat.until("q quit")
        with namespace.entered(), alone(World()):
            seat.type("dy")
            seat.until("^drain: the table is being changed by process")
        assert "Masq    4 " in program("-Ln").stdout
        seat.type("dy")
        seat.until(r"^10\.0\.0\.1:80/tcp 10\.1\.0\.1:80  weight 4 -> 0, 10\.1\.0\.1:80: 0\s+active")
        assert "Masq    0 " in program("-Ln").stdout
        seat.type("kjjdy")
        seat.until("^drain: no other server of 10.0.0.1:80/tcp has a weight")
        seat.type("kuy")
        seat.until(r"^10\.0\.0\.1:80/tcp 10\.1\.0\.1:80  weight 0 -> 4$")
        assert "Masq    4 " in program("-Ln").stdout
        seat.type("q")
        assert seat.told(r"<ended (-?\d+) (True|False)>").groups() == (b"0", b"True")
    finally:
        seat.close()
        namespace.close()


def test_a_service_that_is_not_there_is_told(tmp_path):
    sitting = Sitting(tmp_path)
    status, said = sitting.run("pyipvsadm top --once 10.0.0.1:80")
    sitting.close()
    assert (status, said.splitlines()[0]) == (1, "No such service: 10.0.0.1:80/tcp")


def memory(process):
    """Bytes."""
    with open(f"/proc/{process}/statm") as sizes:
        return int(sizes.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.long
def test_watching_a_large_table_takes_no_more_memory_by_and_by():
    """200 services with 4 servers each. What it costs of a processor, tests/test_top_seat.py measures."""
    namespace = Namespace()
    rules = []
    for number in range(200):
        rules.append(f"-A -t 10.0.{number}.1:80 -s rr\n")
        rules += [f"-a -t 10.0.{number}.1:80 -r 10.1.{number}.{server}:80 -m\n" for server in range(1, 5)]
    ipvsadm(namespace)("-R", "".join(rules))
    with namespace.entered():
        seat = Seat([shutil.which("pyipvsadm"), "top"], 160, 50)
    try:
        seat.until("200 services, 800 servers")
        process = seat.job()
        watched(seat, 130)  # until histories are full
        before = memory(process)
        watched(seat, 60)
        assert memory(process) - before < 256 << 10
        os.kill(process, signal.SIGTERM)
        assert seat.told(r"<ended (-?\d+) (True|False)>").groups() == (b"143", b"True")
    finally:
        seat.close()
        namespace.close()


def watched(seat, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        seat.read()
