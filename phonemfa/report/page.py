"""The report as one HTML page: each message on a phone, before and after.

Owns the page's parts and its content security policy. Refuses scripts, anything from another
host, and text that did not pass Jinja's escaping.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

from jinja2 import Environment as Templates
from jinja2 import FileSystemLoader, StrictUndefined
from markupsafe import Markup

from phonemfa.report import wording
from phonemfa.report.preview import Operation
from phonemfa.report.summary import Environment, together
from phonemfa.shown import encodable, visible
from policy.model import Level

_FOLDER: Final = Path(__file__).resolve().parent
_KANA: Final = re.compile(r"[ぁ-ヿｦ-ﾟ]")
MOST_DIFF_LINES: Final = 5_000
"""Of one diff: browsers stay quick."""


def as_page(environments: Sequence[Environment]) -> str:
    """The whole report as one self-contained HTML page."""
    style = (_FOLDER / "page.css").read_text(encoding="utf-8")
    loud = [one for one in environments if not one.quiet]
    changing = [one for one in loud if one.changes]
    page = _templates().get_template("page.html.j2")
    text = page.render(
        # Ours, and named by its hash in the page's policy: no other style can apply.
        style=Markup(style),  # noqa: S704
        style_hash=b64encode(sha256(style.encode()).digest()).decode(),
        headline=wording.headline(environments),
        environments=environments,
        risks=together(loud, lambda one: one.risks),
        violations=sorted(
            together(
                loud,
                lambda one: one.violations,
                lambda one: (one.rule, one.message, one.fix, one.enforcement),
            ),
            key=lambda one: one[0].enforcement is not Level.MANDATORY,
        ),
        differences=together(loud, lambda one: one.differences),
        changed=together(changing, lambda one: one.changed_messages),
        unchanged=together(
            changing, lambda one: (each for each in one.messages if not each.changed)
        ),
        code=together(changing, lambda one: one.code),
        secrets=together(changing, lambda one: one.secrets),
        not_compared=together(loud, lambda one: one.not_compared),
        warnings=together(loud, lambda one: one.warnings),
        foreign_plugin=any(one.foreign_plugin for one in environments),
    )
    return encodable(text)


def _templates() -> Templates:
    templates = Templates(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["visible"] = visible
    templates.filters["language"] = _language
    templates.globals.update(wording=wording, Operation=Operation, most_diff_lines=MOST_DIFF_LINES)
    return templates


def _language(text: str) -> str:
    # Han characters look different in Japanese and Chinese: the browser must be told.
    return "ja" if _KANA.search(text) else "en"
