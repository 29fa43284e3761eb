"""The unit of the package under a real systemd: that of a fresh root, booted in the root's own user-mode Linux."""

from __future__ import annotations

import re

import pytest

from . import build
from .root import Root, missing

pytestmark = [pytest.mark.systems, pytest.mark.skipif(bool(missing()), reason=f"needs {missing()}")]

NEEDED = ("systemd", "user-mode-linux", "kmod", "ipvsadm")
BOOT = """
for modules in /usr/lib/uml/modules/*; do
    mkdir -p /lib/modules; ln -sfn "$modules" /lib/modules/; depmod "${modules##*/}"
done
timeout 300 linux.uml mem=512M rootfstype=hostfs rootflags=/ rw init=/lib/systemd/systemd \\
    con=null con0=null,fd:1 ssl=null systemd.unit=multi-user.target </dev/null
"""
ACTS = """\
[Unit]
After=network.target pyipvsadm.service

[Service]
Type=oneshot
ExecStart=/bin/sh -c '/acts >/said 2>&1; sync; systemctl poweroff'
"""
ADMINS, STATE = "/etc/pyipvsadm/table", "/var/lib/pyipvsadm/table.yaml"
FIRST = "-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m -w 1\n"
SECOND = "-A -u 10.0.0.2:53 -s wlc\n"


@pytest.fixture(scope="module", params=("trixie", "sid"))
def root(request, tmp_path_factory):
    with Root(request.param) as made:
        made.put("/tmp/pyipvsadm.deb", build.build(tmp_path_factory.mktemp("deb")).read_bytes())
        made.run("apt-get install -qq -y /tmp/pyipvsadm.deb")
        made.install(*NEEDED)
        made.put("/etc/systemd/system/acts.service", ACTS.encode())
        made.run(
            "cd /etc/systemd/system; mkdir -p multi-user.target.wants; ln -s ../acts.service multi-user.target.wants"
        )
        yield made


def booted(root, acts):
    """What `acts`, lines of a shell script, print on a machine that boots for them and is then switched off."""
    root.put("/acts", f"#!/bin/sh\n{acts}\n".encode())
    root.run("chmod 755 /acts; rm -f /said")
    console = root.run(BOOT)
    assert re.search(r"Power(ing)? (off|down)", console), console
    return root.run("cat /said")


def test_the_table_outlives_boots_and_the_file_of_the_admin_is_never_written(root):
    said = booted(
        root, f"systemctl -q enable --now pyipvsadm; printf %s '{FIRST}' | ipvsadm -R; systemctl is-active pyipvsadm"
    )
    assert said.splitlines()[-1] == "active", said
    assert booted(root, "systemctl is-active pyipvsadm; ipvsadm -Sn") == f"active\n{FIRST}"
    root.put(ADMINS, SECOND.encode())
    root.run(
        f"echo PYIPVSADM_TABLE={ADMINS} > /etc/default/pyipvsadm; touch -d 2026-01-01 {ADMINS}; chmod 444 {ADMINS}"
    )
    before = root.run(f"stat -c '%i %y %a' {ADMINS}; md5sum {ADMINS}")
    assert booted(root, f"ipvsadm -Sn; printf %s '{FIRST}' | ipvsadm -R; systemctl stop pyipvsadm") == SECOND
    assert "10.0.0.1:80/tcp" in root.run(f"cat {STATE}")
    assert booted(root, "ipvsadm -Sn; systemctl restart pyipvsadm; ipvsadm -Sn") == SECOND * 2
    assert root.run(f"stat -c '%i %y %a' {ADMINS}; md5sum {ADMINS}") == before


SCRAPED = """\
for port in $(seq 80 120); do
    echo "-A -t 10.0.0.1:$port -s rr"; echo "-a -t 10.0.0.1:$port -r 10.1.0.1:80 -m"
done | ipvsadm -R
pyipvsadm drain 10.1.0.1:80 --force >/dev/null
systemctl is-enabled pyipvsadm-metrics
systemctl start pyipvsadm-metrics
answered=0
for second in 1 2 3 4 5 6 7 8 9; do
    sleep 1.5
    python3 -c 'import urllib.request as u
print(u.urlopen("http://127.0.0.1:9796/metrics").read().decode())' >/scraped 2>/dev/null && answered=$((answered + 1))
    [ $answered = 3 ] && break  # from the second on, many services are asked for by one system call
done
grep -c '^ipvs_service_info' /scraped
grep -E '^(ipvs_up|ipvs_backend_drained.*local_port="80")' /scraped
grep -E '^(Uid|CapEff|NoNewPrivs):' /proc/$(systemctl show -P MainPID pyipvsadm-metrics)/status
systemctl show -P NRestarts -P TasksCurrent pyipvsadm-metrics
systemd-analyze security --no-pager pyipvsadm-metrics | tail -1
systemctl stop pyipvsadm-metrics
systemctl show -P Result -P ExecMainStatus pyipvsadm-metrics
"""


def test_the_listener_serves_with_one_privilege_and_ends(root):
    said = booted(root, SCRAPED)
    assert "\nipvs_up 1\n" in f"\n{said}", said
    assert re.search(r'^ipvs_backend_drained\{local_address="10.0.0.1",.*\} 1$', said, re.MULTILINE), said
    assert re.search(r"^Uid:\t65534\t65534\t65534\t65534$", said, re.MULTILINE), said
    assert re.search(r"^CapEff:\t0*1000$", said, re.MULTILINE), said  # CAP_NET_ADMIN
    assert re.search(r"^(\d+)$", said, re.MULTILINE)[1] == "41", said
    *_, restarts, tasks, exposure, result, status = said.splitlines()
    assert (restarts, tasks, result, status) == ("0", "2", "success", "0"), said  # two processes, of which none is left
    assert float(re.search(r"level for pyipvsadm-metrics.service: ([\d.]+) ", exposure)[1]) < 2.5, exposure
