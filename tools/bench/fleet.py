"""`make bench ARGS=--fleet`: what one tenant more costs, from 5 tenants to 50.

Sandbox tenants in one process and `phonemfa fleet up` at all of them with the real engine, each
number of tenants in a process of its own. Wall time depends on who else works on the machine; the
goals are CPU seconds and memory.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import psutil
from rich.console import Console
from rich.table import Table

from sandbox.engine.ensure import ensure_engine
from sandbox.engine.plugin import find_plugin
from sandbox.engine.progress import ConsoleProgress
from sandbox.many import ManyTenants, many_tenants, started
from tools.bench.plots import lines
from tools.bench.running import Ran, run

COUNTS: Final = (5, 10, 20, 50)
PICTURE: Final = Path("docs") / "images" / "fleet.svg"
MOST_GROWTH: Final = {
    "start_cpu": 1.25,
    "tenant_mib": 1.25,
    "up_cpu": 1.25,
    "again_cpu": 1.25,
    "serve_cpu": 1.25,
    "fleet_mib": 1.5,
}
"""A tenant among the most may cost so many times what one among the fewest does."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Of one number of tenants; seconds and MiB are for each tenant unless it says otherwise.

    Attributes:
        start_cpu: to start a sandbox tenant.
        tenant_mib: memory that a sandbox tenant has after its `up`.
        threads, files: of the sandbox process.
        up_cpu: of an `up` from nothing: engine, program, plugin and the fleet command.
        up_wall: as it passed for somebody who waits, divided by the tenants.
        again_cpu: of an `up` without a change.
        serve_cpu: of the sandbox process while it serves both.
        fleet_mib: peak of the fleet's own process, for all tenants.
    """

    count: int
    start_cpu: float
    tenant_mib: float
    threads: float
    files: float
    up_cpu: float
    up_wall: float
    again_cpu: float
    serve_cpu: float
    fleet_mib: float


def measure(count: int) -> Cost:
    """Measure in this process, which should have done nothing before."""
    progress = ConsoleProgress(Console(stderr=True))
    engine = ensure_engine(progress)
    plugin = find_plugin(engine, progress)
    own = psutil.Process()
    with tempfile.TemporaryDirectory() as folder:
        # What every process pays once, whatever the number: imports, OpenAPI, the first TLS.
        with started(Path(folder) / "first", ["first"]):
            pass
        before, files, threads = own.memory_info().rss, own.num_fds(), own.num_threads()
        # As many starts for each number: a hundredth of a second of five alone says little.
        rounds = max(1, max(COUNTS) // count)
        start_cpu = 0.0
        for turn in range(rounds):
            cpu = time.process_time()
            where = Path(folder) / f"only-started-{turn}"
            with started(where, [f"s{one}" for one in range(count)]):
                start_cpu += (time.process_time() - cpu) / rounds
                held = own.num_threads() - threads, own.num_fds() - files
        with many_tenants(Path(folder), count, engine, plugin) as many:
            cpu = time.process_time()
            up, again = _fleet_up(many), _fleet_up(many)
            serve_cpu = time.process_time() - cpu
            tenant_mib = (own.memory_info().rss - before) / 2**20
    return Cost(
        count=count,
        start_cpu=start_cpu / count,
        tenant_mib=tenant_mib / count,
        threads=held[0] / count,
        files=held[1] / count,
        up_cpu=up.cpu_s / count,
        up_wall=up.wall_s / count,
        again_cpu=again.cpu_s / count,
        serve_cpu=serve_cpu / count,
        fleet_mib=max(one.peak_mib["phonemfa"] for one in (up, again)),
    )


def _fleet_up(many: ManyTenants) -> Ran:
    """The command as an operator runs it, at every stack; all must succeed."""
    words = ["fleet", "up", "--all", "--yes", "--json"]
    where = ["--project", str(many.project), "--env-dir", str(many.env_dir)]
    command = [sys.executable, "-m", "phonemfa", *words, *where]
    return run(
        command, cwd=Path.cwd(), environment=many.environment | {"PYTHONPATH": str(Path.cwd())}
    )


def grown(costs: Sequence[Cost]) -> list[str]:
    """What grew with the number of tenants more than it may."""
    fewest, most = asdict(costs[0]), asdict(costs[-1])
    return [
        f"{name}: {most[name]:.3g} at {most['count']}, {fewest[name]:.3g} at {fewest['count']}"
        for name, limit in MOST_GROWTH.items()
        if most[name] > fewest[name] * limit
    ]


def main(counts: Sequence[int], *, keep: bool) -> None:
    """Measure each number in a process of its own, show, keep, judge."""
    costs: list[Cost] = []
    for count in counts:
        sys.stderr.write(f"{count} tenants …\n")
        command = [sys.executable, "-m", "tools.bench.fleet", str(count)]
        ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        costs.append(Cost(**json.loads(ended.stdout)))
    if keep:
        titles = {
            "up_cpu": "CPU seconds a tenant: first up",
            "again_cpu": "CPU seconds a tenant: no change",
            "start_cpu": "CPU seconds a tenant: sandbox start",
            "tenant_mib": "MiB a sandbox tenant",
            "fleet_mib": "MiB of the fleet process, all tenants",
            "up_wall": "seconds a tenant: first up, two cores",
        }
        values = {title: [asdict(one)[name] for one in costs] for name, title in titles.items()}
        lines(counts, values, PICTURE)
    table = Table(title="Fleet: what one tenant costs", title_justify="left")
    for heading in ("figure", *(str(one.count) for one in costs)):
        table.add_column(heading, justify="left" if heading == "figure" else "right")
    for name in asdict(costs[0]):
        if name != "count":
            table.add_row(name, *(f"{asdict(one)[name]:.3g}" for one in costs))
    Console().print(table)
    missed = grown(costs)
    sys.exit(f"not flat: {'; '.join(missed)}" if missed else 0)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(measure(int(sys.argv[1])))))
