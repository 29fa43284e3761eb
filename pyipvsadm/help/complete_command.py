"""Answers a shell that completes words: prints what `completion_candidates` finds, one line each.

The first line is `words`, or what the shell is to complete by itself: `files`, `directories`, or
`command N`, for a command that begins with the word of number N. Each other line is a word, and
behind a tab, if there is more to say about it, its explanation.
"""

from __future__ import annotations

from _socket import if_nameindex

from ..errors import IpvsadmError
from ..grammar.options import NETNS
from .completion_candidates import COMMAND, complete, verbs_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..kernel import Kernel
    from ..model import Server, Service, Timeouts
    from ..names import Names
    from ..world import World


def run(words: list[str], world: World) -> int:
    """Print what may take the place of the last of `words`."""
    netns, rest = without_netns(words)
    machine = Machine(world)
    if netns is not None:
        try:
            world.enter(netns)
        except IpvsadmError:
            machine = Nothing(world)  # rather than what another namespace has
    answer = complete(rest, machine, inside=netns is not None)
    if answer.then == COMMAND:
        answer = answer.replace(start=answer.start + len(words) - len(rest))
    lines = [f"{answer.then or 'words'}{f' {answer.start}' if answer.start else ''}\n"]
    for word, help in answer.offers:
        lines.append(f"{word}\t{help}\n" if help else f"{word}\n")
    world.write("".join(lines))
    return 0


def without_netns(words: list[str]) -> tuple[str | None, list[str]]:
    """The namespace that a line names before its last word, None if it names none, and the words without that.

    It comes before everything else, or after a verb.
    """
    is_verb = any(verb.name == words[0] for verb in verbs_for(words) if words)
    for at in range(1, len(words)) if is_verb else range(len(words[:1])):
        name, equals, value = words[at].partition("=")
        end = at + (1 if equals else 2)
        if words[at] == "--":
            break
        if name == NETNS and end < len(words):
            return value if equals else words[at + 1], words[:at] + words[end:]
    return None, words


class Machine:
    """What this machine has to offer: nothing where IPVS isn't there, or may not be asked."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._reached: list[Kernel] | None = None

    @property
    def _kernel(self) -> Kernel | None:
        if self._reached is None:
            try:
                self._reached = [self._world.reach(load=False)]
            except IpvsadmError:
                self._reached = []
        return self._reached[0] if self._reached else None

    @property
    def names(self) -> Names:
        """The system's resolver."""
        return self._world.names

    def services(self) -> list[Service]:
        """The services of the table."""
        try:
            return self._kernel.services() if self._kernel else []
        except OSError:
            return []

    def servers(self, service: Service) -> list[Server]:
        """The servers of `service`."""
        try:
            return self._kernel.servers(service) if self._kernel else []
        except OSError:
            return []

    def timeouts(self) -> Timeouts | None:
        """The timeouts of connections."""
        try:
            return self._kernel.timeouts() if self._kernel else None
        except OSError:
            return None

    def interfaces(self) -> list[str]:
        """The network interfaces."""
        try:
            return [name for _, name in if_nameindex()]
        except OSError:
            return []

    def namespaces(self) -> list[tuple[str, str]]:
        """The network namespaces that have a name, each with its path."""
        from ..namespaces import names

        return list(names())


class Nothing(Machine):
    """A namespace of which nothing can be told."""

    @property
    def _kernel(self) -> None:
        return None

    def interfaces(self) -> list[str]:
        """None."""
        return []
