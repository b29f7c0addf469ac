"""A result as one HTML page with plots, which prints on one sheet."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from phonemfa.health import forms
from phonemfa.health.period import shown
from phonemfa.health.result import Health, channel_rows, reason_rows

_FOLDER: Final = Path(__file__).resolve().parent
_MOST_REASONS: Final = 5
_MOST_FINDINGS: Final = 10
"""Of the page; all of them are in the JSON."""


class NoPlotsError(Exception):
    """There is no plotting library."""


def need_plots() -> None:
    """Look for the plotting library before the work.

    Raises:
        NoPlotsError: it is not installed.
    """
    if find_spec("matplotlib") is None:
        raise NoPlotsError(
            "--html needs matplotlib for its plots: pip install 'phonemfa[health]'. Everything "
            "else of this command does without."
        )


def as_page(health: Health) -> str:
    """One self-contained page: no script, nothing from another host."""
    from phonemfa.health.plots import as_svg  # noqa: PLC0415 - matplotlib is optional

    style = (_FOLDER / "page.css").read_text(encoding="utf-8")
    templates = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["percent"] = forms.percent
    templates.filters["time"] = shown
    then = health.before
    return templates.get_template(
        "page.html.j2"
    ).render(
        # Ours, and named by its hash in the page's policy: no other style can apply.
        style=Markup(style),  # noqa: S704
        style_hash=b64encode(sha256(style.encode()).digest()).decode(),
        health=health,
        period=health.now.period,
        picture=b64encode(as_svg(health)).decode(),
        rows=channel_rows(health),
        reasons=list(reason_rows(health))[:_MOST_REASONS],
        factors=[
            (words, (count, then.factor_total(name) if then else None))
            for name, words in forms.FACTORS.items()
            if (count := health.now.factor_total(name)) or (then and then.factor_total(name))
        ],
        facts=list(forms.facts(health)),
        findings=[
            (one, *list(forms.told(health, one))[1:]) for one in health.findings[:_MOST_FINDINGS]
        ],
        more=len(health.findings[_MOST_FINDINGS:]),
    )
