"""The libraries that verbs use, and the errors when one is missing or too old. Needs only Python itself."""

from __future__ import annotations

from .errors import IpvsadmError
from .record import Record


class Library(Record):
    """A library: its name on PyPI, its Debian package, and the oldest version that works, as in pyproject.toml."""

    __slots__ = ()
    name: str = ""
    package: str = ""
    oldest: str = ""


LIBRARIES = {  # by the name that is imported
    "typer": Library(name="typer", package="python3-typer", oldest="0.15"),
    "click": Library(name="click", package="python3-click", oldest="8"),  # for a typer that doesn't bundle it
    "rich": Library(name="rich", package="python3-rich", oldest="13.9"),
    "pydantic": Library(name="pydantic", package="python3-pydantic", oldest="2.10"),
    "pyroute2": Library(name="pyroute2", package="python3-pyroute2", oldest="0.7.7"),
    "yaml": Library(name="PyYAML", package="python3-yaml", oldest="6.0.1"),
}
CLASSIC = "ipvsadm's commands need none"


def lacking(error: ImportError, verb: str) -> IpvsadmError | None:
    """The error when `verb` can't import a library, or something of it; None if it is none of these libraries."""
    module = (error.name or "").partition(".")[0]
    library = LIBRARIES.get(module)
    if library is None:
        return None
    if not isinstance(error, ModuleNotFoundError):
        return _old(module, verb)
    return IpvsadmError(
        f"`{verb}` needs the library {library.name}, which isn't installed",
        hint=f"install Debian's package, with `apt-get install {library.package}`; {CLASSIC}",
    )


def require(module: str, verb: str) -> None:
    """Raise IpvsadmError if `module` is older than `verb` needs, ModuleNotFoundError if it is missing."""
    if old := _old(module, verb):
        raise old


def _old(module: str, verb: str) -> IpvsadmError | None:
    """The error if `module` is known to be older than `verb` needs; None otherwise."""
    library, version = LIBRARIES[module], str(getattr(__import__(module), "__version__", ""))
    if not version or _numbers(version) >= _numbers(library.oldest):
        return None
    return IpvsadmError(
        f"`{verb}` needs {library.name} {library.oldest} or newer, and {version} is installed",
        hint=f"Debian has it from 13 on, and `pipx install` brings its own; {CLASSIC}",
    )


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")[:3] if part.isdecimal()]
