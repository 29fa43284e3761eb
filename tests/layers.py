"""The package by layers: who may import whom, what each may take from outside, and the circles that there are.

`python -m tests.layers` prints the modules, layer by layer.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import NamedTuple

PACKAGE = Path(__file__).parent.parent / "pyipvsadm"
LAYERS = (  # from the top down: a part imports itself, and parts of the layers below its own
    ("__main__",),
    ("cli",),
    ("verbs",),
    ("support",),
    ("classic",),
    ("explain", "help"),
    ("world",),
    ("documents", "drawing", "network"),
    ("__init__",),  # the version, and names that are loaded when they are asked for
    ("table", "prediction"),
    ("listing", "namespaces"),
    ("grammar", "kernel"),
    ("names", "pager", "progress"),
    ("model", "shapes", "libraries", "frozen"),
    ("record",),
    ("errors",),
)
BESIDE = {  # (importer, imported) in one layer: the left one may import the right one
    ("shapes", "model"),
}


class Import(NamedTuple):
    """One module that a file imports: ours without the package's name; at its top or in a function."""

    file: str
    part: str
    module: str
    names: frozenset[str]
    ours: bool
    top: bool


@cache
def modules() -> tuple[tuple[str, bool, ast.Module], ...]:
    """All files of the package, as (dotted name within it, whether it's a package, syntax tree)."""
    return tuple(
        (
            ".".join(path.relative_to(PACKAGE).with_suffix("").parts),
            path.name == "__init__.py",
            ast.parse(path.read_text()),
        )
        for path in sorted(PACKAGE.rglob("*.py"))
    )


def is_type_checking(node: ast.AST) -> bool:
    """Whether `node` is `if TYPE_CHECKING`."""
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def statements(node: ast.AST, top: bool = True):
    """The import statements that run, and whether they do at import."""
    for child in ast.iter_child_nodes(node):
        if is_type_checking(node) and child in node.body:
            continue
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, top
        yield from statements(child, top and not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda))


@cache
def imports() -> tuple[Import, ...]:
    """All imports of the package."""
    return tuple(found for module in modules() for found in imports_of(*module))


def imports_of(dotted: str, is_package: bool, tree: ast.Module):
    """The imports of one module."""
    part = dotted.partition(".")[0]
    here = dotted.split(".")[:-1]
    for statement, top in statements(tree):
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                ours = alias.name.partition(".")[0] == "pyipvsadm"
                name = alias.name.partition(".")[2] if ours else alias.name
                yield Import(dotted, part, name, frozenset(), ours, top)
            continue
        names = frozenset(alias.name for alias in statement.names)
        if not statement.level and statement.module.partition(".")[0] != "pyipvsadm":
            yield Import(dotted, part, statement.module, names, False, top)
            continue
        if statement.level:
            base = here[: len(here) - statement.level + 1] + (statement.module.split(".") if statement.module else [])
        else:
            base = statement.module.split(".")[1:]
        for name in names:  # a name is a module of its own, or one in `base`
            inner = PACKAGE.joinpath(*base, name)
            is_module = inner.with_suffix(".py").is_file() or (inner / "__init__.py").is_file()
            module = ".".join([*base, name] if is_module else base) or "__init__"
            yield Import(dotted, part, module, names, True, top)


def layer_of(part: str) -> int:
    """The layer of a module at the root, or of a folder there; 0 is the lowest."""
    return next(index for index, layer in enumerate(reversed(LAYERS)) if part in layer)


def upward() -> list[Import]:
    """The imports that do not go down."""
    return [
        found
        for found in imports()
        if found.ours
        and (other := found.module.partition(".")[0]) != found.part
        and layer_of(found.part) <= layer_of(other)
        and (found.part, other) not in BESIDE
    ]


def circles() -> list[tuple[str, ...]]:
    """The modules that import each other in a circle, wherever in the file they do."""
    names = {dotted.removesuffix(".__init__"): dotted for dotted, _, _ in modules()}
    arrows: dict[str, set[str]] = {name: set() for name in names}
    for found in imports():
        source, target = found.file.removesuffix(".__init__"), found.module
        if found.ours and target in names and target != source:
            arrows[source].add(target)
    reach = {name: reachable(name, arrows) for name in arrows}
    return sorted({tuple(sorted(b for b in reach[a] if a in reach[b])) for a in arrows if a in reach[a]})


def reachable(start: str, arrows: dict[str, set[str]]) -> set[str]:
    """All that `start` leads to."""
    found: set[str] = set()
    ahead = list(arrows[start])
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead += arrows[name]
    return found


def main() -> None:
    """Print the modules by layer, from the top down, and the circles."""
    for layer in LAYERS:
        for part in layer:
            inside = [dotted for dotted, _, _ in modules() if dotted.partition(".")[0] == part]
            print(f"{layer_of(part):2}  {part:10} {' '.join(name.partition('.')[2] or name for name in inside)}")
    found = circles()
    print(f"{len(modules())} modules, {len(found)} circles" + "".join(f"\n  {' '.join(one)}" for one in found))


if __name__ == "__main__":
    main()
