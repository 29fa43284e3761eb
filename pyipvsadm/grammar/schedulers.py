"""The kernel's schedulers and persistence engines by name, with what they do."""

from __future__ import annotations

SCHEDULERS = {
    "rr": "one server after the other",
    "wrr": "one server after the other, each as often as its weight says",
    "lc": "the server with the fewest connections",
    "wlc": "the server with the fewest connections for its weight",
    "lblc": "the destination's server of last time, while it isn't overloaded: for caches",
    "lblcr": "one of several servers of the destination, more of them under load: for caches",
    "dh": "by a hash of the destination's address",
    "sh": "by a hash of the client's address",
    "sed": "the server that will be done soonest, by connections and weight",
    "nq": "a server that has nothing to do; if there is none, as sed",
    "fo": "the server of the highest weight that isn't overloaded",
    "ovf": "the server of the highest weight, until it has as many connections as its weight says",
    "mh": "by a hash of the client's address that changes little when servers do (Maglev)",
    "twos": "of two drawn at random, the less busy server; few kernels have it",
}

ENGINES = {"sip": "by the Call-ID of SIP"}

FLAGS = {
    "sh-fallback": "another server, if the hash leads to one that is out of service",
    "sh-port": "hash the client's port as well",
    "mh-fallback": "another server, if the hash leads to one that is out of service",
    "mh-port": "hash the client's port as well",
    "flag-1": "the scheduler's first flag",
    "flag-2": "the scheduler's second flag",
    "flag-3": "the scheduler's third flag",
}

TUNNELS = {
    "ipip": "IP in IP",
    "gue": "generic UDP encapsulation, to a port",
    "gre": "generic routing encapsulation",
}

STATES = {"master": "sends connections to other directors", "backup": "receives connections from a master"}
