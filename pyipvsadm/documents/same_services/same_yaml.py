"""Finds the services that a kernel has in the very words of YAML, laid out as `show` writes it."""

from __future__ import annotations

from ..dialect import yaml_layout
from ..dialect.live_yaml import YamlTexts
from ..dialect.yaml_lines import SERVICE, YamlRows
from ..schema_reader import VERSION
from .same_items import Items

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..dialect.live_texts import LiveTexts


class YamlItems(Items):
    """A document of YAML."""

    HEAD, START = f"version: {VERSION}", f"\n{YamlRows.SERVICES}\n{SERVICE}"
    BETWEEN = f"\n{SERVICE}"
    LINES = YamlRows
    item = staticmethod(yaml_layout.item)
    cut = slice(len(SERVICE), -1)

    def texts(self, part: str) -> LiveTexts:
        """The texts of YAML."""
        return YamlTexts()
