"""Where IPVS isn't there yet, or not for us: in a sandbox of its own, which has not loaded the module."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.boot

OURS = str(Path(sys.executable).parent / "pyipvsadm")
LOG = "/dev/shm/modprobe.log"
BOOT = f"""
cp /sbin/modprobe /tmp/modprobe  # kmod goes by the name that it is called by
rm /sbin/modprobe
printf '#!/bin/sh\\necho "$@" >> {LOG}\\nexec /tmp/modprobe "$@"\\n' > /sbin/modprobe
chmod +x /sbin/modprobe
unprivileged() {{ setpriv --bounding-set=-all --inh-caps=-all "$@"; }}
try() {{
    rm -f {LOG}
    "$@" > /tmp/out 2> /tmp/err < /dev/null; status=$?
    printf '%s\\036%s\\036%s\\036%s\\035' "$status" "$(cat /tmp/out)" "$(cat /tmp/err)" "$(cat {LOG} 2>/dev/null)"
}}
"""
SITUATIONS = {  # name: what makes it so, and what is tried then; $P is the program
    "kernel loads it": ("", "try $P -Ln"),
    "program loads it": ("echo /bin/false > /proc/sys/kernel/modprobe", "try $P -Ln"),
    "no privilege, no module": ("", "try unprivileged $P -Ln"),
    "no privilege to list": ("modprobe -q ip_vs", "try unprivileged $P -Ln"),
    "no privilege to list connections": ("modprobe -q ip_vs", "try unprivileged $P -Lc"),
    "no privilege to add": ("modprobe -q ip_vs", "try unprivileged $P -A -f 1"),
    "no privilege to restore": ("modprobe -q ip_vs", "try unprivileged $P -R"),
    "nothing to load": ("mount -t tmpfs none /lib/modules", "try $P -Ln"),
    "no modprobe": ("mv /sbin/modprobe /sbin/gone; mount -t tmpfs none /lib/modules", "try $P -Ln"),
}
UNDO = """
[ -e /sbin/gone ] && mv /sbin/gone /sbin/modprobe
umount /lib/modules 2>/dev/null
case "$(ls /lib/modules)" in "") mount --bind /usr/lib/uml/modules /lib/modules;; esac
echo /sbin/modprobe > /proc/sys/kernel/modprobe
modprobe -q -r ip_vs
"""


@pytest.fixture(scope="module")
def answers():
    """By situation, what ipvsadm and what ours did: status, stdout, stderr, and how modprobe was called."""
    script = [BOOT, 'mkdir -p /lib/modules; case "$(ls /lib/modules)" in "") exit 3;; esac']
    for prepare, attempt in SITUATIONS.values():
        for program in ("ipvsadm", OURS):
            script += [UNDO, prepare, attempt.replace("$P", program)]
    sandbox = [sys.executable, "-m", "pyipvsadm", "sandbox", "--no-module", "--timeout", "120", "--", "sh", "-s"]
    done = subprocess.run(sandbox, input="\n".join(script), capture_output=True, text=True, check=False)
    records = [tuple(record.split("\036")) for record in done.stdout.split("\035")[:-1]]
    assert len(records) == 2 * len(SITUATIONS), done.stderr
    return dict(zip(SITUATIONS, zip(records[::2], records[1::2], strict=True), strict=True))


@pytest.mark.parametrize("situation", SITUATIONS)
def test_both_say_the_same(answers, situation):
    theirs, ours = answers[situation]
    told = "\n".join(line for line in ours[2].splitlines() if not line.startswith("hint: "))
    assert (ours[0], ours[1], told) == theirs[:3]


def test_the_module_is_loaded(answers):
    for situation in ("kernel loads it", "program loads it"):
        assert answers[situation][1][0] == "0", situation
    theirs, ours = answers["program loads it"]
    assert ours[1].startswith("IP Virtual Server version 1.2.1 (size=4096)\n")
    assert ours[3] == theirs[3] == "-- ip_vs"


def test_what_keeps_us_from_it_is_told_with_a_remedy(answers):
    for situation in list(SITUATIONS)[2:]:
        status, stdout, stderr, _ = answers[situation][1]
        assert (status, stdout) == ("2", "")
        assert "pyipvsadm sandbox" in stderr.splitlines()[-1]
    assert "Permission denied (you must be root)" in answers["no privilege to list"][1][2]
    assert "modprobe: FATAL: Module ip_vs not found" in answers["nothing to load"][1][2]
    assert answers["no modprobe"][1][2].startswith("Can't initialize ipvs: Protocol not available\n")
