"""An Action's secrets are written before the provider is asked; none is erased unsaid."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from components.guards.finish_failed_writes import (
    FinishFailedWrites,
    UndeclaredSecretError,
    ways_out,
)
from components.tenant.stack_access import TenantCallError
from sandbox.server.running import RunningSandbox
from sandbox.tenant import Tenant
from tests.components.conftest import access_of

TRIGGER = {"id": "custom-phone-provider", "version": "v1"}
CODE = "exports.onExecuteCustomPhoneProvider = async () => {};"
Secrets = dict[str, str]


def declared(secrets: Secrets | None, code: str = CODE) -> dict[str, Any]:
    """An Action as a program has it."""
    said: dict[str, Any] = {
        "name": "sender",
        "code": code,
        "runtime": "node22",
        "supportedTriggers": TRIGGER,
        "deploy": True,
    }
    if secrets is not None:
        said["secrets"] = [{"name": name, "value": value} for name, value in secrets.items()]
    return said


def made(tenant: Tenant, **secrets: str) -> str:
    """An Action with these secrets; answers its id."""
    body = {
        "name": "sender",
        "code": CODE,
        "runtime": "node22",
        "supported_triggers": [TRIGGER],
        "secrets": [{"name": name, "value": value} for name, value in secrets.items()],
    }
    return str(tenant.versions.create(body)["id"])


def before_update(
    running: RunningSandbox, id_: str, new: dict[str, Any], old: dict[str, Any]
) -> None:
    """What the engine calls before it asks the provider for an update."""
    args = pulumi.ResourceHookArgs(
        urn="urn",
        id=id_,
        name="action",
        type="auth0:index/action:Action",
        new_inputs=new,
        old_inputs=old,
        old_outputs=old | {"versionId": "v", "status": "built"},
    )
    hook = FinishFailedWrites(access_of(running))._before(args)
    asyncio.get_event_loop().run_until_complete(hook)


def written(tenant: Tenant) -> Secrets:
    """The secrets that the one Action's draft has, in clear."""
    (action,) = tenant.export()["actions"].values()
    return {one["name"]: one["value"] for one in action["draft"]["secrets"]}


@pytest.fixture
def preview(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The program runs for a preview; the warnings that it logs."""
    said: list[str] = []
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    monkeypatch.setattr(pulumi.log, "warn", said.append)
    return said


OLD, NEW = {"KEY": "old"}, {"KEY": "new"}
RETIRING = {**NEW, "EXTRA": "retired"}


@pytest.mark.parametrize(
    "case",
    [
        pytest.param((OLD, OLD, {**NEW, "MORE": "m"}, {**NEW, "MORE": "m"}), id="changed"),
        pytest.param(({**OLD, "GONE": "g"}, {**OLD, "GONE": "g"}, OLD, OLD), id="not declared now"),
        # The state of an earlier version has the new key, which nobody has written.
        pytest.param((OLD, NEW, NEW, NEW), id="unfinished"),
        pytest.param(({**OLD, "EXTRA": "e"}, OLD, RETIRING, RETIRING), id="said to retire"),
        pytest.param((RETIRING, RETIRING, NEW, NEW), id="retired"),
        pytest.param(({"TWILIO_TOKEN": "t"}, None, None, {"TWILIO_TOKEN": "t"}), id="adopted"),
    ],
)
def test_secrets_are_written_before_the_provider_is_asked(
    running: RunningSandbox,
    tenant: Tenant,
    case: tuple[Secrets, Secrets | None, Secrets | None, Secrets],
) -> None:
    has, old, new, left = case
    before_update(running, made(tenant, **has), declared(new), declared(old))
    assert written(tenant) == left


@pytest.mark.parametrize("secrets", [OLD, None], ids=["ours", "adopted"])
def test_a_change_of_the_code_alone_writes_no_secret(
    running: RunningSandbox, tenant: Tenant, secrets: Secrets | None
) -> None:
    has = {"KEY": "by hand", "EXTRA": "undeclared"}
    before_update(
        running, made(tenant, **has), declared(secrets), declared(secrets, code="// before")
    )
    assert written(tenant) == has


def test_the_official_plugins_way_to_note_inputs_is_understood(
    running: RunningSandbox, tenant: Tenant
) -> None:
    id_ = made(tenant, KEY="old")
    new = {"__defaults": [], **declared(None)}
    new["secrets"] = [{"__defaults": [], "name": "KEY", "value": "new"}]
    new["supportedTriggers"] = {"__defaults": [], **TRIGGER}
    before_update(running, id_, new, declared(NEW))
    assert written(tenant) == NEW, "the same but for the notes: unfinished"


@pytest.mark.parametrize("old", [OLD, NEW], ids=["changed", "unfinished"])
def test_an_undeclared_secret_is_named_with_the_ways_out_and_nothing_is_written(
    running: RunningSandbox, tenant: Tenant, old: Secrets
) -> None:
    id_ = made(tenant, KEY="old", EXTRA="e", ANOTHER="a")
    for _ in range(2):
        with pytest.raises(UndeclaredSecretError) as refused:
            before_update(running, id_, declared(NEW), declared(old))
        assert "ANOTHER, EXTRA" in str(refused.value)
        assert ways_out(["ANOTHER", "EXTRA"]) in str(refused.value)
        assert written(tenant) == {"KEY": "old", "EXTRA": "e", "ANOTHER": "a"}


def test_the_ways_out_are_to_declare_it_and_to_say_that_it_may_go() -> None:
    assert "declare A by its setting" in ways_out(["A"])
    assert "say that it may go: set phonemfa:retiredSecrets to [A]" in ways_out(["A"])
    assert "say that they may go: set phonemfa:retiredSecrets to [A, B]" in ways_out(["A", "B"])


def test_a_preview_warns_of_what_up_will_refuse_and_writes_nothing(
    running: RunningSandbox, tenant: Tenant, preview: list[str]
) -> None:
    id_ = made(tenant, KEY="old", EXTRA="e")
    before_update(running, id_, declared(NEW), declared(OLD))
    assert len(preview) == 1
    assert "EXTRA" in preview[0]
    before_update(running, id_, declared({**NEW, "EXTRA": "retired"}), declared(OLD))
    assert len(preview) == 1
    assert written(tenant) == {"KEY": "old", "EXTRA": "e"}


def test_an_action_that_was_deleted_by_hand_is_left_to_the_provider(
    running: RunningSandbox, tenant: Tenant
) -> None:
    assert tenant
    before_update(running, "0d5b7b2e-0000-4000-8000-000000000000", declared(NEW), declared(OLD))


def test_a_tenant_that_refuses_the_write_stops_the_update(
    running: RunningSandbox, tenant: Tenant
) -> None:
    id_ = made(tenant, KEY="old")
    many = {f"NAME{number}": "v" for number in range(40)}
    with pytest.raises(TenantCallError):
        before_update(running, id_, declared(many), declared(OLD))
    assert written(tenant) == OLD


@pytest.mark.parametrize("outcome", ["built", "failed"])
def test_the_provider_meets_no_build_that_is_under_way(
    running: RunningSandbox, tenant: Tenant, monkeypatch: pytest.MonkeyPatch, outcome: str
) -> None:
    id_ = made(tenant, KEY="old")
    waited: list[float] = []

    async def wait(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(
        "components.guards.finish_failed_writes.asyncio", SimpleNamespace(sleep=wait)
    )
    phases = [{"status": "building", "seconds": 0.2}, {"status": outcome, "seconds": 0}]
    tenant.context.builds.scripted.append(phases)
    before_update(running, id_, declared(NEW), declared(OLD))
    assert waited
    assert tenant.actions.get(id_)["status"] == outcome, "a new code may build where this did not"
