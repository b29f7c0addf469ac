"""SECURITY.md promises nothing that no test shows."""

from __future__ import annotations

import re

import pytest

from tests.contract import PROJECT

TEXT = (PROJECT / "docs" / "SECURITY.md").read_text("utf-8")
_, _, _AFTER = TEXT.partition("| Asset | Who could reach it | What stops them | Shown by |\n")
ROWS = [line for line in _AFTER.partition("\n\n")[0].splitlines() if not line.startswith("|---")]
TEST = re.compile(r"`(tests/[\w./]+\.py)::(test_\w+)`")


def test_the_table_is_there() -> None:
    assert len(ROWS) >= 20


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[2:60])
def test_each_protection_names_a_test(row: str) -> None:
    cells = [one.strip() for one in re.split(r"(?<!\\)\|", row)[1:-1]]
    assert len(cells) == 4
    assert all(cells), row
    # That it is there, test_named_files asks of every page.
    assert TEST.search(cells[3]), "which test shows it?"


def test_both_pages_for_a_bank_have_the_same_tables_and_sources() -> None:
    pages = [PROJECT / "docs" / "security" / name for name in ("README.md", "README.ja.md")]
    english, japanese = (one.read_text("utf-8") for one in pages)
    for counted in (r"^## ", r"^\|", r"^\d+\. ", r"\[\d\]"):
        found = [len(re.findall(counted, text, re.MULTILINE)) for text in (english, japanese)]
        assert found[0] == found[1], (counted, found)
    names = [
        set(re.findall(r"`(?:phonemfa:)?([a-z][A-Za-z]+)[`:]", one)) for one in (english, japanese)
    ]
    assert names[0] == names[1]
