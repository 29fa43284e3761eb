"""What Linux 7.2 tells of its tables, as it was seen on 7.2.7 with 20,000 connections and with none."""

from __future__ import annotations

import pytest

from pyipvsadm.verbs.doctor.collection.proc import status, table_bits
from pyipvsadm.verbs.doctor.collection.table_status import table_status
from pyipvsadm.verbs.doctor.snapshot import TableStatus

FULL = """\
Conns:	20000
Conn buckets:	4096 (12 bits, lfactor -4)
Conn buckets empty:	0 (0%)
Conn buckets len-1:	2 (0%)
Conn buckets len-6:	281 (6%)
Conn buckets len-7:	3473 (84%)
Services:	1
Service buckets:	16 (4 bits, lfactor -3)
Service buckets empty:	15 (93%)
Service buckets len-1:	1 (100%)
Stats thread slots:	1 (max 4)
Stats chain max len:	3958
Stats thread ests:	9499200
"""
FRESH = """\
Conns:	0
Conn buckets:	0 (0 bits, lfactor 0)
Services:	0
Service buckets:	0 (0 bits, lfactor 0)
Stats thread slots:	1 (max 0)
Stats chain max len:	0
Stats thread ests:	0
"""


@pytest.mark.parametrize(("text", "told"), [
    (FULL, TableStatus(20_000, 4096, 12, -4, {1: 2, 6: 281, 7: 3473}, threads=4, estimators=9_499_200)),
    (FRESH, TableStatus(threads=1)),
    ("Something new:\t7 (of 9)\nConns:\t3\nno line\n", TableStatus(connections=3)),
    ("", TableStatus()),
])  # fmt: skip
def test_it_is_read(text, told):
    assert table_status(text) == told


def test_it_is_there_from_linux_7_2_on(tmp_path):
    assert (status(tmp_path), table_bits(tmp_path)) == (None, None)
    for path, text in (
        ("proc/thread-self/net/ip_vs_status", FULL),
        ("sys/module/ip_vs/parameters/conn_tab_bits", "12\n"),
    ):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(text)
    assert (status(tmp_path), table_bits(tmp_path)) == (table_status(FULL), 12)
