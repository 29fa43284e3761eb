"""Command lines that can be pasted into a shell, whatever names they contain."""

from __future__ import annotations

SAFE = frozenset("%+,-./:=@_")  # besides ASCII letters and digits: characters without a special meaning in any shell


def quoted(word: str) -> str:
    """`word`, quoted so that a shell reads it as one plain word."""
    if word and word.isascii() and all(letter.isalnum() or letter in SAFE for letter in word):
        return word
    return "'" + word.replace("'", "'\"'\"'") + "'"


def command(*words: str | int) -> str:
    """`words` as a command line, quoted where a shell would interpret them."""
    return " ".join(quoted(str(word)) for word in words)


def requoted(line: str) -> str:
    """`line`, whose words are separated by single blanks, with each word quoted."""
    return command(*line.split(" "))
