"""Finds the files that a keepalived.conf includes, and reads them within bounds."""

from __future__ import annotations

import glob
import os
import re

LARGEST = 64 << 20  # bytes of one file
ALTERNATIVES = 1000  # of one pattern
BRACES = re.compile(r"\{([^{}]*)\}")


class Files:
    """The files of this machine, or of a copy of them below the folder `root`."""

    def __init__(self, root: str = "") -> None:
        self._root = root.rstrip("/")

    def matching(self, pattern: str, folder: str) -> list[str]:
        """The files that match `pattern`, relative to `folder`, without hidden ones; sorted for each alternative."""
        found = []
        for one in alternatives(pattern):
            where = self._place(os.path.join(folder, one))
            found += sorted(glob.glob(where)) if glob.has_magic(where) else [where] * os.path.lexists(where)
        return [name[len(self._root) :] if self._root else name for name in found]

    def text(self, name: str) -> str | None:
        """The content of the file `name`; None if it can't be read, is not a file, or is larger than LARGEST."""
        path = self._place(name)
        try:
            if not os.path.isfile(path) or os.path.getsize(path) > LARGEST:
                return None
            with open(path, "rb") as file:
                return file.read(LARGEST).decode("utf-8", "surrogateescape")
        except OSError:
            return None

    def _place(self, name: str) -> str:
        if not self._root:
            return name
        inside = os.path.normpath(name)
        return name if inside.startswith(f"{self._root}/") else self._root + os.path.join("/", inside)


def alternatives(pattern: str) -> list[str]:
    """`pattern` with its braces expanded: `{a,b}.conf` becomes `a.conf` and `b.conf`."""
    found = [pattern]
    while any(BRACES.search(one) for one in found) and len(found) < ALTERNATIVES:
        found = [
            one[: hit.start()] + word + one[hit.end() :] if hit else one
            for one in found
            for hit in [BRACES.search(one)]
            for word in (hit[1].split(",") if hit else [""])
        ]
    return found
