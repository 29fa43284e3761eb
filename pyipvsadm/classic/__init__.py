"""Runs a line in ipvsadm's grammar: parses it, carries it out, and explains a refusal."""

from __future__ import annotations

from ..errors import IpvsadmError, RefusedError, UnreachableError
from ..grammar import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..model import Command
    from ..world import World

EDITS = ("edit-service", "edit-server")


def run(words: list[str], world: World) -> int:
    """Carry out one line of the classic grammar, and return the exit status."""
    world.classic = True
    try:
        command = parse(words, world.resolver, world.program, world.posix)
    except IpvsadmError as error:
        if world.hinting and words:
            from ..grammar.mistakes import mistaken

            error.hint = mistaken(words, lambda: world.names.ports()) or error.hint
        raise
    try:
        if command.verb == "restore":
            from .restore import restore

            world.note(*command.notes)
            restore(command, world)
        elif command.verb in EDITS and world.watched and world.hinting:
            _edit(command, words, world)
        else:
            from .commands import carry_out  # here, so that a wrong line doesn't load it

            carry_out(command, world)
    except (RefusedError, UnreachableError) as error:
        if command.verb != "restore" and world.hinting:  # a restore names the line
            from ..explain import explained

            error.hint = explained(command, error, world) or error.hint
        raise
    return 0


def _edit(command: Command, words: list[str], world: World) -> None:
    """Carry out an edit, and tell a person which settings it reset."""
    from ..explain.resets import resets
    from .commands import carry_out

    service = server = None
    try:
        if command.service and command.server:
            found = world.kernel.servers(command.service)
            server = next((one for one in found if one[:2] == command.server[:2]), None)  # address and port
        elif command.service:
            service = world.kernel.service(command.service)
    except OSError:
        pass  # the edit fails with the reason
    carry_out(command, world)
    world.note(*filter(None, (resets(words, command, service, server),)))
