"""G: how much the kernel can take: tables, timers, and what it does when there is too much."""

from __future__ import annotations

from ..findings import NOTE, WARNING, Check, Findings, note, warning
from ..queries import setting
from ..snapshot import Snapshot

KTHREADS_SINCE = (6, 2)  # Linux
MANY = 20_000  # services and servers: their rates take some per cent of a processor, all in one timer
NEARLY_FULL = 0.9
DEFENCES = {"drop_entry": "connections", "drop_packet": "packets", "secure_tcp": "connections of slow clients"}


def connection_table(snapshot: Snapshot) -> Findings:
    """The table of connections has enough rows."""
    size, count = snapshot.table_size, snapshot.connection_count
    if snapshot.status is None and size and count is not None and count > 4 * size:
        yield note(
            "connections",
            f"{count} connections in a table of {size} rows",
            "looking one up takes long; before Linux 7.2 the size is set when the module is loaded",
            "echo options ip_vs conn_tab_bits=18 > /etc/modprobe.d/ip_vs.conf",
        )


def estimation(snapshot: Snapshot) -> Findings:
    """Estimating rates does not stop packets."""
    services = snapshot.seen("services")
    count = len(services) + sum(len(service.servers) for service in services)
    if (
        count > MANY
        and snapshot.release() < KTHREADS_SINCE
        and snapshot.sysctls.get("net/ipv4/vs/run_estimation") != "0"
    ):
        yield warning(
            "rates",
            f"the rates of {count} services and servers are computed every two seconds in one timer",
            "that stops packets for as long; kernels from 6.2 on do it beside",
            setting("ipv4/vs/run_estimation", 0),
        )


def defences(snapshot: Snapshot) -> Findings:
    """Defences against floods are idle."""
    if not snapshot.seen("services"):
        return
    for name, what in DEFENCES.items():
        value = snapshot.sysctl(f"ipv4/vs/{name}")
        if value >= 2:  # 1 waits until memory gets short, and becomes 2 then
            yield warning(
                "defence against floods",
                f"vs/{name} is {value}, which is at work",
                f"{what} are dropped at random" + (", since memory is short" if value == 2 else ""),
                setting(f"ipv4/vs/{name}", 0),
            )


def conntrack_table(snapshot: Snapshot) -> Findings:
    """The connection tracking table has room."""
    if not snapshot.seen("services") or not snapshot.sysctl("ipv4/vs/conntrack"):
        return
    if "net/netfilter/nf_conntrack_max" not in snapshot.sysctls:
        return  # nothing tracks connections here
    count, limit = (snapshot.sysctl(f"netfilter/nf_conntrack_{name}") for name in ("count", "max"))
    if limit and count > NEARLY_FULL * limit:
        yield warning(
            "conntrack",
            f"{count} of {limit} entries are taken",
            "with vs/conntrack=1 each connection takes one; when it is full, new connections are dropped",
            setting("netfilter/nf_conntrack_max", 2 * limit),
        )


CHECKS: tuple[Check, ...] = (
    Check(
        "G9",
        "The table of connections has enough rows",
        (NOTE,),
        connection_table,
        looks="the number of connections, and of rows in the kernel's hash table, before Linux 7.2",
        matters="with many connections a row, each packet takes longer",
        mend="load the module with a greater conn_tab_bits",
    ),
    Check(
        "G10",
        "Estimating rates does not stop packets",
        (WARNING,),
        estimation,
        looks="the number of services and servers, on kernels before 6.2",
        matters="those kernels compute all rates in one timer, which stops packets for as long",
        mend="set vs/run_estimation to 0, or use a newer kernel",
    ),
    Check(
        "G11",
        "Defences against floods are idle",
        (WARNING,),
        defences,
        looks="vs/drop_entry, vs/drop_packet and vs/secure_tcp",
        matters="at work, they drop connections or packets at random",
        mend="set them to 0, and find out why memory is short",
    ),
    Check(
        "G12",
        "The connection tracking table has room",
        (WARNING,),
        conntrack_table,
        looks="the entries of conntrack and their limit, where vs/conntrack is 1",
        matters="each connection takes an entry then, and with none left new connections are dropped",
        mend="raise net.netfilter.nf_conntrack_max",
    ),
)
