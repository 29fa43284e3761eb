"""Ailments of nftables and of iptables' newer back end, which user-mode Linux lacks: carried out in Debian's kernel.

`tests/test_doctor_nft.py` boots that, and runs this as a program. It prints a line for each, and "all well" last.
"""

from __future__ import annotations

import os

from .ailments import FAILURE, VIP, Ailment
from .places import Nat
from .test_doctor import through

TABLE = ("nft add table inet f",)
NONE = ("nft flush ruleset", "sysctl -qw net.ipv4.vs.conntrack=0")
INPUT = "nft add chain inet f input '{ type filter hook input priority 0; policy %s; }'"
FORWARD = "nft add chain inet f forward '{ type filter hook forward priority 0; policy %s; }'"
ROWS = (
    Ailment("V8", FAILURE, "nat", (
        *TABLE, INPUT % "accept", f"nft add rule inet f input ip daddr {VIP} tcp dport 80 drop",
    ), after=NONE),
    Ailment("V8", FAILURE, "nat", (*TABLE, INPUT % "drop", "nft add rule inet f input iif lo accept"), after=NONE),
    Ailment("V8", FAILURE, "nat", ("iptables-nft -A INPUT -p tcp --dport 80 -j DROP",), after=NONE),
    Ailment("N2", FAILURE, "nat", (*TABLE, FORWARD % "drop"), after=NONE),
    Ailment("N6", FAILURE, "nat", (*TABLE, FORWARD % "accept", "nft add rule inet f forward ct state invalid drop"),
            after=NONE),
    Ailment("N6", FAILURE, "nat", (
        *TABLE, FORWARD % "drop",
        "nft add rule inet f forward ct state vmap '{ established : accept, invalid : drop }'",
    ), after=NONE),
    Ailment("V4", FAILURE, "nat", (
        "ip addr add 10.1.0.101/32 dev vip", "pyipvsadm -A -f 7 -s rr", "pyipvsadm -a -f 7 -r 10.2.1.2:80 -m",
    ), request={"target": "10.1.0.101"}, after=("pyipvsadm -D -f 7", "ip addr del 10.1.0.101/32 dev vip", *NONE)),
    *(Ailment("V14", FAILURE, "nat", (
        *TABLE, "nft add chain inet f pre '{ type nat hook prerouting priority -100; }'",
        f"nft add rule inet f pre {rule}",
    ), after=NONE) for rule in ("tcp dport 80 redirect to :8088", f"ip daddr {VIP} tcp dport 80 dnat ip to 10.2.1.77")),
    Ailment("N2", FAILURE, "nat", (
        *TABLE, "nft add chain inet f post '{ type filter hook postrouting priority 0; policy accept; }'",
        f"nft add rule inet f post ip saddr {VIP} drop",
    ), after=NONE),
)  # fmt: skip


def main() -> None:
    """Go through all rows, in one network."""
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    place = Nat()
    for row in ROWS:
        through(place, row)
        print(row.check, row.acts[-1], flush=True)
    place.close()
    print("all well")


if __name__ == "__main__":
    main()
