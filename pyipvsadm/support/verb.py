"""What makes a function a verb.

Its name is the verb's, its docstring the help, and its parameters behind `world` are what the command line gives.
Their annotations say how typer reads them; they stay text until it does, so that a verb doesn't load typer. They may
use what typer, typing and `support.arguments` hold, and the names of the verb's own module.
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
    """How a verb stands among the others, and how its words are read.

    Verbs are listed by `rank`. One that `passes` words on takes all from its first argument on as they are; one that
    is `lenient` reads options that typer doesn't know by itself. `verbs` makes it a group, of which `default` may be
    left out. `usage_status` is the exit status for wrong words.
    """

    __slots__ = ()
    rank: int = 0
    passes: bool = False
    lenient: bool = False
    usage_status: int = 2
    verbs: tuple[Work, ...] = ()
    default: str = ""


def verb(**settings: object) -> Callable[[Function], Function]:
    """Make the function below a verb, with the `settings` of Verb."""

    def mark(function: Function) -> Function:
        function.verb = Verb(**settings)  # type: ignore[arg-type, attr-defined]
        return function

    return mark


def function_of(name: str) -> Work:
    """The function of the verb `name`, found by that name."""
    home = f"{__package__.partition('.')[0]}.verbs.{name}"
    module = __import__(home, fromlist=[name])
    if hasattr(module, "__path__"):
        module = __import__(f"{home}.arguments", fromlist=[name])
    found: Work = getattr(module, name, None) or getattr(module, f"{name}_")
    return found
