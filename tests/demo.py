"""The main job, shown on a real kernel: `make demo` runs this as root of a sandbox.

Prints every command before its result. Ends with status 1 if what it shows isn't so.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import textwrap
import time
from collections import Counter

VIP = "192.168.2.10"
SERVERS = {"server1": ("192.168.10.11", "192.168.10.1"), "server2": ("192.168.11.12", "192.168.11.1")}
REQUESTS = 10
ESTIMATOR = 2  # seconds after which the kernel refreshes the counters that it shows

HTTP_SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = (sys.argv[1] + "\\n").encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
server = http.server.HTTPServer((sys.argv[2], 80), Handler)
print("ready", flush=True)
server.serve_forever()
"""
CLIENT = f"""
import urllib.request
for _ in range({REQUESTS}):
    print(urllib.request.urlopen("http://{VIP}/", timeout=10).read().decode(), end="", flush=True)
"""


def say(text: str) -> None:
    print(f"\n# {textwrap.fill(text, 98, subsequent_indent='# ')}", flush=True)


def run(line: str) -> str:
    """Show a command line, carry it out with a shell, and show what it prints."""
    print(f"$ {line}", flush=True)
    done = subprocess.run(line, shell=True, stdout=subprocess.PIPE, text=True)
    print(done.stdout, end="", flush=True)
    if done.returncode:
        sys.exit(f"status {done.returncode}")
    return done.stdout


def build_table() -> None:
    say("A virtual service, two real servers, and the table that the kernel has now.")
    run(f"pyipvsadm -A -t {VIP}:80 -s rr")
    for address, _ in SERVERS.values():
        run(f"pyipvsadm -a -t {VIP}:80 -r {address} -m")
    before = run("pyipvsadm -Ln")
    say("Saved, cleared, restored: the same table.")
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        after = run("pyipvsadm -Sn > rules && pyipvsadm -C && pyipvsadm -R < rules && pyipvsadm -Ln")
    check(after == before, "the restored table differs")


def build_network() -> None:
    say(
        "A network of namespaces: a client, two servers, and this director between them. The virtual address"
        " is bound on a dummy device, as kube-proxy does, so that the kernel takes its packets for its own."
    )
    run("ip link set lo up && sysctl -qw net.ipv4.ip_forward=1")
    run(f"ip link add kube-ipvs0 type dummy && ip address add {VIP}/32 dev kube-ipvs0")
    for name, (address, gateway) in {"client": ("192.168.1.2", "192.168.1.1"), **SERVERS}.items():
        run(f"ip netns add {name} && ip link add {name} type veth peer name eth0 netns {name}")
        run(f"ip address add {gateway}/24 dev {name} && ip link set {name} up")
        run(
            f"ip -n {name} address add {address}/24 dev eth0 && ip -n {name} link set eth0 up"
            f" && ip -n {name} route add default via {gateway}"
        )


def prove() -> None:
    say("A small HTTP server on each real server, and ten requests to the virtual address.")
    servers = []
    for name, (address, _) in SERVERS.items():
        command = ["ip", "netns", "exec", name, sys.executable, "-c", HTTP_SERVER, name, address]
        print(f"$ ip netns exec {name} python3 http_server.py {name} {address} &", flush=True)
        servers.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
    try:
        for server in servers:
            server.stdout.readline()
        print(f"$ ip netns exec client python3 client.py   # {REQUESTS} times http://{VIP}/", flush=True)
        client = ["ip", "netns", "exec", "client", sys.executable, "-c", CLIENT]
        answers = subprocess.run(client, stdout=subprocess.PIPE, text=True, timeout=120).stdout.split()
        print("\n".join(answers), flush=True)
    finally:
        for server in servers:
            server.kill()
    counted = Counter(answers)
    check(counted == {name: REQUESTS // len(SERVERS) for name in SERVERS}, f"not balanced: {dict(counted)}")
    say("Five each. The kernel counted them; it refreshes what it shows every two seconds.")
    time.sleep(ESTIMATOR + 1)
    lines = run("pyipvsadm -Ln --stats").splitlines()
    connections = [line.split()[2] for line in lines[3:]]
    check(connections == ["10", "5", "5"], f"counters say {connections}")


def check(holds: bool, otherwise: str) -> None:
    if not holds:
        sys.exit(f"FAILED: {otherwise}")


if __name__ == "__main__":
    build_table()
    build_network()
    prove()
    print("\nIt works: round robin over two servers, by NAT, on a real IPVS table.")
