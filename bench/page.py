"""The figures for people: a block of docs/figures.md, and a plot beside it.

Owns how figures are written and drawn. Refuses to compute any.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jinja2 import Environment

from bench.figures import LEAST_REQUESTS, Figures, Goal
from sandbox.cli.workplace import PROJECT

DOCS: Final = PROJECT / "docs"
PAGE: Final = DOCS / "figures.md"
DATA: Final = DOCS / "figures.json"
PLOT: Final = DOCS / "images" / "bench.svg"
_BLOCK: Final = re.compile(r"(<!-- make bench begins -->\n).*(<!-- make bench ends -->)", re.DOTALL)
_TEMPLATE: Final = Path(__file__).with_name("plot.svg.j2")
_WHO: Final = {"bare": "bare program", "ours": "this package", "deploy-cli": "auth0-deploy-cli"}
_PANELS: Final = {
    "Against the same resources in a bare program, wall clock": [
        (who, operation)
        for operation in ("preview", "up, nothing to do", "refresh")
        for who in ("bare", "ours")
    ],
    "Against auth0-deploy-cli, wall clock": [
        ("ours", "up from nothing"),
        ("deploy-cli", "deploy-cli import"),
        ("ours", "preview"),
        ("deploy-cli", "deploy-cli dry run"),
    ],
}
_BAR, _GAP, _PANEL_HEAD, _LEFT, _LONGEST = 22, 8, 44, 290, 400


def write(figures: Figures) -> None:
    """Write the block, the JSON and the plot."""
    DATA.write_text(json.dumps(figures.json(), indent=2) + "\n", encoding="utf-8")
    PLOT.write_text(plot(figures), encoding="utf-8")
    page = PAGE.read_text(encoding="utf-8")
    written = _BLOCK.sub(lambda found: f"{found[1]}{block(figures)}{found[2]}", page)
    PAGE.write_text(written, encoding="utf-8")


def block(figures: Figures) -> str:
    """Markdown of all figures."""
    taken = "ratios are taken within a round. The raw data: [figures.json](figures.json)."
    alt = "Seconds of each operation, beside a bare program and auth0-deploy-cli"
    parts = [
        [f"Medians of {figures.rounds} rounds; {taken}", "", f"![{alt}](images/bench.svg)"],
        _goals(figures),
        _operations(figures),
        _breakdown(figures),
        _load(figures),
    ]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _goals(figures: Figures) -> Iterator[str]:
    yield "| Figure | Measured | Goal | |"
    yield "|---|---|---|---|"
    for goal in figures.goals:
        met = "met" if goal.met else "**missed**"
        yield f"| {goal.name} | {shown(goal)} | {goal.bound} | {met} |"


def shown(goal: Goal) -> str:
    """A measured value with its unit."""
    value = f"{goal.measured:.0f}" if float(goal.measured).is_integer() else f"{goal.measured:.2f}"
    return f"{value} {goal.unit}".strip()


def _operations(figures: Figures) -> Iterator[str]:
    yield "| Operation | of | wall | CPU | requests | least |"
    yield "|---|---|---|---|---|---|"
    for one in figures.operations:
        least = LEAST_REQUESTS.get(one.operation, "") if one.who == "ours" else ""
        yield (
            f"| {one.operation} | {_WHO[one.who]} | {one.wall_s:.2f} s | {one.cpu_s:.2f} s "
            f"| {one.requests} | {least} |"
        )


def _breakdown(figures: Figures) -> Iterator[str]:
    yield "| CPU of a process | bare preview | preview | up from nothing | most memory |"
    yield "|---|---|---|---|---|"
    columns = [("bare", "preview"), ("ours", "preview"), ("ours", "up from nothing")]
    found = [figures.of(*each) for each in columns]
    peaks: dict[str, float] = {}
    for one in figures.operations:
        for role, peak in one.peak_mib.items():
            peaks[role] = max(peak, peaks.get(role, 0.0))
    for role, peak in sorted(peaks.items()):
        cells = [
            f"{one.cpu_by_role_s[role]:.2f} s" if one and role in one.cpu_by_role_s else ""
            for one in found
        ]
        yield f"| {role} | {' | '.join(cells)} | {peak:.0f} MiB |"
    yield f"| sandbox server | | | | {figures.server_peak_mib:.0f} MiB |"


def _load(figures: Figures) -> Iterator[str]:
    worst = max(one.worst_ms for one in figures.load)
    each = figures.load[0]
    p99 = ", ".join(f"{one.p99_ms:.1f}" for one in figures.load)
    yield (
        f"The load: {len(figures.load)} runs of {each.requests} requests at 200 in each second, "
        f"{each.writes} of them writes, open loop, from a process of its own. p99 of each run: "
        f"{p99} ms; the worst of all {worst:.0f} ms."
    )


@dataclass(frozen=True, kw_only=True)
class _Bar:
    label: str
    who: str
    y: int
    width: float
    value: str


@dataclass(frozen=True, kw_only=True)
class _Panel:
    title: str
    y: int
    bars: list[_Bar]


def plot(figures: Figures) -> str:
    """An SVG that is legible on a light and on a dark page."""
    panels, y = list[_Panel](), 0
    for title, keys in _PANELS.items():
        found = [one for one in (figures.of(*key) for key in keys) if one]
        if not found:
            continue
        longest = max(one.wall_s for one in found)
        top = y + _PANEL_HEAD
        bars = [
            _Bar(
                label=f"{one.operation.removeprefix('deploy-cli ')}, {_WHO[one.who]}",
                who=one.who,
                y=top + number * (_BAR + _GAP),
                width=_LONGEST * one.wall_s / longest,
                value=f"{one.wall_s:.2f} s",
            )
            for number, one in enumerate(found)
        ]
        panels.append(_Panel(title=title, y=y + 24, bars=bars))
        y = top + len(found) * (_BAR + _GAP) + 12
    template = Environment(autoescape=True).from_string(_TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        panels=panels, height=y, width=_LEFT + _LONGEST + 90, left=_LEFT, bar=_BAR
    )
