"""How Hypothesis runs here: so many examples, however slow the machine is at the moment."""

from __future__ import annotations

from hypothesis import HealthCheck, settings


def examples(count: int) -> settings:
    """The settings of a property that is tried on `count` examples."""
    return settings(max_examples=count, deadline=None, suppress_health_check=list(HealthCheck))
