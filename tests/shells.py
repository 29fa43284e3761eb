"""Interactive shells on a pseudo-terminal, into which words are typed as a person does.

Each has our completions where an installation puts them, and loads them by itself. A key of its
own, SHOW, makes it write its command line to a file.
"""

from __future__ import annotations

import contextlib
import re
import sys
import time
from pathlib import Path

import pexpect

ROOT = Path(__file__).parents[1]
SHOW = "\x18s"  # Ctrl-X s
PATIENCE = 20  # seconds for what takes one
QUIET = 0.05  # seconds without output after which there is none for now
ESCAPES = re.compile(r"\x1b(\[[0-9;?<>=]*[A-Za-z]|\][^\x07\x1b]*(\x07|\x1b\\)|[()][A-B0]|[=>78])")

STARTS = {
    "bash": (
        ["--noprofile", "--rcfile", "{folder}/rc", "-i"],
        """
        . /usr/share/bash-completion/bash_completion
        bind 'set show-all-if-ambiguous on' 'set page-completions off' 'set enable-bracketed-paste off'
        bind 'set completion-query-items 0' 'set completion-display-width 0'
        bind -x '"\\C-xs": printf %s "$READLINE_LINE" > {folder}/shown.new; mv {folder}/shown.new {folder}/shown'
        PS1='ready> '
        """,
    ),
    "zsh": (
        ["-f", "-i"],
        """
        all=({share}/zsh/site-functions $fpath)
        fpath=({share}/zsh/site-functions ${{(M)fpath:#*/Completion(|/Base)}})  # it looks into each file of these
        autoload -U compinit && compinit -u -D
        fpath=($all) && autoload -Uz _files _path_files
        LISTMAX=1000
        zstyle ':completion:*' list-colors ''
        show() {{ print -rn -- "$BUFFER" > {folder}/shown.new; mv {folder}/shown.new {folder}/shown }}
        zle -N show && bindkey '^Xs' show
        unsetopt PROMPT_SP; PS1='ready> '
        """,
    ),
    "fish": (
        ["-i", "-C", "source {folder}/rc"],
        """
        function fish_prompt; echo -n 'ready> '; end
        function fish_right_prompt; end
        function show; commandline > {folder}/shown.new; mv {folder}/shown.new {folder}/shown; end
        bind \\cxs show
        set -g fish_autosuggestion_enabled 0
        """,
    ),
}


def install(folder: Path) -> Path:
    """Our completions below `folder` as the wheel places them; the folder `share` there."""
    import tomllib

    data = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    for source, target in data["shared-data"].items():
        path = folder / target
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(ROOT / source)
    return folder / "share"


class Shell:
    """One that runs. `typed` is what its command line holds after words were typed, and `seen` what it showed."""

    def __init__(self, name: str, folder: Path) -> None:
        share = install(folder)
        words, start = STARTS[name]
        (folder / "rc").write_text(start.format(folder=folder, share=share))
        environment = {
            "PATH": f"{Path(sys.executable).parent}:/usr/sbin:/usr/bin:/sbin:/bin",
            "TERM": "xterm",
            "LC_ALL": "C.UTF-8",
            "HOME": str(folder),
            "XDG_DATA_DIRS": f"{share}:/usr/share",
        }
        self._shown = folder / "shown"
        self._child = pexpect.spawn(
            f"/usr/bin/{name}",
            [word.format(folder=folder) for word in words],
            env=environment,
            dimensions=(200, 160),
            encoding="utf-8",
            timeout=PATIENCE,
            cwd=str(ROOT),
        )
        if name == "zsh":
            self._child.sendline(f". {folder}/rc")
        self._child.expect("ready> ")
        self.seen = ""

    def typed(self, keys: str) -> str:
        """Type `keys`, and return what the command line holds then; it is cleared behind that."""
        self._shown.unlink(missing_ok=True)
        self._child.send(keys + SHOW)
        self.seen = ""
        end = time.monotonic() + PATIENCE
        while not self._shown.exists():
            if time.monotonic() > end:
                raise TimeoutError(f"{keys!r}: no answer; seen: {self.seen}")
            self._read()
        self._child.send("\x05\x15")  # to its end, and back
        self._read()
        self.seen = ESCAPES.sub("", self.seen)
        return self._shown.read_text().removesuffix("\n")

    def _read(self) -> None:
        """See what comes, until nothing more does."""
        with contextlib.suppress(pexpect.TIMEOUT):
            while True:
                self.seen += self._child.read_nonblocking(1 << 16, QUIET)

    def close(self) -> None:
        """End it."""
        self._child.close(force=True)
