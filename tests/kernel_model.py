"""A model of what the kernel does with a command, and tables in the form in which two are compared."""

from __future__ import annotations

from pyipvsadm.model import Command, Server, Service, Table, Timeouts

from .random_tables import ADDRESSES, GRE, IPIP, PERSISTENT, SCHEDULERS, TUNNEL, mixed


class Model:
    """What the kernel does with a command: a table that changes, and refusals. Source: ip_vs_ctl.c."""

    def __init__(self, table: Table) -> None:
        self.services = {self._key(service): service for service, _ in table.services}
        self.servers = {self._key(service): {self._key2(one): one for one in its} for service, its in table.services}
        self.timeouts = table.timeouts or Timeouts()
        self.daemons = {daemon.state: daemon for daemon in table.daemons or ()}

    @staticmethod
    def _key(service: Service):
        return service.af, service.protocol, service.address, service.port, service.fwmark

    @staticmethod
    def _key2(server: Server):
        return server.address, server.port

    def carry_out(self, command: Command) -> bool:
        """Whether the kernel takes `command`, which is then done."""
        return getattr(self, command.verb.replace("-", "_"))(command)

    def add_service(self, command):
        key = self._key(command.service)
        if key in self.services or command.service.scheduler not in SCHEDULERS:
            return False
        self.services[key], self.servers[key] = command.service, {}
        return True

    def edit_service(self, command):
        key = self._key(command.service)
        if key not in self.services or command.service.scheduler not in SCHEDULERS:
            return False
        self.services[key] = command.service
        return True

    def delete_service(self, command):
        key = self._key(command.service)
        return self.services.pop(key, None) is not None and self.servers.pop(key) is not None

    def add_server(self, command):
        its = self.servers.get(self._key(command.service))
        if its is None or self._key2(command.server) in its or not self._fits(command):
            return False
        its[self._key2(command.server)] = command.server
        return True

    def edit_server(self, command):
        its = self.servers.get(self._key(command.service))
        if its is None or self._key2(command.server) not in its or not self._fits(command):
            return False
        its[self._key2(command.server)] = command.server
        return True

    def _fits(self, command):
        server = command.server
        if len(server.address) != len(ADDRESSES[command.service.af][0]) and (
            server.forwarding != TUNNEL or self.daemons
        ):
            return False
        return server.lower_threshold <= server.upper_threshold

    def delete_server(self, command):
        its = self.servers.get(self._key(command.service))
        return its is not None and its.pop(self._key2(command.server), None) is not None

    def set(self, command):
        changed = {name: value for name, value in command.timeouts.asdict().items() if value}
        self.timeouts = self.timeouts.replace(**changed)
        return True

    def start_daemon(self, command):
        if command.daemon.state in self.daemons or mixed(self.table().services):
            return False
        self.daemons[command.daemon.state] = command.daemon
        return True

    def stop_daemon(self, command):
        return self.daemons.pop(command.daemon.state, None) is not None

    def table(self) -> Table:
        """The table that it is now."""
        found = tuple((service, tuple(self.servers[key].values())) for key, service in self.services.items())
        return Table(services=found, timeouts=self.timeouts, daemons=tuple(self.daemons.values()))


def canonical(table: Table):
    """A table with its parts in one order, and without what has no effect, to be compared."""
    return (
        sorted(
            (repr(_settled(service)), sorted(repr(_settled_server(server)) for server in its))
            for service, its in table.services
        ),
        table.timeouts,
        sorted(map(repr, table.daemons or ())),
    )


def _settled(service: Service) -> Service:
    return service if service.flags & PERSISTENT else service.replace(timeout=0)


def _settled_server(server: Server) -> Server:
    kept = {
        None: {"tunnel_type": 0, "tunnel_port": 0, "tunnel_flags": 0},
        IPIP: {"tunnel_port": 0, "tunnel_flags": 0},
        GRE: {"tunnel_port": 0},
    }.get(server.tunnel_type if server.forwarding == TUNNEL else None, {})
    return server.replace(**kept, active=0, inactive=0, persistent=0, stats=None)
