"""How tables are shown: drawn with rich where a terminal or the environment asks for it, or as plain text."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..drawing.canvas import Canvas
    from . import World


def canvas_for(world: World, variable: str) -> Canvas | None:
    """The canvas for tables; None where they are plain text. The environment's `variable` may ask for either."""
    style = os.environ.get(variable, "")
    if style not in ("", "plain", "rich"):
        world.note(f"{variable} must be `plain` or `rich`; its value is ignored")
    ansi = world.looked_at and os.environ.get("TERM") != "dumb"
    if style == "plain" or (style != "rich" and not ansi):
        return None
    try:
        from ..drawing.canvas import canvas
    except ModuleNotFoundError:  # rich isn't installed, and plain text doesn't need it
        if style:
            world.note(f"{variable}=rich needs the library rich, which isn't installed")
        return None
    return canvas(os.environ, world.columns, ansi)
