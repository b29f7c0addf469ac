"""README and docs stay short enough to be read."""

from __future__ import annotations

import re
from pathlib import Path

from tests.contract import PROJECT
from tests.docs.shown import GENERATED, without_blocks

LIMIT = 24_000


def english() -> list[Path]:
    """README and docs, without what is made from the code and what is Japanese."""
    docs = (one for one in sorted(PROJECT.glob("docs/**/*.md")) if GENERATED not in one.parents)
    japanese = PROJECT / "docs" / "ja"
    return [
        PROJECT / "README.md",
        *(one for one in docs if not one.name.endswith(".ja.md") and japanese not in one.parents),
    ]


def words(text: str) -> int:
    """Whatever has a letter or a digit; blocks of code, comments and addresses do not count."""
    plain = re.sub(r"<!--.*?-->", "", without_blocks(text), flags=re.DOTALL)
    plain = re.sub(r"\]\([^)]*\)", "]", plain)
    return sum(bool(re.search(r"[A-Za-z0-9]", one)) for one in plain.split())


def test_readme_and_docs_have_few_enough_words() -> None:
    counted = {page: words(page.read_text("utf-8")) for page in english()}
    longest = sorted(counted, key=lambda page: -counted[page])[:5]
    told = ", ".join(f"{page.relative_to(PROJECT)} {counted[page]}" for page in longest)
    assert sum(counted.values()) <= LIMIT, f"{sum(counted.values())} words; the longest: {told}"
    assert len(counted) > 40


def test_what_counts_as_a_word() -> None:
    text = "# One two\n\n| `three` | – |\n|---|---|\n\n[four](docs/five.md) <!-- six -->\n"
    assert words(text) == 4
    assert words(f"{text}\n```\nmake up and more\n```\n") == 4
