"""The page in a browser: nothing is fetched, everybody can read it, and it prints on one sheet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from phonemfa.output.document import Document
from tests.browser import axe_violations, chromium
from tests.contract import PROJECT
from tests.phonemfa.output.pictures import HEALTH, opened, sheet


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module", params=["sender", "pumping"])
def bad(request: pytest.FixtureRequest) -> Document:
    return sheet(request.param, hidden=True)


@pytest.mark.parametrize("width", [1000, 360])
def test_it_is_readable_fetches_nothing_and_prints_on_one_sheet(
    browser: Browser, tmp_path: Path, bad: Document, width: int
) -> None:
    watched = opened(browser, tmp_path, bad, width=width)
    page = watched.page
    assert page.evaluate("document.querySelector('img').naturalWidth") > 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert axe_violations(page) == []
    assert watched.events == []
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1


def test_the_guide_shows_the_pictures_that_are_made() -> None:
    guide = (PROJECT / "docs" / "guides" / "health.md").read_text(encoding="utf-8")
    assert set(re.findall(r"images/(health-[a-z]+\.png)", guide)) == set(HEALTH)
    for name in HEALTH:
        assert (PROJECT / "docs" / "images" / name).read_bytes().startswith(b"\x89PNG")
