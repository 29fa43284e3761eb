"""A terminal sees the table drawn, and a pipe ipvsadm's bytes: through a shell and a real pseudo-terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from .namespaces import Namespace

RULES = b"""\
-A -t 192.168.2.10:80 -s wlc -p 300
-a -t 192.168.2.10:80 -r 192.168.10.11:8080 -m -w 3
-a -t 192.168.2.10:80 -r 192.168.10.12:8080 -m -w 0
-A -t 192.168.2.10:443 -s rr
-A -f 7 -6 -s mh -b mh-port
-a -f 7 -6 -r [2001:db8:7:ffff:1234:5678:9abc:def0]:0 -i --tun-type gue --tun-port 6080
"""
SCRIPT = """
script -qc 'stty columns 80; pyipvsadm -Ln' /dev/null </dev/null
echo ==
pyipvsadm -Ln | cat
echo ==
ipvsadm -Ln
echo ==
script -qc 'pyipvsadm -Ln --plain' /dev/null </dev/null
"""


def test_a_terminal_sees_a_drawing_and_a_pipe_what_ipvsadm_prints():
    namespace = Namespace()
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}:/usr/sbin:/sbin",
        "TERM": "xterm",
        "LANG": "C.UTF-8",
        "HOME": "/",
    }
    with namespace.entered():
        subprocess.run(["pyipvsadm", "-R"], input=RULES, check=True, env=environment)
        done = subprocess.run(["/bin/sh", "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True)
    drawn, piped, theirs, plain = done.stdout.replace("\r\n", "\n").split("==\n")
    assert piped == theirs == plain
    assert "\x1b[1m192.168.2.10:80/tcp" in drawn
    assert "✗ serves nobody: it has no server" in drawn
    assert "drained 0" in drawn
    assert "[2001:db8:7:ffff:1234:5678:9abc:def0]:0" in drawn
    assert "mh, mh-port" in drawn
    namespace.close()
