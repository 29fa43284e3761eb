"""`metrics` where the kernel has no IPVS: told as a figure, with status 0, and no module is loaded."""

from __future__ import annotations

import subprocess
import sys

import pytest

from .exposition import samples

pytestmark = pytest.mark.boot


def test_without_the_module_that_is_a_figure_and_it_stays_out():
    script = f"{sys.executable} -m pyipvsadm metrics; echo status $?; grep ^ip_vs /proc/modules || echo none is loaded"
    sandbox = [sys.executable, "-m", "pyipvsadm", "sandbox", "--no-module", "--timeout", "60", "--", "sh", "-c", script]
    done = subprocess.run(sandbox, capture_output=True, text=True, check=True)
    text, _, rest = done.stdout.partition("status ")
    assert rest == "0\nnone is loaded\n"
    found = samples(text)
    assert (found["ipvs_module_loaded", frozenset()], found["ipvs_up", frozenset()]) == (0, 0)
    assert "# ipvs_up is 0: this kernel has no IPVS" in text


RELOADED = """
ip link set lo up
ip netns add other
ours="{python} -m pyipvsadm"
scrape() {{ sleep 1.1; {python} -c "
import sys, urllib.request
print(urllib.request.urlopen('http://127.0.0.1:9796/metrics').read().decode(), end='')"; printf '\\036'; }}
$ours metrics --listen 9796 --netns other 2>/tmp/log &
until grep -q listening /tmp/log; do sleep 0.1; done
scrape
modprobe -r ip_vs
scrape
modprobe ip_vs
$ours --netns other -A -f 7 -s rr
scrape
kill $!
wait $!
printf %s $?
"""


def test_a_listener_outlives_the_module():
    """It comes back under another number, and is asked by the socket that was made in the other namespace."""
    script = RELOADED.format(python=sys.executable)
    sandbox = [sys.executable, "-m", "pyipvsadm", "sandbox", "--timeout", "100", "--", "sh", "-s"]
    done = subprocess.run(sandbox, input=script, capture_output=True, text=True, check=False)
    *texts, status = done.stdout.split("\036")
    assert (status, len(texts)) == ("0", 3), done.stderr
    found = [samples(text) for text in texts]
    labels = frozenset({("netns", "other")})
    assert [one["ipvs_module_loaded", labels] for one in found] == [1, 0, 1]
    assert [one["ipvs_up", labels] for one in found] == [1, 0, 1]
    marks = [dict(key)["local_mark"] for name, key in found[2] if name == "ipvs_service_info"]
    assert marks == ["00000007"]
