"""docs/README.md leads to every page, and CONTRIBUTING's worked example to every file."""

from __future__ import annotations

import re

from tests.contract import PROJECT

DOCS = PROJECT / "docs"


def test_every_page_is_linked_from_the_index() -> None:
    index = (DOCS / "README.md").read_text("utf-8")
    linked = {(DOCS / one).resolve() for one in re.findall(r"\]\(([^)#]+)\)", index)}
    pages = [one for one in DOCS.rglob("*") if one.suffix in {".md", ".yml", ".json"}]
    assert len(pages) > 30
    missing = [str(one.relative_to(DOCS)) for one in pages if one.resolve() not in linked]
    assert missing == ["README.md"], "add a row to docs/README.md"


def test_the_worked_example_names_every_file_that_knows_the_setting() -> None:
    text = (DOCS / "CONTRIBUTING.md").read_text("utf-8")
    _, _, rows = text.partition("| File | What to add |")
    named = set(re.findall(r"^\| `([\w./-]+)` \|", rows.partition("\n\n")[0], re.MULTILINE))
    spelt = re.compile("recipientLimit|recipient_limit|RECIPIENT_LIMIT")
    product = ("actions/*.md", "actions/src/*.js", "components/*.py", "phonemfa/**/*.py")
    sources = [
        path for one in (*product, "policy/*.py", "*.md", "*.py") for path in PROJECT.glob(one)
    ]
    knowing = {
        str(path.relative_to(PROJECT)) for path in sources if spelt.search(path.read_text("utf-8"))
    }
    assert knowing <= named
    for name in named:
        assert spelt.search((PROJECT / name).read_text("utf-8")), name
