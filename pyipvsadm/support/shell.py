"""The quoting of commands, under the name that `doctor` imports."""

from __future__ import annotations

from ..grammar.shell import command

__all__ = ("command",)
