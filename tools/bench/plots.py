"""The pictures of the figures, in colours that read on a light and on a dark page."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import matplotlib as mpl
from matplotlib.figure import Figure

_GREY: Final = "#808890"
_COLOURS: Final = {"bare program": "#8c959f", "this package": "#3b82c4"}
_OTHER: Final = "#bc4c00"
mpl.rcParams.update(
    {
        "svg.fonttype": "none",
        "svg.hashsalt": "phonemfa",  # the same figures make the same file
        "font.family": "sans-serif",
        "font.size": 9,
        "axes.titlesize": 9,
        "axes.titlelocation": "left",
        "text.color": _GREY,
        "axes.edgecolor": _GREY,
        "axes.labelcolor": _GREY,
        "xtick.color": _GREY,
        "ytick.color": _GREY,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
)


def bars(panels: Mapping[str, Mapping[str, float]], to: Path) -> None:
    """Seconds by "operation, who"; a panel each group."""
    figure = Figure(figsize=(7.5, 4.6), layout="constrained")
    axes = figure.subplots(len(panels), height_ratios=[len(one) for one in panels.values()])
    for axis, (title, seconds) in zip(axes, panels.items(), strict=True):
        colours = [_COLOURS.get(label.rpartition(", ")[2], _OTHER) for label in seconds]
        drawn = axis.barh(list(seconds), list(seconds.values()), color=colours)
        axis.bar_label(drawn, fmt="%.2f s", padding=4)
        axis.set_title(title)
        axis.invert_yaxis()
        axis.margins(x=0.15)
    _save(figure, to)


def lines(counts: Sequence[int], panels: Mapping[str, Sequence[float]], to: Path) -> None:
    """One value for each count, three panels a row; every axis begins at zero."""
    figure = Figure(figsize=(8.1, 3.8), layout="constrained")
    axes = figure.subplots(-(-len(panels) // 3), 3, squeeze=False)
    for axis, (title, values) in zip(axes.flat, panels.items(), strict=True):
        axis.plot(counts, values, marker="o", color=_COLOURS["this package"])
        axis.set_title(title)
        axis.set_ylim(0, max(values) * 1.15)
        axis.set_xticks(counts)
    _save(figure, to)


def _save(figure: Figure, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(to, format="svg", transparent=True, metadata={"Date": None})
