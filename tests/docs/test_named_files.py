"""Files and tests that a page names are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.contract import PROJECT
from tests.docs.shown import pages

FOLDERS = "actions|adopted|components|docs|phonemfa|policy|sandbox|template|tests|tools"
NAMED = re.compile(rf"`((?:{FOLDERS})/[\w./-]*)(?:::(\w+))?`")
MADE_LATER = ("adopted/", "phonemfa/components/", "phonemfa/actions/", "phonemfa/policy/")
"""What only a stack's own repository has, and what is there in the wheel alone."""


def named_in(page: Path) -> list[tuple[str, str]]:
    found = NAMED.findall(page.read_text("utf-8"))
    return [(path, test) for path, test in found if not path.startswith(MADE_LATER)]


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(PROJECT)))
def test_what_a_page_names_is_there_a_test_in_its_file(page: Path) -> None:
    gone = [
        f"{path}::{test}"
        for path, test in named_in(page)
        if not (PROJECT / path).exists()
        or (test and f"def {test}(" not in (PROJECT / path).read_text("utf-8"))
    ]
    assert gone == []


def test_pages_name_files_at_all() -> None:
    assert sum(len(named_in(page)) for page in pages()) > 50
