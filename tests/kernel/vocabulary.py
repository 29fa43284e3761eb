"""The words that random command lines are made of, right ones and wrong ones.

They are written from ipvsadm's manual page, not from our tables: a slip in those mustn't hide here. Inputs exist that
end ipvsadm by a signal, or that it never finishes: these words make none of them.
"""

from __future__ import annotations

# fmt: off
# Lists are ordered by 32-bit differences taken as signed, which is an order only if the values lie
# in one half of the circle. Each universe keeps to that, and so each has one right order.
UNIVERSES = (
    {
        "net": "10.9",
        "4": ("10.0.0.1", "10.1", "0x0a000001", "010.1.2.3", "10.0.0.255", "100.64.0.1", "127.0.0.1", "0.0.0.0",
              "vip-a.example", "localhost", "10.0.0.1 x"),
        "mark": ("1", "2", "100", "65536", "4294967295", "0100", " 7", "+8"),
    },
    {
        "net": "198.18",
        "4": ("192.0.2.1", "192.0.2.2", "198.51.100.1", "255.255.255.255", "224.0.0.1", "128.0.0.1", "203.0.113.77",
              "3221225985", "vip", "www.vip.example"),
        "mark": ("1", "2147483647", "5", "7"),
    },
    {
        "net": "10.9",
        "4": ("192.168.0.1", "192.168.0.2", "10.0.0.1", "10.0.0.2", "10.255.255.255", "192.168.1"),
        "mark": ("4294967295", "4294967294", "2147483700"),
    },
)
IPV6 = (
    "2001:db8::1", "2001:db8:0:0:0:0:0:2", "2001:DB8::ffff:1", "::1", "fe80::1", "ff02::1", "::",
    "2001:db8::10.0.0.1",
)
SERVERS6 = ("2001:db8::101", "2001:db8::102", "2001:db8:0:1::1", "::1", "2001:db8::10.0.0.1")
PORTS = ("80", "80", "443", "53", "0", "65535", "http", "domain", "8080", " 81", "+82", "0080", "www", "https")
SCHEDULERS = ("rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "mh", "sed", "nq", "fo", "ovf", "none")
FLAGS = {"sh": ("sh-fallback", "sh-port"), "mh": ("mh-fallback", "mh-port")}
ANY_FLAGS = ("flag-1", "flag-2", "flag-3")
MASKS4 = ("255.255.255.0", "255.255.255.255", "255.0.0.0", "24", "0", "0xffffff00", "0.0.0.0", "255.255", "localhost")
MASKS6 = ("64", "128", "1", "64abc", "127", "+5", " 48")
NUMBERS = (
    "0", "1", "3", "255", "256", "65535", "65536", "2147483647", "2147483648", "4294967295", "4294967296", "-1", "",
    "x", "1x", "0x10", "010", " 5", "5 ", "+6", "99999999999999999999", "2678400", "2678401", "1e3", "\t7", "--5",
)
ODD_WORDS = (
    "", "foo", "-", "--", "1", "-z", "--zork", "-Lz", "--zork=3", "ipvsadm", "''", "a b", "-n=yes", "--clear=1",
    "-C=", "--lis", "--tcp", "-tcp-service", "--=", "---", "-=", "=", "- ", "-\N{LATIN SMALL LETTER E WITH ACUTE}",
    "\udcff\udcfe", "\x01\x02", "x" * 300, "--" + "y" * 200, "-n-", "--numeric=", "-Ln", "-h", "-v", "--help",
)
BAD_ADDRESSES = (
    "", ":", "80", ":80", "10.0.0.1:", "10.0.0.1:x", "10.0.0.1:65536", "10.0.0.1:-1", "[10.0.0.1]:80",
    "[10.0.0.1:80]:90", "[2001:db8::1]", "[2001:db8::1]80", "[2001:db8::1]:", "2001:db8::1:80", "[::1:80",
    "fe80::1%lo", "[fe80::1%lo]:80", "no.such.host:80", "10.0.0.256:80", "1.2.3.4.5:80", "10.0.0.1:80:81", "a:b:c",
    "[]:80", "[", "]", "10.0.0.1 80", "10.0.0.1:http ", "<broadcast>:80", "\udcff:80", "10.0.0.1:HTTP",
    "167772161:80", "167772161", "vip6.example:80", ".:80", "localhost", "-1:80", "0x7f000001:80", "[vip]:80",
)
BAD_VALUES = {  # by kind; of all others, some of NUMBERS
    "vip": BAD_ADDRESSES,
    "rip": BAD_ADDRESSES,
    "scheduler": ("", "RR", "zork", "rr ", "a-scheduler-with-a-long-name", "-p", "\udcff"),
    "engine": ("", "zork", "SIP", "an-engine-with-a-long-name"),
    "mark": ("0", "-1", "", "x", "1x", "0x10", "010", " 5", "5 ", "+6", "4294967296", "99999999999999999999", "1e3"),
    "flags": (
        "", "zork", "sh-port", "mh-port", "flag-1, flag-2", "flag-1,,flag-2,", "FLAG-1", "flag-4", "flag-1," * 30,
    ),
    "netmask": ("", "x", "0", "129", "255.255.255.256", "/24", "ffff::", "255.255.255.0:80", *NUMBERS),
    "tunnel": ("", "IPIP", "gre ", "zork"),
    "group": ("", "10.0.0.1", "223.255.255.255", "240.0.0.1", "224.1", "2001:db8::1", "ff02::1%lo", "zork", "ff02::g"),
    "interface": ("", "zork", "a-name-that-is-too-long"),
}
LIKELY = {  # how likely each command is
    "add-service": 24, "edit-service": 8, "delete-service": 4, "add-server": 30, "edit-server": 8, "delete-server": 4,
    "list": 10, "save": 4, "zero": 3, "set": 2, "clear": 0.4, "start-daemon": 0.6, "stop-daemon": 0.6,
}
# Name: its short form, and of options what kind of value they take, if one.
COMMANDS = {
    "add-service": "A", "edit-service": "E", "delete-service": "D", "clear": "C", "list": "L", "add-server": "a",
    "edit-server": "e", "delete-server": "d", "set": "", "start-daemon": "", "stop-daemon": "", "restore": "R",
    "save": "S", "zero": "Z",
}
OPTIONS = {
    "tcp-service": ("t", "vip"), "udp-service": ("u", "vip"), "sctp-service": ("", "vip"),
    "fwmark-service": ("f", "mark"), "ipv6": ("6", ""), "scheduler": ("s", "scheduler"),
    "persistent": ("p", "timeout"), "netmask": ("M", "netmask"), "pe": ("", "engine"), "ops": ("o", ""),
    "sched-flags": ("b", "flags"), "real-server": ("r", "rip"), "gatewaying": ("g", ""), "ipip": ("i", ""),
    "masquerading": ("m", ""), "weight": ("w", "number"), "u-threshold": ("x", "number"),
    "l-threshold": ("y", "number"), "tun-type": ("", "tunnel"), "tun-port": ("", "number"), "tun-nocsum": ("", ""),
    "tun-csum": ("", ""), "tun-remcsum": ("", ""), "numeric": ("n", ""), "connection": ("c", ""), "timeout": ("", ""),
    "daemon": ("", ""), "stats": ("", ""), "rate": ("", ""), "thresholds": ("", ""), "persistent-conn": ("", ""),
    "tun-info": ("", ""), "nosort": ("", ""), "sort": ("", ""), "exact": ("X", ""),
    "mcast-interface": ("", "interface"), "syncid": ("", "number"), "mcast-group": ("", "group"),
    "mcast-port": ("", "number"), "mcast-ttl": ("", "number"), "sync-maxlen": ("", "number"),
}
FORMATS = ("stats", "rate", "thresholds", "persistent-conn", "tun-info", "exact", "numeric", "nosort", "sort")
# fmt: on
