"""docs/reference/faults.md says what the table says."""

from __future__ import annotations

from typing import get_args

from sandbox.cpaas.script import Fault
from tests.faults.table import CPAAS, PAGE, tables, updated


def test_the_page_is_up_to_date() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name in tables():
        assert f"<!-- begin {name} -->" in text
        assert f"<!-- end {name} -->" in text
    assert updated(text) == text, "python -m tests.faults.table"


def test_every_fault_that_the_cpaas_can_act_out_is_in_the_table() -> None:
    assert {row.script.get("fault") for row in CPAAS} >= set(get_args(Fault))
