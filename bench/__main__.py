"""`python -m bench`: measure, write docs/figures.*. Exit status 1 when a goal is missed."""

import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bench import action, load, page, rounds
from bench.figures import Figures, figures_of
from bench.processes import peak_mib
from bench.workplace import bench

console = Console()


def main(
    *,
    quick: Annotated[
        bool, typer.Option("--quick", help="One round, a short load; the docs stay as they are.")
    ] = False,
) -> None:
    """Measure everything and compare it with the goals: about eight minutes."""
    count = 1 if quick else 7
    with tempfile.TemporaryDirectory() as folder, bench(Path(folder)) as at:
        measured = rounds.measure(at, rounds=count, says=console.print)
        console.print("load")
        loads = [load.measure(at, seconds=2.0 if quick else 5.0) for _ in range(count)]
        server = peak_mib(at.record.pid)
    console.print("the Action")
    figures = figures_of(measured, loads, action.measure(), server_peak_mib=server)
    kept = Path("build") / "bench.json"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text(json.dumps(figures.json(), indent=2) + "\n", encoding="utf-8")
    if not quick:
        page.write(figures)
    show(figures)
    sys.exit(f"missed: {', '.join(figures.missed())}" if figures.missed() else 0)


def show(figures: Figures) -> None:
    """The goals, on the terminal."""
    table = Table(title=f"Medians of {figures.rounds} rounds", title_justify="left")
    for heading in ("figure", "measured", "goal", ""):
        table.add_column(heading)
    for goal in figures.goals:
        table.add_row(goal.name, page.shown(goal), goal.bound, "" if goal.met else "missed")
    console.print(table)


if __name__ == "__main__":
    # What the shell says about bytecode would be measured otherwise.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # What a shell's background ignores is ignored by all that is started, too: the engine would
    # wait five seconds for each language host.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    typer.run(main)
