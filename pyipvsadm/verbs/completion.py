"""`completion SHELL`: prints the completion script for a shell, wherever an installer has put it."""

from __future__ import annotations

from ..help.shipped_files import shipped, text
from ..support.verb import verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated, Literal

    import typer

    from ..world import World

FILES = {
    "bash": ("pyipvsadm.bash", "pyipvsadm-save.bash"),
    "zsh": ("_pyipvsadm",),
    "fish": ("pyipvsadm.fish", "pyipvsadm-save.fish"),
}


@verb(rank=130)
def completion(
    world: World,
    shell: Annotated[Literal["bash", "zsh", "fish"], typer.Argument(metavar="SHELL", help="bash, zsh or fish.")],
) -> int:
    """Print the completion script for a shell, if the installation has not set it up.

    - `pyipvsadm completion bash > ~/.local/share/bash-completion/completions/pyipvsadm`, with bash-completion

    - `pyipvsadm completion zsh > FOLDER/_pyipvsadm`, a folder of `$fpath`

    - `pyipvsadm completion fish > ~/.config/fish/completions/pyipvsadm.fish`
    """
    world.write("".join(text(shipped("completions", name)) for name in FILES[shell]))
    return 0
