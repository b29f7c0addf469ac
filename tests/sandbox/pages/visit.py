"""Visits to the sandbox's pages in a real Chromium.

`end` fails when a page broke its own policy, fetched from elsewhere, threw, or opened a dialog.
"""

from dataclasses import dataclass, field

from playwright.sync_api import Browser, Page

from sandbox.server.running import RunningSandbox
from tests.browser import PATIENCE, Watched, axe_violations

NARROW, WIDE = 360, 1000


@dataclass
class Visits:
    browser: Browser
    sandbox: RunningSandbox
    watched: list[Watched] = field(default_factory=list)

    def open(
        self, path: str, *, width: int = WIDE, dark: bool = False, **reader: str | list[str]
    ) -> Page:
        """A page, loaded. Locators and `expect` of Playwright wait by themselves.

        Args:
            path: of the page.
            width: of the window.
            dark: the colour scheme.
            reader: Playwright's `locale`, `timezone_id` and `permissions`.
        """
        page = self.browser.new_page(
            viewport={"width": width, "height": 800},
            color_scheme="dark" if dark else "light",
            base_url=self.sandbox.pages_url,
            extra_http_headers=self.sandbox.control_headers,
            **reader,  # type: ignore[arg-type]
        )
        page.set_default_timeout(PATIENCE)
        self.watched.append(Watched(page, own=self.sandbox.pages_url))
        page.goto(path)
        return page

    def end(self) -> None:
        """Close all; what the pages did that they should not have is a failure."""
        events = [event for one in self.watched for event in one.events]
        for one in self.watched:
            one.page.close()
        assert events == [], events


def assert_accessible(page: Page) -> None:
    """No violation of axe, in light and in dark, everything unfolded; no sideways scrolling."""
    page.set_viewport_size({"width": NARROW, "height": 800})
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW
    page.emulate_media(color_scheme="light")
    found = axe_violations(page)
    page.emulate_media(color_scheme="dark")
    found += axe_violations(page, colours_only=True)
    assert found == [], "\n".join(found)
