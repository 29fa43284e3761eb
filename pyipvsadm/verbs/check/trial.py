"""Loads a table into the kernel of a sandbox, to learn what the kernel refuses.

The process outside sends the commands to the sandbox's stdin, and reads the refusals from its stdout.
"""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import IpvsadmError, refusal
from ...model import Command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...documents import Document

TIMEOUT = 300  # seconds, including the boot
ROOT = str(Path(__file__).parents[3])


def refusals(document: Document) -> list[str]:
    """A message for each refusal of the kernel, with its place. Raises IpvsadmError if there can't be a sandbox.

    Daemons aren't tried, since they depend on the interfaces of the machine.
    """
    steps = list(_steps(document))
    answers = _tried([command for _, command in steps])
    found = []
    for index, errno in answers:
        place, command = steps[index]
        error = refusal(command.verb, errno)
        found.append(f"{place}: {error}" + (f" ({error.hint})" if error.hint else ""))
    return found


def _steps(document: Document) -> Iterator[tuple[str, Command]]:
    """The commands that put the table into an empty kernel, each with its place."""
    table = document.table
    for (service, servers), (place, places) in zip(table.services, document.places(), strict=True):
        yield place, Command(verb="add-service", service=service)
        for server, server_place in zip(servers, places, strict=True):
            yield server_place, Command(verb="add-server", service=service, server=server)
    if table.timeouts:
        yield "the timeouts", Command(verb="set", timeouts=table.timeouts)


def _tried(commands: list[Command]) -> list[tuple[int, int]]:
    """The index and the errno of each command that a sandbox's kernel refuses. Raises IpvsadmError."""
    start = [sys.executable, "-I", "-c"]
    ours = f"import sys; sys.path.insert(0, {ROOT!r}); from pyipvsadm"
    inner = [*start, f"{ours}.verbs.check.trial import inside; inside()"]
    sandbox = f"{ours} import cli; sys.exit(cli.main(sys.argv[:1] + {['sandbox', '--', *inner]!r}, cli.World()))"
    try:
        done = subprocess.run([*start, sandbox], input=pickle.dumps(commands), capture_output=True, timeout=TIMEOUT)
        return [(index, errno) for index, errno in json.loads(done.stdout)]
    except subprocess.TimeoutExpired:
        raise IpvsadmError(
            f"the trial took longer than {TIMEOUT} s", hint="`check` without `--trial` checks the file alone"
        ) from None
    except ValueError:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise IpvsadmError(f"the trial could not run:\n{said}".rstrip(":\n")) from None


def inside() -> None:
    """In the sandbox: carry out the Commands on stdin, and print what is refused."""
    from ...kernel import Kernel

    commands = pickle.load(sys.stdin.buffer)
    print(json.dumps(list(Kernel.open().submit(commands, checked=True))))
