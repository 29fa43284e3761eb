"""The hosts and services that tests know, so that names are the same everywhere."""

from __future__ import annotations

from pathlib import Path

FILES = {
    "/etc/hosts": """\
127.0.0.1 localhost
10.0.0.7 vip-a.example vip-a
192.0.2.10 vip.example vip
192.0.2.77 a-rather-long-host-name-for-a-virtual-service.example
198.51.100.7 exactly-24-characters-xx
198.51.100.8 fifty-characters-and-more-in-one-name-of-a-host-that-is.example
2001:db8:10::10 vip6.example
""",
    "/etc/resolv.conf": "",
    "/etc/host.conf": "multi on\n",
    "/etc/nsswitch.conf": "hosts: files\nservices: files\nprotocols: files\n",
    "/etc/services": """\
domain 53/tcp
domain 53/udp
http 80/tcp www
https 443/tcp
https 443/udp
tftp 69/udp
mdns 5353/udp
sip 5060/tcp
sip 5060/udp
http-alt 8080/tcp webcache
diameter 3868/sctp
a-service-with-a-name-as-long-as-names-may-be-and-longer 7777/tcp
""",
}


def lay_names() -> None:
    """Inside a sandbox, whose files are thrown away, write them."""
    if "User Mode Linux" in Path("/proc/cpuinfo").read_text():
        for path, content in FILES.items():
            Path(path).write_text(content)
