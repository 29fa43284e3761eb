"""G: the kernel's capacity: tables, timers, and its behaviour under overload."""

from __future__ import annotations

from ....kernel.hash_tables import LONG
from ..findings import NOTE, WARNING, Check, Findings, note, warning
from ..queries import setting
from ..snapshot import Snapshot

KTHREADS_SINCE = (6, 2)  # Linux
MANY = 20_000  # services and servers; one timer computes their rates, which takes a few per cent of a processor
NEARLY_FULL = 0.9
DEFENCES = {"drop_entry": "connections", "drop_packet": "packets", "secure_tcp": "connections of slow clients"}
CROWDED = 0.25  # the share of rows with LONG connections or more above which the table is crowded
ENOUGH = -1  # the load factor that gives two rows for each connection
MOST_BITS = 27  # the largest value that the kernel accepts
MOST_CONNECTIONS = 1 << 30  # the largest value that the kernel accepts, which is its default


def connection_table(snapshot: Snapshot) -> Findings:
    """The table of connections has enough rows."""
    size, count = snapshot.table_size, snapshot.connection_count
    if snapshot.status is None and size and count is not None and count > 4 * size:
        yield note(
            "connections",
            f"{count} connections in a table of {size} rows",
            "each lookup takes long; before Linux 7.2, the size is set when the module is loaded",
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
            f"one timer computes the rates of {count} services and servers every two seconds",
            "packets wait meanwhile; kernels from 6.2 on compute rates in threads",
            setting("ipv4/vs/run_estimation", 0),
        )


def defences(snapshot: Snapshot) -> Findings:
    """Defences against floods are idle."""
    if not snapshot.seen("services"):
        return
    for name, what in DEFENCES.items():
        value = snapshot.sysctl(f"ipv4/vs/{name}")
        if value >= 2:  # 1 waits until memory is short, and becomes 2 then
            yield warning(
                "defence against floods",
                f"vs/{name} is {value}, so it is active",
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
            f"{count} of {limit} entries are in use",
            "with vs/conntrack=1, each connection needs an entry; if none is left, new connections are dropped",
            setting("netfilter/nf_conntrack_max", 2 * limit),
        )


def crowded(snapshot: Snapshot) -> Findings:
    """The table of connections has grown with them."""
    status = snapshot.status
    if status is None or not status.rows:
        return
    long = sum(count for length, count in status.chains.items() if length >= LONG)
    if long <= CROWDED * status.rows:
        return
    seen = f"{long} of {status.rows} rows have {LONG} or more of {status.connections} connections"
    why = "the kernel searches a row for each packet"
    if snapshot.table_bits is not None and status.bits >= snapshot.table_bits:
        bits = min(MOST_BITS, max(status.connections - 1, 1).bit_length() + 1)
        option = f"echo options ip_vs conn_tab_bits={bits} > /etc/modprobe.d/ip_vs.conf"
        yield warning("connections", seen, f"{why}; the table can't grow beyond the module's conn_tab_bits", option)
    elif status.load_factor > ENOUGH:
        command = setting("ipv4/vs/conn_lfactor", ENOUGH)
        yield warning("connections", seen, f"{why}; a lower load factor makes the table grow sooner", command)


def connection_limit(snapshot: Snapshot) -> Findings:
    """There may be more connections than there are."""
    status = snapshot.status
    if status is None or "net/ipv4/vs/conn_max" not in snapshot.sysctls:
        return
    limit = snapshot.sysctl("ipv4/vs/conn_max")
    if status.connections >= NEARLY_FULL * limit:  # always true for a limit of 0, which refuses all connections
        yield warning(
            "connections",
            f"there are {status.connections} connections, and conn_max allows {limit}",
            "the kernel refuses new connections beyond that",
            setting("ipv4/vs/conn_max", 2 * max(limit, status.connections) if limit else MOST_CONNECTIONS),
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
            f"there are {count} services and servers, and threads for the rates of {room}",
            "the rates of the others are not computed; let these threads use more processors",
            setting("ipv4/vs/est_nice", -10),
        )


CHECKS: tuple[Check, ...] = (
    Check(
        "G9",
        "The table of connections has enough rows",
        (NOTE,),
        connection_table,
        looks="the number of connections and of rows in the kernel's hash table, before Linux 7.2",
        matters="the more connections share a row, the longer each packet takes",
        mend="load the module with a larger conn_tab_bits",
    ),
    Check(
        "G10",
        "Estimating rates does not stop packets",
        (WARNING,),
        estimation,
        looks="the number of services and servers, on kernels before 6.2",
        matters="those kernels compute all rates in one timer, and packets wait until it is done",
        mend="set vs/run_estimation to 0, or use a newer kernel",
    ),
    Check(
        "G11",
        "Defences against floods are idle",
        (WARNING,),
        defences,
        looks="vs/drop_entry, vs/drop_packet and vs/secure_tcp",
        matters="an active defence drops connections or packets at random",
        mend="set them to 0, and find out why memory is short",
    ),
    Check(
        "G12",
        "The connection tracking table has room",
        (WARNING,),
        conntrack_table,
        looks="the number of conntrack entries and their limit, if vs/conntrack is 1",
        matters="each connection then needs an entry, and if none is left, new connections are dropped",
        mend="raise net.netfilter.nf_conntrack_max",
    ),
    Check(
        "G14",
        "The table of connections grows with them",
        (WARNING,),
        crowded,
        looks="the lengths of the rows, as Linux 7.2 shows them in /proc/net/ip_vs_status",
        matters="the more connections share a row, the longer each packet takes",
        mend="lower vs/conn_lfactor; if the table has its maximum size, load the module with a larger conn_tab_bits",
    ),
    Check(
        "G15",
        "There is room for new connections",
        (WARNING,),
        connection_limit,
        looks="the number of connections, and vs/conn_max of Linux 7.2",
        matters="at the limit, the kernel refuses new connections",
        mend="raise vs/conn_max",
    ),
    Check(
        "G16",
        "The threads that estimate rates keep up",
        (NOTE,),
        estimators,
        looks="the number of services and servers, and the capacity of the estimation threads of Linux 7.2",
        matters="if the threads fall behind, the rates that are shown are old or missing",
        mend="give them more processors (vs/est_cpulist) or more time (vs/est_nice), or set vs/run_estimation to 0",
    ),
)
