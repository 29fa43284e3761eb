"""What a scrape costs, in time beside node_exporter's and in memory over many scrapes."""

from __future__ import annotations

import http.client
import statistics
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from ..exposition import samples
from .directors import InProcess
from .monitors import Monitor, needs_monitors, node_exporter, ours
from .namespaces import Namespace

pytestmark = pytest.mark.long

SERVICES, SERVERS = 2000, 4
PAIRS = 7
BOUND, SERIES = 0.5, 3  # of node_exporter's
TOUCHED = 600 << 20  # bytes: the host gives memory to the sandbox when it is touched first, which takes long
SCRAPES, WARM = 10_000, 1000
SLACK = 1024  # KiB
NEVER_FRESH = (
    "import sys; from pyipvsadm.verbs.metrics.http_server import responses; responses.FRESH = 0;"
    " from pyipvsadm.cli import command; sys.argv = ['pyipvsadm', *sys.argv[1:]]; command()"
)


@pytest.fixture
def director():
    namespace = Namespace()
    yield InProcess(namespace)
    namespace.close()


def table(services, servers):
    for number in range(services):
        service = f"10.{100 + number // 62500}.{number // 250 % 250}.{number % 250 + 1}:80"
        yield f"-A -t {service} -s wlc\n"
        for server in range(servers):
            yield f"-a -t {service} -r 10.20.{number // 60}.{number % 60 * 4 + server + 1}:8080 -m -w {server + 1}\n"


def scraped(monitor, encoding):
    """How long a scrape takes, and how many series it brings where it isn't compressed."""
    with monitor.namespace.entered(), closing(http.client.HTTPConnection("127.0.0.1", monitor.port)) as client:
        start = time.monotonic()
        client.request("GET", "/metrics", headers={"Accept-Encoding": encoding})
        body = client.getresponse().read()
        return time.monotonic() - start, sum(not line.startswith(b"#") for line in body.splitlines())


def memory(process):
    """The memory of a process, in KiB."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


@needs_monitors
@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_a_large_table_costs_half_of_what_it_costs_node_exporter(director, tmp_path, encoding):
    """Prometheus asks for gzip, so that is what has a bound. Times are the client's, with all that is in them."""
    bytearray(b"x") * TOUCHED
    assert director("-R", "".join(table(SERVICES, SERVERS))).returncode == 0
    with ours(director.namespace, tmp_path) as listener, node_exporter(director.namespace, tmp_path) as other:
        series = [scraped(one, "identity")[1] for one in (listener, other)]
        assert series[0] >= SERIES * series[1]
        rows = []
        for _ in range(2 * PAIRS):
            time.sleep(1.1)  # so that the table is read anew
            rows.append((scraped(listener, encoding)[0], scraped(other, encoding)[0]))
        resident = [memory(one.process) for one in (listener, other)]
    rows = rows[PAIRS:]  # the first ones have both touch the memory that they take
    ratio = statistics.median(mine / theirs for mine, theirs in rows)
    print(f"{encoding}: {ratio:.2f} of node_exporter's time; {series} series; {resident} KiB of memory")
    print("seconds, ours and node_exporter's:", *("%.2f %.2f," % row for row in rows))
    if encoding == "gzip":
        assert ratio <= BOUND


def test_memory_is_flat_over_many_scrapes(director, tmp_path):
    assert director("-R", "".join(table(20, 4))).returncode == 0
    with Monitor(
        director.namespace, tmp_path, [sys.executable, "-c", NEVER_FRESH, "metrics", "--listen", "127.0.0.1:9796"]
    ) as listener:
        listener.port = 9796
        listener.until_it_answers("/")
        first = samples(listener.get("/metrics").decode())
        for _ in range(WARM):
            scraped(listener, "gzip")
        before = memory(listener.process)
        for _ in range(SCRAPES):
            scraped(listener, "gzip")
        after = memory(listener.process)
        assert samples(listener.get("/metrics").decode()).keys() == first.keys()
    print(f"{before} KiB after {WARM} scrapes, {after} after {SCRAPES} more")
    assert after - before <= SLACK
