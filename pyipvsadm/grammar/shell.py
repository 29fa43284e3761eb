"""Command lines that can be pasted into a shell, whatever names they contain."""

from __future__ import annotations

SAFE = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%+,-./:=@_"  # without a meaning in any shell
BLANKS_TOO = SAFE + " "


def quoted(word: str) -> str:
    """`word`, quoted so that a shell reads it as one plain word."""
    if word and not word.strip(SAFE):
        return word
    return "'" + word.replace("'", "'\"'\"'") + "'"


def command(*words: str | int) -> str:
    """`words` as a command line, quoted where a shell would interpret them."""
    line = " ".join(map(str, words))
    if line.strip(BLANKS_TOO) or f" {line} ".count(" ") != len(words) + 1 or "  " in f" {line} ":
        return " ".join(quoted(str(word)) for word in words)
    return line  # most: no word is empty, or has anything but plain letters


def requoted(line: str) -> str:
    """`line`, whose words are separated by single blanks, with each word quoted."""
    return command(*line.split(" "))
