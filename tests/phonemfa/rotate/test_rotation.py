"""Whatever goes wrong in a rotation, the old key is back in the file and in the tenant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.guards.test_message import Send, Verdict
from components.tenant import action, guardian
from components.tenant.access import Access
from components.tenant.client import TenantUnreadableError, WriteFailedError
from components.vocabulary import DeliveryMethod
from phonemfa.files import FileNotWrittenError
from phonemfa.pulumi.engine import EngineFailedError
from phonemfa.pulumi.preview import Preview, read_preview
from phonemfa.pulumi.stack_file import StackFile
from phonemfa.rotate import rotation
from phonemfa.rotate.command import verdict_of
from phonemfa.rotate.rotation import (
    NotRotatedError,
    Rotated,
    RotationRefusedError,
    rotate_key,
)
from phonemfa.smoke.core import SmokeResult
from tests.stacks import stack_settings

OLD, NEW = "key: old\n", "key: new\n"


def step(kind: str, name: str, path: str) -> dict[str, Any]:
    """An update of one property."""
    side = {"type": kind}
    urn = f"urn:pulumi:t1::phonemfa::{kind}::{name}"
    return {
        "op": "update" if path else "same",
        "urn": urn,
        "oldState": side,
        "newState": side,
        "detailedDiff": {path: {}} if path else None,
    }


KEY_STEP = step(action.TOKEN, "the-action", "secrets[0].value")


class World:
    """A stack's file, an engine that deploys it, and a tenant that has what was deployed."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "Pulumi.t1.yaml"
        self.file.write_text(OLD)
        self.tenant, self.deploys, self.log = OLD, 0, list[str]()
        self.waiting: list[dict[str, Any]] = []
        self.others: list[dict[str, Any]] = []
        self.verdict = Verdict.SENT
        self.failing: dict[str, BaseException] = {}

    def _at(self, step: str) -> None:
        self.log.append(step)
        error = self.failing.pop(step, None)
        if error:
            raise error

    # -- the engine ---------------------------------------------------------------------------

    def preview(self, *, refresh: bool = False) -> Preview:
        self._at("preview --refresh" if refresh else "preview")
        same = step("pulumi:providers:auth0", "provider", "")
        changes = [] if self.file.read_text().startswith(self.tenant) else [KEY_STEP]
        others = self.waiting if refresh else self.others
        return read_preview({"steps": [same, *changes, *others]})

    def set_secret(self, key: str, value: str) -> None:
        assert key == "phonemfa:cpaasApiKey"
        self.file.write_text(f"key: {value}\n")
        self._at("set")

    def up(self) -> None:
        if self.tenant != self.file.read_text():
            self.tenant, self.deploys = self.file.read_text(), self.deploys + 1
        self._at(f"up {self.tenant.strip()}")

    # -- the tenant ---------------------------------------------------------------------------

    def key_times(self, _stack: StackFile) -> dict[str, str]:
        self._at("key times")
        return {"ntt-cpaas-phone": f"written {self.deploys}"}

    def check_access(self, _access: Access) -> None:
        self._at("log")

    def run_smoke(self, *_: Any, **__: Any) -> SmokeResult:
        self._at("smoke")
        send = Send(method=DeliveryMethod.TEXT, verdict=self.verdict, why="so")
        return SmokeResult(domain="d", to="+8190****5678", sends=(send,))


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(tmp_path)
    monkeypatch.setattr(rotation, "undeclared_secrets", lambda _stack: [])
    for name in ("key_times", "check_access", "run_smoke"):
        monkeypatch.setattr(rotation, name, getattr(made, name))
    monkeypatch.setattr(rotation, "DEPLOY_PATIENCE", 0.0)
    return made


def rotated(world: World) -> Rotated:
    access = {"domain": "d", "clientId": "c", "clientSecret": "s"}
    stack = StackFile(
        stack="t1",
        file=world.file,
        project=world.file.parent,
        cli=world,  # type: ignore[arg-type]
        settings=stack_settings(policy="always"),
        domain="d",
        auth0=access,
    )
    return rotate_key(stack, "new", to="+819012345678")


def test_the_old_key_is_dispensable_once_the_new_one_was_seen_to_send(world: World) -> None:
    done = rotated(world)
    assert done.old_key_is_dispensable
    assert (world.file.read_text(), world.tenant) == (NEW, NEW)
    order = [one for one in world.log if one != "key times"]
    assert order == ["log", "preview --refresh", "set", "preview", "up key: new", "smoke"]
    assert "may be revoked" in "\n".join(verdict_of(done, world.file))


SILENT = Verdict.FAILED
BREAK = KeyboardInterrupt()
"""Ctrl-C, or a CI system's signal."""
NO_ENGINE = EngineFailedError("no engine")


@pytest.mark.parametrize(
    ("step", "error", "told"),
    [
        ("", None, "No code is sent with the new key"),
        ("up key: new", NO_ENGINE, "no engine"),
        ("smoke", WriteFailedError("no answer"), "no answer"),
        ("smoke", TenantUnreadableError("no answer"), "no answer"),
        ("up key: new", BREAK, "Stopped as asked"),
        ("smoke", BREAK, "Stopped as asked"),
    ],
)
def test_whatever_stops_it_after_the_deploy_takes_the_key_back(
    world: World, step: str, error: BaseException | None, told: str
) -> None:
    if error:
        world.failing[step] = error
    else:
        world.verdict = SILENT
    with pytest.raises(NotRotatedError) as failed:
        rotated(world)
    assert str(failed.value).startswith(told)
    assert "is back in Pulumi.t1.yaml and in the tenant. Do not revoke it" in str(failed.value)
    assert (world.file.read_text(), world.tenant, world.deploys) == (OLD, OLD, 2)
    assert world.log[-2:] == ["up key: old", "key times"], "it is in the tenant once it was seen"


def test_what_nobody_foresaw_takes_the_key_back_too(world: World) -> None:
    world.failing["smoke"] = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        rotated(world)
    assert (world.file.read_text(), world.tenant) == (OLD, OLD)


@pytest.mark.parametrize("error", [NO_ENGINE, BREAK])
def test_a_way_back_that_is_barred_is_not_called_one(world: World, error: BaseException) -> None:
    world.verdict, world.failing["up key: old"] = SILENT, error
    with pytest.raises(NotRotatedError, match="Revoke no key") as failed:
        rotated(world)
    assert f"could not be deployed: {error or 'stopped as asked'}" in str(failed.value)
    assert "and in the tenant" not in str(failed.value)
    assert world.file.read_text() == OLD


@pytest.mark.parametrize("step", ["set", "preview"])
@pytest.mark.parametrize(("error", "told"), [(BREAK, "Stopped as asked"), (NO_ENGINE, "no engine")])
def test_what_stops_it_before_the_deploy_leaves_the_file_as_it_was(
    world: World, step: str, error: BaseException, told: str
) -> None:
    world.failing[step] = error
    back = rf"{told}\.?\nThe old key is back in Pulumi\.t1\.yaml\."
    with pytest.raises(RotationRefusedError, match=back):
        rotated(world)
    assert (world.file.read_text(), world.deploys) == (OLD, 0)


def test_a_file_that_keeps_the_new_key_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise FileNotWrittenError("the disk is full")

    world.others = [step(guardian.TOKEN, "the-guardian", "policy")]
    monkeypatch.setattr(rotation, "write_whole", full)
    with pytest.raises(RotationRefusedError, match=r"(?s)the-guardian.*not back.*disk is full"):
        rotated(world)


def test_line_endings_and_the_mark_of_the_file_stay(world: World) -> None:
    world.file.write_bytes(b"\xef\xbb\xbfkey: old\r\n")
    world.tenant = world.file.read_text()
    rotated(world)
    assert world.file.read_bytes() == b"\xef\xbb\xbfkey: new\r\n"


@pytest.mark.parametrize("others", [{}, {"ntt-cpaas-phone-legacy": "written"}])
def test_a_tenant_that_never_runs_the_new_key_gets_the_old_one(
    world: World, monkeypatch: pytest.MonkeyPatch, others: dict[str, str]
) -> None:
    # While a tenant moves there are two Actions, and each must have it.
    def key_times(stack: StackFile) -> dict[str, str]:
        ours = world.key_times(stack) if others else {"ntt-cpaas-phone": "written 0"}
        return ours | others

    monkeypatch.setattr(rotation, "key_times", key_times)
    with pytest.raises(NotRotatedError, match="does not run a version with another key"):
        rotated(world)
    assert (world.file.read_text(), world.tenant) == (OLD, OLD)


@pytest.mark.parametrize(
    ("when", "told"), [("waiting", "Nothing was written"), ("others", "With the new key")]
)
def test_whatever_else_waits_is_settled_first(world: World, when: str, told: str) -> None:
    setattr(world, when, [step(guardian.TOKEN, "the-guardian", "policy")])
    with pytest.raises(RotationRefusedError, match=rf"(?s){told}.*the-guardian"):
        rotated(world)
    assert (world.file.read_text(), world.deploys) == (OLD, 0)


def test_a_key_that_is_there_already_is_tried_and_nothing_is_deployed(world: World) -> None:
    before = f"{NEW}# encrypted earlier\n"
    world.file.write_text(before)
    world.tenant = NEW
    done = rotated(world)
    assert world.file.read_text() == before, "a key in another encryption is nothing to commit"
    assert (done.was_there, done.old_key_is_dispensable, world.deploys) == (True, False, 0)
    assert "had this key already" in "\n".join(verdict_of(done, world.file))


def test_a_missing_scope_for_the_log_is_found_out_before_anything_is_written(world: World) -> None:
    world.failing["log"] = TenantUnreadableError("read:logs")
    with pytest.raises(TenantUnreadableError):
        rotated(world)
    assert (world.log, world.file.read_text()) == (["log"], OLD)
