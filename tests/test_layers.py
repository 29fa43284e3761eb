"""Who imports whom: downward only, as the style's section on architecture has it."""

from __future__ import annotations

import ast
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).parent.parent / "pyipvsadm"
BASE = {"errors", "record", "memo", "model", "alike"}
BESIDE = {"kernel", "names", "text", "plan", "changes", "journal"}
MAY_IMPORT = {  # part: the parts of ours that it may import, itself always among them
    "__init__": {"cli", "classic", "restore", *BESIDE, *BASE},  # and all of it when asked for: see below
    "__main__": {"cli"},
    "cli": {"world", "namespaces", "classic", "restore", "complete", "verbs", *BESIDE, *BASE},
    "world": {"namespaces", "progress", "verbs", *BESIDE, *BASE},  # of the verbs what is drawn on
    "complete": {"namespaces", *BESIDE, *BASE},
    "verbs": {"namespaces", "classic", "restore", "progress", "__init__", *BESIDE, *BASE},
    "classic": {"restore", "explain", "halves", "verbs", *BESIDE, *BASE},  # of the verbs what draws, on a terminal
    "explain": {*BESIDE, *BASE},
    "restore": {"classic", "background", *BESIDE, *BASE},
    "journal": {"kernel", "plan", "changes", *BASE},
    "plan": {"changes", *BASE},
    "changes": BASE,
    "kernel": {"wire", *BASE},
    "names": BASE,
    "background": set(),
    "halves": BASE,
    "progress": set(),
    "namespaces": {"text", *BASE},  # the option's name
    "text": {"__init__", *BASE},  # the version
    "wire": BASE,
    "alike": {"model", "record"},
    "memo": set(),
    "model": {"record", "errors"},
    "record": {"errors"},
    "errors": set(),
}
LAZY = {
    *(("cli", part) for part in ("verbs", "classic", "complete", "namespaces", "restore", "text.options")),
    *(("world", part) for part in ("verbs", "kernel", "names", "namespaces", "progress", "text.options")),
    *(("classic", part) for part in ("restore", "explain", "halves", "verbs")),
    *(("classic", part) for part in ("text.heads", "text.listing", "text.connections", "text.order", "text.rules")),
    ("kernel", "wire.answers"),
    ("complete", "namespaces"),
}
MODERN = {"typer", "rich", "pyroute2", "pydantic", "yaml", "click"}
PURE = {"text", "wire", "plan", "changes", "alike", "memo", "model", "record", "errors"}
PURE_STDLIB = {"__future__", "_collections", "_socket", "errno", "itertools", "_operator", "_struct", "sys", "os"}
SOCKET_NAMES = {"AF_INET", "AF_INET6", "IPPROTO_TCP", "IPPROTO_UDP", "inet_aton", "inet_ntoa", "inet_ntop",
                "inet_pton", "htonl", "htons", "ntohl", "ntohs"}  # fmt: skip


class Import(NamedTuple):
    """One module that a file imports: ours without the package's name; at its top or in a function."""

    file: str
    part: str
    module: str
    names: frozenset[str]
    ours: bool
    top: bool


@cache
def modules():
    """All files of the package, as (dotted name within it, whether it's a package, syntax tree)."""
    return tuple(_modules())


def _modules():
    for path in sorted(PACKAGE.rglob("*.py")):
        dotted = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        yield dotted, path.name == "__init__.py", ast.parse(path.read_text())


def is_type_checking(node):
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def statements(node, top=True):
    """The import statements that run, and whether they do at import."""
    for child in ast.iter_child_nodes(node):
        if is_type_checking(node) and child in node.body:
            continue
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, top
        yield from statements(child, top and not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda))


def imports():
    found = []
    for dotted, is_package, tree in modules():
        part = dotted.partition(".")[0]
        here = dotted.split(".") if is_package else dotted.split(".")[:-1]
        here = [name for name in here if name != "__init__"]
        for statement, top in statements(tree):
            if isinstance(statement, ast.Import):
                for alias in statement.names:
                    ours = alias.name.partition(".")[0] == "pyipvsadm"
                    name = alias.name.partition(".")[2] if ours else alias.name
                    found.append(Import(dotted, part, name, frozenset(), ours, top))
                continue
            names = frozenset(alias.name for alias in statement.names)
            if not statement.level and statement.module.partition(".")[0] != "pyipvsadm":
                found.append(Import(dotted, part, statement.module, names, False, top))
                continue
            if statement.level:
                base = here[: len(here) - statement.level + 1]
                base += statement.module.split(".") if statement.module else []
            else:
                base = statement.module.split(".")[1:]
            for name in names:  # a name is a module of its own, or one in `base`
                inner = PACKAGE.joinpath(*base, name)
                is_module = inner.with_suffix(".py").is_file() or (inner / "__init__.py").is_file()
                module = ".".join([*base, name] if is_module else base) or "__init__"
                found.append(Import(dotted, part, module, names, True, top))
    return found


IMPORTS = imports()


def test_there_is_something_to_look_at():
    assert {dotted.partition(".")[0] for dotted, _, _ in modules()} <= MAY_IMPORT.keys()
    assert ("kernel", "wire.codec") in {(found.part, found.module) for found in IMPORTS}
    assert len(IMPORTS) > 60


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_imports_go_downward_only(part):
    for found in IMPORTS:
        if found.ours and found.part == part:
            other = found.module.partition(".")[0]
            assert other == part or other in MAY_IMPORT[part], f"{found.file} imports {found.module}"


def test_only_the_kernel_imports_the_wire():
    assert {found.part for found in IMPORTS if found.ours and found.module.startswith("wire")} == {"kernel", "wire"}


def test_what_a_command_may_not_need_is_imported_where_it_is_needed():
    at_top = {(found.part, found.module) for found in IMPORTS if found.ours and found.top}
    at_top |= {(part, module.partition(".")[0]) for part, module in at_top if module.startswith("verbs")}
    assert not at_top & LAZY


def test_the_library_s_names_load_nothing_before_they_are_asked_for():
    assert not [found for found in IMPORTS if found.file == "__init__" and found.top and found.module != "__future__"]


def test_only_the_modern_verbs_import_what_python_does_not_bring():
    others = {found.module.partition(".")[0]: found.file for found in IMPORTS if not found.ours}
    for found in IMPORTS:
        name = found.module.partition(".")[0]
        if not found.ours and name not in sys.stdlib_module_names:
            assert found.part == "verbs", f"{found.file} imports {name}"
            assert name in MODERN, f"{found.file} imports {name}"
    assert "typer" in others


@pytest.mark.parametrize("part", sorted(PURE))
def test_what_is_pure_does_no_input_and_no_output(part):
    for found in IMPORTS:
        if found.part == part and not found.ours:
            assert found.module in PURE_STDLIB, f"{found.file} imports {found.module}"
            if found.module == "os":
                assert found.names == {"strerror"}, found.file
            if found.module == "sys":
                assert found.names == {"byteorder"}, found.file
            if found.module == "_socket":
                assert found.names <= SOCKET_NAMES, found.file
    for dotted, _, tree in modules():
        if dotted.partition(".")[0] == part:
            called = {
                node.func.id
                for node in ast.walk(tree)
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            }
            assert not called & {"open", "print", "input", "exit", "__import__"}, dotted


def test_there_is_one_socket():
    makers = {found.file for found in IMPORTS if found.module in ("socket", "_socket") and "socket" in found.names}
    makers |= {found.file for found in IMPORTS if found.module == "socket"}
    assert {file for file in makers if not file.startswith("verbs")} == {"kernel"}
