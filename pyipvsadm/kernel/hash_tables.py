"""What Linux tells from 7.2 on of the tables that IPVS looks into for each packet: /proc/net/ip_vs_status."""

from __future__ import annotations

from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = "/proc/thread-self/net/ip_vs_status"
LONG = 4  # connections in a row, which each packet looks through
CHAIN = "Conn buckets len-"
PUNCTUATION = str.maketrans("(,)%", "    ")


class HashTables(Record):
    """How many connections and services there are, in how many rows, and the threads that estimate rates.

    The table of connections has `bits` as a power of two; its `load_factor`, one too, says how early it grows. `chains`
    pairs a number of connections, 7 for 7 and more, with how many rows have as many. There may be `most_threads`, with
    `estimators` services and servers each.
    """

    __slots__ = ()
    connections: int = 0
    rows: int = 0
    bits: int = 0
    load_factor: int = 0
    chains: tuple[tuple[int, int], ...] = ()
    services: int = 0
    service_rows: int = 0
    threads: int = 0
    most_threads: int = 0
    estimators: int = 0

    @property
    def longest(self) -> int:
        """The connections of the longest row, 7 for 7 and more."""
        return max((length for length, count in self.chains if count), default=0)

    @property
    def long(self) -> int:
        """How many rows have LONG connections or more."""
        return sum(count for length, count in self.chains if length >= LONG)

    def sentences(self) -> Iterator[str]:
        """What there is to tell of tables that have rows, a line each; the connections first."""
        if self.rows:
            yield f"connections: {self.connections} in {self.rows} rows, {self.long} of which have {LONG} or more"
        if self.service_rows:
            yield f"services: {self.services} in {self.service_rows} rows"
        if self.estimators:
            most = max(self.threads, self.most_threads)
            yield f"rates: {self.threads} of {most} threads, each for {self.estimators} services and servers"


def now() -> HashTables | None:
    """Those of the network namespace where this thread is; None before Linux 7.2 and without IPVS."""
    try:
        with open(FILE, encoding="ascii", errors="replace") as file:
            return told(file.read())
    except OSError:
        return None


def told(text: str) -> HashTables | None:
    """The content of the file. Lines that are unknown are passed over: kernels grow."""
    lines = (line.partition(":\t") for line in text.splitlines())
    said = {name: _numbers(rest) for name, _, rest in lines}
    if "Conns" not in said:
        return None

    def number(name: str, place: int = 0) -> int:
        return next(iter(said.get(name, [])[place:]), 0)

    return HashTables(
        connections=number("Conns"),
        rows=number("Conn buckets"),
        bits=number("Conn buckets", 1),
        load_factor=number("Conn buckets", 2),
        chains=tuple((int(name[len(CHAIN) :]), number(name)) for name in said if name[len(CHAIN) :].isdecimal()),
        services=number("Services"),
        service_rows=number("Service buckets"),
        threads=number("Stats thread slots"),
        most_threads=number("Stats thread slots", 1),
        estimators=number("Stats thread ests"),
    )


def _numbers(text: str) -> list[int]:
    """The numbers in `4096 (12 bits, lfactor -4)`."""
    return [int(word) for word in text.translate(PUNCTUATION).split() if word.removeprefix("-").isdecimal()]
