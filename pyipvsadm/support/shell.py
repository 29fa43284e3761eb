"""Command lines that can be pasted into a shell, whatever the names in them are."""

from __future__ import annotations


def command(*words: str | int) -> str:
    """`words` as a command line, each quoted where a shell would take it for something else."""
    from shlex import quote

    return " ".join(quote(str(word)) for word in words)
