"""The order of servers, by which sh gives out its buckets: what is saved brings it back, and so every client."""

from __future__ import annotations

from random import Random

import pytest

from pyipvsadm.model import MASQUERADE, Command, Server
from pyipvsadm.prediction.choices import Chooser
from pyipvsadm.prediction.pools import after

from .directors import InProcess
from .packets import clients, sender
from .test_prediction import PORT, VIP, carry_out, edits, end, fill, pool_of, servers, service, wrong

HISTORIES, CLIENTS = 50, 256
SCHEDULERS = {"sh": PORT, "mh": PORT + 1}
SAVED = (["show", "-o", "rules"], ["show", "-o", "json"], ["show", "-o", "yaml"], ["-Sn", "--nosort"])


def history(random, kernel, one):
    """Have a service in the kernel that has seen some changes, and no server of weight 0 that once had another."""
    pool = fill(kernel, one, servers(*random.choices((1, 2, 3, 10), k=random.randrange(2, 6)), seed=random.random()))
    for _ in range(random.randrange(3, 12)):
        command = edits(random, pool, limits=False)
        if command.verb != "edit-server" or command.server.weight:
            carry_out(kernel, command)
            pool = after(pool, (command,))
    return pool


@pytest.mark.parametrize("part", range(5))
def test_every_client_is_where_it_was_after_saving_clearing_and_applying(part):
    for number in range(part, HISTORIES, 5):
        random = Random(f"order {number}")
        with sender() as network:
            ours = InProcess(network.namespace)
            for scheduler, port in SCHEDULERS.items():
                history(random, network.kernel, service(scheduler).replace(port=port))
            before = went(network, random)
            words = SAVED[number % len(SAVED)]
            rules, saved = ours("-Sn --nosort").stdout, ours(words)
            assert (saved.returncode, saved.stderr) == (0, "")
            assert ours("-C") == (0, "", "")
            again = ours("-R" if words[0] == "-Sn" else ["apply", "--yes", "-"], saved.stdout)
            assert again.returncode == 0, again.stderr
            assert went(network, Random(f"order {number} again")) == before
            assert ours("-Sn --nosort").stdout == rules


def went(network, random):
    """Where each of the same clients goes, from ports of `random`; what is predicted is so."""
    some = [one.replace(port=random.randrange(1024, 65536)) for one in clients(Random("all"), CLIENTS)]
    found = []
    for scheduler, port in SCHEDULERS.items():
        one = service(scheduler).replace(port=port)
        for client in some:
            network.send(client, VIP, port)
        chosen = {
            (entry.client, entry.client_port): (entry.server, entry.server_port)
            for entry in network.connections()
            if entry.virtual_port == port
        }
        ends = [chosen.get((client.address, client.port)) for client in some]
        assert wrong(some, Chooser(pool_of(network.kernel, one)).choose(some), chosen) == []
        found.append(ends)
    return found


def test_a_plan_ends_in_the_file_s_order_where_that_needs_no_delete_of_what_stays():
    """Servers that come are behind those that stay, in the file; others leave."""
    for number in range(20):
        random = Random(f"plan {number}")
        with sender() as network:
            ours = InProcess(network.namespace)
            its = servers(*range(1, 9), seed=number)
            fill(network.kernel, service("sh"), its[:5])
            wanted = [one for one in its[:5] if random.random() < 0.7] + its[5:]
            lines = [f"-a -u 10.8.0.1:{PORT} -r 10.2.0.{one.address[3]}:{one.port} -m -w 1" for one in wanted]
            rules = "\n".join((f"-A -u 10.8.0.1:{PORT} -s sh", *lines, ""))
            assert ours(["apply", "--yes", "-"], rules).returncode == 0
            assert [server[:2] for server in network.kernel.servers(service("sh"))] == [
                server[:2] for server in reversed(wanted)
            ]


def test_what_ipvsadm_saves_moves_clients_of_sh_and_ours_does_not():
    with sender() as network:
        ours = InProcess(network.namespace)
        its = [
            Server(address=bytes((10, 2, 0, number)), port=80, forwarding=MASQUERADE)
            for number in (9, 3, 7, 5, 2, 8, 4, 6, 10, 11)
        ]
        fill(network.kernel, service("sh"), its)
        some = clients(Random("saved"), CLIENTS)
        before = [end(choice) for choice in Chooser(pool_of(network.kernel, service("sh"))).choose(some)]
        moved = {}
        for words in ("-Sn", "-Sn --nosort"):
            saved = ours(words).stdout
            assert ours("-C").returncode == ours("-R", saved).returncode == 0
            later = [end(choice) for choice in Chooser(pool_of(network.kernel, service("sh"))).choose(some)]
            moved[words] = sum(a != b for a, b in zip(before, later, strict=True))
            carry_out(network.kernel, Command(verb="clear"))
            fill(network.kernel, service("sh"), its)
        assert moved["-Sn"] > CLIENTS * 0.5
        assert moved["-Sn --nosort"] == 0
