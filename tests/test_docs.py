"""Documents point at things that are there, and name commands that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from components.settings.model import StackSettings
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


def test_the_readme_has_every_setting() -> None:
    documented = names_in_table("Setting (`phonemfa:…`)")
    settings = {field.alias or name for name, field in StackSettings.model_fields.items()}
    assert documented == settings | {"cpaasApiKey"}


def test_the_readme_has_every_command() -> None:
    commands = {str(one.name) for one in typer.main.get_group(app).commands.values()}
    assert names_in_table("Command") == commands


def names_in_table(heading: str) -> set[str]:
    """The first cell of each row of the README's table whose first heading this is."""
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    _, _, after = readme.partition(f"| {heading} |")
    rows, _, _ = after.partition("\n\n")
    return set(re.findall(r"^\| `([A-Za-z-]+)` \|", rows, flags=re.MULTILINE))


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
