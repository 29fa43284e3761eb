"""The README's console blocks, carried out one after the other as in one sitting, print what they say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from .comparison import sized
from .namespaces import Namespace

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)


def steps(text: str) -> list[tuple[str, str]]:
    """The commands of all blocks, each with what it is said to print."""
    return [step for block in BLOCK.findall(text) for step in steps_of(block)]


def steps_of(block: str) -> list[tuple[str, str]]:
    """The commands of one block, which may go on behind a backslash, each with what it is said to print."""
    found = []
    for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        line, _, output = step.replace("\\\n", "").partition("\n")
        found.append((line, output))
    return found


def test_the_readme_shows_what_happens(tmp_path):
    namespace = Namespace()
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYIPVSADM_HINTS": "always"}
    said = steps((ROOT / "README.md").read_text())
    assert len(said) > 5
    for line, output in said:
        with namespace.entered():
            done = subprocess.run(
                ["/bin/sh", "-c", line],
                env=environment,
                cwd=tmp_path,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        assert done.stdout == sized(output, namespace), line
