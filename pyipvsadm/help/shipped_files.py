"""Finds the manual pages and completions of an installation: in a checkout, or below a `share` folder."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

from ..errors import IpvsadmError

PACKAGE = Path(__file__).parents[1]
SHARED = {  # a folder of a checkout: where installers, and Debian, put what it has
    "man": ("share/man/man8", "share/man/man5"),
    "completions": (
        "share/bash-completion/completions",
        "share/zsh/site-functions",
        "share/zsh/vendor-completions",
        "share/fish/vendor_completions.d",
    ),
}


def shipped(folder: str, name: str) -> Path:
    """The file `name` of a checkout's `folder`, wherever it has come to. Raises IpvsadmError."""
    names = (name, f"{name}.gz", name.removesuffix(".bash"))  # a completion of bash is named as the program is
    for root in dict.fromkeys((*PACKAGE.parents, Path(sys.prefix))):
        for place in (folder, *SHARED[folder]):
            for candidate in (root / place / each for each in names):
                if candidate.is_file():
                    return candidate
    raise IpvsadmError(f"This installation has no {name}", hint="the wheel and the Debian package have it")


def text(path: Path) -> str:
    """What is in such a file."""
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
