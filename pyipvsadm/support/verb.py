"""Turns a function into a verb.

The function's name is the verb's name, its docstring is the help, and its parameters after `world` come from the
command line. Their annotations tell typer how to read them, and stay text until then, so that a verb doesn't load
typer. They may use the names in typer, typing, `support.arguments` and the verb's own module.
"""

from __future__ import annotations

from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    Work = Callable[..., int]
    Function = TypeVar("Function", bound=Work)


class Verb(Record):
    """A verb's place among the others, and how its words are read.

    Verbs are listed by `rank`. A verb that `passes` words on takes all words from its first argument on unchanged; a
    `lenient` verb reads options that typer doesn't know itself. `verbs` makes it a group whose `default` verb is
    optional. `usage_status` is the exit status for usage errors.
    """

    __slots__ = ()
    rank: int = 0
    passes: bool = False
    lenient: bool = False
    usage_status: int = 2
    verbs: tuple[Work, ...] = ()
    default: str = ""


def verb(**settings: object) -> Callable[[Function], Function]:
    """A decorator that makes a function a verb, with the `settings` of Verb."""

    def mark(function: Function) -> Function:
        function.verb = Verb(**settings)  # type: ignore[arg-type, attr-defined]
        return function

    return mark


def function_of(name: str) -> Work:
    """The function of the verb `name`."""
    home = f"{__package__.partition('.')[0]}.verbs.{name}"
    module = __import__(home, fromlist=[name])
    if hasattr(module, "__path__"):
        module = __import__(f"{home}.arguments", fromlist=[name])
    found: Work = getattr(module, name, None) or getattr(module, f"{name}_")
    return found
