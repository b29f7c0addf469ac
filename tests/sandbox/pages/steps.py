"""A person at the login page and a developer at the tenant page, and the pictures of both.

`python -m tests.sandbox.pages.steps FOLDER` (make screenshots) writes the pictures.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect

from sandbox.server.record import client
from sandbox.server.running import RunningSandbox, start
from tests.browser import chromium
from tests.sandbox.pages.scenes import shipped
from tests.sandbox.pages.visit import Visits
from tests.sandbox.quick import quick
from tests.sandbox.sending import set_up

TYPED, NUMBER = "090-1234-5678", "+819012345678"
SCRIPT = "<script>alert('owned')</script>"
HOSTILE = (SCRIPT, "'\"><img src=x onerror=alert(1)>", "\u202egnitsop\u202c 👩‍👩‍👧‍👦 {{ code }}")


def like_an_up(sandbox: RunningSandbox) -> None:
    """What `make up` leaves: Japanese texts, the policy always, and the snapshot of both."""
    shipped(sandbox, "ja")
    sandbox.parts.tenant.guardian.set_policies(["all-applications"])
    sandbox.parts.logins.reset()
    sandbox.parts.applied.record()


def begin(page: Page, name: str = "山田 花子") -> None:
    """Log in by name; a page of /login is open."""
    page.get_by_label("Name of the user").fill(name)
    page.get_by_role("button", name="Log in", exact=True).first.click()


def enrol(page: Page, number: str = TYPED, way: str = "SMS") -> None:
    """Enter a number and have a code sent there."""
    page.get_by_label("Phone number").fill(number)
    page.get_by_label(way).check()
    page.get_by_role("button", name="Send the code").click()


def enter(page: Page, code: str) -> None:
    """Enter a code."""
    page.get_by_label("Code", exact=True).fill(code)
    page.get_by_role("button", name="Continue").click()


def received(sandbox: RunningSandbox, number: str = NUMBER) -> str:
    """The code in the newest message of a phone, read as a person would."""
    (code,) = sandbox.parts.inbox.messages(number)[-1].codes
    return code


def main(folder: Path) -> None:
    """Write the pictures of the documents."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as state,
        chromium() as browser,
        start(quick(Path(state))) as sandbox,
    ):
        like_an_up(set_up(sandbox))
        visits = Visits(browser, sandbox)
        login = visits.open("/login")
        begin(login)
        enrol(login)
        expect(login.get_by_role("heading", name="Enter the code")).to_be_visible()
        login.screenshot(path=folder / "login.png")
        japanese = visits.open(login.url, locale="ja-JP")
        japanese.screenshot(path=folder / "login-ja.png")
        with client(sandbox.state_dir, sandbox.record) as control:
            order = {"scenario": "policy-switched"}
            control.post("/_sandbox/drift", json=order).raise_for_status()
        tenant = visits.open("/tenant")
        expect(tenant.get_by_text("1 thing differs")).to_be_visible()
        tenant.screenshot(path=folder / "tenant.png")
        visits.end()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
