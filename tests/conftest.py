"""Where tests run: those of the kernel in a sandbox, all others here."""

from __future__ import annotations

import functools
import gc
import os
import signal
from pathlib import Path

import pytest

from .kernel import delegate, sandboxes

KERNEL_TESTS = Path(__file__).parent / "kernel"


def pytest_configure(config: pytest.Config) -> None:
    """Heed signals, and have programs heed them: what runs in the background or by nohup ignores them from its birth.

    Inside a sandbox, report to the session outside.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    folder = Path(os.environ.get(sandboxes.ENVIRONMENT, ""))
    if (folder.parent / sandboxes.SELECTED).is_file():
        config.pluginmanager.register(sandboxes.Inner(config, folder))


@pytest.hookimpl(tryfirst=True)
def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the tests of the folder `kernel`, so that `-m` can choose them."""
    if KERNEL_TESTS in item.path.parents and not item.get_closest_marker("boot"):
        item.add_marker("kernel")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes long, if it wasn't asked for. Put the kernel tests last, which run in the background.

    What watches the clock comes behind all others.
    """
    if not config.option.markexpr and sandboxes.ENVIRONMENT not in os.environ:
        long = [item for item in items if any(map(item.get_closest_marker, ("long", "systems")))]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]
    items.sort(key=_place)


def _place(item: pytest.Item) -> tuple[bool, ...]:
    """What sorts a test. Of those that run here, the ones of the folder `kernel` come first.

    What pytest sets up for a folder would stay over the tests that a sandbox runs, and be in the way of those behind.
    """
    marks = (item.get_closest_marker(name) is not None for name in ("clock", "kernel"))
    return (*marks, KERNEL_TESTS not in item.path.parents)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Boot sandboxes for the kernel tests that were selected, if we aren't in one."""
    config = session.config
    gc.freeze()  # thousands of tests stay to the end: whoever collects garbage needn't look at them each time
    if sandboxes.ENVIRONMENT in os.environ or config.option.collectonly:
        return
    if why := delegate.missing():
        config.pluginmanager.register(delegate.Absent(why))
        return
    items = [item for item in session.items if item.get_closest_marker("kernel")]
    if items:
        config.pluginmanager.register(delegate.Outer(items, functools.partial(sandboxes.Round, config)))


@pytest.fixture(autouse=True)
def _no_state_of_this_machine(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have what verbs remember, and the lock that they hold, in a folder of each test's own."""
    if not request.node.get_closest_marker("kernel"):
        monkeypatch.setattr("pyipvsadm.support.state.FOLDER", str(tmp_path / "pyipvsadm"))
