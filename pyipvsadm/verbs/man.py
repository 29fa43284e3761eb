"""`man`: shows a manual page, wherever an installer has put it."""

from __future__ import annotations

import shutil
import subprocess

from ..help.shipped_files import shipped, text
from ..support.verb import verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated, Literal

    import typer

    from ..world import World

SECTIONS = {"pyipvsadm": 8, "pyipvsadm-save": 8, "pyipvsadm-restore": 8, "pyipvsadm-table": 5}


@verb(rank=140)
def man(
    world: World,
    page: Annotated[
        Literal["pyipvsadm", "pyipvsadm-save", "pyipvsadm-restore", "pyipvsadm-table"],
        typer.Argument(metavar="PAGE", help="The page to show."),
    ] = "pyipvsadm",
) -> int:
    """Show a manual page, even if `man pyipvsadm` does not find it.

    On a terminal, `man` shows it. Elsewhere its source is printed: `pyipvsadm man > pyipvsadm.8`.
    """
    path = shipped("man", f"{page}.{SECTIONS[page]}")
    viewer = shutil.which("man")
    if viewer and world.terminal:
        return subprocess.run([viewer, "-l", str(path)], check=False).returncode
    world.write(text(path))
    return 0
