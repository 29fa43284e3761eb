"""The process: argv and exit status. Only this module prints errors."""

from __future__ import annotations

import gc
import os
import sys

from .errors import FAULT, INTERRUPTED, LISTING, IpvsadmError, NoCommandError, OptionError, OutputError
from .world import World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

COMPLETE = "__complete"  # the first word when a shell asks for completions
HELP = "help"  # the first word of a request for help on a verb or a topic; to ipvsadm, it isn't a command
DEBUG = "PYIPVSADM_DEBUG"  # in the environment: print tracebacks
SHOWN = 500  # characters of an error's text
RARELY = 100_000  # net new objects between two garbage collections: our code makes no cycles, and a collection is slow


def main(argv: list[str], world: World, job: Callable[[list[str], World], int] | None = None) -> int:
    """Run one command line, and return the exit status. `world` is everything outside the process."""
    from .grammar.options import NETNS  # here, so that `command` runs before most modules are loaded

    try:
        words = argv[1:]
        if words and words[0].startswith(NETNS):
            words = _inside(words, world)
        status = (job or _run)(words, world)
        world.flush()
    except IpvsadmError as error:
        status = error.status
        try:
            world.tell(str(error), error.hint)
        except OutputError as lost:
            status = lost.status
    except KeyboardInterrupt:
        world.clear()
        status = INTERRUPTED
    except Exception as error:
        status = FAULT
        _confess(error, world)
    return status


def _confess(error: Exception, world: World) -> None:
    """Report an unexpected error: it is our fault, not the user's."""
    world.classic = False  # ipvsadm has no verbs, and a script's log needs all hints
    if os.environ.get(DEBUG):
        import traceback

        report = "".join(traceback.format_exception(error)).rstrip("\n")
        hint = ""
    else:
        from .model import printable

        report = f"{world.program}: unexpected {type(error).__name__}: {printable(str(error))[:SHOWN]}"
        hint = f"this is a fault of pyipvsadm: please report it, with what it prints when {DEBUG}=1 is set"
    try:
        world.tell(report, hint)
    except OutputError:
        pass  # earlier output can't be written either


def _inside(words: list[str], world: World) -> list[str]:
    """Enter the network namespace that `words` begin with, if any, and return the rest. Raises IpvsadmError."""
    from .namespaces import parted

    netns, rest = parted(words)
    if netns is not None:
        world.enter(netns)
    return rest


def _run(words: list[str], world: World) -> int:
    if words and _is_verb(words[0]):  # a bare name: ipvsadm itself accepts words before options
        return _verb(words, world)
    if words and _asks_for_help(words):
        from .help.screens import asked

        with world.paged():
            world.write(asked(world.program, words[1:]))
        return 0
    if words and words[0] == COMPLETE:
        from .help import complete_command

        return complete_command.run(words[1:], world)
    from . import classic

    try:
        return classic.run(words, world)
    except NoCommandError as error:
        if words and words[0][:1].isalpha():
            error.hint = _meant(words, error.hint)
        raise
    except OptionError as error:
        from .grammar.options import NETNS

        if str(error).startswith(NETNS):
            error.hint = f"put `{NETNS} X` before everything else, or after a verb"
        raise


def _verb(words: list[str], world: World) -> int:
    from . import libraries
    from .help import verb_help
    from .support import right_line

    if words[-1] in verb_help.HELP.names and (told := verb_help.verb_help(world.program, words[:-1])):
        with world.paged():
            world.write(told)
        return 0
    try:
        if call := right_line.call_of(words):
            return call.run(world)
        if error := right_line.refused(words, world.program):
            raise error
        libraries.require("typer", words[0])
        from .support import application  # typer and rich: 150 ms that a valid line doesn't need

        return application.run(words, world)
    except IpvsadmError as error:
        if words[1:] and words[-1] == HELP:
            error.hint = f"`{world.program} {' '.join(words[:-1])} --help` explains it"
        raise
    except ImportError as error:
        if lacking := libraries.lacking(error, words[0]):
            raise lacking from error
        raise


def _asks_for_help(words: list[str]) -> bool:
    """Whether `words` ask about a verb or a topic; more behind `-h` is for ipvsadm, which ignores it."""
    if words[0] == HELP:
        return not any(word.startswith("-") for word in words)
    return words[0] in ("-h", "--help") and len(words) == 2 and words[1][:1].isalnum()


def _is_verb(word: str) -> bool:
    if not word.isalpha():
        return False
    from .verbs import NAMES

    return word in NAMES


def _meant(words: list[str], otherwise: str) -> str:
    """A hint that names the verb that the first of `words` was probably meant to be."""
    from .grammar.mistakes import dashed
    from .grammar.suggestions import did_you_mean, meant
    from .verbs import NAMES

    if not any(word.startswith("-") for word in words):
        otherwise = f"the verbs are {', '.join(NAMES)}; `-h` shows the commands"
    return meant(words[0]) or did_you_mean(words[0], NAMES) or dashed(words[0]) or otherwise


def _save(words: list[str], world: World) -> int:
    """The script ipvsadm-save."""
    options = [word for word in words if word.startswith("-")]
    if any(word != "-n" for word in options):
        raise IpvsadmError(
            f"{world.program}: prints the table as rules for {world.program.replace('save', 'restore')} reads\n"
            f"Usage: {world.program} [-n]    (-n: addresses and ports as numbers)",
            status=LISTING,
        )
    from . import classic

    return classic.run(["-S", *options[:1]], world)


def _restore(words: list[str], world: World) -> int:
    """The script ipvsadm-restore, which ignores its arguments."""
    from .classic.restore import replace

    world.classic = True
    replace(world)
    return 0


SCRIPTS = {"ipvsadm-save": _save, "ipvsadm-restore": _restore}


def _occupy_closed_streams() -> None:
    """Replace standard streams that are closed, so that no socket gets their numbers.

    Reading stdin fails, printing on stdout fails, and messages on stderr are lost.
    """
    for stream, flags in ((0, os.O_WRONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(stream)
        except OSError:
            os.open(os.devnull, flags)  # open takes the lowest free number: this one


def command() -> NoReturn:
    """Run the program that argv[0] names: `pyipvsadm`, one of its scripts, or a link with an ipvsadm name."""
    gc.set_threshold(RARELY)
    _occupy_closed_streams()
    world = World(sys.argv[0] if sys.argv else "pyipvsadm")
    status = main(sys.argv, world, SCRIPTS.get(world.program.removeprefix("py")))
    os._exit(status)  # all output is written: shutting down the interpreter takes as long as many commands
