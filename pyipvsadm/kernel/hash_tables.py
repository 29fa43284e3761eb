"""The sizes of IPVS's hash tables and of its estimation of rates, as Linux 7.2 reports them in ip_vs_status."""

from __future__ import annotations

from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = "/proc/thread-self/net/ip_vs_status"
LONG = 4  # connections in one row; the kernel searches the row for each packet
CHAIN = "Conn buckets len-"
PUNCTUATION = str.maketrans("(,)%", "    ")


class HashTables(Record):
    """The numbers of connections and services, the rows that hold them, and the threads that estimate rates.

    The table of connections has 2 ** `bits` rows, and its `load_factor`, also a power of two, says how early it grows.
    Each pair in `chains` is a number of connections, where 7 means 7 or more, and the number of rows that hold so many.
    `threads` run, of at most `most_threads`; each estimates the rates of `estimators` services and servers.
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
        """The number of connections in the longest row; 7 means 7 or more."""
        return max((length for length, count in self.chains if count), default=0)

    @property
    def long(self) -> int:
        """The number of rows with LONG connections or more."""
        return sum(count for length, count in self.chains if length >= LONG)

    def data(self) -> dict[str, object]:
        """What JSON says of them."""
        return self.asdict() | {"chains": dict(self.chains)}

    def sentences(self) -> Iterator[str]:
        """A line for each table that has rows, connections first, and one for the rates."""
        if self.rows:
            yield f"connections: {self.connections} in {self.rows} rows, {self.long} of which have {LONG} or more"
        if self.service_rows:
            yield f"services: {self.services} in {self.service_rows} rows"
        if self.estimators:
            most = max(self.threads, self.most_threads)
            yield f"rates: {self.threads} of {most} threads, each for {self.estimators} services and servers"


def now() -> HashTables | None:
    """The hash tables of this thread's network namespace; None before Linux 7.2 or without IPVS."""
    try:
        with open(FILE, encoding="ascii", errors="replace") as file:
            return told(file.read())
    except OSError:
        return None


def told(text: str) -> HashTables | None:
    """The values in `text`, the content of the file; None if it has none. Unknown lines are skipped: kernels grow."""
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
    """The numbers in a text such as `4096 (12 bits, lfactor -4)`: 4096, 12 and -4."""
    return [int(word) for word in text.translate(PUNCTUATION).split() if word.removeprefix("-").isdecimal()]
