"""Two runs on one stack, of which one works; and one that is killed.

Whatever the moment, `phonemfa recover` and a plain `up` get there.
"""

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
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.end_to_end.conftest import Tenant
from tests.end_to_end.operators import operator_of
from tests.end_to_end.pulumi_cli import PulumiProject
from tests.end_to_end.team_state.backends import PostgresServer, S3Server, Store
from tests.end_to_end.team_state.conftest import OnStore
from tests.end_to_end.test_policy_last import Life, Prepare, declared_part, first_up
from tests.sandbox.engine.test_ensure import until

pytestmark = pytest.mark.end_to_end

ACTION = "auth0:index/action:Action"
MOMENTS = 10
USERS = (f"+8190{nth}" for nth in itertools.count(12345678))
"""Numbers, none of them twice: there is a limit of codes a number and hour."""
PATIENCE = 120.0
"""Seconds; a machine that is busy takes a while until the engine works."""
SEED = 20261125


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
def test_of_two_ups_one_wins_and_the_other_says_who_works(
    store: Store, on_store: OnStore, tenant: Tenant
) -> None:
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
def test_an_underscore_in_a_stack_s_name_crashes_the_cli_on_postgresql(
    postgres: PostgresServer, on_store: OnStore
) -> None:
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


def test_what_a_killed_run_made_is_taken_over_by_the_next(
    package: PulumiProject, tenant: Tenant, tmp_path: Path
) -> None:
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
    assert same["id"] == action["id"]
    assert same["all_changes_deployed"]
    assert tenant.policies == ["all-applications"]
    assert list((tmp_path / "sandbox").glob("pulumi-state/.pulumi/locks/**/*.json")) == []


@pytest.mark.thorough
def test_the_engine_s_own_import_of_pending_creates_imports_nothing(
    s3: S3Server, on_store: OnStore, tenant: Tenant
) -> None:
    """Why there is a command of ours: the trap is real under this engine."""
    stack = on_store(s3.store())
    kill_while_deploying(stack, tenant)
    stack.run("cancel", "--yes")
    (action,) = tenant.actions
    (urn,) = [
        one["resource"]["urn"]
        for one in stack.state()["deployment"]["pending_operations"]
        if one["resource"]["type"] == ACTION
    ]
    words = [word for value in (urn, action["id"]) for word in ("--import-pending-creates", value)]
    stack.run("refresh", "--yes", "--skip-preview", *words)
    deployment = stack.state()["deployment"]
    assert ACTION not in {one["type"] for one in deployment["resources"]}
    assert ACTION not in {
        one["resource"]["type"] for one in deployment.get("pending_operations", [])
    }


@pytest.mark.thorough
@pytest.mark.parametrize("refresh", [True, False])
def test_what_a_killed_update_did_not_deploy_is_deployed_by_the_next(
    s3: S3Server, on_store: OnStore, tenant: Tenant, *, refresh: bool
) -> None:
    """Also when a refresh has read the new draft before."""
    stack = on_store(s3.store())
    stack.configure(actionName="before")
    stack.up()
    stack.configure(actionName="after")
    kill_while_deploying(stack, tenant)
    operator = operator_of(tenant, stack)
    settled = operator.json("recover", "--unlock", "--yes")
    assert [one["was"] for one in settled["repeated_by_the_next_up"]] == ["updating"]
    stack.up(*(["--refresh"] if refresh else []))
    (action,) = tenant.actions
    assert action["name"] == "after"
    assert action["all_changes_deployed"]


def under_way(stack: PulumiProject, tenant: Tenant) -> Run:
    """An `up` that has written the Action and waits for its deployment."""
    hold_deployment(tenant, seconds=60, lost=True)
    run = Run(stack)
    until(lambda: tenant.control("GET", "/faults")["faults"][0]["seen"] == 1, seconds=60)
    return run


def kill_while_deploying(stack: PulumiProject, tenant: Tenant) -> None:
    """Such an `up` is killed."""
    under_way(stack, tenant).kill()
    tenant.control("DELETE", "/faults")


class StoreLife(Life):
    """A stack on a store that is taken back to where it was."""

    def __init__(self, stack: PulumiProject, tenant: Tenant, store: Store) -> None:
        super().__init__(stack, tenant)
        self.store = store
        self._objects: dict[str, bytes] = {}

    def keep_state(self) -> None:
        self._objects = self.store.content()

    def restore_state(self) -> None:
        self.store.replace(self._objects)


def change_while_users_log_in(stack: PulumiProject) -> None:
    """A stack that asks for codes already gets another channel, sender and text."""
    stack.configure(deliveryMethods=["text"])
    stack.up()
    stack.configure(
        deliveryMethods=["text", "voice"],
        smsSender="0005299999",
        texts={"otp_verify": {"text": "{{ code }} です", "voice": "{{ code }} です"}},
    )


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("server", "prepare"), [("s3", first_up), ("postgres", change_while_users_log_in)]
)
def test_whatever_the_moment_of_the_kill_nothing_is_lost_or_doubled(
    request: pytest.FixtureRequest,
    server: str,
    prepare: Prepare,
    on_store: OnStore,
    tenant: Tenant,
) -> None:
    running: S3Server | PostgresServer = request.getfixturevalue(server)
    store = running.store()
    life = StoreLife(on_store(store), tenant, store)
    stack, operator = life.stack, operator_of(tenant, life.stack)
    prepare(stack)
    life.keep()
    run = Run(stack)
    until(lambda: bool(store.locks()), seconds=PATIENCE)
    begun = time.monotonic()
    assert run.wait() == 0, run.text()
    lasted = time.monotonic() - begun
    wanted, urns = declared_part(tenant), recorded(stack)

    chances = random.Random(SEED)  # noqa: S311 - moments, not secrets
    left: list[dict[str, Any]] = []
    for nth in range(MOMENTS):
        with killed(life, lasted * (nth + chances.random()) / MOMENTS) as moment:
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
def killed(life: StoreLife, seconds: float) -> Iterator[str]:
    """A run that was killed that long after it took the lock; sooner when it had ended by then."""
    while True:
        life.back()
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
