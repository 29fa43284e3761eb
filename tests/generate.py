"""Writes what is made from other files, or with `--check` tells what of it is stale.

`make generated` runs this: the verbs' table from the typer application, and the lists of the manual
pages from the option table and that.
"""

from __future__ import annotations

import json
import pkgutil
import sys
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer

from pyipvsadm.documents import shape
from pyipvsadm.grammar.options import OPTIONS
from pyipvsadm.help import manual
from pyipvsadm.help.command_lines import Parameter, Verb
from pyipvsadm.model import Service
from pyipvsadm.support.application import application
from pyipvsadm.support.right_line.quantities import READERS
from pyipvsadm.support.verb import function_of
from pyipvsadm.verbs.doctor.checks import CHECKS
from pyipvsadm.verbs.metrics import series
from pyipvsadm.verbs.set import OFF, SERVER_ROLES, SERVICE_ROLES

from . import moves

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "pyipvsadm" / "help" / "verb_table.py"
NAMES = ROOT / "pyipvsadm" / "verbs" / "__init__.py"
SCHEMA = ROOT / "pyipvsadm" / "documents" / "schema.json"
NUMBERS = {int: "int", float: "float"}
KINDS = {int: ["number"], bool: ["true", "false"], bytes: ["address"], str: ["text"], Service: ["service"]}
HEAD = '''"""The verbs' command lines. Written by `make generated` from the functions in verbs/."""

# ruff: noqa: E501
# fmt: off

from __future__ import annotations

from .command_lines import Parameter, Verb

VERBS: tuple[Verb, ...] = (
'''


def verbs(command: Any = None) -> tuple[Verb, ...]:
    """All verbs by rank, or those of the group `command`."""
    if command is None:
        found = typer.main.get_command(application(functions())).commands
        commands = {name: found[name] for name in (one.__name__.rstrip("_") for one in functions())}
    else:
        commands = command.commands
    return tuple(verb(name, inner) for name, inner in commands.items() if not inner.hidden)


def functions() -> list[Any]:
    """The functions of all verbs, by rank: each module and folder of `verbs/` is one."""
    found = [function_of(module.name) for module in pkgutil.iter_modules([str(NAMES.parent)])]
    return sorted(found, key=lambda function: function.verb.rank)


def names() -> str:
    """The content of verbs/__init__.py, which names the verbs."""
    head = NAMES.read_text().partition("NAMES")[0]
    lines = "".join(f'    "{own.name}",\n' for own in verbs())
    return f"{head}NAMES = (\n{lines})\n"


def verb(name: str, command: Any) -> Verb:
    """One of them, of typer's kind, as ours."""
    made = [(parameter(own), own.opts[0].startswith("-")) for own in command.params if not own.hidden]
    if name == "set":
        made += [(own, True) for own in settings()]
    return Verb(
        name=name,
        help=command.help or "",
        options=tuple(own for own, is_option in made if is_option),
        arguments=tuple(own for own, is_option in made if not is_option),
        passes=not command.context_settings.get("allow_interspersed_args", True),
        lenient=command.context_settings.get("ignore_unknown_options", False),
        verbs=verbs(command) if hasattr(command, "commands") else (),
        default=function_of(name).verb.default if hasattr(command, "commands") else "",  # type: ignore[attr-defined]
    )


def settings() -> list[Parameter]:
    """What the verb `set` reads by itself: the settings of the option table, and what takes them away."""
    rows = [row for row in OPTIONS if row.role in SERVICE_ROLES + SERVER_ROLES]
    given = [
        Parameter(
            names=(*(f"-{letter}" for letter in row.short), f"--{row.name}"),
            value=row.value or "",
            help=row.help.partition(";")[0],
        )
        for row in rows
    ]
    return [
        *given,
        *(Parameter(names=(word,), help=f"Take away what `--{role}` sets.") for word, (role, *_) in OFF.items()),
    ]


def parameter(own: Any) -> Parameter:
    """A parameter of typer's kind as ours."""
    is_option = own.opts[0].startswith("-")
    switch = getattr(own, "is_flag", False) or getattr(own, "count", False)
    choices = literals(own.type_descriptor.annotation)
    return Parameter(
        names=tuple(own.opts) if is_option else (),
        others=tuple(own.secondary_opts),
        value="" if switch else "|".join(choices) or own.metavar or own.name.upper(),
        choices=tuple(choices),
        many=bool(own.multiple or own.nargs == -1),
        needed=bool(own.required),
        default="" if switch else shown_default(own),
        field=own.name,
        **taken(own.type_descriptor, choices),
        help=own.help or "",
    )


def shown_default(own: Any) -> str:
    """What holds where a parameter isn't given, if that is to be shown."""
    if isinstance(own.show_default, str):
        return own.show_default
    plain = own.show_default and isinstance(own.default, str | int | float) and own.default not in ("", 0)
    return (f"{own.default:g}" if isinstance(own.default, float) else str(own.default)) if plain else ""


def taken(descriptor: Any, choices: list[str]) -> dict[str, Any]:
    """What a parameter's value has to be, as fields of a Parameter."""
    info, annotation = descriptor.parameter_info, descriptor.annotation
    if info.callback:
        return {"kind": ""}
    if info.parser and not choices:
        return {"kind": next(name for name in READERS if name == info.parser.__name__)}
    if annotation in NUMBERS:
        return {"kind": NUMBERS[annotation], "least": info.min or 0, "most": info.max or 0}
    if annotation in (str, bool, list[str]) or choices:
        return {}
    raise TypeError(f"{annotation}: the verbs' table has no kind for it")


def literals(annotation: Any) -> list[str]:
    """The words that a type allows; none if it isn't about words."""
    if get_origin(annotation) is Literal:
        return [str(word) for word in get_args(annotation)]
    return [word for inner in get_args(annotation) for word in literals(inner)]


def table() -> str:
    """The content of verbtable.py."""
    return HEAD + "".join(written(own, 1) for own in verbs()) + ")\n"


def written(record: Verb | Parameter, depth: int) -> str:
    """`record` as code, without the fields that have their default; a field that holds others on lines of its own."""
    indent = "    " * depth
    parts = []
    for field, value in record.asdict().items():
        if value == record.DEFAULTS[field]:
            continue
        if isinstance(value, tuple) and isinstance(value[0], Verb | Parameter):
            inner = "".join(written(item, depth + 2) for item in value)
            parts.append(f"{indent}    {field}=(\n{inner}{indent}    ),\n")
        else:
            parts.append(f"{indent}    {field}={value!r},\n")
    if isinstance(record, Parameter):
        return f"{indent}Parameter({', '.join(part.strip().removesuffix(',') for part in parts)}),\n"
    return f"{indent}Verb(\n{''.join(parts)}{indent}),\n"


def document_lists() -> dict[str, str]:
    """The lists of a document's keys, by the part of it that they are of."""
    parts = {
        "document": shape.DocumentShape,
        "service": shape.ServiceShape,
        "server": shape.ServerShape,
        "tunnel": shape.TunnelShape,
        "timeouts": shape.TimeoutsShape,
        "daemon": shape.DaemonShape,
    }
    return {f"keys of {name}": manual.fields(map(key, described(part).items())) for name, part in parts.items()}


def described(part: type[shape.Shape]) -> dict[str, Any]:
    """The fields of a part that reading heeds: those that have a description."""
    return {name: field for name, field in part.model_fields.items() if field.description}


def key(field: tuple[str, Any]) -> Parameter:
    """A key of a document, as a parameter: its name, what goes there, and what it means."""
    name, info = field
    told = info.description
    if info.examples and len(info.examples) < 6:
        told += f"; such as {', '.join(map(str, info.examples))}"
    if not info.is_required() and info.default not in (None, []):
        told += f"; default: {json.dumps(info.default)}"
    return Parameter(names=(name,), value="|".join(kinds(info.annotation)), needed=info.is_required(), help=told)


def kinds(annotation: Any) -> list[str]:
    """What may stand where a document has this type."""
    if get_origin(annotation) is list:
        return ["list"]
    if get_origin(annotation) is Literal:
        return [str(word) for word in get_args(annotation)]
    if inner := get_args(annotation):
        return list(dict.fromkeys(kind for each in inner for kind in kinds(each)))
    if isinstance(annotation, type) and issubclass(annotation, shape.Shape):
        return ["mapping"]
    return KINDS.get(annotation, [])


def series_lists() -> dict[str, str]:
    """The lists of series that `metrics` tells, by what they are about."""
    groups = {about: [row for row in series.OWN if row.about == about] for about in series.LABELS}
    return {
        f"series of {name}": manual.figures(map(figure, rows)) for name, rows in (groups | series.COMPATIBLE).items()
    }


def figure(row: series.Series) -> tuple[str, str, str, str]:
    """A series for the manual: its name, its type, its unit and its meaning, with its own labels."""
    labels = f" Labels: {', '.join(row.labels)}." if row.labels else ""
    return row.name, row.kind, row.unit, f"{row.help}{labels}"


def generated() -> dict[Path, str]:
    """What each generated file should hold."""
    lists = {
        **manual.lists(),
        **manual.verb_lists(verbs()),
        **document_lists(),
        **manual.checks(CHECKS),
        **series_lists(),
        "who moves": moves.table(),
    }
    pages = {path: manual.fill(path.read_text(), lists) for path in sorted((ROOT / "man").glob("*.[58]"))}
    return {TABLE: table(), NAMES: names(), SCHEMA: shape.schema(), **pages}


def stale() -> list[Path]:
    """The generated files that hold something else."""
    return [path for path, content in generated().items() if not path.exists() or path.read_text() != content]


def main() -> int:
    """Write what is stale; with `--check`, tell it, with status 1."""
    found = stale()
    for path in found:
        if "--check" in sys.argv:
            print(f"stale: {path.relative_to(ROOT)}: run `make generated`", file=sys.stderr)
        else:
            path.write_text(generated()[path])
    return 1 if found and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
