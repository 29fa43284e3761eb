"""`metrics` beside what it is for: Prometheus scrapes it, and node_exporter tells of the same table."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
from contextlib import closing, suppress
from pathlib import Path

import pytest

from pyipvsadm.verbs.metrics.alerts import ALERTS

from ..exposition import samples
from ..readable import LET_ALL_READ
from .directors import InProcess, ipvsadm
from .monitors import ROOT, Prometheus, needs_monitors, node_exporter, ours
from .namespaces import Namespace
from .network import SERVERS, SERVERS6, VIP, VIP6, Network, ip

RULES = f"""
-A -t {VIP}:80 -s rr
-a -t {VIP}:80 -r {SERVERS[0]}:8080 -m -w 3
-a -t {VIP}:80 -r {SERVERS[1]}:8080 -m -w 0 -x 100 -y 50
-A -u {VIP}:53 -s wlc -o
-a -u {VIP}:53 -r {SERVERS[0]}:5353 -m -w 2147483647
-A -u {VIP}:54 -s wlc -p 300
-a -u {VIP}:54 -r {SERVERS[0]}:5353 -m
-A -t [{VIP6}]:80 -s rr
-a -t [{VIP6}]:80 -r [{SERVERS6[0]}]:8080 -m
-a -t [{VIP6}]:80 -r [{SERVERS6[1]}]:8080 -m
-A -f 17 -s mh -b mh-port
-a -f 17 -r {SERVERS[0]} -g -w 4
-A -f 4660 -6 -s sh
-a -f 4660 -6 -r [{SERVERS6[1]}]:0 -g -w 6
"""
REFRESHED = 2.5  # seconds after which the kernel has brought its counters up to date
COUNTED = ("connections", "incoming_packets", "outgoing_packets", "incoming_bytes", "outgoing_bytes")
BIG, MANY = 65_000, 70_000  # bytes of a datagram, and how many make more than 2**32


@pytest.fixture
def alone():
    """A director with nothing around it, which has the addresses of services and servers itself."""
    namespace = Namespace()
    ip(namespace, "addr add 10.9.0.1/32 dev lo", "addr add 10.9.1.1/32 dev lo", "addr add 10.9.1.7/32 dev lo")
    yield namespace
    namespace.close()


@pytest.fixture(scope="module")
def busy():
    """A director with a table, clients and servers."""
    network = Network()
    try:
        assert ipvsadm(network.director)("-R", RULES) == (0, "", "")
        for address in (*SERVERS, *SERVERS6):
            network.listen(address, 8080)
        network.receive(SERVERS[0], 5353)
        for _ in range(7):
            network.connect(VIP, 80).sendall(b"GET / HTTP/1.0\r\n\r\n")
        for _ in range(3):
            network.connect(VIP6, 80).sendall(b"x" * 1000)
        for port, count in ((53, 5), (54, 2)):
            for _ in range(count):
                network.datagram(VIP, port, b"question")
        time.sleep(REFRESHED)
        yield network
    finally:
        network.close()


def listed(director):
    """What `ipvsadm -Ln --stats --exact` and `-Ln` say, by service and server: counters, then settings."""
    counters, settings = {}, {}
    for found, line in ((counters, "-Ln --stats --exact"), (settings, "-Ln")):
        service = ""
        for words in map(str.split, ipvsadm(director)(line).stdout.splitlines()[3:]):
            if words[0] == "->":
                found[service, words[1]] = words[2:]
            else:
                service = words[1]
                found[service, ""] = [word for word in words[2:] if word != "IPv6"]  # which stands behind a mark
    return counters, settings


def endpoint(labels, side):
    address, port = labels[f"{side}_address"], labels[f"{side}_port"]
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def who(labels):
    """The service and the server that labels name, as ipvsadm's lists do."""
    mark = labels.get("local_mark")
    service = str(int(mark, 16)) if mark else endpoint(labels, "local")
    return service, endpoint(labels, "remote") if "remote_address" in labels else ""


@needs_monitors
def test_prometheus_answers_what_ipvsadm_lists(busy, tmp_path):
    with (
        ours(busy.director, tmp_path) as listener,
        Prometheus(busy.director, tmp_path, {"pyipvsadm": listener.port}) as prometheus,
    ):
        counters, settings = listed(busy.director)
        asked = 0
        for column, kind in enumerate(COUNTED):
            for subject in ("service", "backend"):
                for key, value in prometheus.query(f"ipvs_{subject}_{kind}_total").items():
                    labels = dict(key)
                    assert value == int(counters[who(labels)][column]), (labels, kind)
                    asked += 1
        assert asked == len(COUNTED) * len(counters)
        assert counters[f"{VIP}:80", ""][0] == "7"
        columns = {"weight": 1, "connections_active": 2, "connections_inactive": 3}
        for name, column in columns.items():
            found = prometheus.query(f"ipvs_backend_{name}")
            assert len(found) == 8
            for key, value in found.items():
                assert value == int(settings[who(dict(key))][column]), (key, name)
        assert prometheus.query("scrape_samples_scraped") == {
            frozenset(): len(samples(listener.get("/metrics").decode()))
        }


@needs_monitors
def test_a_rate_is_what_was_sent(busy, tmp_path):
    """Of 20 datagrams a second over half a minute, Prometheus computes 20 a second.

    The kernel brings counters up to date every two seconds, so one window may lack a tenth: the mean of ten counts.
    """
    rate, seconds = 20, 36
    with (
        ours(busy.director, tmp_path, "--only", VIP) as listener,
        Prometheus(busy.director, tmp_path, {"pyipvsadm": listener.port}) as prometheus,
        closing(busy.socket(busy.client, socket.AF_INET, socket.SOCK_DGRAM)) as client,
    ):
        start = time.monotonic()
        for number in range(rate * seconds):
            client.sendto(b"question", (VIP, 53))
            time.sleep(max(0, start + (number + 1) / rate - time.monotonic()))
        window = 'rate(ipvs_service_incoming_packets_total{local_port="53"}[20s])'
        found = prometheus.query(f"avg_over_time({window}[10s:1s])")
        measured = rate * seconds / (time.monotonic() - start)
    (value,) = found.values()
    assert value == pytest.approx(measured, rel=0.1)


@needs_monitors
def test_all_that_node_exporter_says_too_is_equal(busy, tmp_path):
    for _ in range(5):  # until the kernel has brought all its counters up to date, which it does every two seconds
        with node_exporter(busy.director, tmp_path) as other:
            theirs = samples(other.get("/metrics").decode())
        said = InProcess(busy.director)("metrics --compatible node_exporter")
        assert (said.returncode, said.stderr) == (0, "")
        mine = samples(said.stdout)
        common = {key: value for key, value in theirs.items() if key[0].startswith("node_ipvs_")}
        if mine == common:
            break
        time.sleep(2.5)
    assert mine == common
    assert len(common) == 5 + 3 * 8
    assert {dict(labels)["proto"] for _, labels in common if labels} == {"TCP", "UDP", "FWM"}
    heads = re.findall("^# HELP node_ipvs.*|^# TYPE node_ipvs.*", said.stdout, re.MULTILINE)
    with node_exporter(busy.director, tmp_path) as other:
        assert sorted(heads) == sorted(re.findall("^# .* node_ipvs.*", other.get("/metrics").decode(), re.MULTILINE))


def weights(text):
    """By protocol, mark and server, the weights in an answer."""
    return {
        (labels["proto"], labels["local_mark"], labels["remote_address"]): value
        for (name, key), value in samples(text).items()
        if name == "node_ipvs_backend_weight" and (labels := dict(key))
    }


@needs_monitors
@pytest.mark.parametrize(("rules", "theirs", "mine"), [
    (  # SCTP is booked under the service before it, with which it is summed
        "-A -t 10.9.0.1:80 -s rr\n-a -t 10.9.0.1:80 -r 10.9.1.7:9899 -m -w 1\n"
        "-A --sctp-service 10.9.0.1:{port} -s rr\n-a --sctp-service 10.9.0.1:{port} -r 10.9.1.7:9899 -m -w 7\n",
        {("TCP", "", "10.9.1.7"): 8},
        {("TCP", "", "10.9.1.7"): 1, ("SCTP", "", "10.9.1.7"): 7},
    ),
    (  # where there is none before it, under nothing
        "-A --sctp-service 10.9.0.1:9899 -s rr\n-a --sctp-service 10.9.0.1:9899 -r 10.9.1.7:9899 -m -w 7\n",
        {("", "", "10.9.1.7"): 7},
        {("SCTP", "", "10.9.1.7"): 7},
    ),
    (  # a mark of both families is one, and the weights of the same server are summed
        "-A -f 1 -s rr\n-a -f 1 -r 10.9.1.7 -i -w 1\n-A -f 1 -6 -s rr\n-a -f 1 -6 -r 10.9.1.7 -i -w 9\n",
        {("FWM", "00000001", "10.9.1.7"): 10},
        {},  # which of the two it is, those labels can't say
    ),
], ids=["sctp-behind-another", "sctp-first", "mark-of-both-families"])  # fmt: skip
def test_where_node_exporter_errs(alone, tmp_path, rules, theirs, mine):
    for port in range(9899, 9999):  # the order is that of the kernel's hash table
        assert ipvsadm(alone)("-R", rules.format(port=port)).stderr == ""
        with alone.entered():
            table = Path("/proc/net/ip_vs").read_text()
        if "{port}" not in rules or table.index("TCP ") < table.index("SCTP "):
            break
        ipvsadm(alone)("-C")
    with node_exporter(alone, tmp_path) as other:
        assert weights(other.get("/metrics").decode()) == theirs
    program = InProcess(alone)
    assert weights(program("metrics --compatible node_exporter").stdout) == mine
    own = samples(program("metrics").stdout)
    told = sorted(value for (name, _), value in own.items() if name == "ipvs_backend_weight")
    assert told == sorted(map(int, re.findall(r"-w (\d+)", rules)))


@needs_monitors
def test_the_textfile_collector_takes_our_file(busy, tmp_path):
    path = tmp_path / "ipvs.prom"
    assert InProcess(busy.director)(["metrics", "--textfile", str(path)]) == (0, "", "")
    flags = ("--collector.textfile", f"--collector.textfile.directory={tmp_path}")
    with node_exporter(busy.director, tmp_path, *flags) as collector:
        collected = samples(collector.get("/metrics").decode())
        log = collector.log
    assert collected["node_textfile_scrape_error", frozenset()] == 0
    assert samples(path.read_text()).items() <= collected.items()
    assert not re.search("level=error|collected before", log)


def test_counters_pass_4_gigabytes_in_full_digits(alone):
    program = InProcess(alone)
    assert ipvsadm(alone)("-R", "-A -u 10.9.0.1:53 -s rr\n-a -u 10.9.0.1:53 -r 10.9.1.1:53 -m\n").stderr == ""
    with alone.entered(), closing(socket.socket(type=socket.SOCK_DGRAM)) as server:
        server.bind(("10.9.1.1", 53))  # it takes what its buffer has room for, and no more
        with closing(socket.socket(type=socket.SOCK_DGRAM)) as client:
            payload = bytes(BIG)
            for _ in range(MANY):
                client.sendto(payload, ("10.9.0.1", 53))
    time.sleep(REFRESHED)
    text = program("metrics").stdout
    exact = (BIG + 28) * MANY  # with the heads of IP and UDP
    assert exact > 2**32
    for subject in ("service", "backend"):
        assert re.search(rf"^ipvs_{subject}_incoming_bytes_total\{{.*\}} {exact}$", text, re.MULTILINE), text


def test_the_listener_keeps_one_privilege_and_ends_by_sigterm(alone, tmp_path):
    with ours(alone, tmp_path) as listener:
        status = Path(f"/proc/{listener.process.pid}/status").read_text()
        ones = re.findall(r"^Cap(?:Prm|Eff|Bnd):\t0*1000$", status, re.MULTILINE)  # bit 12 is CAP_NET_ADMIN
        assert len(ones) == 3, status
        assert re.search(r"^Uid:\t65534\t65534\t65534\t65534$", status, re.MULTILINE)
        assert re.search(r"^NoNewPrivs:\t1$", status, re.MULTILINE)
        listener.process.send_signal(signal.SIGTERM)
        assert listener.process.wait(10) == 0


def test_nothing_is_read_from_a_folder_that_nobody_may_enter_any_more(alone, tmp_path):
    """Root's own installation, below /root, can't be read by nobody: all is loaded before privileges are dropped."""
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    shutil.copytree(ROOT / "pyipvsadm", private / "pyipvsadm")
    with ours(alone, tmp_path, PYTHONPATH=str(private), PYTHONDONTWRITEBYTECODE="1") as listener:
        assert samples(listener.get("/metrics").decode())["ipvs_up", frozenset()] == 1
        assert ipvsadm(alone)("-R", "-A -t 10.9.0.1:80 -s rr -p 5\n-a -t 10.9.0.1:80 -r 10.9.1.1:80 -m\n").stderr == ""
        time.sleep(1.1)
        text = listener.get("/metrics").decode()
        assert 'ipvs_backend_weight{local_address="10.9.0.1"' in text
        with pytest.raises(OSError, match="404"):
            listener.get("/zork")


def test_other_namespaces_are_told_by_their_names(director, tmp_path):
    names = ['a"b\\c', "plain"]
    other = Namespace()
    try:
        for number, name in enumerate(names, 1):
            subprocess.run(["ip", "netns", "add", name], check=True)
            added = InProcess()(["--netns", name, "-A", "-t", f"192.0.2.{number}:80", "-s", "rr"])
            assert added == (0, "", "")
        words = [word for name in names for word in ("--netns", name)]
        with ours(other, tmp_path, *words) as listener:
            found = samples(listener.get("/metrics").decode())
            told = {
                dict(labels)["netns"]: dict(labels)["local_address"]
                for name, labels in found
                if name == "ipvs_service_info"
            }
            assert told == {names[0]: "192.0.2.1", names[1]: "192.0.2.2"}
            assert InProcess()(["--netns", "plain", "-A", "-t", "192.0.2.9:81", "-s", "rr"]) == (0, "", "")
            time.sleep(1.1)
            assert 'local_address="192.0.2.9"' in listener.get("/metrics").decode()
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], check=False)
        other.close()


def test_a_drained_server_is_told(alone):
    program = InProcess(alone)
    rules = "-A -t 10.9.0.1:80 -s rr\n" + "".join(f"-a -t 10.9.0.1:80 -r 10.9.1.{n}:80 -m -w 5\n" for n in (1, 7))
    assert program("-R", rules).returncode == 0
    assert program("drain 10.9.1.7:80").returncode == 0
    drained = re.compile(r'^ipvs_backend_drained\{.*remote_address="10.9.1.7".*\} (\d)$', re.MULTILINE)
    assert drained.findall(program("metrics").stdout) == ["1"]
    assert program("undrain 10.9.1.7:80").returncode == 0
    assert drained.findall(program("metrics").stdout) == ["0"]


def children(process):
    """The processes that `process` has started."""
    return list(map(int, Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()))


def test_a_listener_without_privileges_tells_what_is_drained_too(alone, tmp_path):
    """Root's record is read by a child that can do nothing else, ends with the listener, and is missed if it dies."""
    program = InProcess(alone)
    rules = "-A -t 10.9.0.1:80 -s rr\n" + "".join(f"-a -t 10.9.0.1:80 -r 10.9.1.{n}:80 -m -w 5\n" for n in (1, 7))
    assert program("-R", rules).returncode == 0
    shutil.rmtree("/run/pyipvsadm", ignore_errors=True)

    def drained(listener):
        time.sleep(1.1)  # so that the table is read anew
        text = listener.get("/metrics").decode()
        return re.findall(r'^ipvs_backend_drained\{.*remote_address="10.9.1.7".*\} (\d)$', text, re.MULTILINE)

    with ours(alone, tmp_path) as listener:
        (child,) = children(listener.process)
        assert drained(listener) == ["0"]
        for line, figure in (("drain 10.9.1.7:80", "1"), ("undrain 10.9.1.7:80", "0"), ("drain 10.9.1.7:80", "1")):
            assert program(line).returncode == 0
            assert drained(listener) == [figure]
        status = Path(f"/proc/{child}/status").read_text()
        assert re.search(r"^Uid:\t0\t0\t0\t0$", status, re.MULTILINE)
        assert len(re.findall(r"^Cap(?:Inh|Prm|Eff|Amb):\t0+$", status, re.MULTILINE)) == 4, status
        assert re.search(r"^NoNewPrivs:\t1$", status, re.MULTILINE)
        opened = [os.readlink(f"/proc/{child}/fd/{number}") for number in sorted(os.listdir(f"/proc/{child}/fd"))]
        assert sorted(opened)[:3] == ["/dev/null"] * 3
        assert [name.partition(":")[0] for name in sorted(opened)[3:]] == ["socket"]
        assert re.search(r"^Max file size +0 +0 ", Path(f"/proc/{child}/limits").read_text(), re.MULTILINE)
        os.kill(child, signal.SIGTERM)
        os.kill(child, signal.SIGINT)
        assert drained(listener) == ["1"]
        listener.process.send_signal(signal.SIGTERM)
        assert listener.process.wait(10) == 0
        assert not Path(f"/proc/{child}").exists()
    with ours(alone, tmp_path) as listener:
        (child,) = children(listener.process)
        os.kill(child, signal.SIGKILL)
        assert drained(listener) == []
        assert "\n# ipvs_backend_drained is left out: " in listener.get("/metrics").decode()
    with ours(alone, tmp_path) as listener:
        (child,) = children(listener.process)
        listener.process.kill()
        listener.process.wait()
        until = time.monotonic() + 10
        while Path(f"/proc/{child}").exists() and "State:\tZ" not in Path(f"/proc/{child}/status").read_text():
            assert time.monotonic() < until
            time.sleep(0.1)


def test_a_table_that_changes_meanwhile_gives_whole_answers(alone, tmp_path):
    rules = "".join(f"-A -t 10.9.0.1:{port} -s rr\n-a -t 10.9.0.1:{port} -r 10.9.1.1:80 -m\n" for port in range(1, 300))
    ended = threading.Event()
    ipvsadm(alone)("-R", rules)
    churn = [f"-D -t 10.9.0.1:{port}\n-A -t 10.9.0.1:{port} -s rr" for port in range(1, 300)]

    def change():
        while not ended.is_set():
            subprocess.run(["/sbin/ipvsadm", "-R"], input="\n".join(churn), text=True, check=False, capture_output=True)

    def told(listener):
        return [name for name, _ in samples(listener.get("/metrics").decode())].count("ipvs_service_info")

    with ours(alone, tmp_path) as listener:
        with alone.entered():
            thread = threading.Thread(target=change)
            thread.start()
        try:
            for _ in range(8):
                with suppress(urllib.error.HTTPError):  # of status 500: it changes faster than it can be read
                    assert told(listener) >= 298  # one at a time is away
                time.sleep(1.1)
        finally:
            ended.set()
            thread.join()
        time.sleep(1.1)
        assert told(listener) == 299


def test_the_old_file_stays_on_a_full_disk(alone, tmp_path):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "none", str(tmp_path)], check=True)
    try:
        path = tmp_path / "ipvs.prom"
        program = InProcess(alone)
        assert program(["metrics", "--textfile", str(path)]).returncode == 0
        before = path.read_text()
        ipvsadm(alone)("-R", "".join(f"-A -t 10.9.0.1:{port} -s rr\n" for port in range(1, 100)))
        failed = program(["metrics", "--textfile", str(path)])
        assert failed.returncode == 1
        assert failed.problem == f"{path} can't be written: No space left on device"
        assert path.read_text() == before
        assert os.listdir(tmp_path) == ["ipvs.prom"]
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_without_privilege_proc_tells_what_it_can(alone):
    ipvsadm(alone)("-R", "-A -t 10.9.0.1:80 -s rr\n-a -t 10.9.0.1:80 -r 10.9.1.7:8080 -m -w 4\n")
    subprocess.run(LET_ALL_READ, shell=True, check=True)
    with alone.entered():
        words = ["setpriv", "--reuid", "65534", "--clear-groups", sys.executable, "-m", "pyipvsadm", "metrics"]
        done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=True)
    found = samples(done.stdout)
    assert (found["ipvs_up", frozenset()], found["ipvs_module_loaded", frozenset()]) == (0, 1)
    assert [value for (name, _), value in found.items() if name == "ipvs_backend_weight"] == [4]
    assert "# ipvs_up is 0: IPVS takes CAP_NET_ADMIN" in done.stdout


@needs_monitors
def test_what_the_dashboard_asks_has_an_answer(busy, tmp_path):
    """All its questions, asked where there is traffic: none is about a label or a series that there isn't."""
    panels = json.loads(InProcess(busy.director)("metrics --dashboard").stdout)["panels"]
    asked = [target["expr"] for panel in panels for target in panel.get("targets", ())]
    with (
        ours(busy.director, tmp_path) as listener,
        Prometheus(busy.director, tmp_path, {"pyipvsadm": listener.port}) as prometheus,
    ):
        time.sleep(6)
        for expr in asked:
            filled = re.sub(r"\$(instance|address|port|mark|server)", ".*", expr).replace("$__rate_interval", "10s")
            assert prometheus.query(filled), expr
        for alert in ALERTS:
            prometheus.query(alert.expr)  # which is refused if Prometheus finds fault with it, such as two to match
