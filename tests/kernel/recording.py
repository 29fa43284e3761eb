"""Records which servers the kernel chooses.

`pyipvsadm sandbox -- .venv/bin/python -m tests.kernel.recording > tests/choices.jsonl`
"""

from __future__ import annotations

import json
import platform
from random import Random

from pyipvsadm.model import FLAG_1, FLAG_2, PROTOCOLS
from pyipvsadm.table.notation import spelled_address, spelled_server

from .packets import clients, sender
from .test_prediction import PLAIN, PORT, VIP, VIP6, fill

FEW = 60  # clients of each


def main() -> None:
    """Print a row for each service of the kernel tests that isn't large."""
    for name, (one, its) in PLAIN.items():
        if len(its) > 10:
            continue
        six = one.af != 2
        some = clients(Random(f"recorded {name}"), FEW, six)
        with sender() as network:
            network.mark(one.fwmark or 0)
            fill(network.kernel, one, its)
            for client in some:
                network.send(client, one.address or (VIP6 if six else VIP), PORT, one.protocol or 17)
            chosen = network.chosen()
        ends = [server[:2] for server in its]
        found = [chosen.get((client.address, client.port)) for client in some]
        row = {
            "name": name,
            "linux": platform.release(),
            "scheduler": one.scheduler,
            "flags": [word for flag, word in ((FLAG_1, "fallback"), (FLAG_2, "port")) if one.flags & flag],
            "protocol": PROTOCOLS.get(one.protocol or 0),
            "mark": one.fwmark,
            "address": spelled_address(one.address) if one.address else None,
            "added": [[spelled_server(server), server.weight] for server in its],
            "clients": [[spelled_address(client.address), client.port] for client in some],
            "chosen": [ends.index(end) if end else None for end in found],
        }
        print(json.dumps(row))


if __name__ == "__main__":
    main()
