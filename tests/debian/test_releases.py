"""README's commands and the kernel tests in fresh roots of other Debian releases, on their kernels."""

from __future__ import annotations

import pytest

from .root import Root, missing

pytestmark = [pytest.mark.systems, pytest.mark.skipif(bool(missing()), reason=f"needs {missing()}")]

RELEASES = ("trixie", "sid")
VERSIONS = "dpkg-query -W python3 libc6 user-mode-linux ipvsadm iproute2; .venv/bin/pip list --format=freeze"
TESTS = "make check && tests/all.sh .venv/bin/python"  # of `make test`, all but other Pythons, which aren't there


@pytest.fixture(scope="module", params=RELEASES)
def root(request):
    """A root with this tree, and with what README says has to be there: make. (git is for those who clone.)"""
    with Root(request.param) as made:
        made.install("make", "python3")
        made.bring_source()
        yield made


def test_the_demo(root):
    said = root.run("cd /src && make demo")
    assert "\nIt works: round robin over two servers" in said, said[-3000:]


def test_all_tests(root):
    said = root.run(f"cd /src && {TESTS}")
    print(root.run(f"cd /src && {VERSIONS}"), said[-3000:])
    assert " passed" in said
