"""Where tests run: those of the kernel in a sandbox, all others here."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .kernel import delegate

KERNEL_TESTS = Path(__file__).parent / "kernel"


def pytest_configure(config: pytest.Config) -> None:
    """Inside a sandbox, report to the session outside."""
    folder = Path(os.environ.get(delegate.ENVIRONMENT, ""))
    if (folder / delegate.SELECTED).is_file():
        config.pluginmanager.register(delegate.Inner(config, folder))


@pytest.hookimpl(tryfirst=True)
def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the tests of the folder `kernel`, so that `-m` can choose them."""
    if KERNEL_TESTS in item.path.parents and not item.get_closest_marker("boot"):
        item.add_marker("kernel")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the kernel tests last: they run in the background meanwhile."""
    items.sort(key=lambda item: item.get_closest_marker("kernel") is not None)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Boot a sandbox for the kernel tests that were selected, if we aren't in one."""
    config = session.config
    if delegate.ENVIRONMENT in os.environ or config.option.collectonly:
        return
    if why := delegate.missing():
        config.pluginmanager.register(delegate.Absent(why))
        return
    items = [item for item in session.items if item.get_closest_marker("kernel")]
    if items:
        outer = delegate.Outer(config)
        config.pluginmanager.register(outer)
        outer.start(items)
