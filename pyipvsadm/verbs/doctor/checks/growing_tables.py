"""G14 and on: the tables of Linux 7.2, which grow with what is in them, and its threads that estimate rates."""

from __future__ import annotations

from ..findings import NOTE, WARNING, Check, Findings, note, warning
from ..queries import setting
from ..snapshot import Snapshot

LONG = 4  # entries in a row of the table
CROWDED = 0.25  # of the rows have as many
NEARLY_FULL = 0.9
ENOUGH = -1  # the load factor with which there are two rows a connection
MOST_BITS = 27  # what the kernel takes


def crowded(snapshot: Snapshot) -> Findings:
    """The table of connections has grown with them."""
    status = snapshot.status
    if status is None or not status.rows:
        return
    long = sum(count for length, count in status.chains.items() if length >= LONG)
    if long <= CROWDED * status.rows:
        return
    seen = f"{long} of {status.rows} rows have {LONG} or more of {status.connections} connections"
    why = "each packet looks through its row"
    if snapshot.table_bits is not None and status.bits >= snapshot.table_bits:
        bits = min(MOST_BITS, max(status.connections - 1, 1).bit_length() + 1)
        option = f"echo options ip_vs conn_tab_bits={bits} > /etc/modprobe.d/ip_vs.conf"
        yield warning("connections", seen, f"{why}; it can't grow beyond what the module was loaded with", option)
    elif status.load_factor > ENOUGH:
        command = setting("ipv4/vs/conn_lfactor", ENOUGH)
        yield warning("connections", seen, f"{why}; a lower load factor makes the table grow sooner", command)


def connection_limit(snapshot: Snapshot) -> Findings:
    """There may be more connections than there are."""
    status = snapshot.status
    if status is None or "net/ipv4/vs/conn_max" not in snapshot.sysctls:
        return
    limit = snapshot.sysctl("ipv4/vs/conn_max")
    if limit and status.connections > NEARLY_FULL * limit:
        yield warning(
            "connections",
            f"{status.connections} connections of {limit} that there may be",
            "beyond that, new ones are refused",
            setting("ipv4/vs/conn_max", 2 * limit),
        )


def estimators(snapshot: Snapshot) -> Findings:
    """The kernel's threads keep up with the rates."""
    status = snapshot.status
    if status is None or not status.estimators:
        return
    services = snapshot.seen("services")
    count, room = len(services) + sum(len(one.servers) for one in services), status.threads * status.estimators
    if count > room:
        yield note(
            "rates",
            f"{count} services and servers, and threads for the rates of {room}",
            "rates of the others are not computed; more processors for these threads help",
            setting("ipv4/vs/est_nice", -10),
        )


CHECKS = (
    Check(
        "G14",
        "The table of connections grows with them",
        (WARNING,),
        crowded,
        looks="the lengths of the rows, which Linux 7.2 tells in /proc/net/ip_vs_status",
        matters="with many connections a row, each packet takes longer",
        mend="lower vs/conn_lfactor; a table that is as large as it may be takes a module with more conn_tab_bits",
    ),
    Check(
        "G15",
        "There is room for new connections",
        (WARNING,),
        connection_limit,
        looks="the number of connections, and vs/conn_max of Linux 7.2",
        matters="at the limit, new connections are refused",
        mend="raise vs/conn_max",
    ),
    Check(
        "G16",
        "The threads that estimate rates keep up",
        (NOTE,),
        estimators,
        looks="the number of services and servers, and what the threads of Linux 7.2 can do",
        matters="rates that are shown may be old, or missing",
        mend="give them more processors (vs/est_cpulist) or more time (vs/est_nice), or set vs/run_estimation to 0",
    ),
)
