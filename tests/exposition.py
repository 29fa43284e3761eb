"""Text of Prometheus as others read it: prometheus_client's parser, promtool, and a look for what stands twice."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from prometheus_client.parser import text_string_to_metric_families

PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(
    PROMTOOL is None, reason="promtool isn't here: install `prometheus` (Debian's name)"
)
LINE = re.compile(r'([a-zA-Z_:][\w:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)*\})? (\S+)')

Labels = frozenset  # of pairs


def samples(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """The figures in `text` by name and labels. Raises AssertionError if one stands twice, or a family in pieces."""
    found: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
    families: set[str] = set()
    for family in text_string_to_metric_families(text):
        assert family.name not in families, f"{family.name} is in two pieces"
        families.add(family.name)
        for sample in family.samples:
            key = sample.name, frozenset(sample.labels.items())
            assert key not in found, f"{key} stands twice"
            found[key] = sample.value
    assert duplicates(text) == []
    return found


def duplicates(text: str) -> list[str]:
    """The series that stand twice, or that aren't written as series are: promtool says nothing about the former."""
    seen: set[tuple[str, tuple[str, ...]]] = set()
    wrong = []
    for line in text.splitlines():
        if line.startswith("#") or not line:
            continue
        match = LINE.fullmatch(line)
        labels = tuple(sorted(re.findall(r'\w+="(?:[^"\\]|\\.)*"', match[2] or ""))) if match else ()
        if match is None or (match[1], labels) in seen:
            wrong.append(line)
            continue
        seen.add((match[1], labels))
    return wrong


def promtool(*words: str, stdin: str = "", status: int = 0) -> str:
    """What promtool says; its status has to be `status`."""
    ran = subprocess.run([PROMTOOL or "promtool", *words], input=stdin, capture_output=True, text=True, timeout=60)
    assert ran.returncode == status, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr
