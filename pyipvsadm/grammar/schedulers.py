"""The kernel's schedulers and persistence engines by name, with what they do."""

from __future__ import annotations

SCHEDULERS = {
    "rr": "each server in turn",
    "wrr": "each server in turn, as often as its weight says",
    "lc": "the server with the fewest connections",
    "wlc": "the server with the fewest connections for its weight",
    "lblc": "the server that the destination had last, unless it is overloaded: for caches",
    "lblcr": "one of the servers of the destination, which gets more under load: for caches",
    "dh": "by a hash of the destination's address",
    "sh": "by a hash of the client's address",
    "sed": "the server with the shortest expected delay, by connections and weight",
    "nq": "an idle server; if there is none, as sed",
    "fo": "the server with the highest weight that isn't overloaded",
    "ovf": "the server with the highest weight, until its connections reach its weight",
    "mh": "by a hash of the client's address; few clients move when servers change (Maglev)",
    "twos": "the less busy of two servers drawn at random; few kernels have it",
}

RARE = ("twos",)  # Debian's kernels have it from Linux 7.2 on

ENGINES = {"sip": "by the Call-ID of SIP"}

FLAGS = {
    "sh-fallback": "choose another server if the hash leads to an unavailable one",
    "sh-port": "also hash the client's port",
    "mh-fallback": "choose another server if the hash leads to an unavailable one",
    "mh-port": "also hash the client's port",
    "flag-1": "the scheduler's first flag",
    "flag-2": "the scheduler's second flag",
    "flag-3": "the scheduler's third flag",
}

TUNNELS = {
    "ipip": "IP in IP",
    "gue": "generic UDP encapsulation, to a port",
    "gre": "generic routing encapsulation",
}

STATES = {"master": "sends connection states to other directors", "backup": "receives connection states from a master"}
