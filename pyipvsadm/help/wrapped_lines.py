"""Wraps lines of help to the width of a screen."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

WIDTH = 79  # of a screen of 80 columns


def explained(items: Iterable[tuple[str, str]], most: int = WIDTH) -> Iterator[str]:
    """Each head, and in a column its explanation, on as many lines as it takes.

    The column is `most` at most: a head that reaches it gets a line of its own.
    """
    items = list(items)
    column = min(most, max((len(head) for head, _ in items), default=0) + 2)
    for head, help in items:
        if len(head) + 2 > column:
            yield head
            head = ""
        yield from wrapped(f"{head:<{column}}{help}".rstrip(), column)


def wrapped(text: str, indent: int) -> list[str]:
    """`text` on lines of WIDTH, all but the first indented."""
    lines = []
    while len(text) > WIDTH:
        at = text.rfind(" ", indent + 1, WIDTH + 1)
        at = at if at > 0 else WIDTH
        lines.append(text[:at].rstrip())
        text = " " * indent + text[at:].lstrip()
    return [*lines, text]
