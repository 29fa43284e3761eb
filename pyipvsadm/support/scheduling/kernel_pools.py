"""Services with their servers as the kernel's schedulers see them."""

from __future__ import annotations

import os

from ...errors import IpvsadmError
from ...prediction.pools import Pool, members
from ...record import Record
from ...table.comparison import plain_service, server_key, service_key
from ...table.notation import server_of, service_of, spelled
from .. import state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ...model import Server, Service, Table
    from ...table.comparison import Key

CONFIGURATIONS = ("/boot/config-{}", "/lib/modules/{}/config", "/proc/config.gz")  # by the kernel's release
SETTINGS = {"CONFIG_IP_VS_SH_TAB_BITS": "sh_bits", "CONFIG_IP_VS_MH_TAB_INDEX": "mh_index"}


class Sizes(Record):
    """How large the kernel's tables of hashes are. What is None can't be read."""

    __slots__ = ()
    sh_bits: int | None = None
    mh_index: int | None = None

    def of(self, pool: Pool) -> Pool:
        """`pool` with these sizes, as far as they are known."""
        return pool.replace(**{field: value for field, value in self.asdict().items() if value is not None})


def sizes() -> Sizes:
    """The sizes that this kernel was built with, by its configuration."""
    release = os.uname().release
    for path in CONFIGURATIONS:
        try:
            return sizes_in(_text(path.format(release)))
        except OSError:
            continue
    return Sizes()


def sizes_in(configuration: str) -> Sizes:
    """The sizes that a kernel's `configuration` says."""
    lines = (line.partition("=") for line in configuration.splitlines())
    return Sizes(**{SETTINGS[name]: int(value) for name, _, value in lines if name in SETTINGS and value.isdigit()})


def _text(path: str) -> str:
    """A configuration. Raises OSError."""
    if path.endswith(".gz"):
        from zlib import MAX_WBITS, decompress  # as gzip does, whose import takes longer

        with open(path, "rb") as packed:
            return decompress(packed.read(), MAX_WBITS | 16).decode("utf-8", "replace")
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def pool_of(service: Service, servers: Sequence[Server], known: Sizes, drained: dict[Key, int]) -> Pool:
    """A service with its `servers`, in the kernel's order. `drained` are the weights that servers had once."""
    found = members(servers)
    if drained and service.scheduler == "mh":
        own = service_key(service)
        found = tuple(
            member.replace(last=drained.get((own, server_key(member.server)), member.last))
            if not member.known
            else member
            for member in found
        )
    return known.of(Pool(service=plain_service(service), members=found))


def drained_weights() -> dict[Key, int]:
    """The weights that `drain` remembers, by the keys of service and server; none where that can't be read."""
    found: dict[Key, int] = {}
    try:
        for row in state.load("drain"):
            found[service_key(service_of(row["service"])), server_key(server_of(row["server"]))] = int(row["weight"])
    except (IpvsadmError, KeyError, TypeError, ValueError):
        pass  # `drain` itself tells what is wrong with it
    return found


def pools_of(table: Table, names: Iterable[str]) -> dict[str, Pool]:
    """Those services of `table` that are named, by their names."""
    wanted = set(names)
    if not wanted:
        return {}
    known, drained = sizes(), drained_weights()
    named = ((spelled(service), service, servers) for service, servers in table.services)
    return {name: pool_of(service, servers, known, drained) for name, service, servers in named if name in wanted}
