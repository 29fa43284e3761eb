"""Live values in the real shells: what is in the kernel's table is offered, and to nobody who may not see it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ..shells import STARTS, Shell
from .namespaces import Namespace

RULES = """
-A -t 192.0.2.10:80 -s rr
-a -t 192.0.2.10:80 -r 10.2.0.2:8080 -m
-a -t 192.0.2.10:80 -r 10.2.0.3:8080 -m
-A -u 192.0.2.10:53
-A -f 7 -6
-A -t [2001:db8::10]:443
"""
KEYS = [  # what is typed, and what the line is then, before the shell's own quotes
    ("pyipvsadm -D -u \t", "pyipvsadm -D -u 192.0.2.10:53"),
    ("pyipvsadm -d -t 192\t-r \t\t", "pyipvsadm -d -t 192.0.2.10:80 -r 10.2.0."),
    ("pyipvsadm -d -t 192.0.2.10:80 -r 10.2.0.3\t", "pyipvsadm -d -t 192.0.2.10:80 -r 10.2.0.3:8080"),
    ("pyipvsadm -E --fwmark-service=\t", "pyipvsadm -E --fwmark-service=7"),
    ("pyipvsadm -D -t \\[\t", "pyipvsadm -D -t [2001:db8::10]:443"),
    ("pyipvsadm set 192.0.2.10:80/\t10.2.0.2\t--w\t", "pyipvsadm set 192.0.2.10:80/tcp 10.2.0.2:8080 --weight"),
    ("pyipvsadm --netns swa\t-D -t 203\t", "pyipvsadm --netns swarm -D -t 203.0.113.7:80"),
    ("pyipvsadm show --netns=swa\t203\t", "pyipvsadm show --netns=swarm 203.0.113.7:80/tcp"),
    ("pyipvsadm --start-daemon master --mcast-i\tl\t", "pyipvsadm --start-daemon master --mcast-interface lo"),
]


@pytest.fixture(scope="module")
def namespace():
    namespace = Namespace()
    with namespace.entered():
        subprocess.run(["ipvsadm", "-R"], input=RULES, text=True, check=True)
        subprocess.run(["ip", "netns", "add", "swarm"], check=True)
        subprocess.run(["ip", "netns", "exec", "swarm", "ipvsadm", "-A", "-t", "203.0.113.7:80"], check=True)
        yield namespace
        subprocess.run(["ip", "netns", "del", "swarm"], check=True)
    namespace.close()


@pytest.fixture(scope="module", params=STARTS)
def shell(request, namespace, tmp_path_factory):
    if not shutil.which(request.param) or not Path("/usr/share/bash-completion").exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{request.param} or bash-completion isn't installed")
    shell = Shell(request.param, tmp_path_factory.mktemp(request.param))
    yield shell
    shell.close()


@pytest.mark.parametrize(("keys", "line"), KEYS)
def test_the_table_is_offered(shell, keys, line):
    shown = shell.typed(keys).replace("\\", "").replace("'", "").rstrip()
    if line.endswith("10.2.0."):  # fish takes the first of several when it is asked again
        assert shown.startswith(line)
        assert "10.2.0.2:8080" in shell.seen
        assert "10.2.0.3:8080" in shell.seen
    else:
        assert shown == line


def test_without_privilege_nothing_is_offered_or_said(namespace):
    ask = [sys.executable, "-m", "pyipvsadm", "__complete"]
    allowed = subprocess.run([*ask, "-D", "-u", ""], capture_output=True, text=True)
    assert allowed.stdout == "words\n192.0.2.10:53\twlc\n"
    drop = ["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"]
    denied = subprocess.run([*drop, *ask, "-D", "-u", ""], capture_output=True, text=True)
    assert (denied.returncode, denied.stdout, denied.stderr) == (0, "words\n", "")
