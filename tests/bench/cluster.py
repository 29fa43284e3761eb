"""Large files of other programs read by ours: a cluster's objects, in pairs with `json.loads` of the same file, and a
keepalived.conf, in pairs with its table as rules.

Nothing of it asks a kernel, so it is measured where the benchmark runs. `python -m tests.bench.cluster` does that
alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from .samples import Sample
from .schedule import AS_RULES, KEEPALIVED, LOADS, OBJECTS, OURS, THEIRS

SERVICE_NAME = "kubernetes.io/service-name"
SERVICES, ENDPOINTS = 5000, 20
SERVERS = SERVICES * ENDPOINTS
FAILED = 64 << 10  # bytes of a message that are kept
LOADED = "import json, sys; json.loads(open(sys.argv[1], encoding='utf-8').read())"


def objects() -> Iterator[dict[str, object]]:
    """Services, each with a slice, as `kubectl get -o json` has them."""
    for number in range(SERVICES):
        address = f"10.{96 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"
        yield {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": _metadata(number, f"service-{number}", {"app": f"service-{number}"}, annotation=900),
            "spec": {
                "clusterIP": address,
                "clusterIPs": [address],
                "internalTrafficPolicy": "Cluster",
                "ipFamilies": ["IPv4"],
                "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080}],
                "type": "ClusterIP",
            },
            "status": {"loadBalancer": {}},
        }
        yield {
            "addressType": "IPv4",
            "apiVersion": "discovery.k8s.io/v1",
            "endpoints": [_endpoint(number, index) for index in range(ENDPOINTS)],
            "kind": "EndpointSlice",
            "metadata": _metadata(number, f"service-{number}-abcde", {SERVICE_NAME: f"service-{number}"}),
            "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
        }


def write(path: Path) -> None:
    """Write a list of the objects to `path`, by and by: the peak memory of a process counts that of its parent."""
    with path.open("w") as file:
        file.write('{\n    "apiVersion": "v1",\n    "items": [')
        for index, one in enumerate(objects()):
            file.write("," * bool(index) + "\n        " + json.dumps(one, indent=4).replace("\n", "\n        "))
        file.write('\n    ],\n    "kind": "List"\n}\n')


def _metadata(number: int, name: str, labels: dict[str, str], annotation: int = 0) -> dict[str, object]:
    return {
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "x" * annotation},
        "creationTimestamp": "2026-03-14T09:26:53Z",
        "labels": labels,
        "name": name,
        "namespace": f"team-{number % 50}",
        "resourceVersion": str(1000 + number),
        "uid": f"{number:08x}-7c77-500f-aef0-f32438abc10b",
    }


def _endpoint(number: int, index: int) -> dict[str, object]:
    own = number * ENDPOINTS + index
    return {
        "addresses": [f"10.{128 + (own >> 16)}.{own >> 8 & 255}.{own & 255}"],
        "conditions": {"ready": True, "serving": True, "terminating": False},
        "hints": {"forZones": [{"name": "green"}]},
        "nodeName": f"node-{own % 500}",
        "targetRef": {
            "kind": "Pod",
            "name": f"service-{number}-7c5d8f9b6d-{own:05x}",
            "namespace": f"team-{number % 50}",
            "uid": f"{own:08x}-4cf0-50f9-ba6b-1dbb8f3c6d8b",
        },
        "zone": "green",
    }


def measured(ours: Sequence[str], pairs: int) -> tuple[list[Sample], int]:
    """The samples of so many pairs, and the size of the file in bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cluster.json"
        write(path)
        commands = {
            OURS: (OBJECTS, [*ours, "check", "--node", "node-1", "--node-address", "192.0.2.1", str(path)]),
            THEIRS: (LOADS, [sys.executable, "-c", LOADED, str(path)]),
        }
        samples = [_run(*commands[program], program, pair) for pair in range(pairs) for program in commands]
        return [*samples, *_keepalived(ours, pairs, Path(folder))], path.stat().st_size


def _keepalived(ours: Sequence[str], pairs: int, folder: Path) -> Iterator[Sample]:
    """The samples of a keepalived.conf, and of its table as rules."""
    conf, rules = folder / "keepalived.conf", folder / "keepalived.rules"
    conf.write_text("".join(_virtual_server(number) for number in range(SERVICES)))
    with rules.open("w") as file:
        subprocess.run([*ours, "convert", "-o", "rules", conf], stdout=file, stderr=subprocess.DEVNULL, check=True)
    for pair in range(pairs):
        for row, file_read in ((KEEPALIVED, conf), (AS_RULES, rules)):
            yield _run(row, [*ours, "check", str(file_read)], OURS, pair, talks=True)


def _virtual_server(number: int) -> str:
    servers = (
        f"    real_server 10.{128 + (own >> 16)}.{own >> 8 & 255}.{own & 255} 8080 {{\n        weight 1\n"
        "        TCP_CHECK {\n            connect_timeout 3\n        }\n    }\n"
        for own in range(number * ENDPOINTS, (number + 1) * ENDPOINTS)
    )
    head = f"virtual_server 10.{96 + (number >> 16)}.{number >> 8 & 255}.{number & 255} 80 {{\n    protocol TCP\n"
    return f"{head}    delay_loop 10\n    lb_algo rr\n    lb_kind NAT\n\n{''.join(servers)}}}\n"


def _run(row: str, command: list[str], program: str, pair: int, talks: bool = False) -> Sample:
    """Run one process: its processor time, since others may be at work here, and its peak memory.

    What `talks` may have notes on stderr.
    """
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr
    error = process.stderr.read(FAILED)
    _, status, usage = os.wait4(process.pid, 0)
    process.stderr.close()
    return Sample(
        row=row,
        program=program,
        rules=SERVERS,
        pair=pair,
        seconds=usage.ru_utime + usage.ru_stime,
        status=os.waitstatus_to_exitcode(status),
        peak=usage.ru_maxrss,
        error="" if talks and not status else error.decode(errors="replace").strip(),
    )


def main() -> int:
    """Measure and tell."""
    from .report import cluster_rows, render
    from .stats import Samples

    begun = time.monotonic()
    samples, size = measured([".venv/bin/pyipvsadm"], 5)
    facts = [f"{len(samples) // 2} pairs in {time.monotonic() - begun:.0f} s; load now {os.getloadavg()[0]:.1f}"]
    print(render(list(cluster_rows(Samples(samples), size)), facts))
    return max(abs(sample.status) for sample in samples)


if __name__ == "__main__":
    sys.exit(main())
