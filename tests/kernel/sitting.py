"""A shell that is just enough for the examples of the manual: it runs our programs in its own process.

Starting Python with all that the verbs load takes seconds in a sandbox; here that is done once.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

from pyipvsadm import cli

from .namespaces import Namespace


class Sitting:
    """A network of its own, and a working folder. `run` carries out a line: commands, pipes, `<` and `>`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.namespace = Namespace()

    def run(self, line: str, given: str = "") -> tuple[int, str]:
        """The status of the last command of `line`, and what it printed on both streams."""
        status, text, errors = 0, given, ""
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|<>")
        lexer.whitespace_split = True
        for command in _parted(list(lexer), "|"):
            words = command
            if "<" in words:
                at = words.index("<")
                text = (self._folder / words[at + 1]).read_text()
                words = words[:at] + words[at + 2 :]
            output = None
            if ">" in words:
                at = words.index(">")
                output = self._folder / words[at + 1]
                words = words[:at] + words[at + 2 :]
            status, text, more = self._one(words, text)
            errors += more
            if output:
                output.write_text(text)
                text = ""
        return status, text + errors

    def _one(self, words: list[str], given: str) -> tuple[int, str, str]:
        before = os.getcwd()
        os.chdir(self._folder)
        try:
            with self.namespace.entered():
                return _ours(words, given) if words[0].startswith("pyipvsadm") else _another(words, given)
        finally:
            os.chdir(before)

    def close(self) -> None:
        """Give the network up."""
        self.namespace.close()


def _parted(words: list[str], separator: str) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for word in words:
        if word == separator:
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def _ours(words: list[str], given: str) -> tuple[int, str, str]:
    streams = [os.memfd_create("stream") for _ in range(3)]
    try:
        os.write(streams[0], given.encode())
        os.lseek(streams[0], 0, os.SEEK_SET)
        world = cli.World(words[0], *streams)
        status = cli.main(words, world, cli.SCRIPTS.get(world.program.removeprefix("py")))
        out, err = (os.pread(stream, 1 << 20, 0).decode() for stream in streams[1:])
        return status, out, err
    finally:
        for stream in streams:
            os.close(stream)


def _another(words: list[str], given: str) -> tuple[int, str, str]:
    done = subprocess.run(words, input=given, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr
