"""The option table: every option of the classic grammar, and which command takes which.

A row is the only statement of its fact. Parser, help, manual and completions read it.
"""

from __future__ import annotations

from _socket import IPPROTO_TCP, IPPROTO_UDP

from ..errors import UsageError
from ..model import CHECKSUM, DIRECT, IPPROTO_SCTP, MASQUERADE, NO_CHECKSUM, ONE_PACKET, REMOTE_CHECKSUM, TUNNEL
from ..record import Record
from . import values as v

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


class Option(Record):
    """An option of the classic grammar.

    `role` is its name in rules and messages: options that share a role exclude each other, and an
    option without one may be repeated. `value` names its value, in brackets if it is optional; None
    if it takes none. The option fills fields of the record `fills`: those that `read` makes of its
    value, or else `sets`. `later` options are resolved once the whole line is known.
    """

    __slots__ = ()
    role: str = ""
    name: str = ""
    short: str = ""
    value: str | None = None
    fills: str = ""
    read: Any = None
    sets: tuple[str, object] | None = None
    help: str = ""


class Rule(Record):
    """A command, and the roles of the options that it `needs`, `takes`, and takes `one` of.

    `verb` is its name in the rest of the program, `command` its name in ipvsadm's messages.
    """

    __slots__ = ()
    verb: str = ""
    command: str = ""
    name: str = ""
    short: str = ""
    value: str | None = None
    read: Any = None
    help: str = ""
    needs: tuple[str, ...] = ()
    one: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()


def option(
    role: str = "",
    name: str = "",
    short: str = "",
    value: str | None = None,
    fills: str = "",
    read: Any = None,
    sets: tuple[str, object] | None = None,
    help: str = "",
) -> Option:
    """An Option, made in half the time: each start of the program makes many."""
    return Option.make((role, name, short, value, fills, read, sets, help))


def rule(
    verb: str = "",
    command: str = "",
    name: str = "",
    short: str = "",
    value: str | None = None,
    read: Any = None,
    help: str = "",
    needs: tuple[str, ...] = (),
    one: tuple[str, ...] = (),
    takes: tuple[str, ...] = (),
) -> Rule:
    """A Rule, made the same way."""
    return Rule.make((verb, command, name, short, value, read, help, needs, one, takes))


def switch(role: str, short: str = "", help: str = "") -> Option:
    """A row for an option that turns on the field of its name in Listing."""
    field = role.replace("-", "_")
    return option(role=role, name=role, short=short, fills="listing", sets=(field, True), help=help)


_U31 = 2**31 - 1

# In ipvsadm's order: it reports the first of several errors.
# fmt: off
OPTIONS = (
    switch("numeric", "n", "show addresses and ports as numbers"),
    switch("connection", "c", "list the connections"),
    option(role="service-address", name="tcp-service", short="t", value="service-address", fills="service",
           read=v.service_address(IPPROTO_TCP), help="a TCP service, as HOST[:PORT]"),
    option(role="service-address", name="udp-service", short="u", value="service-address", fills="service",
           read=v.service_address(IPPROTO_UDP), help="a UDP service, as HOST[:PORT]"),
    option(role="service-address", name="sctp-service", value="service-address", fills="service",
           read=v.service_address(IPPROTO_SCTP), help="an SCTP service, as HOST[:PORT]"),
    option(role="service-address", name="fwmark-service", short="f", value="fwmark", fills="service",
           read=v.fwmark, help="a service for the packets with a firewall mark"),
    option(name="ipv6", short="6", fills="service", read=v.ipv6,
           help="the fwmark service before this option is for IPv6"),
    option(role="scheduler", name="scheduler", short="s", value="scheduler", fills="service",
           read=v.plain("scheduler", 15), help="how servers are chosen; default: wlc"),
    option(role="persistent", name="persistent", short="p", value="[timeout]", fills="service",
           read=v.persistence, help="keep a client on its server for so many seconds; default: 360"),
    option(role="netmask", name="netmask", short="M", value="netmask", fills="service",
           read=v.netmask, help="the netmask of the clients that persistence treats as one"),
    option(role="real-server", name="real-server", short="r", value="server-address", fills="server",
           read=v.server_address, help="a real server, as HOST[:PORT]"),
    option(role="forwarding-method", name="gatewaying", short="g", fills="server",
           sets=("forwarding", DIRECT), help="direct routing: the packet stays unchanged; the default"),
    option(role="forwarding-method", name="ipip", short="i", fills="server",
           sets=("forwarding", TUNNEL), help="tunnelling: the packet travels inside another one"),
    option(role="forwarding-method", name="masquerading", short="m", fills="server",
           sets=("forwarding", MASQUERADE), help="masquerading: network address translation (NAT)"),
    option(role="weight", name="weight", short="w", value="weight", fills="server",
           read=v.number("weight", 0, _U31, "illegal weight specified"),
           help="the share of connections that this server gets; default: 1; 0 stops new ones"),
    option(role="u-threshold", name="u-threshold", short="x", value="connections", fills="server",
           read=v.number("upper_threshold", 0, _U31, "illegal u_threshold specified"),
           help="stop new connections at so many; default: 0, no threshold"),
    option(role="l-threshold", name="l-threshold", short="y", value="connections", fills="server",
           read=v.number("lower_threshold", 0, _U31, "illegal l_threshold specified"),
           help="resume new connections below so many"),
    option(role="mcast-interface", name="mcast-interface", value="interface", fills="daemon",
           read=v.plain("interface", 15), help="the interface of the daemon; default: eth0"),
    switch("timeout", help="show the timeouts"),
    switch("daemon", help="show the synchronisation daemons"),
    switch("stats", help="show counters"),
    switch("rate", help="show rates, per second"),
    switch("thresholds", help="show thresholds"),
    switch("persistent-conn", help="show persistent connections"),
    switch("nosort", help="list services and servers in the kernel's order"),
    option(name="sort", help="sort services and servers; the default"),
    option(role="syncid", name="syncid", value="id", fills="daemon",
           read=v.number("syncid", 0, 255, "illegal syncid specified"),
           help="the sync id of the daemon's messages; default: 0"),
    switch("exact", "X", "show numbers in full"),
    option(role="ops", name="ops", short="o", fills="service", sets=("ops", ONE_PACKET),
           help="one-packet scheduling: choose a server for each datagram"),
    option(role="pe", name="pe", value="engine", fills="service", read=v.plain("engine", 16),
           help="a persistence engine: sip"),
    option(role="sched-flags", name="sched-flags", short="b", value="flags", fills="service",
           read=v.plain("sched_flags"), help="flags of the scheduler, separated by commas"),
    option(role="mcast-group", name="mcast-group", value="address", fills="daemon", read=v.multicast_group,
           help="the daemon's multicast group; default: 224.0.0.81"),
    option(role="mcast-port", name="mcast-port", value="port", fills="daemon",
           read=v.number("port", 1, 65535, "illegal mcast-port specified"),
           help="the daemon's UDP port; default: 8848"),
    option(role="mcast-ttl", name="mcast-ttl", value="ttl", fills="daemon",
           read=v.number("ttl", 1, 255, "illegal mcast-ttl specified"),
           help="the time to live of the daemon's packets; default: 1"),
    option(role="sync-maxlen", name="sync-maxlen", value="bytes", fills="daemon",
           read=v.number("maxlen", 1, 65507, "illegal sync-maxlen specified"),
           help="the maximum length of the daemon's messages"),
    switch("tun-info", help="show the tunnels to the servers"),
    option(role="tun-type", name="tun-type", value="type", fills="server",
           read=v.choice("tunnel_type", "illegal tunnel type specified", **v.TUNNELS),
           help="the type of tunnel: ipip, gue or gre; default: ipip"),
    option(role="tun-port", name="tun-port", value="port", fills="server",
           read=v.number("tunnel_port", 1, 65535, "illegal tunnel port specified"),
           help="the port of a gue tunnel"),
    option(role="tun-nocsum", name="tun-nocsum", fills="server", sets=("tunnel_flags", NO_CHECKSUM),
           help="a tunnel without checksums; the default"),
    option(role="tun-csum", name="tun-csum", fills="server", sets=("tunnel_flags", CHECKSUM),
           help="a tunnel with checksums"),
    option(role="tun-remcsum", name="tun-remcsum", fills="server", sets=("tunnel_flags", REMOTE_CHECKSUM),
           help="a tunnel with remote checksum offload"),
    # The rows below are ours, not ipvsadm's.
    option(role="all", name="all", fills="listing", sets=("everything", True),
           help="also save timeouts and daemons (not in ipvsadm)"),
    option(role="check", name="check", fills="restoring", sets=("check", True),
           help="check the rules, and change nothing (not in ipvsadm)"),
    option(role="strict", name="strict", fills="restoring", sets=("strict", True),
           help="fail if any rule failed, not just the last (not in ipvsadm)"),
    switch("brief", help="a line for each service, with the sums of its servers (not in ipvsadm)"),
    switch("plain", help="print plain text, even on a terminal (not in ipvsadm)"),
    switch("no-pager", help="don't send a long list through a pager (not in ipvsadm)"),
)

_SERVICE = ("scheduler", "persistent", "netmask", "ops", "pe", "sched-flags")
_SERVER = ("forwarding-method", "weight", "u-threshold", "l-threshold",
           "tun-type", "tun-port", "tun-nocsum", "tun-csum", "tun-remcsum")

RULES = (
    rule(verb="add-service", command="add-service", name="add-service", short="A",
         help="create a virtual service", needs=("service-address",), takes=_SERVICE),
    rule(verb="edit-service", command="edit-service", name="edit-service", short="E",
         help="replace all settings of a virtual service", needs=("service-address",), takes=_SERVICE),
    rule(verb="delete-service", command="delete-service", name="delete-service", short="D",
         help="delete a virtual service and its servers", needs=("service-address",)),
    rule(verb="clear", command="flush", name="clear", short="C", help="delete all virtual services"),
    rule(verb="list", command="list", name="list", short="Ll", help="list the table, or one service",
         one=("connection", "service-address", "timeout", "daemon"),
         takes=("numeric", "stats", "rate", "thresholds", "persistent-conn", "nosort", "syncid", "exact",
                "tun-info", "brief", "plain", "no-pager")),
    rule(verb="add-server", command="add-server", name="add-server", short="a",
         help="add a real server to a service", needs=("service-address", "real-server"), takes=_SERVER),
    rule(verb="edit-server", command="edit-server", name="edit-server", short="e",
         help="replace all settings of a real server", needs=("service-address", "real-server"),
         takes=_SERVER),
    rule(verb="delete-server", command="delete-server", name="delete-server", short="d",
         help="remove a real server from a service", needs=("service-address", "real-server")),
    rule(verb="set", command="set", name="set",
         help="set timeouts for TCP, TCP after FIN, UDP; 0 keeps one"),
    rule(verb="start-daemon", command="start-daemon", name="start-daemon", value="state",
         read=v.choice("state", "illegal start-daemon parameter specified", **v.STATES),
         help="start a synchronisation daemon: master or backup",
         takes=("mcast-interface", "syncid", "mcast-group", "mcast-port", "mcast-ttl", "sync-maxlen")),
    rule(verb="stop-daemon", command="stop-daemon", name="stop-daemon", value="state",
         read=v.choice("state", "illegal start_daemon specified", **v.STATES),
         help="stop a synchronisation daemon", takes=("syncid",)),
    rule(verb="restore", command="restore", name="restore", short="R", help="carry out the rules on stdin",
         takes=("check", "strict")),
    rule(verb="save", command="save", name="save", short="S", help="print the table as rules",
         takes=("numeric", "all", "nosort", "no-pager")),
    rule(verb="zero", command="zero", name="zero", short="Z", help="zero the counters of one service or of all",
         takes=("service-address",)),
    rule(verb="help", command="help", name="help", short="h", help="show help, or explain a topic: `-h TOPIC`"),
    rule(verb="version", command="version", name="version", short="v", help="show the version"),
)
# fmt: on

TUNNEL_RULES = {  # which tunnel options go with which kind
    "ipip": rule(command="ipip"),
    "gue": rule(command="gue", needs=("tun-port",), one=("tun-nocsum", "tun-csum", "tun-remcsum")),
    "gre": rule(command="gre", one=("tun-nocsum", "tun-csum")),
}

ROLES = tuple(dict.fromkeys(option.role for option in OPTIONS if option.role))
TUNNEL_ROLES = ("tun-port", "tun-nocsum", "tun-csum", "tun-remcsum")
SISTERS = tuple("AEDaed")  # commands for a service, and for a server: the same letter in the other case
NETNS = "--netns"  # before everything else, or after a verb
LONG = {row.name: row for row in (*RULES, *OPTIONS)}
SHORT = {letter: row for row in (*RULES, *OPTIONS) for letter in row.short}


def check(rule: Rule, given: Iterable[str], roles: tuple[str, ...] = ROLES, kind: str = "command") -> None:
    """Raise UsageError, in ipvsadm's wording and order, if the roles in `given` break `rule`."""
    chosen = ""
    for role in roles:
        if role not in given:
            if role in rule.needs:
                raise UsageError(
                    f"You need to supply the '{role}' option for the '{rule.command}' {kind}", hint=_takes(rule)
                )
        elif role in rule.one:
            if chosen:
                raise UsageError(
                    f"The option '{role}' conflicts with the '{chosen}' option in the '{rule.command}' {kind}",
                    hint=f"give only one of {', '.join(rule.one)}",
                )
            chosen = role
        elif role not in rule.needs and role not in rule.takes:
            raise UsageError(
                f"Illegal '{role}' option with the '{rule.command}' {kind}", hint=f"{_sister(rule, role)}{_takes(rule)}"
            )


def _sister(rule: Rule, role: str) -> str:
    """The beginning of a hint: the command of the same letter that takes `role`, for a server or a service."""
    other = SHORT.get(rule.short.swapcase()) if rule.short in SISTERS else None
    takes = isinstance(other, Rule) and role in other.needs + other.takes
    return f"that is for `-{rule.short.swapcase()}`; " if takes else ""


def _takes(rule: Rule) -> str:
    """A hint that names the options of `rule`."""
    needs = [f"{_written(role)} (required)" for role in rule.needs]
    takes = ", ".join([*needs, *map(_written, (*rule.one, *rule.takes))]) or "no option"
    return f"`{rule.name or rule.command}` takes {takes}"


def _written(role: str) -> str:
    """The options of this role, as they are typed."""
    return " or ".join(f"`-{row.short[0]}`" if row.short else f"`--{row.name}`" for row in OPTIONS if row.role == role)
