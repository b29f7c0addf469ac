"""The guide and the reference tell the kinds and statuses that the code has."""

from __future__ import annotations

import re

from phonemfa.drift.kinds import KINDS
from phonemfa.drift.report import LABEL
from phonemfa.exits import Exit
from tests.contract import PROJECT

GUIDE = (PROJECT / "docs" / "guides" / "drift.md").read_text(encoding="utf-8")
REFERENCE = (PROJECT / "docs" / "reference" / "drift.md").read_text(encoding="utf-8")


def test_the_references_table_is_the_registry() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (.+) \| (.+) \| (.+) \|$", REFERENCE, re.MULTILINE)
    assert rows == [(one.id, one.title, one.seen_by, one.repaired_by) for one in KINDS.values()]


def test_the_guide_names_every_status_and_the_label() -> None:
    for status in (Exit.FINE, Exit.DRIFTED, Exit.UNANSWERED):
        assert f"**{int(status)}**" in GUIDE
    assert f"`{LABEL}`" in GUIDE
