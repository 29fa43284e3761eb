"""The values that all layers share: services, servers, daemons, timeouts, and the commands on them."""

from __future__ import annotations

from _socket import AF_INET, AF_INET6, IPPROTO_TCP, IPPROTO_UDP

from .record import Record

IPPROTO_SCTP = 132

# Service.flags. Source: linux/ip_vs.h, IP_VS_SVC_F_*. Bit 2 says that the service is in the
# kernel's hash table. Only the kernel sets it, so it never enters the model.
PERSISTENT, ONE_PACKET, FLAG_1, FLAG_2, FLAG_3 = 1, 4, 8, 16, 32

MASQUERADE, LOCAL, TUNNEL, DIRECT = range(4)  # Server.forwarding
IPIP, GUE, GRE = range(3)  # Server.tunnel_type
NO_CHECKSUM, CHECKSUM, REMOTE_CHECKSUM = range(3)  # Server.tunnel_flags
MASTER, BACKUP = 1, 2  # Daemon.state


class Stats(Record):
    """Counters since the last zeroing, and rates per second (bytes, not bits), each of 64 bits."""

    __slots__ = ()
    connections: int = 0
    packets_in: int = 0
    packets_out: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    connection_rate: int = 0
    packet_rate_in: int = 0
    packet_rate_out: int = 0
    byte_rate_in: int = 0
    byte_rate_out: int = 0


class Service(Record):
    """A virtual service. A field that is None isn't set.

    `address` is packed, 4 or 16 bytes, so that it compares and sorts as the kernel's does;
    `port` is a plain integer. A fwmark service has no protocol, address or port. `timeout` is the
    persistence in seconds, and counts only with the flag PERSISTENT. `netmask` groups persistent
    clients: for IPv4 a mask as a number (0xffffff00), for IPv6 the length of a prefix, and None
    for the whole address. Source: linux/ip_vs.h, IPVS_SVC_ATTR_*.
    """

    __slots__ = ()
    af: int = AF_INET
    protocol: int | None = None
    address: bytes | None = None
    port: int | None = None
    fwmark: int | None = None
    scheduler: str | None = None
    flags: int = 0
    timeout: int = 0
    netmask: int | None = None
    engine: str | None = None
    stats: Stats | None = None

    @property
    def key(self) -> int:
        """The fields that identify the service, as 32-bit words in ipvsadm's sorting order:
        the mark, family and protocol, four words of address (IPv4 has one), and the port.
        """
        address = int.from_bytes((self.address or b"").ljust(16, b"\0"), "big")
        first = (self.fwmark or 0) << 64 | self.af << 32 | (self.protocol or 0)
        return first << 160 | address << 32 | (self.port or 0)


class Server(Record):
    """A real server of a service.

    `address` is packed, 4 or 16 bytes; a tunnel may lead to an address of another family than the
    service's. The thresholds are numbers of connections, 0 for none. The kernel counts the active,
    inactive and persistent connections. Source: linux/ip_vs.h, IPVS_DEST_ATTR_*.
    """

    __slots__ = ()
    address: bytes = b""
    port: int = 0
    forwarding: int = DIRECT
    weight: int = 1
    upper_threshold: int = 0
    lower_threshold: int = 0
    tunnel_type: int = IPIP
    tunnel_port: int = 0
    tunnel_flags: int = NO_CHECKSUM
    active: int = 0
    inactive: int = 0
    persistent: int = 0
    stats: Stats | None = None

    @property
    def af(self) -> int:
        """The address family, from the length of the address."""
        return AF_INET if len(self.address) == 4 else AF_INET6

    @property
    def key(self) -> int:
        """The fields that identify the server in its service: four words of address, and the port."""
        return int.from_bytes(self.address.ljust(16, b"\0"), "big") << 32 | self.port


class Timeouts(Record):
    """Seconds after which idle connections expire. Setting a timeout to 0 leaves it unchanged."""

    __slots__ = ()
    tcp: int = 0
    tcpfin: int = 0
    udp: int = 0


class Daemon(Record):
    """A synchronisation daemon, of state MASTER or BACKUP. The kernel chooses the fields that are None.

    `group` is a packed multicast address. Source: linux/ip_vs.h, IPVS_DAEMON_ATTR_*.
    """

    __slots__ = ()
    state: int = MASTER
    interface: str = ""
    syncid: int = 0
    maxlen: int | None = None
    group: bytes | None = None
    port: int | None = None
    ttl: int | None = None


class Table(Record):
    """A whole table: each service with its servers, the timeouts, and the running daemons.

    In a wanted table, timeouts or daemons that are None stay unchanged. `addresses` are the packed addresses to bind on
    this machine, if a document lists them; None means the addresses of the services. `source` names where a table was
    read that isn't whole.
    """

    __slots__ = ()
    services: tuple[tuple[Service, tuple[Server, ...]], ...] = ()
    timeouts: Timeouts | None = None
    daemons: tuple[Daemon, ...] | None = None
    addresses: tuple[bytes, ...] | None = None
    source: str = ""


class Info(Record):
    """The kernel's IPVS: its version, one byte each for major, minor and patch, and the connection table's size."""

    __slots__ = ()
    version: int = 0
    size: int = 0


class Listing(Record):
    """How a table is listed: each field is an option of `-L` or `-S`."""

    __slots__ = ()
    numeric: bool = False
    connection: bool = False
    timeout: bool = False
    daemon: bool = False
    stats: bool = False
    rate: bool = False
    thresholds: bool = False
    persistent_conn: bool = False
    tun_info: bool = False
    nosort: bool = False
    exact: bool = False
    everything: bool = False
    brief: bool = False
    plain: bool = False
    no_pager: bool = False


class Restoring(Record):
    """How rules are restored: `check` checks them and changes nothing; `strict` fails if any rule failed."""

    __slots__ = ()
    check: bool = False
    strict: bool = False


class Command(Record):
    """What one command line asks for. `notes` are hints for a person, and not part of the meaning.

    `topic` is the topic of a request for help, empty for all topics.
    """

    __slots__ = ()
    verb: str = "list"
    service: Service | None = None
    server: Server | None = None
    daemon: Daemon | None = None
    timeouts: Timeouts | None = None
    listing: Listing = Listing()
    restoring: Restoring = Restoring()
    notes: tuple[str, ...] = ()
    topic: str = ""


PROTOCOLS = {IPPROTO_TCP: "tcp", IPPROTO_UDP: "udp", IPPROTO_SCTP: "sctp"}


def printable(text: str) -> str:
    """`text` from outside, such as a resolver or a packet, without its control characters."""
    return text if text.isprintable() else "".join(letter for letter in text if letter.isprintable())


def printable_lines(text: str) -> str:
    """Lines of text that are safe for a terminal: each is `printable`, with blanks for tabs."""
    return "\n".join(map(printable, text.expandtabs().split("\n")))
