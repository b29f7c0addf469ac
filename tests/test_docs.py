"""Documents point at things that are there, and name commands that exist."""

import re
from pathlib import Path

import pytest
import typer

from phonemfa.cli import app
from tests.contract import PROJECT
from tests.docs.shown import pages

PAGES = [*pages(), *PROJECT.glob("docs/reference/*.md")]
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    broken = [
        f"{target}#{heading}"
        for target, heading in LINK.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
        or (heading and heading not in anchors(page.parent / target if target else page))
    ]
    assert broken == []


def anchors(page: Path) -> set[str]:
    """What GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one).strip().lower().replace(" ", "-") for one in headings}


def test_the_index_leads_to_every_command() -> None:
    commands = {str(one.name) for one in typer.main.get_group(app).commands.values()}
    index = (PROJECT / "docs" / "README.md").read_text(encoding="utf-8")
    _, _, after = index.partition("| I want to | Command | Page |\n|---|---|---|\n")
    rows = [row.split(" | ") for row in after.partition("\n\n")[0].splitlines()]
    assert {one for row in rows for one in re.findall(r"`([a-z-]+)`", row[1])} == commands


def test_every_make_target_that_a_page_names_exists() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    named = {
        target
        for page in PAGES
        for target in re.findall(r"`make ([a-z-]+)", page.read_text(encoding="utf-8"))
    }
    assert named
    assert named <= targets
