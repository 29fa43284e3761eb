"""Work in a thread: that it goes on meanwhile, and that nothing of how it ends is lost."""

from __future__ import annotations

import threading

import pytest

from pyipvsadm import background
from pyipvsadm.background import begin


def test_it_goes_on_meanwhile():
    ours, theirs = threading.Event(), threading.Event()

    def work():
        theirs.set()
        return "done" if ours.wait(5) else "alone"

    end = begin(work)
    assert theirs.wait(5)
    ours.set()
    assert end() == "done"


def test_what_it_raises_is_raised_where_its_end_is_awaited():
    def work():
        raise OSError(105, "No buffer space available")

    end = begin(work)
    with pytest.raises(OSError, match="No buffer space available"):
        end()


def test_without_a_thread_it_is_done_at_once(monkeypatch):
    def none_left(function, arguments):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(background, "start_new_thread", none_left)
    assert begin(lambda: threading.get_ident())() == threading.get_ident()
