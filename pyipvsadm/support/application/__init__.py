"""The typer application: reads the words of a verb, and calls its function."""

from __future__ import annotations

import copy
import functools
import inspect
import sys
import typing
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin

import typer
import typer.core

from ...documents import Asked
from ...help.verb_help import verb_help
from ...world import World
from .. import arguments
from ..document_input import document_options
from ..right_line import whole
from ..right_line.quantities import READERS
from ..right_line.refusals import not_one_of
from ..verb import function_of
from . import library_output, netns_option
from .usage_errors import LIBRARY_ERROR, ours, verb_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..verb import Verb, Work

HELP_NAMES = {"help_option_names": ["--help", "-h"]}
LONG_HELP = {"help_option_names": ["--help"]}  # of a lenient verb: typer would find an `-h` in `-bsh-port`


def run(words: list[str], world: World) -> int:
    """Run the verb `words[0]` with its arguments, and return the exit status. Raises IpvsadmError."""
    verb, words = words[0], whole(words)
    command = netns_option.command(application([function_of(verb)]), verb, world)
    name, context = world.program, None
    with library_output.by_others(world):
        try:
            while hasattr(command, "commands") and words and not words[0].startswith("-"):
                # Groups have no options: typer would read those none, and load pydantic for it.
                context = typer.Context(command, parent=context, info_name=name, obj=world)
                name, command, words = command.resolve_command(context, words)
            status = command(words, prog_name=name, parent=context, obj=world, standalone_mode=False)
        except LIBRARY_ERROR as error:
            raise ours(error, world.program, verb, words) from None
    return status if isinstance(status, int) else 0


def application(functions: Iterable[Work]) -> typer.Typer:
    """The application with `functions` as its verbs."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.callback()(_everything)
    for function in functions:
        _add(app, function)
    return app


def _everything() -> None:
    """Virtual services of the Linux kernel (IPVS): the modern verbs beside ipvsadm's options."""


def _add(app: typer.Typer, function: Work) -> None:
    verb: Verb = function.verb  # type: ignore[attr-defined]
    name = function.__name__.rstrip("_")
    if verb.verbs:
        group = typer.Typer(add_completion=False, help=function.__doc__, cls=Group, context_settings=HELP_NAMES)
        for inner in verb.verbs:
            made = _command_class(verb.usage_status)
            group.command(name=inner.__name__, cls=made, context_settings=HELP_NAMES)(_reader(inner))
        app.add_typer(group, name=name)
        return
    settings = {"allow_interspersed_args": not verb.passes, "ignore_unknown_options": verb.lenient}
    app.command(
        name=name,
        cls=_command_class(verb.usage_status),
        context_settings={
            **(LONG_HELP if verb.lenient else HELP_NAMES),
            **{key: value for key, value in settings.items() if value != (key == "allow_interspersed_args")},
        },
    )(_reader(function))


def _reader(function: Work) -> Any:
    """`function` as typer needs it: with evaluated annotations, and a context in place of the world.

    Its parameter `asked` is built from the options that say how to read a document.
    """
    hints = _hints(function)

    parameters = []
    asks: tuple[str, ...] = ()  # the options that say how to read a document, in place of `asked`
    for name, parameter in inspect.signature(function).parameters.items():
        if name == "world":
            parameters.append(parameter.replace(name="context", annotation=typer.Context))
        elif name == "asked":
            own, found = _hints(document_options.asked), inspect.signature(document_options.asked).parameters
            parameters += [each.replace(annotation=own[name]) for name, each in found.items()]
            asks = tuple(found)
        else:
            parameters.append(parameter.replace(annotation=hints[name]))

    def call(context: typer.Context, **values: Any) -> None:
        if asks:
            values["asked"] = document_options.asked(**{name: values.pop(name) for name in asks})
        raise typer.Exit(function(context.obj, **values))

    call.__doc__, call.__name__ = function.__doc__, function.__name__
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return call


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    """The annotations of the parameters of `function`, evaluated as typer needs them."""
    known = {
        **vars(typing),
        "typer": typer,
        "World": World,
        "Asked": Asked,
        **vars(arguments),
        **READERS,
        **vars(sys.modules[function.__module__]),
    }
    found = typing.get_type_hints(function, known, include_extras=True)
    return {name: choice(hint) for name, hint in found.items() if name != "return"}


def choice(hint: Any) -> Any:
    """The annotation `hint`, with a parser if it is a Literal: typer before 0.19 has none.

    A parser's ValueError becomes typer's, which keeps its words.
    """
    if get_origin(hint) is not Annotated:
        return hint
    words = _words(hint)
    wanted, info = get_args(hint)[:2]
    if not words and not info.parser:
        return hint
    info = copy.copy(info)
    if words:
        info.parser, info.metavar = _word_reader(words, info.case_sensitive), info.metavar or f"[{'|'.join(words)}]"
    info.parser = _refusing(info.parser)
    return Annotated[wanted, info]


def _words(hint: Any) -> tuple[str, ...]:
    """The words that `hint` allows; none if it isn't a Literal."""
    if get_origin(hint) is Literal:
        return get_args(hint)
    inner = get_args(hint)[:1] if get_origin(hint) is Annotated else get_args(hint)
    return tuple(word for each in inner for word in _words(each))


def _word_reader(words: tuple[str, ...], case_sensitive: bool) -> Callable[[str], str]:
    known = {word if case_sensitive else word.lower(): word for word in words}

    def read(text: str) -> str:
        word = known.get(text if case_sensitive else text.lower())
        if word is None:
            raise ValueError(not_one_of(text, words))
        return word

    return read


def _refusing(parser: Callable[[str], Any]) -> Callable[[str], Any]:
    @functools.wraps(parser)
    def read(text: str) -> Any:
        try:
            return parser(text)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None

    return read


class Group(typer.core.TyperGroup):
    """A verb with verbs of its own."""

    def get_help(self, ctx: Any) -> str:
        """The help, in our wording."""
        return _help(ctx)


def _help(context: Any) -> str:
    return verb_help(context.find_root().info_name, verb_words(context)).rstrip("\n")


def _command_class(usage_status: int) -> type[typer.core.TyperCommand]:
    """A command class that exits with `usage_status` on usage errors."""

    class Command(typer.core.TyperCommand):
        def make_context(self, *words: Any, **settings: Any) -> Any:
            try:
                return super().make_context(*words, **settings)
            except LIBRARY_ERROR as error:
                error.exit_code = usage_status  # type: ignore[attr-defined]
                raise

        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            if ctx.ignore_unknown_options:  # lenient: its own `-h`; other verbs' words may be another program's
                args = ["--help" if word == "-h" else word for word in args]
            return super().parse_args(ctx, args)

        def get_help(self, ctx: Any) -> str:
            return _help(ctx)

    return Command
