"""Who imports whom: downward only, without a circle, and what each may take from outside."""

from __future__ import annotations

import ast
import sys
from collections import Counter

import pytest

from .layers import PACKAGE, circles, imports, layer_of, modules, upward

LAZY = {  # who imports what only where it is needed, with all that is in it
    **dict.fromkeys(["cli"], ("verbs", "support", "classic", "help", "namespaces", "grammar")),
    **dict.fromkeys(["world"], ("drawing", "kernel", "names", "namespaces", "progress", "grammar")),
    **dict.fromkeys(["classic"], ("classic.restore", "explain", "help", "drawing")),
    **dict.fromkeys(["classic.commands"], ("drawing", "listing", "help")),
    **dict.fromkeys(["kernel"], ("kernel.wire.answers", "kernel.parallel")),
    **dict.fromkeys(["help.complete_command"], ("namespaces",)),
}
ALIKE = {"arguments", "reasons"}  # names of modules that hold the same of several verbs, or formats
MODERN = {"typer", "rich", "pyroute2", "pydantic", "yaml", "click"}
OUTSIDE = ("verbs", "support", "documents", "drawing", "network")  # the rooms that may import those
PURE = ("grammar", "listing", "table", "prediction", "kernel.wire", "shapes", "cache", "model", "record", "errors")
NOT_PURE = ("table.journal",)  # it carries a plan out
PURE_STDLIB = {
    "__future__",
    "_collections",
    "_socket",
    "errno",
    "itertools",
    "_operator",
    "_struct",
    "sys",
    "os",
    "math",
}
SOCKET_NAMES = {"AF_INET", "AF_INET6", "IPPROTO_TCP", "IPPROTO_UDP", "inet_aton", "inet_ntoa", "inet_ntop",
                "inet_pton", "htonl", "htons", "ntohl", "ntohs"}  # fmt: skip


IMPORTS = imports()


def test_there_is_something_to_look_at():
    assert all(layer_of(dotted.partition(".")[0]) >= 0 for dotted, _, _ in modules())
    assert ("kernel.transport", "kernel.wire.codec") in {(found.file, found.module) for found in IMPORTS}
    assert len(IMPORTS) > 60


def test_imports_go_down_only():
    assert not [f"{found.file} imports {found.module}" for found in upward()]


def test_there_is_no_circle():
    assert circles() == []


def test_no_room_is_crowded():
    rooms = Counter(path.parent for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")
    assert {str(room): count for room, count in rooms.items() if count > 12} == {}


def test_no_two_modules_share_a_name():
    names = [path.stem if path.stem != "__init__" else path.parent.name for path in PACKAGE.rglob("*.py")]
    assert {name for name, count in Counter(names).items() if count > 1} == ALIKE


def within(module, room):
    """Whether `module` is `room`, or lies in it."""
    return module == room or module.startswith(f"{room}.")


def test_only_the_kernel_imports_the_wire():
    assert {found.part for found in IMPORTS if found.ours and within(found.module, "kernel.wire")} == {"kernel"}


@pytest.mark.parametrize("file", LAZY)
def test_what_a_command_may_not_need_is_imported_where_it_is_needed(file):
    at_top = [one.module for one in IMPORTS if one.ours and one.top and one.file.removesuffix(".__init__") == file]
    assert at_top
    assert not [module for module in at_top for room in LAZY[file] if within(module, room)]


def test_the_library_s_names_load_nothing_before_they_are_asked_for():
    assert not [found for found in IMPORTS if found.file == "__init__" and found.top and found.module != "__future__"]


def test_only_these_rooms_import_what_python_does_not_bring():
    others = {found.module.partition(".")[0]: found.file for found in IMPORTS if not found.ours}
    for found in IMPORTS:
        name = found.module.partition(".")[0]
        if not found.ours and name not in sys.stdlib_module_names:
            assert found.part in OUTSIDE, f"{found.file} imports {name}"
            assert name in MODERN, f"{found.file} imports {name}"
    assert "typer" in others


def is_pure(file, room):
    return within(file, room) and file not in NOT_PURE


@pytest.mark.parametrize("room", PURE)
def test_what_is_pure_does_no_input_and_no_output(room):
    for found in IMPORTS:
        if is_pure(found.file, room) and not found.ours:
            assert found.module in PURE_STDLIB, f"{found.file} imports {found.module}"
            if found.module == "os":
                assert found.names == {"strerror"}, found.file
            if found.module == "sys":
                assert found.names == {"byteorder"}, found.file
            if found.module == "_socket":
                assert found.names <= SOCKET_NAMES, found.file
    for dotted, _, tree in modules():
        if is_pure(dotted, room):
            called = {
                node.func.id
                for node in ast.walk(tree)
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            }
            assert not called & {"open", "print", "input", "exit", "__import__"}, dotted


def test_there_is_one_socket():
    makers = {found.file for found in IMPORTS if found.module in ("socket", "_socket") and "socket" in found.names}
    makers |= {found.file for found in IMPORTS if found.module == "socket"}
    assert {file for file in makers if file.partition(".")[0] not in OUTSIDE} == {"kernel.transport"}
