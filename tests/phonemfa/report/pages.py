"""The page in a real Chromium, for tests and for the pictures in the documents.

Its report is one in which something of everything changes.
`python -m tests.phonemfa.report.pages FOLDER` (make screenshots) writes the pictures.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, FloatRect, Page

from phonemfa.output.page import as_page
from phonemfa.report.document import as_document
from phonemfa.report.summary import Environment, failed
from tests.browser import Watched, chromium
from tests.phonemfa.report.previews import (
    ACTION,
    GUARDIAN,
    VERIFY,
    Change,
    policy,
    recoded,
    stamped,
    text,
)

ENGLISH = (
    "Your code for {{ friendly_name }} is {{ code }}. It expires in five minutes; never share it "
    "with anybody. If you did not ask for it, call us."
)
JAPANESE = "{{ friendly_name }}のワンタイムパスワードは、{{ code }}、です。"


def opened(
    browser: Browser,
    folder: Path,
    *environments: Environment,
    width: int = 1000,
    dark: bool = False,
    locale: str = "en-US",
) -> Watched:
    """A report's page in the browser."""
    path = folder / "report.html"
    path.write_text(as_page(as_document(environments)), encoding="utf-8")
    watched = Watched(
        browser.new_page(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            locale=locale,
        ),
        own="file:",
    )
    watched.page.goto(path.as_uri())
    return watched


def everything() -> list[Environment]:
    """A change of each kind in two environments, and a third that cannot be previewed."""
    dev = Change(stack="dev").update(VERIFY, text(ENGLISH), "content.body.text")
    dev = recoded(dev, stamped("exports.onExecute = async () => { /* " + "x" * 300 + " */ };\n"))
    prod = Change(stack="prod").protect(was=True, will_be=True)
    prod = prod.before(GUARDIAN, policy("never")).replace(ACTION)
    prod = prod.update(GUARDIAN, policy("all-applications"), "policy")
    prod = prod.update(VERIFY, text(JAPANESE, channel="voice"), "content.body.voice")
    return [dev.environment(), prod.environment(), failed("staging", "error: no credentials")]


def main(folder: Path) -> None:
    """Write the pictures of the documents."""
    folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser, tempfile.TemporaryDirectory() as scratch:
        dev, prod, _ = everything()
        page = opened(browser, Path(scratch), dev, prod, width=820).page
        _picture(page, folder / "report-risks.png", "h1, main > section:first-of-type")
        _picture(page, folder / "report-messages.png", "article:has(.pair)")
        dark = opened(browser, Path(scratch), dev, prod, width=360, dark=True).page
        _picture(dark, folder / "report-dark.png", "article:has(.pair):last-of-type")


def _picture(page: Page, path: Path, selector: str) -> None:
    boxes = [one.bounding_box() for one in page.locator(selector).all()]
    top = min(box["y"] for box in boxes if box)
    bottom = max(box["y"] + box["height"] for box in boxes if box)
    width = page.evaluate("innerWidth")
    clip = FloatRect(x=0, y=top - 12, width=width, height=bottom - top + 24)
    page.screenshot(path=path, clip=clip, full_page=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
