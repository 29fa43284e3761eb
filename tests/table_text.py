"""A table as the text of a document, by the writer of its format."""

from __future__ import annotations

from pyipvsadm.documents.formats import FORMATS
from pyipvsadm.model import Table


def text_of(table: Table, format: str) -> str:
    """`table` in the format of that name."""
    return "".join(FORMATS[format].pieces(table))
