"""`python -m bench`: measure, print a table, keep JSON. Exit status 1 when a goal is missed."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.action import GOALS, measure

figures = measure()
table = Table(title="The Action (medians of 7 rounds)", title_justify="left")
for heading in ("figure", "measured", "goal"):
    table.add_column(heading)
for name, value in asdict(figures).items():
    if name != "per_round":
        shown = f"{value:.2f}" if isinstance(value, float) else f"{value}"
        table.add_row(name, shown, f"< {GOALS[name]}" if name in GOALS else "")
Console().print(table)

out = Path("build") / "bench.json"
out.parent.mkdir(exist_ok=True)
out.write_text(json.dumps({"action": asdict(figures)}, indent=2) + "\n", encoding="utf-8")
missed = figures.over_goal()
sys.exit(f"over their goal: {', '.join(missed)}" if missed else 0)
