"""A period's figures as one SVG, by matplotlib."""

import io
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import Any, Final

from phonemfa.answered import RefusedError
from phonemfa.health.document import channels_of
from phonemfa.health.judging import NAMES
from phonemfa.health.result import Health
from phonemfa.health.tally import Figures

_SENT, _FAILED, _RETRIED, _BEFORE, _BAD = "#2f6f9f", "#b3261e", "#d98e04", "#444444", "#f6d5d2"
_NOT_KNOWN: Final = "#e6e6e6"


def need_plots() -> None:
    """Look for the plotting library before the work, or raise `RefusedError`."""
    if find_spec("matplotlib") is None:
        raise RefusedError(
            "--html needs matplotlib for its plots: pip install 'phonemfa[health]'. Everything "
            "else of this command does without."
        )


def as_svg(health: Health) -> bytes:
    """Messages by hour and channel, and second factors; the same figures give the same bytes."""
    import matplotlib as mpl  # noqa: PLC0415 - half a second, for who wants a page
    from matplotlib.figure import Figure  # noqa: PLC0415

    channels = channels_of(health)
    with mpl.rc_context({"svg.hashsalt": "phonemfa", "svg.fonttype": "none", "font.size": 8}):
        figure = Figure(figsize=(7.4, 1.35 * (len(channels) + 1) + 0.3), layout="constrained")
        axes = figure.subplots(len(channels) + 1, 1, sharex=True, squeeze=False)[:, 0]
        for axis, channel in zip(axes, channels, strict=False):
            _messages(axis, health, channel)
            axis.set_title(f"{NAMES[channel]} by hour", loc="left")
        _factors(axes[-1], health)
        _hours(axes[-1], health.now)
        picture = io.BytesIO()
        figure.savefig(picture, format="svg", metadata={"Date": None, "Creator": None})
    return picture.getvalue()


def _messages(axis: Any, health: Health, channel: str) -> None:
    bottom = [0] * health.now.period.hours
    for name, colour in (("sent", _SENT), ("failed", _FAILED), ("retried", _RETRIED)):
        counts = [one or 0 for one in health.now.by_hour(name, channel)]
        if any(counts) or name == "sent":
            axis.bar(range(len(counts)), counts, bottom=bottom, color=colour, label=name, width=0.9)
        bottom = [low + more for low, more in zip(bottom, counts, strict=True)]
    if health.before:
        counts = [one or 0 for one in health.before.by_hour("sent", channel)]
        axis.step(
            range(len(counts)), counts, where="mid", color=_BEFORE, label="sent before",
            linewidth=0.8, linestyle=(0, (4, 2)),
        )  # fmt: skip
    _finish(axis, health)


def _factors(axis: Any, health: Health) -> None:
    for name, colour in (("started", _BEFORE), ("passed", _SENT)):
        counts = [float("nan") if one is None else one for one in health.now.factor_by_hour(name)]
        axis.step(range(len(counts)), counts, where="mid", color=colour, label=name)
    axis.set_title("second factors by hour", loc="left")
    axis.set_ylim(bottom=0)
    _finish(axis, health)


def _finish(axis: Any, health: Health) -> None:
    """Shade hours of a finding, and hours that nobody knows; put the legend beside the title."""
    for hour in {hour for one in health.findings for hour in one.hours}:
        axis.axvspan(hour - 0.5, hour + 0.5, color=_BAD, zorder=0, linewidth=0)
    for hour, known in enumerate(health.now.known):
        if not known:
            axis.axvspan(hour - 0.5, hour + 0.5, color=_NOT_KNOWN, zorder=0, linewidth=0)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
    axis.margins(x=0)
    axis.yaxis.get_major_locator().set_params(integer=True)
    axis.legend(
        loc="lower right", bbox_to_anchor=(1, 0.98), ncols=4, frameon=False, fontsize=7,
        borderaxespad=0,
    )  # fmt: skip


def _hours(axis: Any, figures: Figures) -> None:
    period = figures.period
    step = -(-period.hours // 12)
    ticks = list(range(0, period.hours, step))
    begins = [datetime.fromtimestamp(period.hour(one)[0], UTC) for one in ticks]
    form = "%H:%M" if period.hours <= 48 else "%m-%d %Hh"  # noqa: PLR2004 - two days
    axis.set_xticks(ticks, [f"{one:{form}}" for one in begins])
    axis.set_xlabel("UTC")
