"""A running sandbox and the real engine, for tests that drive both."""

import hashlib
import json
import os
import pickle
import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from rich.console import Console

from sandbox.engine.ensure import Engine, ensure_engine
from sandbox.engine.environment import engine_environment
from sandbox.engine.plugin import Plugin, find_plugin
from sandbox.machine.files import private_folder
from sandbox.machine.progress import Progress
from sandbox.server.credentials import ensure_credentials
from sandbox.server.running import RunningSandbox, start
from tests.contract import PROJECT
from tests.end_to_end.pulumi_cli import PulumiProject, Store
from tests.end_to_end.targets import Generation, LiveTarget, Sending, Target, redacted
from tests.sandbox.quick import quick

KEY = "canary-cpaas-key"
CONFIG: dict[str, Any] = {
    "experience": "unified",
    "deliveryMethods": ["text", "voice"],
    "policy": "always",
    "cpaasBaseHost": "cpaas.sandbox.test",
    "smsSender": "0005212345",
    "voiceSender": "+815012345678",
}
EACH_GENERATION = pytest.mark.parametrize(
    "generation",
    [pytest.param(one, marks=pytest.mark.generation(one)) for one in ("unified", "legacy")],
)
"""A test for a tenant of each; it gets the name of its own."""
PHONE = "+819012345678"
ASKS_NOBODY: dict[str, Any] = {"policy": "never", "testNumbers": [PHONE]}
"""Settings with which several tests begin, so that they are applied once."""
Project = Callable[..., PulumiProject]
"""A program with a stack of its own: the fixture `project`."""
Apply = Callable[..., PulumiProject]
"""The package with some settings, applied: the fixture `apply`."""
LIVE = pytest.StashKey[LiveTarget]()


@dataclass(kw_only=True)
class Tenant(Target):
    """The sandbox's tenant: its API, and its request log and faults beside it."""

    running: RunningSandbox

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """One call of the sandbox's control routes."""
        headers = self.running.control_headers
        answer = self.http.request(method, f"/_sandbox{path}", json=body, headers=headers)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def sends_a_code(self, number: str = PHONE, *, method: str = "text") -> bool:
        """Whether a login gets its code."""
        asked = {"to": number, "delivery_method": method}
        return bool(self.control("POST", "/challenge", asked)["outcome"] == "success")

    def forget_requests(self) -> None:
        """Count requests from here on."""
        self.control("DELETE", "/requests")

    def logged(self) -> list[dict[str, Any]]:
        """Requests since the last `forget_requests`, as the sandbox logged them."""
        entries: list[dict[str, Any]] = self.control("GET", "/requests")["requests"]
        return entries

    def unknown_routes(self) -> int:
        """How many requests met no route since the sandbox was started."""
        count: int = self.control("GET", "/health")["counters"]["unknown_routes"]
        return count


@dataclass(frozen=True)
class Moment:
    """What a stack and its tenant were."""

    domain: str
    content: Any
    state: Mapping[str, bytes]
    config: str


@dataclass(kw_only=True)
class Life:
    """A stack and its tenant, which go back together to where they were."""

    stack: PulumiProject
    tenant: Tenant
    store: Store

    def now(self) -> Moment:
        content = self.tenant.control("GET", "/state?secrets=true")["content"]
        config = self.stack.config.read_text("utf-8")
        return Moment(self.tenant.domain, content, self.store.content(), config)

    def back(self, to: Moment) -> None:
        """Return to a moment, which another test's stack may have had: without faults and log."""
        # The component's inputs name the tenant, and another has another port.
        was, here = to.domain.encode(), self.tenant.domain.encode()
        self.store.replace({key: body.replace(was, here) for key, body in to.state.items()})
        self.stack.config.write_text(to.config, "utf-8")
        self.tenant.control("DELETE", "/faults")
        self.tenant.control("PUT", "/state", {"content": to.content})
        self.tenant.forget_requests()

    def nobody_is_locked_out(self, number: str = PHONE) -> bool:
        """A login asks for no code, or gets one."""
        return self.tenant.policies == [] or self.tenant.sends_a_code(number)


Once = Callable[[str, Callable[[], Moment]], Moment]


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The real engine; made when this machine has none (minutes, with progress)."""
    return ensure_engine(Progress(Console(stderr=True)))


@pytest.fixture(scope="session")
def plugin(engine: Engine) -> Plugin:
    """The auth0 plugin that `make up` would take too."""
    return find_plugin(Progress(Console(stderr=True)))


@pytest.fixture
def running(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[RunningSandbox]:
    """A sandbox of the test's own, on free ports; `generation("legacy")` asks for that tenant."""
    marker = request.node.get_closest_marker("generation")
    generation: Generation = marker.args[0] if marker else "unified"
    state_dir = tmp_path / "sandbox"
    credentials_with(KEY, state_dir)
    with start(quick(state_dir, generation=generation)) as sandbox:
        yield sandbox


def tenant_of(running: RunningSandbox) -> Tenant:
    return Tenant(
        running=running,
        domain=running.tenant_url.removeprefix("https://"),
        client_id=running.client_id,
        client_secret=running.client_secret,
        ca_file=running.ca_file,
        sending=Sending(
            host=CONFIG["cpaasBaseHost"],
            key=running.credentials.cpaas_api_key,
            sms_sender=CONFIG["smsSender"],
            voice_sender=CONFIG["voiceSender"],
            phone=PHONE,
        ),
    )


@pytest.fixture
def tenant(running: RunningSandbox) -> Iterator[Tenant]:
    tenant = tenant_of(running)
    with closing(tenant.http):
        yield tenant


def credentials_with(key: str, state_dir: Path) -> None:
    """Let the sandbox that is started there take this CPaaS key: the one the stacks have."""
    made = replace(ensure_credentials(state_dir), cpaas_api_key=key)
    (state_dir / "credentials.json").write_text(json.dumps(asdict(made)), encoding="utf-8")


def environment_of(target: Target, folder: Path, engine: Engine, plugin: Plugin) -> dict[str, str]:
    """What `pulumi` runs in: engine, plugin, tenant, and a state of the test's own."""
    tenant = {
        "AUTH0_DOMAIN": target.domain,
        "AUTH0_CLIENT_ID": target.client_id,
        "AUTH0_CLIENT_SECRET": target.client_secret,
    }
    if target.ca_file:
        tenant["SSL_CERT_FILE"] = str(target.ca_file)
    # One for all, so that a state can be brought from one test's folder into another's.
    private_folder(folder)
    (folder / "passphrase").write_text("canary-passphrase", "utf-8")
    environment = engine_environment(engine, plugin, state_dir=folder, tenant=tenant)
    return environment | pip_asked_once()


def pip_asked_once() -> dict[str, str]:
    """Variables with which the language host's `pip list` is answered from a file."""
    synced = PROJECT / ".venv" / ".synced"
    if not synced.exists():
        return {}
    kept = PROJECT / "build" / f"pip-list-{synced.read_text(encoding='utf-8')[:16]}.json"
    kept.parent.mkdir(exist_ok=True)
    return {
        "PYTHONPATH": str(Path(__file__).parent / "pip_once"),
        "PIP_ONCE": str(kept),
        "PIP_ONCE_OF": sys.prefix,
    }


@pytest.fixture
def environment(tmp_path: Path, engine: Engine, plugin: Plugin, tenant: Tenant) -> dict[str, str]:
    # As `python -m sandbox env` has it: nobody resolves the name of the sandbox's CPaaS.
    cpaas = {"PHONEMFA_CPAAS_ADDRESS": tenant.running.cpaas_url.removeprefix("https://")}
    return environment_of(tenant, tmp_path / "sandbox", engine, plugin) | cpaas


@pytest.fixture
def project(tmp_path: Path, environment: dict[str, str]) -> Project:
    """Makes a stack of a program in a folder of its own; it may import `components`."""
    ours = environment.get("PYTHONPATH", "").split(os.pathsep)
    environment = environment | {"PYTHONPATH": os.pathsep.join(filter(None, [*ours, str(PROJECT)]))}

    def make(program: Path, *, folder: str = "program", stack: str = "t1") -> PulumiProject:
        made = PulumiProject(tmp_path / folder, environment, program=program, stack=stack)
        made.init()
        return made

    return make


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Once:
    """Makes something once in a test run, by whichever worker needs it first."""
    own = tmp_path_factory.getbasetemp()
    root = own.parent if hasattr(request.config, "workerinput") else own

    def made(name: str, make: Callable[[], Moment]) -> Moment:
        file = root / name
        with FileLock(f"{file}.lock"):
            if not file.exists():
                file.write_bytes(pickle.dumps(make()))
        found: Moment = pickle.loads(file.read_bytes())  # noqa: S301 - our own
        return found

    return made


@pytest.fixture
def life(tmp_path: Path, environment: dict[str, str], tenant: Tenant, once: Once) -> Life:
    """The package as a checkout without anybody's stacks, configured but not applied."""
    stack = PulumiProject(tmp_path / "package", environment, program=checkout(tmp_path))
    life = Life(stack=stack, tenant=tenant, store=stack.store)

    def draw_up() -> Moment:
        stack.init()
        stack.configure(secrets={"cpaasApiKey": KEY}, **CONFIG)
        return life.now()

    life.back(once(f"drawn-up-{tenant.generation}", draw_up))
    return life


@pytest.fixture
def package(life: Life) -> PulumiProject:
    """Its stack."""
    return life.stack


@pytest.fixture
def apply(life: Life, once: Once) -> Apply:
    """Applies the package with some settings: by the engine once in a test run, then by copying.

    Tenant and state are what that one `up` left, so that a test begins where its own subject does.
    """

    def applied(**settings: Any) -> PulumiProject:
        settings = {"experience": life.tenant.generation} | settings
        name = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]

        def by_the_engine() -> Moment:
            life.stack.configure(**settings)
            assert KEY not in life.stack.up().text
            return life.now()

        life.back(once(f"applied-{name}", by_the_engine))
        return life.stack

    return applied


@pytest.fixture
def applied(apply: Apply) -> PulumiProject:
    """The package applied as it is, to a tenant of either generation."""
    return apply()


def checkout(folder: Path) -> Path:
    """A folder with the package's program and nobody's stacks."""
    source = folder / "package"
    source.mkdir()
    for name in ("Pulumi.yaml", "__main__.py", "components", "actions"):
        (source / name).symlink_to(PROJECT / name)
    return source


@pytest.fixture
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """The tenant of a test for any tenant: a real one when the environment names it."""
    if not LiveTarget.asked_for():
        yield request.getfixturevalue("tenant")
        return
    live = LiveTarget.of()
    request.config.stash[LIVE] = live
    live.guard()
    marker = request.node.get_closest_marker("generation")
    wanted: Generation = marker.args[0] if marker else "unified"
    if wanted != live.generation:
        pytest.skip(f"the real tenant is {live.generation}")
    with closing(live.http), kept(live):
        yield live


@contextmanager
def kept(target: Target) -> Iterator[None]:
    """Leave factors and policy, which no destroy gives back, as they were found."""
    factors = target.api("GET", "/guardian/factors")
    policies = target.policies
    yield
    for factor in factors:
        body = {"enabled": factor["enabled"]}
        target.api("PUT", f"/guardian/factors/{factor['name']}", body)
    target.api("PUT", "/guardian/policies", policies)


@pytest.fixture
def stack(
    tmp_path: Path, engine: Engine, plugin: Plugin, target: Target
) -> Iterator[PulumiProject]:
    """The package for the target's generation; gone from the tenant when the test has ended."""
    environment = environment_of(target, tmp_path / "state", engine, plugin)
    stack = PulumiProject(tmp_path / "package", environment, program=checkout(tmp_path))
    stack.init()
    key = target.sending.key if target.sending else KEY
    stack.configure(secrets={"cpaasApiKey": key}, **CONFIG | {"experience": target.generation})
    if target.sending:
        stack.configure(
            cpaasBaseHost=target.sending.host,
            smsSender=target.sending.sms_sender,
            voiceSender=target.sending.voice_sender,
        )
    yield stack
    if isinstance(target, LiveTarget):
        stack.destroy()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, Any]:
    """Reports of tests against a real tenant show none of its secrets, numbers or names."""
    report = yield
    live = item.config.stash.get(LIVE, None)
    if live:
        hidden = live.secrets()
        if report.longrepr is not None and not isinstance(report.longrepr, tuple):
            report.longrepr = redacted(str(report.longrepr), hidden)
        report.sections = [(title, redacted(text, hidden)) for title, text in report.sections]
    return report
