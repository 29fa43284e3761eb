"""The Debian package, installed in fresh roots, used, and removed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ..kernel.delegate import missing as sandbox_lacks
from . import build
from .root import SOURCE, Root, missing

pytestmark = [pytest.mark.systems, pytest.mark.skipif(bool(missing()), reason=f"needs {missing()}")]

RELEASES = ("bookworm", "trixie", "sid")
VERBS = ("trixie", "sid")  # of whose libraries the verbs can live
SANDBOX = ("user-mode-linux", "kmod", "iproute2", "procps")
INSIDE = """mount --rbind "$1" "$1"; exec chroot "$1" sh -c 'mount -t proc proc /proc; python3 /tmp/demo.py'"""
STATE = "/var/lib/pyipvsadm/table.yaml"
VOLATILE = (
    "-path ./proc -o -path ./sys -o -path ./dev -o -path ./tmp -o -path ./run -o -path ./var/cache -o -path ./var/log"
)
FILES = f"cd / && find . \\( {VOLATILE} -o -path ./var/lib/dpkg -o -path ./var/lib/apt \\) -prune -o -print | sort"


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return build.build(tmp_path_factory.mktemp("deb"))


def test_one_tree_makes_the_same_bytes(package, tmp_path):
    assert build.build(tmp_path).read_bytes() == package.read_bytes()


def test_lintian_finds_no_error(package):
    done = subprocess.run(["lintian", "--fail-on", "error", package], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module", params=RELEASES)
def root(request, package):
    """A root in which the package is installed as an admin does it, with what it depends on alone."""
    with Root(request.param) as made:
        made.put("/tmp/pyipvsadm.deb", package.read_bytes())
        made.install("/tmp/pyipvsadm.deb")
        made.install(*SANDBOX)
        made.put("/tmp/demo.py", (SOURCE / "tests/demo.py").read_bytes())
        yield made


def test_the_demo_balances_requests(root):
    if root.suite in VERBS:
        said = root.run("pyipvsadm sandbox -- python3 /tmp/demo.py")
    elif lacks := sandbox_lacks():
        pytest.skip(lacks)
    else:  # the kernel is this machine's sandbox, and all else the root's
        said = root.beside(
            [sys.executable, "-m", "pyipvsadm", "sandbox", "--", "sh", "-c", INSIDE, "sh", str(root.path)]
        )
    assert said.splitlines()[-1].startswith("It works: round robin over two servers"), said


@pytest.mark.parametrize("page", ["pyipvsadm.8", "pyipvsadm-save.8", "pyipvsadm-restore.8", "pyipvsadm-table.5"])
def test_manuals_lie_where_man_looks(root, page):
    assert "\n.Dt PYIPVSADM" in root.run(f"zcat /usr/share/man/man{page[-1]}/{page}.gz | head -n 4")


def test_verbs_work_or_say_what_they_lack(root):
    assert "Usage: pyipvsadm show" in root.run("pyipvsadm show --help")
    if root.suite in VERBS:
        return
    wrong = "pyipvsadm show --wrong"
    assert "`show` needs typer 0.15 or newer, and 0.7.0 is installed" in root.run(wrong, check=False)
    said = root.run("echo '{\"version\": 1}' | pyipvsadm check -", check=False)
    assert said.startswith("`check` needs pydantic 2.10 or newer, and 1.10.4 is installed")
    assert root.run("pyipvsadm convert -") == "version: 1\nservices: []\n"  # a right line takes no typer


def test_the_unit_is_there_and_not_enabled(root):
    assert root.run("ls /usr/lib/systemd/system/pyipvsadm.service /etc/default/pyipvsadm")
    assert root.run("find /etc/systemd -name 'pyipvsadm*'") == ""


@pytest.mark.parametrize("with_ipvsadm", [False, True])
def test_names_of_ipvsadm_are_taken_and_given_back(root, with_ipvsadm):
    if with_ipvsadm:
        root.install("ipvsadm")
    before = root.run("type -a ipvsadm ipvsadm-save ipvsadm-restore 2>&1 || true; ipvsadm -v || true")
    assert root.run("pyipvsadm-ipvsadm status") == "off\n"
    root.run("pyipvsadm-ipvsadm on; pyipvsadm-ipvsadm on")
    assert root.run("pyipvsadm-ipvsadm status; hash -r; ipvsadm -v").startswith("on\npyipvsadm v")
    root.run("pyipvsadm-ipvsadm off; pyipvsadm-ipvsadm off")
    assert root.run("pyipvsadm-ipvsadm status") == "off\n"
    assert root.run("type -a ipvsadm ipvsadm-save ipvsadm-restore 2>&1 || true; ipvsadm -v || true") == before


def test_a_removal_leaves_nothing(root):
    """The last one of a root. The names of ipvsadm are on, and there is a state, when it is removed."""
    root.run("apt-get purge -qq -y pyipvsadm ipvsadm >/dev/null; apt-get install -qq -y ipvsadm >/dev/null")
    before = root.run(FILES)
    root.run("dpkg -i /tmp/pyipvsadm.deb")
    root.run(f"pyipvsadm-ipvsadm on; mkdir -p /var/lib/pyipvsadm; echo > {STATE}; pyipvsadm -v")
    root.run("apt-get purge -qq -y pyipvsadm")
    assert set(root.run(FILES).splitlines()) ^ set(before.splitlines()) == set()
    assert root.run("dpkg-divert --list '*ipvsadm*'; update-alternatives --get-selections | grep ipvsadm || true") == ""
