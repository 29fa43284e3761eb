"""Whether keepalived starts the process that makes the table: its main process decides, by a reading of its own."""

from __future__ import annotations

from . import keywords

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .lines import Statement


def launches(statements: Iterable[Statement]) -> bool:
    """Whether the main process finds a virtual_server: it counts the braces of all blocks but global_defs.

    So a `}` that is missing above may hide all that follows, although the other process would go on.
    """
    depth, inside, pending = 0, False, False
    for statement in statements:
        word = statement.words[0] if statement.words else ""
        if depth:
            depth += statement.opens - statement.closes
        elif pending and statement.opens and not word:
            depth, pending = 1, False
        elif inside:
            depth = int(statement.opens and word == "notification_email")
            inside = not statement.closes
        elif word == "virtual_server":
            return True
        elif word == "global_defs":
            inside = True
        else:
            known = word in keywords.TOP and bool(keywords.TOP[word].block)
            depth, pending = int(known and statement.opens), known and not statement.opens
    return False
