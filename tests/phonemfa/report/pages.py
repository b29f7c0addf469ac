"""The page in a real Chromium, for tests and for the pictures in the documents.

Owns finding and starting the browser, and a report in which something of everything changes.
`python -m tests.phonemfa.report.pages FOLDER` (make screenshots) writes the pictures.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Dialog, FloatRect, Page, Request, sync_playwright

from phonemfa.report.page import as_page
from phonemfa.report.summary import Environment, failed
from tests.contract import PROJECT
from tests.phonemfa.report.previews import (
    ACTION,
    GUARDIAN,
    VERIFY,
    Change,
    policy,
    recoded,
    text,
)

ENGLISH = (
    "Your code for {{ friendly_name }} is {{ code }}. It expires in five minutes; never share it "
    "with anybody. If you did not ask for it, call us."
)
JAPANESE = "{{ friendly_name }}のワンタイムパスワードは、{{ code }}、です。"


@contextmanager
def chromium() -> Iterator[Browser]:
    """The Chromium of this machine; says how to get one when there is none."""
    found = subprocess.run(
        [PROJECT / "scripts" / "browser", "--find"], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found.stdout.split()[0])
        yield browser
        browser.close()


@dataclass
class Watched:
    """A page, and everything that its browser complained of, fetched or ran."""

    page: Page
    events: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda message: self.events.append(f"console: {message.text}"))
        self.page.on("pageerror", lambda error: self.events.append(f"error: {error}"))
        self.page.on("dialog", self._dialog)
        self.page.on("request", self._request)

    def _dialog(self, dialog: Dialog) -> None:
        self.events.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Request) -> None:
        if not request.url.startswith("file:"):
            self.events.append(f"fetch: {request.url}")


def opened(
    browser: Browser,
    folder: Path,
    *environments: Environment,
    width: int = 1000,
    dark: bool = False,
) -> Watched:
    """A report's page in the browser."""
    path = folder / "report.html"
    path.write_text(as_page(environments), encoding="utf-8")
    watched = Watched(
        browser.new_page(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
        )
    )
    watched.page.goto(path.as_uri())
    return watched


def everything() -> list[Environment]:
    """A change of each kind in two environments, and a third that cannot be previewed."""
    dev = Change(stack="dev").update(VERIFY, text(ENGLISH), "content.body.text")
    dev = recoded(dev, "// CODE\nexports.onExecute = async () => { /* " + "x" * 300 + " */ };\n")
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
        _picture(page, folder / "report-risks.png", "header, main > section:first-child")
        _picture(page, folder / "report-messages.png", ".message")
        dark = opened(browser, Path(scratch), dev, prod, width=360, dark=True).page
        _picture(dark, folder / "report-dark.png", ".message:last-of-type")


def _picture(page: Page, path: Path, selector: str) -> None:
    boxes = [one.bounding_box() for one in page.locator(selector).all()]
    top = min(box["y"] for box in boxes if box)
    bottom = max(box["y"] + box["height"] for box in boxes if box)
    width = page.evaluate("innerWidth")
    clip = FloatRect(x=0, y=top - 12, width=width, height=bottom - top + 24)
    page.screenshot(path=path, clip=clip, full_page=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
