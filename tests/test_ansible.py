"""The play of `man/examples/` with the real ansible-core: three directors, one document, a sandbox."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from .virtual_environment import ROOT, environment_with

pytestmark = [pytest.mark.boot, pytest.mark.long]

ANSIBLE = ("ansible-core >= 2.17, < 3",)
PLAY = ROOT / "man" / "examples" / "many-directors.yaml"
DIRECTORS = ("a", "b", "c")
TABLE = """\
version: 1
services:
- service: 192.168.2.10:80/tcp
  scheduler: {scheduler}
  servers:
  - {{address: 192.168.10.11, port: 80, forwarding: masquerade}}
"""
SETUP = """
for one in a b c; do
    ip netns add $one
    printf '#!/bin/sh\\nexec ip netns exec %s /bin/sh "$@"\\n' $one > /tmp/shell-$one
    chmod +x /tmp/shell-$one
done
ip -n a link set lo up
ip -n c link set lo up
export HOME=/tmp ANSIBLE_NOCOLOR=1 ANSIBLE_LOCAL_TEMP=/tmp/local ANSIBLE_REMOTE_TEMP=/tmp/remote ANSIBLE_PIPELINING=1
export PATH={programs}:$PATH
play() {{ {ansible} -i {folder}/inventory "$@" {folder}/play.yaml; echo ==; }}
play
ip -n b link set lo up
play
play
cp {folder}/other.yaml {folder}/table.yaml
play --check
for one in a b c; do pyipvsadm --netns $one show -o rules; done
"""


def recap(output: str) -> dict[str, dict[str, int]]:
    """What Ansible counts for each director."""
    lines = output.partition("PLAY RECAP")[2].splitlines()
    counts = {line.split()[0]: re.findall(r"(\w+)=(\d+)", line) for line in lines if " : ok=" in line}
    return {name: {what: int(number) for what, number in its if int(number)} for name, its in counts.items()}


def test_one_document_for_three_directors(tmp_path: Path):
    python = environment_with("ansible", *ANSIBLE)
    local = f"ansible_connection=local ansible_python_interpreter={python} ansible_shell_executable"
    hosts = "".join(f"{one} {local}=/tmp/shell-{one}\n" for one in DIRECTORS)
    (tmp_path / "inventory").write_text(f"[directors]\n{hosts}")
    (tmp_path / "play.yaml").write_text(PLAY.read_text().replace("become: true", "become: false"))  # no sudo there
    (tmp_path / "table.yaml").write_text(TABLE.format(scheduler="rr"))
    (tmp_path / "other.yaml").write_text(TABLE.format(scheduler="wlc"))
    programs = Path(sys.executable).parent
    script = SETUP.format(programs=programs, ansible=python.parent / "ansible-playbook", folder=tmp_path)
    sandbox = [sys.executable, "-m", "pyipvsadm", "sandbox", "--memory", "512M", "--timeout", "600"]
    done = subprocess.run(
        [*sandbox, "--write", tmp_path, "--", "sh", "-c", script], capture_output=True, text=True, check=False
    )
    *plays, tables = done.stdout.split("==\n")
    first, second, third, checked = map(recap, plays)
    assert first == {"a": {"ok": 2, "changed": 1}, "b": {"failed": 1}}, done.stdout  # and c isn't reached
    assert "the table is as it was before" in plays[0]
    same, changed = {"ok": 1, "skipped": 1}, {"ok": 2, "changed": 1}
    assert second == {"a": same, "b": changed, "c": changed}
    assert third == {"a": same, "b": same, "c": same}
    assert checked == {"a": changed, "b": changed, "c": changed}
    assert plays[3].count("~ 192.168.2.10:80/tcp  scheduler rr -> wlc") == len(DIRECTORS)
    assert tables.count("-A -t 192.168.2.10:80 -s rr\n") == len(DIRECTORS)
