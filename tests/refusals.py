"""All refusals of the kernel that are told apart, each with what is said of its cause.

A row is provoked on a real kernel by its lines, in a network namespace of its own: those of `setup`
have to succeed, and `line` is refused. Where a row says why that can't be done, the kernel is a fake.
"""

from __future__ import annotations

from errno import EAFNOSUPPORT, EEXIST, EINVAL, ENETUNREACH, ENODEV, ENOENT, EOPNOTSUPP, ERANGE, ESRCH
from typing import NamedTuple

HTTP, DNS = "-A -t 192.0.2.1:80 -s rr", "-A -u 192.0.2.1:53 -s wlc -p 300"
SERVERS = (HTTP, "-a -t 192.0.2.1:80 -r 10.0.0.2:8080 -m -w 3", "-a -t 192.0.2.1:80 -r 10.0.0.3 -w 2")
LO = "--mcast-interface lo"
ALL_SCHEDULERS = "rr, wrr, lc, wlc, lblc, lblcr, dh, sh, sed, nq, fo, ovf, mh"
NO_FIT = ": a server needs a unicast address"


class Refusal(NamedTuple):
    """A refusal: of what, with which errno, in which situation, and what the hint says then."""

    verb: str
    errno: int
    setup: tuple[str, ...]
    line: str
    hint: str
    unreal: str = ""  # why no kernel can be made to do it here


REFUSALS = [
    # Services.
    Refusal("add-service", EEXIST, (HTTP,), HTTP, "192.0.2.1:80/tcp already exists with these settings: rr"),
    Refusal("add-service", EEXIST, (DNS,), "-A -u 192.0.2.1:53 -s lc",
            "192.0.2.1:53/udp exists with other settings: wlc, persistence 300; to change it:"
            " `-E -u 192.0.2.1:53 -s lc`, or single settings with `pyipvsadm set`"),
    Refusal("add-service", ENOENT, (), "-A -f 1 -s wlcc", "there is no scheduler `wlcc`; did you mean `wlc`?"),
    Refusal("add-service", ENOENT, (), "-A -f 1 -s WLC", "there is no scheduler `WLC`; did you mean `wlc`?"),
    Refusal("add-service", ENOENT, (), "-A -f 1 -s zork", f"there is no scheduler `zork`; there are {ALL_SCHEDULERS}"),
    Refusal("add-service", ENOENT, (), "-A -f 1 -p --pe spi",
            "there is no persistence engine `spi`; did you mean `sip`?"),
    Refusal("edit-service", ENOENT, (HTTP,), "-E -t 192.0.2.1:80 -s rr --pe zork",
            "there is no persistence engine `zork`; there is sip"),
    Refusal("edit-service", ESRCH, (HTTP, DNS), "-E -t 192.0.2.1:81",
            "there is no service 192.0.2.1:81/tcp; there are 192.0.2.1:80/tcp (`-t 192.0.2.1:80`) and"
            " 192.0.2.1:53/udp (`-u 192.0.2.1:53`); to add it: `-A -t 192.0.2.1:81`"),
    Refusal("delete-service", ESRCH, (HTTP, DNS), "-D -u 192.0.2.1:80",
            "there is no service 192.0.2.1:80/udp; there is 192.0.2.1:80/tcp (`-t 192.0.2.1:80`)"),
    Refusal("delete-service", ESRCH, (HTTP, "-A -t 192.0.3.2:80"), "-D -t 192.0.3.1:80",
            "there is no service 192.0.3.1:80/tcp; there is 192.0.3.2:80/tcp (`-t 192.0.3.2:80`)"),
    Refusal("delete-service", ESRCH, (HTTP, "-A -f 5 -6"), "-D -f 5",
            "there is no service fwmark:5; there is fwmark:5/ipv6 (`-f 5 -6`)"),
    Refusal("delete-service", ESRCH, tuple(f"-A -f {n}" for n in range(1, 6)), "-D -f 6",
            "there is no service fwmark:6; `-Ln` lists all 5 services"),
    Refusal("zero", ESRCH, (HTTP, "-A -f 5"), "-Z -t 198.51.100.1:22",
            "there is no service 198.51.100.1:22/tcp; there are 192.0.2.1:80/tcp and fwmark:5"),
    Refusal("list", ESRCH, (HTTP,), "-Ln -t 192.0.2.1",
            "there is no service 192.0.2.1:0/tcp; there is 192.0.2.1:80/tcp (`-t 192.0.2.1:80`)"),
    Refusal("list", ESRCH, (), "-Ln -t [2001:db8::1]:80",
            "there is no service [2001:db8::1]:80/tcp; the table is empty"),
    # Servers.
    Refusal("add-server", ESRCH, (), "-a -t 192.0.2.1:80 -r 10.0.0.2",
            "there is no service 192.0.2.1:80/tcp; the table is empty; to add it: `-A -t 192.0.2.1:80`"),
    Refusal("edit-server", ESRCH, (HTTP,), "-e -t 192.0.2.1:443 -r 10.0.0.2",
            "there is no service 192.0.2.1:443/tcp; there is 192.0.2.1:80/tcp (`-t 192.0.2.1:80`); to add it:"
            " `-A -t 192.0.2.1:443`"),
    Refusal("delete-server", ESRCH, (HTTP,), "-d -u 192.0.2.1:80 -r 10.0.0.2",
            "there is no service 192.0.2.1:80/udp; there is 192.0.2.1:80/tcp (`-t 192.0.2.1:80`)"),
    Refusal("add-server", EEXIST, SERVERS, "-a -t 192.0.2.1:80 -r 10.0.0.2:8080 -m -w 3",
            "10.0.0.2:8080 already exists with these settings: masquerade, weight 3"),
    Refusal("add-server", EEXIST, SERVERS, "-a -t 192.0.2.1:80 -r 10.0.0.3:80 -m -w 0",
            "10.0.0.3:80 exists with other settings: direct, weight 2; to change it:"
            " `-e -t 192.0.2.1:80 -r 10.0.0.3:80 -m -w 0`, or single settings with `pyipvsadm set`"),
    Refusal("edit-server", ENOENT, SERVERS, "-e -t 192.0.2.1:80 -r 10.0.0.2:8080 -w 0",
            "without `-m` the port is that of the service, 80; 10.0.0.2:8080 exists, with masquerading: add `-m`, or"
            " change single settings with `pyipvsadm set 192.0.2.1:80/tcp 10.0.0.2:8080`"),
    Refusal("edit-server", ENOENT, (HTTP,), "-e -t 192.0.2.1:80 -r 10.0.0.3 -w 0",
            "192.0.2.1:80/tcp has no server 10.0.0.3:80; it has none"),
    Refusal("delete-server", ENOENT, SERVERS, "-d -t 192.0.2.1:80 -r 10.0.0.2",
            "192.0.2.1:80/tcp has no server 10.0.0.2:80; there is 10.0.0.2:8080"),
    Refusal("delete-server", ENOENT, SERVERS, "-d -t 192.0.2.1:80 -r 10.0.1.3",
            "192.0.2.1:80/tcp has no server 10.0.1.3:80; there is 10.0.0.3:80"),
    Refusal("delete-server", ENOENT, SERVERS, "-d -t 192.0.2.1:80 -r 10.0.1.3:22",
            "192.0.2.1:80/tcp has no server 10.0.1.3:22; it has 10.0.0.3:80 and 10.0.0.2:8080"),
    Refusal("delete-server", ENOENT, (HTTP, *(f"-a -t 192.0.2.1:80 -r 10.0.0.{n} -m" for n in range(1, 6))),
            "-d -t 192.0.2.1:80 -r 10.0.1.3:22",
            "192.0.2.1:80/tcp has no server 10.0.1.3:22; `-Ln -t 192.0.2.1:80` lists its 5 servers"),
    Refusal("add-server", ERANGE, (HTTP,), "-a -t 192.0.2.1:80 -r 10.0.0.2 -x 3 -y 5",
            "the lower threshold, 5, exceeds the upper one, 3: `-y` must not exceed `-x`"),
    Refusal("edit-server", ERANGE, SERVERS, "-e -t 192.0.2.1:80 -r 10.0.0.3 -y 5",
            "the lower threshold is 5, and the upper one is 0, for none: also give `-x`, at least 5"),
    Refusal("add-server", EINVAL, (HTTP,), "-a -t 192.0.2.1:80 -r 224.0.0.1",
            f"224.0.0.1 is a multicast address{NO_FIT}"),
    Refusal("add-server", EINVAL, (HTTP,), "-a -t 192.0.2.1:80 -r 0.0.0.0",
            f"0.0.0.0 is the wildcard, not an address{NO_FIT}"),
    Refusal("add-server", EINVAL, (HTTP,), "-a -t 192.0.2.1:80 -r 255.255.255.255",
            f"255.255.255.255 is the broadcast address{NO_FIT}"),
    Refusal("add-server", EINVAL, (HTTP,), "-a -t 192.0.2.1:80 -r 127.255.255.255",
            f"127.255.255.255 is a broadcast address of this network{NO_FIT}"),
    Refusal("add-server", EINVAL, ("-A -f 5 -6",), "-a -f 5 -6 -r [fe80::1]:80",
            f"fe80::1 is a link-local address{NO_FIT}"),
    Refusal("add-server", EINVAL, (HTTP, f"--start-daemon backup {LO}"), "-a -t 192.0.2.1:80 -r [2001:db8::1]:80 -i",
            "while a synchronisation daemon runs (backup), a server must have the address family of its service:"
            " first `--stop-daemon backup`"),
    Refusal("edit-server", EINVAL, (HTTP,), "-e -t 192.0.2.1:80 -r 224.0.0.1",
            f"224.0.0.1 is a multicast address{NO_FIT}", "such a server can't be there to be edited"),
    # Daemons.
    Refusal("start-daemon", EEXIST, (f"--start-daemon backup {LO} --syncid 7",), f"--start-daemon backup {LO}",
            "it already runs, with `--start-daemon backup --mcast-interface lo --syncid 7 --sync-maxlen 65507"
            " --mcast-group 224.0.0.81 --mcast-port 8848 --mcast-ttl 1`; `--stop-daemon backup` stops it"),
    Refusal("start-daemon", ENODEV, (), "--start-daemon master",
            "there is no interface `eth0`; there "),
    Refusal("start-daemon", ENODEV, ("ip link add bond0 type dummy",), "--start-daemon master --mcast-interface bnod0",
            "there is no interface `bnod0`; did you mean `--mcast-interface bond0`?"),
    Refusal("start-daemon", ENETUNREACH, ("ip link add eth1 type dummy",),
            "--start-daemon master --mcast-interface eth1", "eth1 is down: `ip link set eth1 up`"),
    Refusal("start-daemon", ENETUNREACH, ("ip link add eth1 mtu 1000 up type dummy",),
            "--start-daemon master --mcast-interface eth1 --mcast-group ff02::7",
            "eth1 has no IPv6, which the group ff02::7 requires: it may be down (`ip link set eth1 up`), have IPv6"
            " turned off, or an MTU below 1280"),
    Refusal("start-daemon", EINVAL, ("ip link add eth1 mtu 1000 up type dummy",),
            "--start-daemon backup --mcast-interface eth1 --mcast-group ff02::7", "eth1 has no IPv6, which the group"),
    Refusal("start-daemon", EINVAL, (HTTP, "-a -t 192.0.2.1:80 -r [2001:db8::1]:80 -i"), f"--start-daemon backup {LO}",
            "a daemon can't run while a service has a server of another address family"),
    Refusal("stop-daemon", ESRCH, (), "--stop-daemon master", "no master and no backup is running"),
    Refusal("stop-daemon", ESRCH, (f"--start-daemon backup {LO}",), "--stop-daemon master",
            "a backup is running, not a master: `--stop-daemon backup` stops it"),
    # What takes another kernel.
    Refusal("set", EINVAL, (), "--set 2678400 0 0",
            "2678400 s exceed what this kernel can count; 2147483 s are safe",
            "it takes 1000 ticks a second, and user-mode Linux has 100"),
    Refusal("add-service", EAFNOSUPPORT, (), "-A -f 5 -6", "this kernel has", "it takes a kernel without IPv6"),
    Refusal("add-server", EOPNOTSUPP, (), "-a -f 5 -6 -r [2001:db8::1]:80", "this kernel has", "as before"),
]  # fmt: skip
