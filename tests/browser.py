"""A real Chromium for tests that look at pages, and for the pictures in the documents.

With what a page does that it should not, and axe.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Dialog,
    Page,
    Request,
    expect,
    sync_playwright,
)

from tests.contract import PROJECT

PATIENCE: Final = 60_000
"""Milliseconds that a page has to become as expected, on a machine that does more than this."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """The Chromium of this machine; says how to get one when there is none."""
    found = subprocess.run(
        [PROJECT / "tools" / "browser", "--find"], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found.stdout.split()[0])
        yield browser
        browser.close()


@dataclass
class Watched:
    """A page, and everything that its browser complained of, fetched elsewhere or ran.

    `own` is how the address of everything that the page may fetch begins.
    """

    page: Page
    own: str | tuple[str, ...]
    events: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.events.append(f"error: {error}"))
        self.page.on("dialog", self._dialog)
        self.page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        # Chromium tells of a page that answers 4xx, as a form with a fault in it does.
        refused = message.text.startswith("Failed to load resource")
        # And where a person, or a test, is in a field before the page is whole.
        overtaken = message.text.startswith("Autofocus processing was blocked")
        if not overtaken and not (refused and message.location["url"] == self.page.url):
            self.events.append(f"console: {message.text}")

    def _dialog(self, dialog: Dialog) -> None:
        self.events.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Request) -> None:
        if not request.url.startswith(self.own):
            self.events.append(f"fetch: {request.url}")


def axe_violations(page: Page, *, colours_only: bool = False) -> list[str]:
    """What axe finds wrong with the page as it is now: rule, place and reason.

    `colours_only` is for a page that was looked at in another colour scheme already: the other
    rules do not see colours, and most of the time is theirs.
    """
    # By the debugger, which a page's content security policy does not concern.
    page.evaluate(_axe())
    found: dict[str, Any] = page.evaluate(
        "(rules) => axe.run(document, { resultTypes: ['violations'], ...rules })",
        {"runOnly": ["color-contrast", "link-in-text-block"]} if colours_only else {},
    )
    return [
        f"{one['id']} at {node['target']}: {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


@cache
def _axe() -> str:
    return (PROJECT / "tools" / "node" / "node_modules" / "axe-core" / "axe.min.js").read_text(
        encoding="utf-8"
    )
