"""Follows keepalived's main process, which reads global_defs and decides whether the checker process starts."""

from __future__ import annotations

from . import keywords
from .statements import RefusedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .statements import Statement, Tell


def launches(statements: Iterable[Statement], tell: Tell) -> bool:
    """Whether the main process finds a virtual_server, and so starts the checker process.

    It counts the braces of all blocks except global_defs, so a missing `}` hides everything after it, although the
    checker process would go on. Raises RefusedError if the main process ends.
    """
    depth, inside, pending, found = 0, False, False, False
    for statement in statements:
        word = statement.words[0] if statement.words else ""
        if depth:
            depth += statement.opens - statement.closes
        elif pending and statement.opens and not word:
            depth, pending = 1, False
        elif inside:
            depth = int(statement.opens and word == "notification_email")
            inside = not statement.closes
            if word:
                _global(word, statement, tell)
        elif word == "global_defs":
            inside = True
        else:
            found = found or word == "virtual_server"
            known = word in keywords.TOP and bool(keywords.TOP[word].block)
            depth, pending = int(known and statement.opens), known and not statement.opens
    return found


def _global(word: str, statement: Statement, tell: Tell) -> None:
    keyword = keywords.GLOBALS.get(word)
    if keyword is None:
        tell("unknown keyword", statement.place, f"`{word}` is unknown here: keepalived skips it")
    elif keyword.needs and not statement.words[1:]:
        raise RefusedError(statement.place, f"keepalived ends: `{word}` needs a word after it")
    elif keyword.note:
        tell(keyword.note, statement.place, keywords.beyond(keyword, statement.words))
