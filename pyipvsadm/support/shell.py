"""The quoting of commands, where `doctor` looks for it."""

from __future__ import annotations

from ..grammar.shell import command

__all__ = ("command",)
