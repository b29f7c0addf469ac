"""State on S3 and PostgreSQL: the whole life of a stack, and no secret in what lies there.

Two runs on one stack, of which one works; and one that is killed: whatever the moment, `phonemfa
recover` and a plain `up` get there.
"""

import base64
import getpass
import itertools
import os
import random
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.end_to_end.conftest import CONFIG, KEY, Life, Moment, Tenant, checkout
from tests.end_to_end.operators import operator_of
from tests.end_to_end.pulumi_cli import PulumiProject, Ran, Store
from tests.end_to_end.state_servers import (
    PASSWORD,
    REGION,
    PostgresServer,
    S3Server,
    postgres_server,
    s3_server,
)
from tests.end_to_end.test_policy_last import (
    USERS,
    Prepare,
    change_of_everything,
    declared_part,
    first_up,
)
from tests.sandbox.engine.test_ensure import until

# Fixtures, by what pytest calls them: `postgres` and `s3`.
__all__ = ["postgres_server", "s3_server"]

pytestmark = pytest.mark.end_to_end

ACTION = "auth0:index/action:Action"
MOMENTS = 10
PATIENCE = 120.0
"""Seconds; a machine that is busy takes a while until the engine works."""
SEED = 20261125


OnStore = Callable[..., PulumiProject]


@pytest.fixture(params=["s3", "postgres"])
def store(request: pytest.FixtureRequest) -> Store:
    """An empty one of each kind."""
    server: S3Server | PostgresServer = request.getfixturevalue(request.param)
    return server.store()


@pytest.fixture
def on_store(tmp_path: Path, environment: dict[str, str], tenant: Tenant) -> OnStore:
    """The package's stack, configured but not applied, with its state on a store."""

    def make(store: Store, *, secrets_provider: str = "", **variables: str) -> PulumiProject:
        own = environment | dict(store.variables) | variables | {"PULUMI_BACKEND_URL": store.url}
        stack = PulumiProject(tmp_path / "package", own, program=checkout(tmp_path))
        provider = ["--secrets-provider", secrets_provider] if secrets_provider else []
        stack.run("stack", "init", *provider)
        stack.configure(secrets={"cpaasApiKey": KEY}, **CONFIG)
        return stack

    return make


# --- A whole life. -------------------------------------------------------------------------------


def live_and_die(stack: PulumiProject, tenant: Tenant, store: Store) -> None:
    """Up, an up without work, a refresh, destroy; the store is read after each."""
    secrets = secrets_of(stack, tenant, store)
    shown = [stack.up()]
    assert ".pulumi/stacks/phonemfa/t1.json" in store.content()
    assert tenant.policies == ["all-applications"]
    nothing_readable(secrets, store, shown)

    tenant.forget_requests()
    shown.append(stack.up())
    assert tenant.logged() == [], "a no-op up asks the tenant nothing"
    shown.append(stack.unchanged())

    shown.append(stack.destroy())
    assert (tenant.actions, tenant.providers) == ([], [])
    assert stack.state()["deployment"].get("resources", []) == []
    nothing_readable(secrets, store, shown)
    assert store.locks() == []


def secrets_of(stack: PulumiProject, tenant: Tenant, store: Store) -> list[str]:
    passphrase = Path(stack.environment["PULUMI_CONFIG_PASSPHRASE_FILE"]).read_text("utf-8")
    own = [value for name, value in store.variables.items() if name != "AWS_ACCESS_KEY_ID"]
    return [KEY, tenant.client_secret, passphrase, *own]


def nothing_readable(secrets: list[str], store: Store, shown: list[Ran]) -> None:
    """No secret in any object of the store, backups and history included, nor in any output."""
    content = store.content()
    assert content
    for secret in secrets:
        for form in (secret.encode(), base64.b64encode(secret.encode())):
            assert [key for key, body in content.items() if form in body] == []
        assert [one.command for one in shown if secret in one.text] == []


@pytest.mark.thorough
def test_a_whole_life_on_a_teams_store(store: Store, on_store: OnStore, tenant: Tenant) -> None:
    live_and_die(on_store(store), tenant, store)
    sealed = [body for key, body in store.content().items() if "/history/" in key]
    assert any(b'"ciphertext"' in body for body in sealed), "the key is there, encrypted"


@pytest.mark.thorough
def test_a_kms_key_needs_no_passphrase(s3: S3Server, on_store: OnStore, tenant: Tenant) -> None:
    store = s3.store()
    s3.key("phonemfa")
    stack = on_store(
        store,
        secrets_provider=f"awskms://alias/phonemfa?region={REGION}",
        AWS_ENDPOINT_URL_KMS=s3.url,
        PULUMI_CONFIG_PASSPHRASE_FILE="",
    )
    file = (stack.folder / "Pulumi.t1.yaml").read_text("utf-8")
    assert "encryptedkey:" in file
    assert "encryptionsalt:" not in file
    stack.environment["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(stack.folder / "none")
    (stack.folder / "none").write_text("not-the-passphrase", "utf-8")
    live_and_die(stack, tenant, store)

    stack.environment["AWS_ENDPOINT_URL_KMS"] = "http://127.0.0.1:9"
    stack.environment["AWS_MAX_ATTEMPTS"] = "1"
    refused = stack.up(expect=None)
    assert refused.exit != 0, "without the key there is no way to the secrets"


@pytest.mark.thorough
def test_the_cli_shows_a_password_in_addresses(postgres: PostgresServer, on_store: OnStore) -> None:
    """Why the guide keeps it out of the address: the trap is real under this engine."""
    stack = on_store(postgres.store())
    stack.environment |= {"PGPASSWORD": "", "PGCONNECT_TIMEOUT": "5"}
    url = f"postgres://pulumi:{PASSWORD}@127.0.0.1:9/state?sslmode=disable"
    stack.environment["PULUMI_BACKEND_URL"] = url
    assert PASSWORD in stack.run("stack", "ls", expect=None).text

    stack.environment["PGPASSWORD"] = PASSWORD
    stack.environment["PULUMI_BACKEND_URL"] = url.replace(f":{PASSWORD}", "")
    refused = stack.refused("stack", "ls")
    assert PASSWORD not in refused.text


# --- Two runs, and killed ones. ------------------------------------------------------------------


class Run:
    """One `pulumi up` that is under way; killed, it ends as in a lost machine."""

    def __init__(self, stack: PulumiProject) -> None:
        self._log = stack.folder / "run.log"
        up = ("up", "--yes", "--skip-preview", "--stack", stack.stack, "--non-interactive")
        with self._log.open("w", encoding="utf-8") as output:
            self.process = subprocess.Popen(
                [stack.executable, *up],
                cwd=stack.folder,
                env=stack.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait(self, seconds: float = 120) -> int | None:
        """Its exit status; None when it still runs after that time."""
        with suppress(subprocess.TimeoutExpired):
            return self.process.wait(timeout=seconds)
        return None

    def text(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def kill(self) -> None:
        """SIGKILL to the engine, its language host, its plugins and the program, all at once."""
        for pid in _session(self.process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        until(lambda: not list(_session(self.process.pid)))


def _session(leader: int) -> Iterator[int]:
    """Living processes of the session; plugins have process groups of their own in it."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError):
            # After the name in parentheses: state, parent, group, session.
            state, _, _, session = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
            if state != "Z" and int(session) == leader:
                yield int(folder.name)


@pytest.mark.thorough
def test_of_two_ups_one_says_who_works(store: Store, on_store: OnStore, tenant: Tenant) -> None:
    stack = on_store(store)
    hold_deployment(tenant, seconds=5)
    first = Run(stack)
    until(lambda: bool(store.locks()))
    refused = stack.refused()
    says_who_works(refused.text, first)
    assert first.wait() == 0, first.text()
    assert (len(tenant.actions), len(tenant.providers)) == (1, 1)
    assert store.locks() == []
    assert stack.changes() == []


def hold_deployment(tenant: Tenant, *, seconds: float, lost: bool = False) -> None:
    """Keep the next deployment of an Action under way that long; `lost`: then nothing is done."""
    fault = {"method": "POST", "path": "/deploy$", "delay_seconds": seconds, "close": lost}
    tenant.control("POST", "/faults", fault)


def says_who_works(text: str, run: Run) -> None:
    found = re.search(r"created by (\S+)@(\S+) \(pid (\d+)\) at \d{4}-", text)
    assert found, text
    who = (getpass.getuser(), socket.gethostname(), str(run.process.pid))
    assert found.groups() == who
    assert "pulumi cancel" in text


@pytest.mark.thorough
def test_an_underscore_crashes_the_cli(postgres: PostgresServer, on_store: OnStore) -> None:
    """Why the guide wants none: the backend looks keys up with LIKE, where `_` is any character."""
    stack = on_store(postgres.store())
    crashing, bystander = (
        PulumiProject(stack.folder, stack.environment, program=stack.folder, stack=name)
        for name in ("t_1", "t-1")
    )
    crashing.init()
    crashing.run("stack", "export")
    bystander.init()
    crashed = crashing.refused("stack", "export")
    assert "slice bounds out of range" in crashed.text


def test_what_a_killed_run_made_is_taken_over(package: PulumiProject, tenant: Tenant) -> None:
    operator = operator_of(tenant, package)
    run = under_way(package, tenant)
    says_who_works(package.refused().text, run)
    run.kill()
    tenant.control("DELETE", "/faults")
    (action,) = tenant.actions
    tenant.forget_requests()
    settled = operator.json("recover", "--unlock", "--yes")
    (removed,) = settled["removed_locks"]
    assert f"(pid {run.process.pid})" in removed
    imported = {one["name"]: one["id"] for one in settled["imported"]}
    assert imported["phone-mfa-sender-action"] == action["id"]
    assert {one["method"] for one in tenant.logged() if "/api/" in one["path"]} == {"GET"}

    package.up()
    (same,) = tenant.actions
    assert (same["id"], same["all_changes_deployed"]) == (action["id"], True)
    assert tenant.policies == ["all-applications"]
    assert package.store.locks() == []


@pytest.mark.thorough
def test_pending_creates_import_nothing(package: PulumiProject, tenant: Tenant) -> None:
    """Why there is a command of ours: the trap is real under this engine."""
    kill_while_deploying(package, tenant)
    package.run("cancel", "--yes")
    (action,) = tenant.actions
    (urn,) = [
        one["resource"]["urn"]
        for one in package.state()["deployment"]["pending_operations"]
        if one["resource"]["type"] == ACTION
    ]
    words = [word for value in (urn, action["id"]) for word in ("--import-pending-creates", value)]
    package.run("refresh", "--yes", "--skip-preview", *words)
    assert not [one for one in recorded(package) if ACTION in one]


@pytest.mark.thorough
@pytest.mark.parametrize("refresh", [True, False])
def test_what_a_killed_update_did_not_deploy_is_deployed_by_the_next(
    applied: PulumiProject, tenant: Tenant, *, refresh: bool
) -> None:
    """Also when a refresh has read the new draft before."""
    applied.configure(actionName="after")
    kill_while_deploying(applied, tenant)
    settled = operator_of(tenant, applied).json("recover", "--unlock", "--yes")
    assert [one["was"] for one in settled["repeated_by_the_next_up"]] == ["updating"]
    applied.up(*(["--refresh"] if refresh else []))
    (action,) = tenant.actions
    assert (action["name"], action["all_changes_deployed"]) == ("after", True)


def under_way(stack: PulumiProject, tenant: Tenant) -> Run:
    """An `up` that has written the Action and waits for its deployment."""
    hold_deployment(tenant, seconds=60, lost=True)
    run = Run(stack)
    until(lambda: tenant.control("GET", "/faults")["faults"][0]["seen"] == 1, seconds=60)
    return run


def kill_while_deploying(stack: PulumiProject, tenant: Tenant) -> None:
    under_way(stack, tenant).kill()
    tenant.control("DELETE", "/faults")


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("store", "prepare"),
    [("s3", first_up), ("postgres", partial(change_of_everything, before="always"))],
    indirect=["store"],
)
def test_whatever_the_moment_of_the_kill_nothing_is_lost_or_doubled(
    store: Store, prepare: Prepare, on_store: OnStore, tenant: Tenant
) -> None:
    life = Life(stack=on_store(store), tenant=tenant, store=store)
    stack, operator = life.stack, operator_of(tenant, life.stack)
    prepare(stack)
    begin = life.now()
    run = Run(stack)
    until(lambda: bool(store.locks()), seconds=PATIENCE)
    begun = time.monotonic()
    assert run.wait() == 0, run.text()
    lasted = time.monotonic() - begun
    wanted, urns = declared_part(tenant), recorded(stack)

    chances = random.Random(SEED)  # noqa: S311 - moments, not secrets
    left: list[dict[str, Any]] = []
    for nth in range(MOMENTS):
        with killed(life, begin, lasted * (nth + chances.random()) / MOMENTS) as moment:
            settled = operator.json("recover", "--unlock", "--yes")
            stack.up()
        assert declared_part(tenant) == wanted, moment
        assert recorded(stack) == urns, moment
        assert store.locks() == [], moment
        left.append(settled)
    assert stack.changes() == []
    assert len([one for one in left if one["removed_locks"]]) >= MOMENTS - 1
    marks = ("imported", "made_by_the_next_up", "repeated_by_the_next_up")
    assert any(one[mark] for one in left for mark in marks), "no moment was in mid-work"


@contextmanager
def killed(life: Life, begin: Moment, seconds: float) -> Iterator[str]:
    """A run that was killed that long after it took the lock; sooner when it had ended by then."""
    while True:
        life.back(begin)
        with nobody_is_locked_out(life):
            run = Run(life.stack)
            until(lambda: bool(life.store.locks()), seconds=PATIENCE)
            if run.wait(seconds) is None:
                run.kill()
                yield f"killed after {seconds:.2f}s"
                return
        seconds *= 0.9


@contextmanager
def nobody_is_locked_out(life: Life) -> Iterator[None]:
    """Users log in all the while; each login asks for no code, or gets one."""
    ended = threading.Event()
    refused: list[str] = []
    answered = itertools.count(1)

    def log_in() -> None:
        begun = time.monotonic()
        while not ended.is_set():
            try:
                good = life.nobody_is_locked_out(next(USERS))
            except httpx.HTTPError as error:
                refused.append(repr(error))
                return
            if not good:
                refused.append(f"after {time.monotonic() - begun:.2f}s")
            next(answered)
            ended.wait(0.2)

    logins = threading.Thread(target=log_in)
    logins.start()
    try:
        yield
    finally:
        ended.set()
        logins.join()
    assert refused == [], "logins that got no code"
    assert next(answered) > 1, "nobody logged in"


def recorded(stack: PulumiProject) -> list[str]:
    """Every resource of the state, and what is pending in it."""
    deployment = stack.state()["deployment"]
    pending = [
        f"pending: {one['resource']['urn']}" for one in deployment.get("pending_operations", [])
    ]
    return sorted(one["urn"] for one in deployment["resources"]) + pending
