"""The pictures in the documents: what commands print at 80 columns, and pages in a real Chromium.

`python -m tests.phonemfa.output.pictures FOLDER` (make screenshots) writes them.
"""

import io
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, FloatRect, Locator
from rich.terminal_theme import MONOKAI

from components.tenant.guardian import POLICIES
from phonemfa.drift.report import Report
from phonemfa.drift.report import as_document as drift_document
from phonemfa.fleet.run import Outcome, State
from phonemfa.fleet.run import as_document as fleet_document
from phonemfa.fleet.selection import Member
from phonemfa.health.document import as_sheet
from phonemfa.health.plots import as_svg
from phonemfa.output.document import Document, Paragraph
from phonemfa.output.page import as_page
from phonemfa.output.terminal import SafeConsole, show
from phonemfa.report.document import as_document as report_document
from tests.browser import Watched, chromium
from tests.phonemfa.health.days import health_of
from tests.phonemfa.report.previews import everything
from tests.sandbox.drift.stacks import World

_FRAME = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; background: #0c0c0c; }}
pre {{ display: inline-block; margin: 0; padding: 16px 20px; background: #0c0c0c; color: #d9d9d9;
  font: 14px/1.45 "DejaVu Sans Mono", "Noto Sans Mono CJK JP", "VL Gothic", monospace; }}
{stylesheet}
</style><pre>{code}</pre>"""


def drift() -> Document:
    """Somebody switched the policy off and edited the Action in the dashboard."""
    at = World()
    at.live.login[POLICIES] = []
    at.action["code"] = f"// by hand\n{at.action['code']}"
    at.action["updated_at"] = "2026-02-01T00:00:00.100Z"
    at.see("guardian", "policy")
    at.see("action-0", "code")
    found = list(at.findings().values())
    return drift_document(Report(stack="prod", domain="example.jp.auth0.com", findings=found))


def fleet() -> Document:
    """Three tenants, of which one refuses and one is locked."""
    ends = {
        "shop-01": Outcome(state=State.DONE, changes={"created": 6}, seconds=7),
        "shop-02": Outcome(
            state=State.FAILED,
            changes={"created": 4},
            seconds=7,
            why="phone-mfa-factor-guardian: PUT /guardian/policies: 403 Forbidden: Insufficient "
            "scope, expected any of: update:mfa_policies",
        ),
        "shop-03": Outcome(
            state=State.LOCKED, seconds=2, why="locked by sato@build-7 (pid ****, since 09:00Z)"
        ),
    }
    outcomes = {
        Member(stack=one, domain=f"{one}.example.jp", file=Path(one)): end
        for one, end in ends.items()
    }
    left = "Left: shop-02, shop-03. Run the same again: what is done costs no request."
    return fleet_document("fleet up", outcomes, [Paragraph((left,))])


PICTURES = {"drift.png": drift, "fleet-up.png": fleet}
HEALTH = {"health-sender.png": "sender", "health-voicemail.png": "voicemail"}


def as_html(document: Document) -> str:
    """The document as a terminal of 80 columns shows it."""
    console = SafeConsole(
        file=io.StringIO(), record=True, force_terminal=True, color_system="standard", width=80
    )
    show(document, console)
    return console.export_html(theme=MONOKAI, code_format=_FRAME)


def sheet(kind: str, *, hidden: bool = False) -> Document:
    """The page of a bad day."""
    health = health_of(kind, 2004, per_day=900, hidden=hidden)  # type: ignore[arg-type]
    return as_sheet(health, as_svg(health))


def opened(
    browser: Browser,
    folder: Path,
    document: Document,
    *,
    width: int = 1000,
    dark: bool = False,
    locale: str = "en-US",
) -> Watched:
    """A document's page in the browser."""
    path = folder / "page.html"
    path.write_text(as_page(document), encoding="utf-8")
    page = browser.new_page(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light",
        locale=locale,
    )
    watched = Watched(page, own=("file:", "data:"))
    page.goto(path.as_uri())
    return watched


def main(folder: Path) -> None:
    """Write the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser, tempfile.TemporaryDirectory() as scratch:
        for name, made in PICTURES.items():
            page = browser.new_page(device_scale_factor=2)
            page.set_content(as_html(made()))
            page.locator("pre").screenshot(path=folder / name)
        for name, kind in HEALTH.items():
            page = opened(browser, Path(scratch), sheet(kind), width=820).page
            page.screenshot(path=folder / name, full_page=True)
        report = report_document(everything()[:2])
        page = opened(browser, Path(scratch), report, width=820).page
        _picture(page.locator("h1, main > section:first-of-type"), folder / "report-risks.png")
        _picture(page.locator("article:has(.pair)"), folder / "report-messages.png")
        dark = opened(browser, Path(scratch), report, width=360, dark=True).page
        _picture(dark.locator("article:has(.pair):last-of-type"), folder / "report-dark.png")


def _picture(parts: Locator, path: Path) -> None:
    boxes = [box for one in parts.all() if (box := one.bounding_box())]
    top = min(box["y"] for box in boxes)
    bottom = max(box["y"] + box["height"] for box in boxes)
    width = parts.page.evaluate("innerWidth")
    clip = FloatRect(x=0, y=top - 12, width=width, height=bottom - top + 24)
    parts.page.screenshot(path=path, clip=clip, full_page=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
