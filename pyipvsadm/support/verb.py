"""Turns a function into a verb.

A verb is a module of `verbs/` that contains a function of the verb's name, or a folder there that contains it in
`arguments.py`. An underscore at the end of the function's name is not part of the verb's: `set_`. The docstring is
the verb's help. The first parameter is `world`, the others come from the command line, and the function returns the
exit status. Annotations tell typer how to read the parameters, and stay text until then, so that a verb doesn't load
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

    Verbs are listed by `rank`, which differs for each. A verb that `passes` words on takes all words from its first
    argument on unchanged. A `lenient` verb itself reads the options that typer doesn't know. `verbs` are the functions
    of a group, where the `default` verb may be omitted. `usage_status` is the exit status for usage errors.
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
