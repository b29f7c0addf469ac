"""The page in a real Chromium, for tests and for the pictures in the guide.

`python -m tests.phonemfa.health.pages FOLDER` (make screenshots) writes the pictures.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser

from phonemfa.health.document import as_sheet
from phonemfa.health.plots import as_svg
from phonemfa.health.result import Health
from phonemfa.output.page import as_page
from tests.browser import Watched, chromium
from tests.phonemfa.health.days import health_of

PICTURES = {"health-sender.png": "sender", "health-voicemail.png": "voicemail"}


def bad_day(kind: str, *, hidden: bool = False) -> Health:
    """The day of a picture."""
    return health_of(kind, 2004, per_day=900, hidden=hidden)  # type: ignore[arg-type]


def opened(browser: Browser, folder: Path, health: Health, *, width: int = 1000) -> Watched:
    """A page in the browser."""
    path = folder / "health.html"
    path.write_text(as_page(as_sheet(health, as_svg(health))), encoding="utf-8")
    watched = Watched(
        browser.new_page(viewport={"width": width, "height": 900}), own=("file:", "data:")
    )
    watched.page.goto(path.as_uri())
    return watched


def main(folder: Path) -> None:
    """Write the pictures of the guide."""
    folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser, tempfile.TemporaryDirectory() as scratch:
        for name, kind in PICTURES.items():
            page = opened(browser, Path(scratch), bad_day(kind), width=820).page
            page.screenshot(path=folder / name, full_page=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
