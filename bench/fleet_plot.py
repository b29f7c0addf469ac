"""Small line charts side by side, as SVG for the docs.

Owns the drawing: no axis lies (each begins at zero), and the colours are the page's own, so that it
reads on light and dark. Refuses to know what is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

_WIDTH: Final = 270
_HEIGHT: Final = 150
_COLUMNS: Final = 3
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 14, 34, 26
_HEADER: Final = 30
_LINE: Final = "#3b82c4"


@dataclass(frozen=True)
class Panel:
    """One chart: a value for each count."""

    title: str
    counts: Sequence[int]
    values: Sequence[float]


def as_svg(title: str, panels: Sequence[Panel]) -> str:
    """The picture."""
    rows = -(-len(panels) // _COLUMNS)
    width, height = _COLUMNS * _WIDTH, _HEADER + rows * _HEIGHT
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" aria-label="{escape(title)}" '
        'font-family="system-ui, sans-serif" font-size="11" fill="#808890">'
    )
    parts = [opening, f'<text x="{_LEFT // 2}" y="20" font-size="14">{escape(title)}</text>']
    for index, panel in enumerate(panels):
        x, y = index % _COLUMNS * _WIDTH, _HEADER + index // _COLUMNS * _HEIGHT
        parts += [f'<g transform="translate({x} {y})">', *_panel(panel), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel) -> list[str]:
    wide, high = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    most = max(panel.values) * 1.15 or 1.0
    points = [
        (_LEFT + wide * count / max(panel.counts), _TOP + high * (1 - value / most))
        for count, value in zip(panel.counts, panel.values, strict=True)
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    floor, last = _TOP + high, f"{panel.values[-1]:.3g}"
    drawn = [
        f'<text x="{_LEFT // 2}" y="18" font-size="12">{escape(panel.title)}</text>',
        f'<path d="M{_LEFT} {_TOP}V{floor}H{_WIDTH - _RIGHT}" fill="none" stroke="#a0a8b0"/>',
        f'<text x="{_LEFT - 5}" y="{floor}" text-anchor="end">0</text>',
        f'<text x="{_LEFT - 5}" y="{points[-1][1] + 4:.1f}" text-anchor="end">{last}</text>',
        f'<polyline points="{line}" fill="none" stroke="{_LINE}" stroke-width="2"/>',
    ]
    for (x, y), count in zip(points, panel.counts, strict=True):
        drawn.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{_LINE}"/>')
        drawn.append(f'<text x="{x:.1f}" y="{floor + 14}" text-anchor="middle">{count}</text>')
    return drawn
