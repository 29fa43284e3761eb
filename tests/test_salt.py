"""SaltStack's `lvs` module gets from our program what it gets from ipvsadm: the real module, and the real kernel."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .virtual_environment import environment_with

pytestmark = [pytest.mark.boot, pytest.mark.long]

CALLS = Path(__file__).parent / "salt_calls.py"
SALT = ("--no-deps", "salt==3007.8", "PyYAML", "Jinja2", "MarkupSafe", "msgpack", "distro", "looseversion", "packaging",
        "tornado", "psutil")  # fmt: skip
FUNCTIONS = 12  # of the module
SCRIPT = """
mkdir /tmp/bin
for program in {ours} /usr/sbin/ipvsadm; do
    ln -sf $program /tmp/bin/ipvsadm
    ip netns add director
    ip -n director link set lo up
    PATH=/tmp/bin:$PATH ip netns exec director {python} {calls}
    ip netns delete director
    echo ==
done
"""


def test_all_calls_of_the_module_end_as_with_ipvsadm():
    python = environment_with("salt", *SALT)
    ours = Path(sys.executable).parent / "pyipvsadm"
    script = SCRIPT.format(ours=ours, python=python, calls=CALLS)
    sandbox = [sys.executable, "-m", "pyipvsadm", "sandbox", "--memory", "512M", "--timeout", "300", "--", "sh", "-c"]
    done = subprocess.run([*sandbox, script], capture_output=True, text=True, check=False)
    found, expected, rest = done.stdout.replace("/tmp/bin/ipvsadm", "ipvsadm").split("==\n")  # README's difference 9
    calls = [json.loads(line) for line in expected.splitlines()]
    assert [json.loads(line) for line in found.splitlines()] == calls, done.stderr
    assert rest == ""
    assert len({name for name, _, _ in calls}) == FUNCTIONS
    assert sum(result is True for _, _, result in calls) >= 15
    assert sum("rror" in str(result) or "llegal" in str(result) for _, _, result in calls) >= 5
