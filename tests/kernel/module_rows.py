"""What ails the module itself: found, and mended by what doctor prints, in a sandbox that has not loaded it yet.

`tests/kernel/test_module.py` runs this as a program. It prints a line for each check, and "all well" last.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

from pyipvsadm.kernel import Kernel
from pyipvsadm.model import MASQUERADE, Command, Server
from pyipvsadm.table.notation import address_of

from .ailments import VIP, tcp
from .places import Nat
from .test_doctor import doctor, mend

UNLOAD = "modprobe -r ip_vs_rr ip_vs_wlc ip_vs"
FEWEST_BITS = 8  # that the module takes: 256 rows
CONNECTIONS = 1100  # more than four a row
SERVICES = 10_001  # of one server each


def of(check: str, findings: list[dict[str, object]]) -> list[str]:
    """The commands of the findings of a check."""
    return [command for one in findings if one["check"] == check for command in one["commands"]]  # type: ignore[attr-defined]


def advised(check: str, place: Nat) -> list[str]:
    """What doctor advises in a director."""
    return of(check, doctor(place)[1])


def module_is_missing() -> None:
    """G1, in the sandbox's own network."""
    look = [sys.executable, "-m", "pyipvsadm", "doctor", "--watch", "0", "-o", "json"]

    def found() -> list[str]:
        return of("G1", json.loads(subprocess.run(look, stdout=subprocess.PIPE).stdout)["findings"])

    loader = Path("/proc/sys/kernel/modprobe")
    before = loader.read_text()
    loader.write_text("/bin/false")  # or the kernel loads the module as soon as it is asked for
    (command,) = found()
    subprocess.run(command, shell=True, check=True)
    assert found() == []
    loader.write_text(before)


def crowd(place: Nat) -> None:
    """Give the director many connections of UDP."""
    place.run("director", [f"pyipvsadm -A -u {VIP}:53 -s rr", f"pyipvsadm -a -u {VIP}:53 -r 10.2.1.2:53 -m"])
    for _ in range(CONNECTIONS):
        with place.namespaces["client"].entered():
            sending = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with sending:
            sending.sendto(b"?", (VIP, 53))


def table_is_small() -> None:
    """G9, before Linux 7.2: what it advises counts from the next time on that the module is loaded."""
    subprocess.run(f"{UNLOAD}; modprobe ip_vs conn_tab_bits={FEWEST_BITS}", shell=True, check=True)
    place = Nat()
    crowd(place)
    commands = advised("G9", place)
    assert commands
    mend(place, "director", commands)
    place.run("director", ["pyipvsadm -C"])
    place.close()
    subprocess.run(f"sleep 1; {UNLOAD}; modprobe ip_vs", shell=True, check=True)
    bits = int(Path("/sys/module/ip_vs/parameters/conn_tab_bits").read_text())
    assert FEWEST_BITS + 4 < bits <= 18  # newer kernels give it no more than suits the memory
    place = Nat()
    crowd(place)
    assert advised("G9", place) == []
    assert place.requests()
    place.run("director", ["pyipvsadm -C"])
    place.close()


def rates_are_many() -> None:
    """G10, on a kernel before 6.2."""
    place = Nat()
    server = Server(address=address_of("10.2.1.2"), port=80, forwarding=MASQUERADE)
    services = [tcp(VIP, port, scheduler="rr") for port in range(1000, 1000 + SERVICES)]
    with place.namespaces["director"].entered():
        commands = [Command(verb="add-service", service=one) for one in services]
        commands += [Command(verb="add-server", service=one, server=server) for one in services]
        assert list(Kernel.open().submit(commands)) == []
    commands = advised("G10", place)
    assert commands
    mend(place, "director", commands)
    assert advised("G10", place) == []
    assert place.requests(port=1000)
    place.close()


PARTS = {  # each with the Linux from which on there is nothing to find
    module_is_missing: (99, 0),
    table_is_small: (7, 2),
    rates_are_many: (6, 2),
}


def main() -> None:
    """Go through all of them."""
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    release = tuple(map(int, re.findall(r"\d+", os.uname().release)[:2]))
    for part, before in PARTS.items():
        if release < before:
            part()
            print((part.__doc__ or "").split(",")[0], flush=True)
    print("all well")


if __name__ == "__main__":
    main()
