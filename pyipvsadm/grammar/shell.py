"""Command lines that can be pasted into a shell, whatever the names in them are."""

from __future__ import annotations

SAFE = frozenset("%+,-./:=@_")  # beside letters and digits of ASCII: what no shell takes for more than itself


def quoted(word: str) -> str:
    """`word` as a shell takes it for one word, and no more."""
    if word and word.isascii() and all(letter.isalnum() or letter in SAFE for letter in word):
        return word
    return "'" + word.replace("'", "'\"'\"'") + "'"


def command(*words: str | int) -> str:
    """`words` as a command line, each quoted where a shell would take it for something else."""
    return " ".join(quoted(str(word)) for word in words)


def requoted(line: str) -> str:
    """A `line` of words between single blanks, each quoted."""
    return command(*line.split(" "))
