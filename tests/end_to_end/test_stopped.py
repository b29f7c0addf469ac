"""Ctrl-C in the middle of the engine's work: it ends in order, no lock stays, and all is told."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.end_to_end.conftest import PHONE, Tenant
from tests.end_to_end.operators import NEW_KEY, cpaas_of, operator_of, running_version, writes
from tests.end_to_end.pulumi_cli import PulumiProject

pytestmark = pytest.mark.end_to_end

Apply = Callable[..., PulumiProject]


@contextmanager
def stopped_at(tenant: Tenant, method: str, path: str) -> Iterator[None]:
    """Somebody who presses Ctrl-C while this request waits for its answer."""
    slow = {"method": method, "path": f"{path}$", "delay_seconds": 4, "times": 1}
    tenant.control("POST", "/faults", slow)
    tenant.forget_requests()
    ended = threading.Event()

    def press() -> None:
        while not any(one.startswith(f"{method} ") and path in one for one in writes(tenant)):
            if ended.wait(0.1):
                return
        os.kill(os.getpid(), signal.SIGINT)

    pressing = threading.Thread(target=press)
    pressing.start()
    try:
        yield
    finally:
        ended.set()
        pressing.join()


def locks(folder: Path) -> list[Path]:
    return list((folder / "sandbox" / "pulumi-state").glob(".pulumi/locks/**/*.json"))


def test_a_rotation_that_is_stopped_has_the_old_key_back(
    apply: Apply, tenant: Tenant, tmp_path: Path
) -> None:
    package = apply(testNumbers=[PHONE])
    operator = operator_of(tenant, package)
    before = package.config.read_bytes()
    with cpaas_of(tenant) as cpaas:
        cpaas.post("/_sandbox/keys", json={"key": NEW_KEY}).raise_for_status()
        with stopped_at(tenant, "PATCH", "/api/v2/actions/actions/"):
            said = operator.run("rotate", "--yes", stdin=NEW_KEY, expect=1).stderr
    assert "Stopping: pulumi ends the step it is at" in said
    assert "Stopped as asked." in said
    assert "The old key is back in Pulumi.t1.yaml and in the tenant." in said
    assert (package.config.read_bytes(), locks(tmp_path)) == (before, [])
    assert running_version(tenant)["status"] == "built"
    package.up("--refresh", "--expect-no-changes")


@pytest.mark.thorough
def test_an_enforcement_that_is_stopped_has_the_policy_back(
    apply: Apply, tenant: Tenant, tmp_path: Path
) -> None:
    package = apply(testNumbers=[PHONE], policy="never")
    operator = operator_of(tenant, package)
    before = package.config.read_bytes()
    with stopped_at(tenant, "PUT", "/api/v2/guardian/policies"):
        said = operator.run("enforce", "--yes", expect=1).stderr
    assert "Stopped as asked." in said
    assert "The policy is never again" in said
    assert (package.config.read_bytes(), locks(tmp_path)) == (before, [])
    assert tenant.api("GET", "/guardian/policies") == []


@pytest.mark.thorough
def test_a_repair_that_is_stopped_says_what_is_left(
    applied: PulumiProject, tenant: Tenant, tmp_path: Path
) -> None:
    operator = operator_of(tenant, applied)
    tenant.api("PUT", "/guardian/policies", [])
    with stopped_at(tenant, "PUT", "/api/v2/guardian/policies"):
        said = operator.run("drift", "--repair", "--any-checkout", "--yes", expect=2).stderr
    assert "phonemfa drift says what is left" in said
    assert locks(tmp_path) == []
    applied.up("--refresh")
    assert tenant.api("GET", "/guardian/policies") == ["all-applications"]
