"""A run that is killed: whatever the moment, `phonemfa recover` and a plain `up` get there."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.end_to_end.conftest import Tenant
from tests.end_to_end.operators import operator_of
from tests.end_to_end.pulumi_cli import PulumiProject, changed
from tests.end_to_end.team_state.backends import PostgresServer, S3Server, Store
from tests.end_to_end.team_state.conftest import OnStore
from tests.end_to_end.team_state.killing import Run
from tests.end_to_end.team_state.test_locks import hold_deployment, says_who_works
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


def test_what_a_killed_run_made_is_taken_over_by_the_next(
    postgres: PostgresServer, on_store: OnStore, tenant: Tenant
) -> None:
    store = postgres.store()
    stack = on_store(store)
    operator = operator_of(tenant, stack)
    hold_deployment(tenant, seconds=60, lost=True)
    run = Run.of_up(stack)
    until(lambda: tenant.control("GET", "/faults")["faults"][0]["seen"] == 1, seconds=60)
    refused = stack.up(expect=None)
    assert refused.exit != 0
    says_who_works(refused.text, run)

    run.kill()
    tenant.control("DELETE", "/faults")
    (action,) = tenant.api("GET", "/actions/actions")["actions"]
    tenant.forget_requests()
    settled = operator.json("recover", "--unlock", "--yes")
    (removed,) = settled["removed_locks"]
    assert f"(pid {run.process.pid})" in removed
    imported = {one["name"]: one["id"] for one in settled["imported"]}
    assert imported["phone-mfa-sender-action"] == action["id"]
    assert {one["method"] for one in tenant.logged() if "/api/" in one["path"]} == {"GET"}

    stack.up()
    (same,) = tenant.api("GET", "/actions/actions")["actions"]
    assert same["id"] == action["id"]
    assert same["all_changes_deployed"]
    assert tenant.api("GET", "/guardian/policies") == ["all-applications"]
    assert store.locks() == []


@pytest.mark.thorough
def test_the_engine_s_own_import_of_pending_creates_imports_nothing(
    s3: S3Server, on_store: OnStore, tenant: Tenant
) -> None:
    """Why there is a command of ours: the trap is real under this engine."""
    stack = on_store(s3.store())
    kill_while_deploying(stack, tenant)
    stack.run("cancel", "--yes")
    (action,) = tenant.api("GET", "/actions/actions")["actions"]
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
    (action,) = tenant.api("GET", "/actions/actions")["actions"]
    assert action["name"] == "after"
    assert action["all_changes_deployed"]


def kill_while_deploying(stack: PulumiProject, tenant: Tenant) -> None:
    """An `up` that has written the Action and waits for its deployment is killed."""
    hold_deployment(tenant, seconds=60, lost=True)
    run = Run.of_up(stack)
    until(lambda: tenant.control("GET", "/faults")["faults"][0]["seen"] == 1, seconds=60)
    run.kill()
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
    run = Run.of_up(stack)
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
    assert changed(stack.preview_steps()) == []
    assert len([one for one in left if one["removed_locks"]]) >= MOMENTS - 1
    marks = ("imported", "made_by_the_next_up", "repeated_by_the_next_up")
    assert any(one[mark] for one in left for mark in marks), "no moment was in mid-work"


@contextmanager
def killed(life: StoreLife, seconds: float) -> Iterator[str]:
    """A run that was killed that long after it took the lock; sooner when it had ended by then."""
    while True:
        life.back()
        with nobody_is_locked_out(life):
            run = Run.of_up(life.stack)
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
