"""Help screens, made from the tables of options and verbs, and the version."""

from __future__ import annotations

from .. import __version__

COMPATIBLE = "ipvsadm v1.31-5"  # the newest of Debian's


def version() -> str:
    """Our version, and the one that the classic grammar equals."""
    return f"pyipvsadm v{__version__} (compatible with {COMPATIBLE})\n"
