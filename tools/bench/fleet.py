"""`make bench ARGS=--fleet`: what one tenant more costs, from 5 tenants to 50.

Sandbox tenants in one process and `phonemfa fleet up` at all of them with the real engine, each
number of tenants in a process of its own. Wall time depends on who else works on the machine; the
goals are CPU seconds and memory.
"""

import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import psutil
from rich.console import Console
from rich.table import Table

from sandbox.engine.ensure import ensure_engine
from sandbox.engine.plugin import find_plugin
from sandbox.machine.progress import Progress
from sandbox.many import ManyTenants, many_tenants, started
from tools.bench.running import Ran, run

COUNTS: Final = (5, 10, 20, 50)
PICTURE: Final = Path("docs") / "images" / "fleet.svg"
UP: Final = "CPU seconds a tenant: first up"
AGAIN: Final = "CPU seconds a tenant: no change"
START: Final = "CPU seconds a tenant: sandbox start"
SERVE: Final = "CPU seconds a tenant: sandbox, both ups"
TENANT: Final = "MiB a sandbox tenant, after both"
FLEET: Final = "MiB of the fleet process, all tenants"
WALL: Final = "seconds a tenant: first up, two cores"
MOST_GROWTH: Final = {UP: 1.25, AGAIN: 1.25, START: 1.25, SERVE: 1.25, TENANT: 1.25, FLEET: 1.5}
"""A tenant among the most may cost so many times what one among the fewest does."""


def measure(count: int) -> dict[str, float]:
    """Measure in this process, which should have done nothing before."""
    progress = Progress(Console(stderr=True))
    progress.step(f"{count} tenants …")
    engine = ensure_engine(progress)
    plugin = find_plugin(progress)
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
            # The sandbox has threads of its own; this one looks at the command's processes.
            cpu = time.process_time() - time.thread_time()
            up, again = _fleet_up(many), _fleet_up(many)
            serve_cpu = time.process_time() - time.thread_time() - cpu
            tenants_mib = (own.memory_info().rss - before) / 2**20
    return {
        UP: up.cpu_s / count,
        AGAIN: again.cpu_s / count,
        START: start_cpu / count,
        TENANT: tenants_mib / count,
        FLEET: max(one.peak_mib["phonemfa"] for one in (up, again)),
        WALL: up.wall_s / count,
        SERVE: serve_cpu / count,
        "threads a tenant": held[0] / count,
        "open files a tenant": held[1] / count,
    }


def _fleet_up(many: ManyTenants) -> Ran:
    """The command as an operator runs it, at every stack; all must succeed."""
    command = [sys.executable, "-m", "phonemfa", "fleet", "up", "--all", "--yes", "--json"]
    command += ["--project", str(many.project), "--env-dir", str(many.env_dir)]
    here = Path.cwd()
    return run(command, cwd=here, environment=many.environment | {"PYTHONPATH": str(here)})


def main(counts: Sequence[int], *, keep: bool) -> None:
    """Measure each number in a process of its own, show, keep, judge."""
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as pool:
        costs = list(pool.map(measure, counts))
    table = Table("figure", *map(str, counts), title="Fleet: what one tenant costs")
    for name in costs[0]:
        table.add_row(name, *(f"{one[name]:.3g}" for one in costs))
    Console().print(table)
    if keep:
        drawn = (UP, AGAIN, START, TENANT, FLEET, WALL)
        from tools.bench.plots import lines  # noqa: PLC0415 - matplotlib, half a second

        lines(counts, {name: [one[name] for one in costs] for name in drawn}, PICTURE)
    fewest, most = costs[0], costs[-1]
    grown = [name for name, limit in MOST_GROWTH.items() if most[name] > fewest[name] * limit]
    sys.exit(f"not flat: {', '.join(grown)}" if grown else 0)
