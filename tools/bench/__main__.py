"""`make bench`: this package beside a bare program and auth0-deploy-cli, against goals.

Writes docs/reference/bench.md, its JSON and its plot; exit status 1 when a goal is missed.
docs/decisions/bench.md says what is compared, and how.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import cycle, islice
from operator import ge, le, lt
from pathlib import Path
from statistics import median, quantiles
from typing import Annotated, Any, Final

import aiohttp
import psutil
import typer
import yaml
from rich.console import Console
from rich.markdown import Markdown

from components.action_code import assemble
from components.tenant.access import Access
from sandbox.cli.workplace import PROJECT, Workplace, serving
from sandbox.engine.stack import STACK
from sandbox.server import daemon
from sandbox.server.ports import LISTENERS
from sandbox.server.record import ServerRecord, client
from tools.bench import fleet
from tools.bench.running import Ran, run
from tools.reference.pages import page

HERE: Final = Path(__file__).parent
DOCS: Final = PROJECT / "docs"
OURS, BARE, DEPLOY_CLI = "this package", "bare program", "auth0-deploy-cli"
_UP: Final = ("up", "--yes", "--skip-preview")
PULUMI: Final[Mapping[str, tuple[str, ...]]] = {
    "preview": ("preview",),
    "up, nothing to do": _UP,
    "refresh": ("refresh", "--yes", "--skip-preview"),
    "up from nothing": _UP,
}
IMPORTS: Final[Mapping[str, tuple[str, ...]]] = {"dry run": ("--dry_run",), "import": ()}
FROM_NOTHING: Final = frozenset({"up from nothing", "import"})
LEAST_REQUESTS: Final = {
    "preview": 0,
    "up, nothing to do": 0,
    # A token, and one write for each object: the Action (created and deployed in one), the
    # provider, three templates, the factor, its message types, the policy.
    "up from nothing": 1 + 8,
    # A token, and one read for each kind: the list of templates tells all three, and Guardian has
    # three more since pulumi-auth0 3.54.
    "refresh": 1 + 6 + 3,
}
RATE: Final = 200

console = Console()
Key = tuple[str, str]
"""Who, and which operation."""


# What is measured: a sandbox of its own, two Pulumi projects and auth0-deploy-cli, on one tenant.


class Bench:
    """The sandbox, and what works on it, in a temporary folder."""

    def __init__(self, folder: Path, workplace: Workplace, record: ServerRecord) -> None:
        self._folder, self._deploy_cli = folder, folder / "deploy-cli"
        # In the same git checkout as ours, whose state Pulumi reads before each operation.
        self._bare = PROJECT / "build" / f"bench-{os.getpid()}" / "bare"
        self._backend = workplace.state_dir / "pulumi-state"
        self._engine, self._stack = workplace.engine, workplace.stack(record)
        self.environment = workplace.environment(record)
        self._http = client(workplace.state_dir, record, timeout=30)
        self._kept: dict[str, Any] = {}
        self.record = record
        self.cpaas_key = workplace.credentials.cpaas_api_key

    @classmethod
    @contextmanager
    def started(cls, folder: Path) -> Iterator[Bench]:
        """A bench whose server, a process as `make up` has it, runs while the block does."""
        workplace = Workplace(
            state_dir=folder / "state",
            console=Console(stderr=True),
            wanted_ports=dict.fromkeys(LISTENERS, 0),
        )
        record, _ = serving(workplace)
        bench = cls(folder, workplace, record)
        try:
            bench.set_up()
            yield bench
        finally:
            shutil.rmtree(bench._bare.parent, ignore_errors=True)
            daemon.end(workplace.state_dir)

    def set_up(self) -> None:
        """Make both stacks, apply each to an empty tenant, and export ours for deploy-cli."""
        shutil.copytree(HERE / "bare", self._bare)
        (self._bare / "action.js").write_text(assemble("custom-phone-provider"), encoding="utf-8")
        self._stack.prepare(api_key=self.cpaas_key)
        self._pulumi(BARE, "stack", "init")
        self._pulumi(BARE, "config", "set", "--secret", "key", "no-real-key")
        self._keep("nothing")
        for who in (BARE, OURS):
            self.back_to("nothing")
            self._pulumi(who, *_UP)
            self._keep(who)
        self._export()

    def _keep(self, moment: str) -> None:
        shutil.copytree(self._backend, self._folder / moment)
        self._kept[moment] = self.ask("GET", "/_sandbox/state?secrets=true")["content"]

    def back_to(self, moment: str) -> None:
        """Return tenant and Pulumi state to "nothing", or to whose stack alone is applied.

        The request log is empty.
        """
        shutil.rmtree(self._backend)
        shutil.copytree(self._folder / moment, self._backend)
        self.ask("PUT", "/_sandbox/state", {"content": self._kept[moment]})
        self.ask("DELETE", "/_sandbox/requests")

    def measure(self, who: str, operation: str) -> Ran:
        """Run one operation from where it begins, and count its requests."""
        applied = BARE if who == BARE else OURS
        self.back_to("nothing" if operation in FROM_NOTHING else applied)
        if who == DEPLOY_CLI:
            file = str(self._deploy_cli / "tenant.yaml")
            ran = self._a0deploy("import", "--input_file", file, *IMPORTS[operation])
        else:
            ran = self._pulumi(who, *PULUMI[operation])
        return replace(ran, requests=len(self.ask("GET", "/_sandbox/requests")["requests"]))

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One request to the tenant's port, which has the sandbox's control routes, too."""
        answer = self._http.request(method, path, json=body).raise_for_status()
        return answer.json() if answer.content else None

    def _pulumi(self, who: str, *arguments: str) -> Ran:
        command = [str(self._engine.pulumi), *arguments, "--non-interactive", "--stack"]
        if who == BARE:
            return run([*command, "bare"], cwd=self._bare, environment=self.environment)
        command += [STACK, "--config-file", str(self._stack.config_file)]
        return run(command, cwd=PROJECT, environment=self.environment)

    def _a0deploy(self, *arguments: str) -> Ran:
        own = {
            "HOME": str(self._deploy_cli),
            "NODE_EXTRA_CA_CERTS": self.environment["SSL_CERT_FILE"],
            "AUTH0_INCLUDED_ONLY": json.dumps(_DECLARED),
            "AUTH0_ALLOW_DELETE": "false",
        }
        return run(
            [_A0DEPLOY, *arguments], cwd=self._deploy_cli, environment=self.environment | own
        )

    def _export(self) -> None:
        """auth0-deploy-cli's own export of our tenant, cut to what our stack declares.

        The tool exports every factor and all phone templates, and no secret's value.
        """
        self._deploy_cli.mkdir()
        self._a0deploy("export", "--format", "yaml", "--output_folder", str(self._deploy_cli))
        file = self._deploy_cli / "tenant.yaml"
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        for secret in document["actions"][0]["secrets"]:
            secret["value"] = "x"
        ours = {one["type"] for one in self._kept[OURS]["phone_templates"].values()}
        for kind, name, declared in (
            ("phoneTemplates", "type", ours),
            ("guardianFactors", "name", {"sms"}),
        ):
            document[kind] = [one for one in document[kind] if one[name] in declared]
        file.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")


_A0DEPLOY: Final = str(PROJECT / "tools" / "node" / "node_modules" / ".bin" / "a0deploy")
_DECLARED: Final = (
    "actions",
    "phoneProviders",
    "phoneTemplates",
    "guardianFactors",
    "guardianPolicies",
    "guardianPhoneFactorMessageTypes",
)


# The operations, the load, the Action.


@dataclass(frozen=True, kw_only=True)
class Load:
    """Of one run: milliseconds from the moment a request was due to the end of its answer."""

    requests: int
    p99_ms: float
    worst_ms: float


Samples = dict[Key, list[Ran]]


def measure_rounds(bench: Bench, count: int) -> Samples:
    """What is compared runs one after the other, every second round in the opposite order."""
    samples: Samples = {}
    for number in range(count):
        console.print(f"round {number + 1} of {count}")
        # Each once to warm up: auth0-deploy-cli takes half a minute and two gigabytes, and what
        # the system put aside meanwhile is more of ours than of the bare program.
        for who in (BARE, OURS):
            bench.measure(who, "preview")
        pair = (OURS, BARE) if number % 2 else (BARE, OURS)
        keys = [(who, operation) for operation in PULUMI for who in pair]
        for key in [*keys, *((DEPLOY_CLI, one) for one in IMPORTS)]:
            samples.setdefault(key, []).append(bench.measure(*key))
    return samples


async def measure_load(bench: Bench, seconds: float) -> Load:
    """Ask the applied tenant `RATE` times a second: three reads, one write, in turn.

    An open loop: a request has its moment whether earlier ones are answered or not.

    Raises:
        RuntimeError: an answer was not 200: a refusal would be quick and mean nothing.
    """
    bench.back_to(OURS)
    content = bench.ask("GET", "/_sandbox/state")["content"]
    (action,), (provider,) = content["actions"], content["phone_providers"]
    template = f"/branding/phone/templates/{next(iter(content['phone_templates']))}"
    types = {"message_types": ["sms", "voice"]}
    mix: list[tuple[str, str, Any]] = [
        ("GET", f"/actions/actions/{action}", None),
        ("GET", "/guardian/factors", None),
        ("GET", f"/branding/phone/providers/{provider}", None),
        ("PUT", "/guardian/factors/phone/message-types", types),
        ("GET", "/actions/actions?per_page=50", None),
        ("GET", template, None),
        ("GET", "/guardian/policies", None),
        ("PATCH", template, {"disabled": False}),
    ]
    token = bench.ask("POST", "/oauth/token", Access.of(environ=bench.environment).token_request())
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    trust = ssl.create_default_context(cafile=bench.environment["SSL_CERT_FILE"])
    connector = aiohttp.TCPConnector(limit=20, ssl=trust)
    async with aiohttp.ClientSession(bench.record.tenant_url, connector=connector) as http:

        async def one(due: float, method: str, path: str, body: Any) -> float:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            async with http.request(method, f"/api/v2{path}", json=body, headers=headers) as got:
                text = await got.text()
                if got.status != 200:  # noqa: PLR2004
                    raise RuntimeError(f"{method} {path}: {got.status} {text}")
            return (time.perf_counter() - due) * 1000

        async def all_of(count: int) -> list[float]:
            start = time.perf_counter() + 0.05
            asked = enumerate(islice(cycle(mix), count))
            return await asyncio.gather(*(one(start + n / RATE, *each) for n, each in asked))

        await all_of(RATE)  # to warm up
        took = await all_of(int(RATE * seconds))
    return Load(requests=len(took), p99_ms=quantiles(took, n=100)[98], worst_ms=max(took))


def measure_action(bench: Bench) -> dict[str, float]:
    """Size and module load of the Action, and what it adds to a bare HTTPS round trip.

    Raises:
        RuntimeError: a message was not accepted, so that nothing was measured.
    """
    code = assemble("custom-phone-provider")
    order = {"code": code, "key": bench.cpaas_key, "port": bench.record.cpaas_port}
    order |= {"rounds": 7, "samples": 40}
    ended = subprocess.run(
        ["node", str(HERE / "action.cjs")],
        input=json.dumps(order),
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"NODE_EXTRA_CA_CERTS": bench.environment["SSL_CERT_FILE"]},
    )
    measured = json.loads(ended.stdout)
    if measured.pop("failed"):
        raise RuntimeError(f"messages were not accepted: {ended.stdout}")
    return {"bundle_bytes": len(code.encode()), **measured}


# From samples to figures.


@dataclass(frozen=True)
class Goal:
    """A figure with its bound, which is "<", "≤" or "≥" a number."""

    name: str
    measured: float
    bound: str
    unit: str = ""

    @property
    def met(self) -> bool:
        """Whether the measured value keeps the bound."""
        sign, number = self.bound.split()
        return bool({"<": lt, "≤": le, "≥": ge}[sign](self.measured, float(number)))

    @property
    def shown(self) -> str:
        """The measured value with its unit."""
        whole = float(self.measured).is_integer()
        return f"{self.measured:.{0 if whole else 2}f} {self.unit}".strip()


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Everything that was measured."""

    samples: Samples
    load: list[Load]
    action: dict[str, float]
    server_mib: float

    @property
    def rounds(self) -> int:
        """How often each operation ran."""
        return len(self.samples[OURS, "preview"])

    @cached_property
    def operations(self) -> dict[Key, Ran]:
        """The medians over the rounds; of memory and requests the most."""
        return {key: _median(taken) for key, taken in self.samples.items()}

    @property
    def goals(self) -> list[Goal]:
        """What is promised, beside what was measured."""

        def compared(mine: Key, other: Key, how: Callable[[Ran, Ran], float]) -> float:
            """The median over the rounds: a machine that is slow for a while is slow for both."""
            return median(map(how, self.samples[mine], self.samples[other]))

        def wall(mine: Ran, other: Ran) -> float:
            return mine.wall_s / other.wall_s

        def program(mine: Ran, other: Ran) -> float:
            return mine.cpu_by_role["program"] - other.cpu_by_role["program"]

        preview = (OURS, "preview"), (BARE, "preview")
        imported = (DEPLOY_CLI, "import"), (OURS, "up from nothing")
        again, refresh = (OURS, "up, nothing to do"), (OURS, "refresh")
        p99 = median(one.p99_ms for one in self.load)
        return [
            Goal("preview / bare program", compared(*preview, wall), "≤ 1.2"),
            Goal("our Python share of a preview (CPU)", compared(*preview, program), "< 0.5", "s"),
            Goal("deploy-cli import / up", compared(*imported, wall), "≥ 2"),
            Goal("requests of an up, nothing to do", self.operations[again].requests, "≤ 0"),
            Goal("requests of a refresh", self.operations[refresh].requests, "≤ 13"),
            Goal("sandbox p99 at 200 requests/s", p99, "< 10", "ms"),
            Goal("Action: bundle", self.action["bundle_bytes"], "< 36000", "bytes"),
            Goal("Action: module load", self.action["module_load_ms"], "< 5", "ms"),
            Goal("Action: overhead", self.action["overhead_ms"], "< 3", "ms"),
        ]

    def json(self) -> str:
        """As it is kept beside the page."""
        content = {
            "rounds": self.rounds,
            "operations": [
                {"who": who, "operation": name, **asdict(ran)}
                for (who, name), ran in self.operations.items()
            ],
            "server_mib": self.server_mib,
            "load": [asdict(one) for one in self.load],
            "action": self.action,
            "goals": [{**asdict(goal), "met": goal.met} for goal in self.goals],
        }
        return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _median(taken: Sequence[Ran]) -> Ran:
    roles = sorted({role for one in taken for role in one.cpu_by_role} - {"other"})
    return Ran(
        wall_s=median(one.wall_s for one in taken),
        cpu_s=median(one.cpu_s for one in taken),
        cpu_by_role={
            role: median(one.cpu_by_role.get(role, 0.0) for one in taken) for role in roles
        },
        peak_mib={role: max(one.peak_mib.get(role, 0.0) for one in taken) for role in roles},
        requests=max(one.requests for one in taken),
    )


# For people.


def bench_page(figures: Figures) -> str:
    """docs/reference/bench.md, which the terminal shows, too."""
    beside = [(BARE, "preview"), (OURS, "preview"), (OURS, "up from nothing")]
    peaks = [ran.peak_mib for ran in figures.operations.values()]
    return page(
        "bench",
        figures=figures,
        rate=RATE,
        worst_ms=max(one.worst_ms for one in figures.load),
        least={(OURS, name): count for name, count in LEAST_REQUESTS.items()},
        cpu=[figures.operations[one].cpu_by_role for one in beside],
        most_mib={
            role: max(one.get(role, 0.0) for one in peaks)
            for role in sorted({role for one in peaks for role in one})
        },
    )


def write(figures: Figures, docs: Path = DOCS) -> None:
    """Write the page, the JSON and the plot."""
    (docs / "figures.json").write_text(figures.json(), encoding="utf-8")
    panels = {
        "Against the same resources in a bare program": [
            (who, one) for one in list(PULUMI)[:3] for who in (BARE, OURS)
        ],
        "Against auth0-deploy-cli": [
            *((OURS, "up from nothing"), (DEPLOY_CLI, "import")),
            *((OURS, "preview"), (DEPLOY_CLI, "dry run")),
        ],
    }
    seconds = {
        title: {f"{name}, {who}": figures.operations[who, name].wall_s for who, name in keys}
        for title, keys in panels.items()
    }
    from tools.bench.plots import bars  # noqa: PLC0415 - matplotlib, half a second

    bars(seconds, docs / "images" / "bench.svg")
    (docs / "reference" / "bench.md").write_text(bench_page(figures), encoding="utf-8")


def main(
    *,
    quick: Annotated[
        bool, typer.Option("--quick", help="One round, a short load; the docs stay as they are.")
    ] = False,
    tenants: Annotated[
        bool, typer.Option("--fleet", help="What one tenant more costs, instead of the rest.")
    ] = False,
) -> None:
    """Measure everything and compare it with the goals: about eight minutes."""
    if tenants:
        fleet.main([2, 4] if quick else fleet.COUNTS, keep=not quick)
        return
    count = 1 if quick else 7
    with tempfile.TemporaryDirectory() as folder, Bench.started(Path(folder)) as bench:
        samples = measure_rounds(bench, count)
        console.print("load, and the Action")
        seconds = 2.0 if quick else 5.0
        loads = [asyncio.run(measure_load(bench, seconds)) for _ in range(count)]
        action = measure_action(bench)
        server = psutil.Process(bench.record.pid).memory_info().rss / 2**20
    figures = Figures(samples=samples, load=loads, action=action, server_mib=server)
    if not quick:
        write(figures)
    console.print(Markdown(bench_page(figures)))
    missed = [goal.name for goal in figures.goals if not goal.met]
    sys.exit(f"missed: {', '.join(missed)}" if missed else 0)


if __name__ == "__main__":
    # What the shell says about bytecode would be measured otherwise.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # What a shell's background ignores is ignored by all that is started, too: the engine would
    # wait five seconds for each language host.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    typer.run(main)
