"""What commands print, as a terminal of 80 columns shows it: the pictures in the guides.

`python -m tests.phonemfa.output.pictures FOLDER` (make screenshots) writes them.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from rich.terminal_theme import MONOKAI

from components.tenant.guardian import POLICIES
from phonemfa.drift.report import Report
from phonemfa.drift.report import as_document as drift_document
from phonemfa.fleet.run import Outcome, State
from phonemfa.fleet.run import as_document as fleet_document
from phonemfa.fleet.selection import Member
from phonemfa.output.document import Document, Paragraph
from phonemfa.output.terminal import SafeConsole, show
from tests.browser import chromium
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
    members = [Member(stack=one, domain=f"{one}.example.jp", file=Path(one)) for one in ends]
    left = "Left: shop-02, shop-03. Run the same again: what is done costs no request."
    return fleet_document("fleet up", members, ends, [Paragraph((left,))])


PICTURES = {"drift.png": drift, "fleet-up.png": fleet}


def as_html(document: Document) -> str:
    """The document as a terminal of 80 columns shows it."""
    console = SafeConsole(
        file=io.StringIO(), record=True, force_terminal=True, color_system="standard", width=80
    )
    show(document, console)
    return console.export_html(theme=MONOKAI, code_format=_FRAME)


def main(folder: Path) -> None:
    """Write the pictures of the guides."""
    folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for name, made in PICTURES.items():
            page = browser.new_page(device_scale_factor=2)
            page.set_content(as_html(made()))
            page.locator("pre").screenshot(path=folder / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
