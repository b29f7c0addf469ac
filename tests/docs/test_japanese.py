"""README.ja.md says what README.md says: as far as that can be counted."""

from __future__ import annotations

import os
import re
from collections import Counter

import pytest

from tests.contract import PROJECT
from tests.docs.shown import shown_in

PAGES = ("README.md", "docs/README.ja.md")
ENGLISH, JAPANESE = ((PROJECT / name).read_text("utf-8") for name in PAGES)
FENCE = re.compile(r"^ *```\w*\n.*?^ *```$", re.MULTILINE | re.DOTALL)


def prose(text: str) -> str:
    return FENCE.sub("", text)


def headings(text: str) -> list[int]:
    return [len(one) for one in re.findall(r"^(#+) ", prose(text), re.MULTILINE)]


def links(text: str) -> Counter[str]:
    folder = (PROJECT / PAGES[text == JAPANESE]).parent
    targets = [
        one if "://" in one or one.startswith("#") else os.path.normpath(folder / one)
        for one in re.findall(r"\]\(([^)]+)\)", text)
    ]
    return Counter(one for one in targets if not one.endswith(PAGES))


def tables(text: str) -> list[tuple[int, str, frozenset[str]]]:
    """Each row of each table: its number of cells, its key, and the code in all of it."""
    return [
        (row.count("|"), key_of(row), frozenset(re.findall(r"`([^`]+)`", row)))
        for row in re.findall(r"^ *\|.*\|$", text, re.MULTILINE)
    ]


def key_of(row: str) -> str:
    """The code of the first cell; cells of words differ, as they are translated."""
    first = row.split("|")[1]
    return "".join(re.findall(r"`([^`]+)`", first))


@pytest.mark.parametrize("of", [headings, links, tables], ids=["headings", "links", "tables"])
def test_both_have_the_same(of: object) -> None:
    assert callable(of)
    assert of(ENGLISH)
    assert of(JAPANESE) == of(ENGLISH)


def test_both_show_the_same_commands() -> None:
    english = [(one.text, one.fenced) for one in shown_in("README.md")]
    japanese = [(one.text, one.fenced) for one in shown_in("docs/README.ja.md")]
    fenced = [one for one in english if one[1]]
    assert fenced
    assert [one for one in japanese if one[1]] == fenced
    assert Counter(japanese) == Counter(english)


def test_both_have_the_same_blocks_and_names() -> None:
    assert len(FENCE.findall(JAPANESE)) == len(FENCE.findall(ENGLISH))
    names = [set(re.findall(r"`([^`\n]+)`", prose(one))) for one in (ENGLISH, JAPANESE)]
    assert names[0] == names[1]


def test_the_transcript_is_the_same() -> None:
    transcripts = [
        one for text in (ENGLISH, JAPANESE) for one in FENCE.findall(text) if "$ make up" in one
    ]
    assert len(transcripts) == 2
    assert transcripts[0] == transcripts[1]


def test_the_japanese_page_is_japanese() -> None:
    plain = re.sub(r"`[^`]*`|\]\([^)]*\)", " ", prose(JAPANESE))
    assert len(re.findall(r"[ぁ-ん]", plain)) > 1000
    # Names of products have three words at most; a sentence that was left in English has more.
    assert re.findall(r"(?:[A-Za-z]+[ ,]+){4,}[A-Za-z]+", plain) == []


def test_each_leads_to_the_other() -> None:
    assert "(docs/README.ja.md)" in ENGLISH
    assert "(../README.md)" in JAPANESE
