"""Where IPVS isn't there yet, or not for us: in a sandbox of its own, which has not loaded the module."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ..readable import LET_ALL_READ

pytestmark = pytest.mark.boot

OURS = str(Path(sys.executable).parent / "pyipvsadm")
LOG = "/dev/shm/modprobe.log"
BOOT = f"""
{LET_ALL_READ}
cp /sbin/modprobe /tmp/modprobe  # kmod goes by the name that it is called by
rm /sbin/modprobe
printf '#!/bin/sh\\necho "$@" >> {LOG}\\nexec /tmp/modprobe "$@"\\n' > /sbin/modprobe
chmod +x /sbin/modprobe
unprivileged() {{ setpriv --bounding-set=-all --inh-caps=-all "$@"; }}
contained() {{ container=podman unshare --pid --fork --mount-proc "$@"; }}
unload() {{ for module in ip_vs_rr ip_vs_nq ip_vs_pe_sip ip_vs; do
    ! grep -q "^$module " /proc/modules || /tmp/modprobe -q -r $module
done; }}
K=/lib/modules/$(uname -r)
lack() {{ cp $K/modules.dep /tmp; mv $K/kernel/net/netfilter/ipvs/$1.ko /tmp; sed -i "/$1.ko:/d" $K/modules.dep; }}
try() {{
    rm -f {LOG}
    "$@" > /tmp/out 2> /tmp/err < /dev/null; status=$?
    printf '%s\\036%s\\036%s\\036%s\\035' "$status" "$(cat /tmp/out)" "$(cat /tmp/err)" "$(cat {LOG} 2>/dev/null)"
}}
"""
NO_LOADING = "echo /bin/false > /proc/sys/kernel/modprobe"
NO_MODULES = "mount -t tmpfs none /lib/modules"
SITUATIONS = {  # name: what makes it so, what is tried then, and what our hint says; $P is the program
    "kernel loads it": ("", "unload; try $P -Ln", ""),
    "program loads it": (NO_LOADING, "unload; try $P -Ln", ""),
    "no privilege, no module": (
        "",
        "unload; try unprivileged $P -Ln",
        "you are root, but this process lacks CAP_NET_ADMIN",
    ),
    "no privilege to load it": (f"unload; {NO_LOADING}", "try unprivileged $P -Ln", "lacks CAP_NET_ADMIN"),
    "no privilege, nothing to load": (
        f"unload; {NO_MODULES}",
        "try unprivileged $P -Ln",
        "/lib/modules has no modules for this kernel, ",
    ),
    "no privilege to list": ("modprobe -q ip_vs", "try unprivileged $P -Ln", "you are root, but this process lacks"),
    "no privilege to list connections": ("modprobe -q ip_vs", "try unprivileged $P -Lc", "lacks CAP_NET_ADMIN"),
    "no privilege to add": ("modprobe -q ip_vs", "try unprivileged $P -A -f 1", "lacks CAP_NET_ADMIN"),
    "no privilege to restore": ("modprobe -q ip_vs", "try unprivileged $P -R", "IPVS requires CAP_NET_ADMIN"),
    "no privilege at all": ("modprobe -q ip_vs", "try setpriv --reuid 65534 --clear-groups $P -Ln", "use sudo"),
    "root of a user namespace": ("modprobe -q ip_vs", "try unshare -Urn $P -Ln", "in the initial user namespace"),
    "root of a container": (
        "modprobe -q ip_vs",
        "try contained setpriv --bounding-set=-all --inh-caps=-all $P -Ln",
        "you are root of a container (podman) that lacks CAP_NET_ADMIN: start it with `--cap-add NET_ADMIN`",
    ),
    "nothing to load": (f"unload; {NO_MODULES}", "try $P -Ln", "/lib/modules has no modules for this kernel, "),
    "nothing for this kernel": (
        f"unload; {NO_MODULES}; mkdir /lib/modules/9.9.9",
        "try $P -Ln",
        "is running, but the modules are for 9.9.9",
    ),
    "no such module": ("unload; lack ip_vs", "try $P -Ln", "has no module `ip_vs`"),
    "no modprobe": (
        f"unload; mv /sbin/modprobe /sbin/gone; {NO_MODULES}",
        "try $P -Ln",
        "/lib/modules has no modules for this kernel, ",
    ),
    "none that loads": (
        f"unload; {NO_LOADING}; mv /sbin/modprobe /sbin/gone; ln -s /bin/false /sbin/modprobe",
        "try $P -Ln",
        "the module `ip_vs` exists for this kernel, but could not be loaded: `modprobe ip_vs` shows why",
    ),
    "none in a container": (
        f"unload; {NO_LOADING}; {NO_MODULES}",
        "try contained $P -Ln",
        "this is a container (podman), and the kernel hasn't loaded `ip_vs`: `modprobe ip_vs` as root of the host",
    ),
    "a scheduler that doesn't load": (
        f"modprobe -q ip_vs_rr; {NO_LOADING}",
        "try $P -A -f 1 -s nq",
        "no scheduler `nq`: the module `ip_vs_nq` exists for this kernel, but could not be loaded:"
        " `modprobe ip_vs_nq` shows why; available: rr",
    ),
    "no such scheduler's module": (
        "modprobe -q ip_vs; lack ip_vs_nq",
        "try $P -A -f 1 -s nq",
        "has no module `ip_vs_nq`: it's neither built in nor in /lib/modules; available: rr, wrr, lc, wlc, ",
    ),
    "no such engine's module": (
        "modprobe -q ip_vs; lack ip_vs_pe_sip",
        "try $P -A -f 1 -s rr -p --pe sip",
        "has no module `ip_vs_pe_sip`",
    ),
    "none any more": (  # the last one, since it stays so
        "unload; echo 1 > /proc/sys/kernel/modules_disabled",
        "try $P -Ln",
        "loads no modules until the next boot (kernel.modules_disabled), and `ip_vs` isn't loaded",
    ),
}
UNDO = """
[ -e /sbin/gone ] && mv /sbin/gone /sbin/modprobe
umount /lib/modules 2>/dev/null
case "$(ls /lib/modules)" in "") mount --bind /usr/lib/uml/modules /lib/modules;; esac
[ -e /tmp/modules.dep ] && mv /tmp/modules.dep $K && mv /tmp/ip_vs*.ko $K/kernel/net/netfilter/ipvs
echo /sbin/modprobe > /proc/sys/kernel/modprobe
"""


@pytest.fixture(scope="module")
def answers():
    """By situation, what ipvsadm and what ours did: status, stdout, stderr, and how modprobe was called."""
    script = ["export PYIPVSADM_HINTS=always", BOOT]
    script += ['mkdir -p /lib/modules; case "$(ls /lib/modules)" in "") exit 3;; esac']
    for prepare, attempt, _ in SITUATIONS.values():
        script += [UNDO, prepare, *(attempt.replace("$P", program) for program in ("ipvsadm", OURS))]
    sandbox = [sys.executable, "-m", "pyipvsadm", "sandbox", "--no-module", "--timeout", "300", "--", "sh", "-s"]
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
    assert re.match(r"IP Virtual Server version 1\.2\.1 \(size=\d+\)\n", ours[1])
    assert ours[3] == theirs[3] == "-- ip_vs"


@pytest.mark.parametrize("situation", list(SITUATIONS)[2:])
def test_what_keeps_us_from_it_is_told_with_a_remedy(answers, situation):
    status, stdout, stderr, _ = answers[situation][1]
    hint = stderr.splitlines()[-1]
    assert (hint[:6], stdout) == ("hint: ", "")
    assert SITUATIONS[situation][2] in hint
    assert status == "255" or hint.endswith("; or use a throw-away kernel: `pyipvsadm sandbox`")


def test_what_modprobe_says_is_shown(answers):
    assert "modprobe: FATAL: Module ip_vs not found" in answers["nothing to load"][1][2]
    assert answers["no modprobe"][1][2].startswith("Can't initialize ipvs: Protocol not available\n")


def test_what_ails_the_module_is_found_and_mended():
    inside = [sys.executable, "-m", "tests.kernel.module_rows"]
    sandbox = [sys.executable, "-m", "pyipvsadm", "sandbox", "--no-module", "--timeout", "300", "--", *inside]
    done = subprocess.run(sandbox, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.stdout.endswith("all well\n"), (done.stdout, done.stderr[-3000:])
