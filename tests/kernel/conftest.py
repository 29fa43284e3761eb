"""Fixtures of the kernel tests."""

from __future__ import annotations

import os

import pytest

from . import sandboxes
from .directors import PROGRAMS, stop_daemons
from .hosts import lay_names
from .namespaces import Namespace


@pytest.fixture(scope="session", autouse=True)
def _names():
    """Inside a sandbox, whose files are thrown away, hosts and services that tests know."""
    if sandboxes.ENVIRONMENT in os.environ:
        lay_names()


@pytest.fixture
def director():
    """Makes directors by the name of their program, each in a fresh network namespace if not in a given one."""
    made = []

    def make(program, namespace=None):
        if namespace is None:
            namespace = Namespace()
            made.append(namespace)
        return PROGRAMS[program](namespace)

    yield make
    for namespace in made:
        namespace.close()


@pytest.fixture
def pair(director):
    """Both programs, on a table each, and what stops the daemons that they leave."""
    both = director("pyipvsadm"), director("ipvsadm")
    yield both
    for one in both:
        stop_daemons(one.namespace)
