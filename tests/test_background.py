"""Work in a thread: that it goes on meanwhile, and that nothing of how it ends is lost."""

from __future__ import annotations

import threading

import pytest

from pyipvsadm.kernel import background
from pyipvsadm.kernel.background import begin


def test_it_goes_on_meanwhile():
    ours, theirs = threading.Event(), threading.Event()

    def work():
        theirs.set()
        yield "done" if ours.wait(5) else "alone"

    end = begin(work)
    assert theirs.wait(5)
    ours.set()
    assert list(end()) == ["done"]


def test_what_it_raises_comes_behind_what_it_yielded():
    def work():
        yield 1
        raise OSError(105, "No buffer space available")

    gathered = []
    with pytest.raises(OSError, match="No buffer space available"):
        gathered.extend(begin(work)())
    assert gathered == [1]


def test_without_a_thread_it_is_done_at_once(monkeypatch):
    def none_left(function, arguments):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(background, "start_new_thread", none_left)
    assert list(begin(lambda: [threading.get_ident()])()) == [threading.get_ident()]
