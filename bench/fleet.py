"""`python -m bench.fleet`: what one tenant more costs, from 5 tenants to 50.

Owns measuring sandbox tenants in one process and `phonemfa fleet up` at all of them with the real
engine, each number of tenants in processes of its own; the JSON, and the picture in the docs. Exit
status 1 when the cost a tenant is not flat. Wall time depends on who else works on the machine;
the goals are CPU seconds and memory.
"""

from __future__ import annotations

import argparse
import json
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from bench.fleet_plot import Panel, as_svg
from sandbox.engine.ensure import ensure_engine
from sandbox.engine.plugin import find_plugin
from sandbox.machine.progress import ConsoleProgress
from sandbox.many import ManyTenants, many_tenants, started

COUNTS: Final = (5, 10, 20, 50)
OUT: Final = Path("build") / "bench-fleet.json"
PICTURE: Final = Path("docs") / "images" / "fleet.svg"
MOST_GROWTH: Final = 1.25
"""A tenant among the most may cost so many times what one among the fewest does."""
MOST_MEMORY_GROWTH: Final = 1.5
"""Of the process that conducts the fleet, from the fewest tenants to the most."""
_POLL: Final = 0.1


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
    with tempfile.TemporaryDirectory() as folder:
        # What every process pays once, whatever the number: imports, OpenAPI, the first TLS.
        with started(Path(folder) / "first", ["first"]):
            pass
        before, files, threads = _mib("VmRSS"), _open_files(), threading.active_count()
        # As many starts for each number: a hundredth of a second of five alone says little.
        rounds = max(1, max(COUNTS) // count)
        start_cpu = 0.0
        for turn in range(rounds):
            cpu = time.process_time()
            where = Path(folder) / f"only-started-{turn}"
            with started(where, [f"s{one}" for one in range(count)]):
                start_cpu += (time.process_time() - cpu) / rounds
                held = threading.active_count() - threads, _open_files() - files
        threads, files = held
        with many_tenants(Path(folder), count, engine, plugin) as many:
            cpu = time.process_time()
            up = _fleet_up(many)
            again = _fleet_up(many)
            serve_cpu = time.process_time() - cpu
            tenant_mib = _mib("VmRSS") - before
    return Cost(
        count=count,
        start_cpu=start_cpu / count,
        tenant_mib=tenant_mib / count,
        threads=threads / count,
        files=files / count,
        up_cpu=up.cpu / count,
        up_wall=up.wall / count,
        again_cpu=again.cpu / count,
        serve_cpu=serve_cpu / count,
        fleet_mib=max(up.mib, again.mib),
    )


@dataclass(frozen=True)
class _Ran:
    cpu: float
    wall: float
    mib: float


def _fleet_up(many: ManyTenants) -> _Ran:
    """The command as an operator runs it, at every stack; all must succeed."""
    words = ["fleet", "up", "--all", "--yes", "--json"]
    where = ["--project", str(many.project), "--env-dir", str(many.env_dir)]
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    peak = 0.0
    with (
        tempfile.TemporaryFile() as out,
        subprocess.Popen(
            [sys.executable, "-m", "phonemfa", *words, *where],
            env=many.environment | {"PYTHONPATH": str(Path.cwd())},
            stdout=out,
            stderr=subprocess.DEVNULL,
        ) as child,
    ):
        while child.poll() is None:
            peak = max(peak, _mib("VmHWM", child.pid))
            time.sleep(_POLL)
        out.seek(0)
        answer = out.read()
    wall = time.monotonic() - began
    if child.returncode != 0:
        raise SystemExit(f"fleet up ended with {child.returncode}:\n{answer.decode()}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
    return _Ran(cpu=cpu, wall=wall, mib=peak)


def _mib(what: str, pid: int | str = "self") -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return next((int(one.split()[1]) / 1024 for one in lines if one.startswith(what)), 0.0)


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def over_goal(costs: list[Cost]) -> list[str]:
    """What grew with the number of tenants more than it may."""
    fewest, most = costs[0], costs[-1]
    found = []
    for name, limit in (
        ("start_cpu", MOST_GROWTH),
        ("tenant_mib", MOST_GROWTH),
        ("up_cpu", MOST_GROWTH),
        ("again_cpu", MOST_GROWTH),
        ("serve_cpu", MOST_GROWTH),
        ("fleet_mib", MOST_MEMORY_GROWTH),
    ):
        small, large = asdict(fewest)[name], asdict(most)[name]
        if large > small * limit:
            found.append(f"{name}: {large:.3g} at {most.count}, {small:.3g} at {fewest.count}")
    return found


def picture(costs: list[Cost]) -> str:
    """The figures as SVG."""
    counts = [one.count for one in costs]
    panels = [
        Panel("CPU seconds a tenant: first up", counts, [one.up_cpu for one in costs]),
        Panel(
            "CPU seconds a tenant: up without a change", counts, [one.again_cpu for one in costs]
        ),
        Panel("CPU seconds a tenant: sandbox start", counts, [one.start_cpu for one in costs]),
        Panel("MiB a sandbox tenant", counts, [one.tenant_mib for one in costs]),
        Panel("MiB of the fleet process, all tenants", counts, [one.fleet_mib for one in costs]),
        Panel("seconds a tenant: first up, two cores", counts, [one.up_wall for one in costs]),
    ]
    numbers = ", ".join(str(one) for one in counts)
    return as_svg(f"What one tenant more costs (tenants: {numbers})", panels)


def main() -> int:
    """Measure each number in a process of its own, show, keep, judge."""
    parser = argparse.ArgumentParser(prog="python -m bench.fleet", description=__doc__)
    parser.add_argument("--count", type=int, help="measure this number, here, and print JSON")
    parser.add_argument("--counts", type=int, nargs="+", default=COUNTS)
    parser.add_argument("--picture", type=Path, default=PICTURE)
    asked = parser.parse_args()
    if asked.count:
        sys.stdout.write(json.dumps(asdict(measure(asked.count))) + "\n")
        return 0
    costs: list[Cost] = []
    for count in asked.counts:
        costs.append(_apart(count))
        # Fifty tenants take minutes: who stops it before has what there is.
        _keep(costs, asked.picture)
    _show(costs)
    missed = over_goal(costs)
    for one in missed:
        sys.stderr.write(f"not flat: {one}\n")
    return 1 if missed else 0


def _keep(costs: list[Cost], drawing: Path) -> None:
    OUT.parent.mkdir(exist_ok=True)
    content = {"fleet": [asdict(one) for one in costs]}
    OUT.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    drawing.parent.mkdir(parents=True, exist_ok=True)
    drawing.write_text(picture(costs), encoding="utf-8")


def _apart(count: int) -> Cost:
    sys.stderr.write(f"{count} tenants …\n")
    ended = subprocess.run(
        [sys.executable, "-m", "bench.fleet", "--count", str(count)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Cost(**json.loads(ended.stdout))


def _show(costs: list[Cost]) -> None:
    table = Table(title="Fleet: what one tenant costs", title_justify="left")
    for heading in ("figure", *(str(one.count) for one in costs)):
        table.add_column(heading, justify="left" if heading == "figure" else "right")
    for name in asdict(costs[0]):
        if name != "count":
            table.add_row(name, *(f"{asdict(one)[name]:.3g}" for one in costs))
    Console().print(table)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # as in bench/__main__.py
    sys.exit(main())
