"""The examples of the manual pages, each page's carried out as in one sitting, print what they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .comparison import sized
from .sitting import Sitting
from .test_readme import steps_of

PAGES = sorted((Path(__file__).parents[2] / "man").glob("*.[58]"))
BLOCK = re.compile(r"^\.Bd -literal[^\n]*\n(.*?)^\.Ed", re.MULTILINE | re.DOTALL)
NETWORK = (
    "ip link add eth0 type dummy",
    "ip address add 192.168.10.1/24 dev eth0",
    "ip link set eth0 up",
)
DOCUMENTS = {"version:": "yaml", "{": "json", "#": "rules"}  # by how they begin


def blocks(page: Path) -> list[str]:
    """What stands in the page as it is to be typed or printed."""
    found = BLOCK.findall(page.read_text())
    return [block.replace("\\-", "-").replace("\\e", "\\").replace("\\&", "") for block in found]


@pytest.fixture
def sitting(tmp_path):
    sitting = Sitting(tmp_path)
    for line in NETWORK:
        assert sitting.run(line) == (0, "")
    yield sitting
    sitting.close()


def bare(text: str) -> str:
    """`text` without blanks at the ends of lines and without hints, which have no place in a page's source."""
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines() if not line.startswith("hint: "))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_its_examples_show_what_happens(page, sitting):
    said = [step for block in blocks(page) for step in steps_of(block)]
    assert said
    for line, output in said:
        assert bare(sitting.run(line)[1]) == sized(output, sitting.namespace), line


def test_its_documents_can_be_applied_and_are_what_there_is_then(sitting):
    documents = [
        (DOCUMENTS[block.split()[0]], block)
        for page in PAGES
        for block in blocks(page)
        if block.split()[0] in DOCUMENTS
    ]
    assert {kind for kind, _ in documents} == set(DOCUMENTS.values())
    for kind, block in documents:
        assert sitting.run(f"cat > table.{kind}", block) == (0, "")
        status, said = sitting.run(f"pyipvsadm apply --yes table.{kind}")
        assert status == 0, said
        assert sitting.run(f"pyipvsadm diff table.{kind}") == (0, "")
