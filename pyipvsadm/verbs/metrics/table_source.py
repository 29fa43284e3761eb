"""Takes readings: from the kernel by netlink, or from /proc without privilege. Loads no module."""

from __future__ import annotations

import os
from errno import EPERM
from time import monotonic

from ... import namespaces
from ...errors import IpvsadmError, UnreachableError
from ...kernel import Kernel, hash_tables, proc_table
from ...kernel.transport import generic_netlink
from ...support import state
from ...table.notation import server_of, service_of
from .readings import KEY, SERVER_KEY, Reading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ...kernel.hash_tables import HashTables
    from ...kernel.repeated import Repeated
    from ...model import Stats
    from ...table.plan import Scope
    from .readings import Drained

    Recall = Callable[[int], Sequence[dict[str, object]]]

PROC = "/proc/net"
TABLE, STATUS, TOTALS = "ip_vs", "ip_vs_status", "ip_vs_stats"
ABSENT = "this kernel has no IPVS, or its module isn't loaded"
DENIED = "IPVS takes CAP_NET_ADMIN, even to list; /proc tells the rest"


def recall(namespace: int) -> Sequence[dict[str, object]]:
    """The rows that `drain` recorded in this namespace. Raises IpvsadmError."""
    return state.load("drain", namespace)


class Source:
    """The IPVS of one network namespace: the current one, or the one named `netns`.

    A named namespace is entered only once, at the start. Its socket and its open files of /proc stay in it, so it can
    be read even after we have dropped the privilege to enter namespaces.
    """

    def __init__(self, reach: Callable[[], Kernel], netns: str | None = None) -> None:
        """`reach` makes a Kernel each time it is called. Raises IpvsadmError if `netns` can't be entered."""
        self._kernel: tuple[Kernel, Repeated] | None = None
        self._reach = reach
        self._netns = netns
        self._status: int | None = None
        self.inode = os.stat(namespaces.HERE).st_ino
        if netns is not None:
            self._enter(netns)

    def _enter(self, netns: str) -> None:
        try:
            with namespaces.Away() as away:
                away.enter(namespaces.path_of(netns))
                held = generic_netlink()
                self.inode = os.stat(namespaces.HERE).st_ino
                if os.path.exists(f"{PROC}/{STATUS}"):
                    self._status = os.open(f"{PROC}/{STATUS}", os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise namespaces.refusal(netns, error) from error
        self._reach = lambda: Kernel.open(load=False, held=held)

    def read(self, only: Scope | None = None, recall: Recall = recall) -> Reading:
        """The current reading, limited to `only`. Raises OSError if the kernel fails to answer.

        `recall` returns the rows of `drain`'s record, given the inode of the namespace. It may raise IpvsadmError.
        """
        start = monotonic()
        reading = self._now(only) if os.path.exists(f"{PROC}/{TABLE}") else Reading(trouble=ABSENT)
        if reading.loaded:
            reading = reading.replace(drained=self._drained(recall), status=self._status_now(), totals=self._totals())
        return reading.replace(netns=self._netns, seconds=monotonic() - start)

    def _now(self, only: Scope | None) -> Reading:
        """The reading, if there is IPVS; without it, a request would make the kernel load its module."""
        try:
            return self._asked(only)
        except UnreachableError as error:
            self._kernel = None
            trouble = DENIED if error.errno == EPERM else str(error).replace("\n", " ")
            return _seen(only, trouble) if self._netns is None else Reading(loaded=True, trouble=trouble)

    def _asked(self, only: Scope | None) -> Reading:
        """The kernel's answer. A reloaded module has another family number, so a new socket looks it up."""
        if self._kernel:
            try:
                return _read(*self._kernel, only)
            except OSError:
                self._kernel = None
        kernel = self._reach()
        repeated = kernel.repeatedly()
        reading = _read(kernel, repeated, only)
        self._kernel = kernel, repeated
        return reading

    def _status_now(self) -> HashTables | None:
        """The status of the hash tables, from Linux 7.2 on; None without it, or after the module was unloaded."""
        if self._netns is None:
            return hash_tables.told(_content(f"{PROC}/{STATUS}"))
        try:
            return None if self._status is None else hash_tables.told(os.pread(self._status, 1 << 16, 0).decode())
        except OSError:
            return None

    def _totals(self) -> Stats | None:
        """The counters of the whole namespace; None for another namespace than ours."""
        return proc_table.totals(_content(f"{PROC}/{TOTALS}")) if self._netns is None else None

    def _drained(self, recall: Recall) -> Drained | None:
        """The servers that `drain` recorded; None if the record can't be read."""
        try:
            return drained(recall(self.inode))
        except IpvsadmError:
            return None


def _read(kernel: Kernel, repeated: Repeated, only: Scope | None) -> Reading:
    """The table with its counters, in the kernel's order. A dump during changes may contain entries twice."""
    services = [one for one in kernel.services(True, steady=True) if only.holds(one)] if only else None
    groups = {
        service[:KEY]: (service, list({one[:SERVER_KEY]: one for one in servers}.values()))
        for service, servers in repeated.read(services, steady=True)
    }
    return Reading(
        loaded=True,
        info=kernel.info(again=True),
        timeouts=kernel.timeouts(),
        daemons=tuple(kernel.daemons()),
        groups=tuple(groups.values()),
    )


def drained(rows: Sequence[dict[str, object]]) -> Drained:
    """The keys of the services and servers in the rows of `drain`'s file. Raises IpvsadmError."""
    return frozenset(
        (service_of(str(row.get("service")))[:KEY], server_of(str(row.get("server")))[:SERVER_KEY]) for row in rows
    )


def _seen(only: Scope | None, trouble: str) -> Reading:
    """The reading that every user can take, from /proc."""
    info, groups = proc_table.table(_content(f"{PROC}/{TABLE}"))
    some = tuple(group for group in groups if only is None or only.holds(group[0]))
    return Reading(loaded=True, trouble=trouble, info=info, groups=some)


def _content(path: str) -> str:
    """The text of a file in /proc; empty if it doesn't exist or we may not read it."""
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read()
    except (FileNotFoundError, PermissionError):
        return ""
