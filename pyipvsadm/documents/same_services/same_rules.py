"""Finds the services that a kernel has in the very words of a document of rules."""

from __future__ import annotations

from ...listing import numeric, rules
from ...listing.service_lines import Settings as ServiceSettings
from . import Parts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ...model import Server, Service
    from ...shapes import Short
    from ...table.assembly import Assembly, Entry

    Given = Callable[[str, Assembly], Assembly]


class RuleParts(Parts):
    """A document of rules, in parts that `start` begins.

    `given` adds the rules in a text to an Assembly, which it returns. `assembly` knows the names that are valid.
    """

    def __init__(self, text: str, assembly: Assembly, start: str, given: Given) -> None:
        self._head, *parts = f"\n{text}".removesuffix("\n").split(start)
        self._start = start
        self._settings = ServiceSettings(rules.service_settings)
        self._assembly, self._given = assembly, given
        super().__init__(parts)

    def text(self, service: Service, servers: Short) -> str:
        """The lines of a service, without the start."""
        who = rules.service_option(service)
        return f"\n-a {who} -r ".join((f"{who} {self._settings.of(service)}", *numeric.texts(servers)))

    def told(self, server: Server) -> str:
        """The end of the line of `server`."""
        return f" {rules.server_settings(server)}"

    def read(self, part: str) -> Entry | None:
        """The service in `part`, with its servers."""
        found = self._given(self._start[1:] + part, self._assembly.another())
        return None if found.problems else found.entries[0]

    def is_rest_read(self, assembly: Assembly) -> bool:
        """Whether the rest was read without a problem."""
        return not self._given(self.rest, assembly).problems

    @property
    def rest(self) -> str:
        """The text, with empty lines for the parts that say services of the kernel."""
        if not self.unsaid:
            return self._head[1:]
        lines = [self._head]
        for place, part in enumerate(self.parts):
            lines.append("\n" * (part.count("\n") + 1) if self.is_said(place) else self._start + part)
        return "".join(lines)[1:]
