"""Virtual environments for programs that some tests run: made when first asked for, and kept."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def environment_with(name: str, *wanted: str) -> Path:
    """The Python of `.venv-NAME`, in which pip has installed `wanted`; skips the test where it can't."""
    folder = ROOT / f".venv-{name}"
    python, ready = folder / "bin" / "python", folder / "ready"
    words = "\n".join(wanted)
    if not ready.exists() or ready.read_text() != words:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted]
        done = subprocess.run(install, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"{name} can't be installed: {done.stderr[-300:]}")
        ready.write_text(words)
    return python
