"""Reads /proc, /sys and /run below a root folder, which tests can replace."""

from __future__ import annotations

import os
from _socket import AF_INET, AF_INET6, inet_ntop, socket
from array import array
from fcntl import ioctl
from pathlib import Path
from struct import pack, unpack
from sys import byteorder

from ....explain.requirements import ALL_USERS, CAP_NET_ADMIN, CONTAINERS, module_of
from ....frozen import frozen
from ....kernel import hash_tables
from ....listing.connections import packed
from ....model import printable
from ..snapshot import UnseenError
from ..snapshot_values import Connection, Listener, Modules, Standing, TableStatus
from ..suspects import ALIVE, OPENING

ROOT = Path("/")
SYSCTLS = (
    *("net/ipv4/vs/*", "net/ipv4/ip_forward", "net/ipv4/ip_local_port_range", "net/ipv4/ip_local_reserved_ports"),
    *("net/ipv4/tcp_keepalive_time", "net/netfilter/nf_conntrack_count", "net/netfilter/nf_conntrack_max"),
    *(
        f"net/ipv4/conf/*/{name}"
        for name in ("forwarding", "rp_filter", "arp_ignore", "arp_announce", "send_redirects")
    ),
    *(f"net/ipv6/conf/*/{name}" for name in ("forwarding", "disable_ipv6")),
)
SIOCETHTOOL, ETHTOOL_GFLAGS, ETH_FLAG_LRO = 0x8946, 0x25, 1 << 15  # linux/sockios.h, linux/ethtool.h
SHOWN, COUNTED = 1000, 200_000  # how many connections a snapshot contains, and of how many it counts states
TIMEOUTS = {"SYN_RECV": 60, "SYN_SENT": 120, "TIME_WAIT": 120, "CLOSE_WAIT": 60, "LAST_ACK": 30}  # ip_vs_proto_tcp.c
Place = tuple[str, str, str]  # of a server: protocol, address and port in hexadecimal digits
LISTENING, UNCONNECTED = "0A", "07"  # net/tcp_states.h: of TCP; of UDP


def status(root: Path = ROOT) -> TableStatus | None:
    """The kernel's status of its tables; None before Linux 7.2."""
    told = hash_tables.told(_read(root / hash_tables.FILE[1:]) or "")
    if told is None:
        return None
    return TableStatus(
        connections=told.connections,
        rows=told.rows,
        bits=told.bits,
        load_factor=told.load_factor,
        chains=dict(told.chains),
        threads=max(told.threads, told.most_threads),
        estimators=told.estimators,
    )


def table_bits(root: Path = ROOT) -> int | None:
    """The module's conn_tab_bits: the size of the table of connections, as a power of two."""
    text = (_read(root / "sys/module/ip_vs/parameters/conn_tab_bits") or "").strip()
    return int(text) if text.isdecimal() else None


def sysctls(root: Path = ROOT) -> dict[str, str]:
    """The settings of the kernel that checks look at and that can be read, by path below /proc/sys."""
    base = root / "proc/sys"
    found = {}
    for pattern in SYSCTLS:
        for path in base.glob(pattern):
            if (value := _read(path)) is not None:
                found[str(path.relative_to(base))] = " ".join(value.split())
    return found


def standing(root: Path = ROOT) -> Standing:
    """The rights of this process, and its container."""
    status = _read(root / "proc/self/status") or ""
    capabilities = next((line.split()[1] for line in status.splitlines() if line.startswith("CapEff:")), "0")
    uid_map = (_read(root / "proc/self/uid_map") or "").split() or ALL_USERS
    container = (_read(root / "run/systemd/container") or "").strip() or next(
        (name for mark, name in CONTAINERS.items() if (root / mark).exists()), ""
    )
    return Standing(
        privileged=bool(int(capabilities, 16) >> CAP_NET_ADMIN & 1),
        user_namespace=uid_map[:3] != ALL_USERS,
        container=container,
    )


def modules(root: Path = ROOT) -> Modules:
    """The kernel's modules."""
    loaded = [line.split()[0] for line in (_read(root / "proc/modules") or "").splitlines()]
    folder = root / "lib/modules" / os.uname().release
    built_in = _read(folder / "modules.builtin") or ""
    dependencies = _read(folder / "modules.dep")
    loadable = None
    if dependencies is not None:
        paths = [line.partition(":")[0] for line in dependencies.splitlines()]
        loadable = tuple(module_of(path) for path in paths if module_of(path).startswith("ip_vs"))
    return Modules(tuple(loaded + [module_of(path) for path in built_in.split()]), loadable)


def has_ipvs(root: Path = ROOT) -> bool:
    """Whether the kernel has IPVS now, as a module that is loaded or built in."""
    return (root / "proc/net/ip_vs").exists()


def elsewhere(root: Path = ROOT) -> dict[str, int]:
    """The number of services in each other network namespace that can be seen, by the id of a process there."""
    seen = {_namespace(root / "proc/self")}
    found = {}
    for process in _processes(root):
        if (namespace := _namespace(process)) not in seen:
            seen.add(namespace)
            lines = (_read(process / "net/ip_vs") or "").splitlines()
            if count := sum(line.startswith(("TCP ", "UDP ", "SCTP ", "FWM ")) for line in lines):
                found[process.name] = count
    return found


def _namespace(process: Path) -> str:
    try:
        return os.readlink(process / "ns/net")
    except OSError:
        return ""  # not visible to us: all such namespaces count as one


def _processes(root: Path) -> list[Path]:
    """The folders of the visible processes, by id."""
    try:
        found = [path for path in (root / "proc").iterdir() if path.name.isdecimal()]
    except OSError:
        return []
    return sorted(found, key=lambda path: int(path.name))


def listeners(root: Path = ROOT) -> tuple[Listener, ...]:
    """The sockets that accept connections or datagrams. Raises UnseenError."""
    found = []
    for name, wanted in (("tcp", LISTENING), ("tcp6", LISTENING), ("udp", UNCONNECTED), ("udp6", UNCONNECTED)):
        text = _read(root / "proc/net" / name)
        if text is None and not name.endswith("6"):
            raise UnseenError(f"/proc/net/{name} can't be read")
        for line in (text or "").splitlines()[1:]:
            words = line.split()
            if words[3:4] == [wanted]:
                address, _, port = words[1].partition(":")
                found.append(Listener(name.removesuffix("6"), _socket_address(address), int(port, 16)))
    return tuple(dict.fromkeys(found))


def _socket_address(digits: str) -> str:
    """The address in `digits`, written as in /proc/net/tcp: words of 32 bits, in the machine's byte order."""
    words = (int(digits[start : start + 8], 16) for start in range(0, len(digits), 8))
    raw = b"".join(word.to_bytes(4, byteorder) for word in words)
    return inet_ntop(AF_INET if len(raw) == 4 else AF_INET6, raw)


@frozen
class Connections:
    """The entries of IPVS: their number and the `first` SHOWN.

    For each server, as "PROTOCOL ADDRESS:PORT", `states` counts its connections by state, and `stuck` those that have
    waited for an answer since its last answer.
    """

    count: int
    first: tuple[Connection, ...]
    states: dict[str, dict[str, int]]
    stuck: dict[str, int]


def connections(tcp: int = 900, tcpfin: int = 120, root: Path = ROOT) -> Connections:
    """The connections of IPVS, COUNTED at most; `tcp` and `tcpfin` are its timeouts in seconds. Raises UnseenError."""
    found: list[Connection] = []
    ages: dict[Place, dict[str, list[int]]] = {}
    timeouts = {**TIMEOUTS, "ESTABLISHED": tcp, "FIN_WAIT": tcpfin}
    count = 0
    try:
        with open(root / "proc/net/ip_vs_conn", encoding="utf-8", errors="replace") as lines:
            next(lines, None)
            for line in lines:
                count += 1
                if len(found) < SHOWN:
                    found.append(_connection(line))
                if count <= COUNTED:
                    protocol, _, _, _, _, server, port, state, expires, *_ = line.split(None, 9)
                    age = timeouts.get(state, 0) - int(expires)
                    ages.setdefault((protocol, server, port), {}).setdefault(state, []).append(age)
    except (OSError, ValueError, IndexError) as error:
        raise UnseenError(f"/proc/net/ip_vs_conn can't be read: {error}") from None
    named = {_server(*place): of for place, of in ages.items()}
    states = {name: {printable(state): len(all_) for state, all_ in of.items()} for name, of in named.items()}
    stuck = {name: number for name, of in named.items() if (number := _stuck(of))}
    return Connections(count, tuple(found), states, stuck)


def _server(protocol: str, digits: str, port: str) -> str:
    address = _text(digits)
    return f"{protocol.lower()} " + (f"[{address}]" if ":" in address else address) + f":{int(port, 16)}"


def _stuck(ages: dict[str, list[int]]) -> int:
    """The number of connections that began after the last answer; `ages` are the seconds since a packet, by state."""
    last = min((age for state in ALIVE for age in ages.get(state, ())), default=None)
    return sum(last is None or age < last for state in OPENING for age in ages.get(state, ()))


def _connection(line: str) -> Connection:
    protocol, client, _, address, port, server, server_port, state, *rest = line.split()
    ends = [_text(one) for one in (client, address, server)]
    expires = int(rest[0]) if rest and rest[0].isdecimal() else None
    return Connection(
        protocol.lower(), ends[0], ends[1], int(port, 16), ends[2], int(server_port, 16), printable(state), expires
    )


def _text(digits: str) -> str:
    raw = packed(digits.strip("[]"))
    return inet_ntop(AF_INET if len(raw) == 4 else AF_INET6, raw)


def large_receive(devices: list[str]) -> tuple[str, ...]:
    """The `devices` with large-receive-offload on."""
    found = []
    any_socket = socket()
    for device in devices:
        request = array("B", pack("II", ETHTOOL_GFLAGS, 0))
        try:
            ioctl(any_socket, SIOCETHTOOL, pack("16sP16x", device.encode()[:15], request.buffer_info()[0]))
        except OSError:
            continue  # a device without such flags
        if unpack("II", request)[1] & ETH_FLAG_LRO:
            found.append(device)
    any_socket.close()
    return tuple(found)


def managed(indices: dict[str, int], root: Path = ROOT) -> dict[str, str]:
    """The network manager of each managed device; `indices` are the indices of devices by name."""
    found = {}
    for device, index in indices.items():
        networkd = _read(root / f"run/systemd/netif/links/{index}") or ""
        manager = _read(root / f"run/NetworkManager/devices/{index}") or ""
        if "ADMIN_STATE=configured" in networkd:
            found[device] = "systemd-networkd"
        elif "managed=true" in manager:
            found[device] = "NetworkManager"
    return found


def _read(path: Path) -> str | None:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return None
