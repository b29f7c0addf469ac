"""Commands beside the real engine. Without it: tests/phonemfa, a folder a command."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.settings.model import StackSettings
from phonemfa.doctor.access import requests_of_first_up
from phonemfa.doctor.reading import installed_sdk
from tests.contract import PROJECT
from tests.end_to_end.conftest import ASKS_NOBODY, CONFIG, KEY, PHONE, Apply, Tenant
from tests.end_to_end.operators import (
    NEW_KEY,
    codes_sent,
    cpaas_of,
    operator_of,
    running_version,
    stopped_at,
)
from tests.end_to_end.pulumi_cli import PulumiProject

pytestmark = pytest.mark.end_to_end


# --- doctor --------------------------------------------------------------------------------------


def test_the_doctor_foretells_an_up(package: PulumiProject, tenant: Tenant, tmp_path: Path) -> None:
    """Before: fit. The `up`: about as many requests as foretold. After: what is there is ours."""
    doctor = operator_of(tenant, package)
    tenant.forget_requests()
    # A client of the tenant alone: it is not failed for what it has no part in.
    whole = doctor.environment
    doctor.environment = whole | {"PULUMI_HOME": str(tmp_path / "home"), "PULUMI_BACKEND_URL": ""}
    assert (
        "The tenant is ready: 1 warning, Pulumi's own side was not" in doctor.run("doctor").stdout
    )
    asked = [one for one in tenant.logged() if one["path"] != "/oauth/token"]
    assert {one["method"] for one in asked} == {"GET"}

    tenant.forget_requests()
    package.up()
    told = [f"{one['method']} {one['path']}" for one in tenant.logged()]
    foretold = requests_of_first_up(StackSettings.check("dev", CONFIG), installed_sdk())
    assert abs(len(told) - foretold) <= 3, ("about, the doctor says", told)
    doctor.environment = whole
    found = doctor.json("doctor")["findings"]
    assert {one["level"] for one in found} == {"ok", "note"}
    assert tenant.unknown_routes() == 0


def test_the_stack_s_key_is_tried_without_sending(package: PulumiProject, tenant: Tenant) -> None:
    with cpaas_of(tenant) as cpaas:
        cpaas.request("DELETE", "/_sandbox/keys", json={"key": KEY}).raise_for_status()
    revoked = operator_of(tenant, package).run("doctor", "--check-key", expect=1)
    assert "refused (401)" in revoked.stdout
    assert tenant.running.parts.inbox.messages() == []


def test_ready_means_that_up_works(package: PulumiProject, tenant: Tenant, tmp_path: Path) -> None:
    def said(status: int, stack: str = package.stack, **changes: str) -> str:
        doctor = operator_of(tenant, package)
        doctor.stack, doctor.environment = stack, doctor.environment | changes
        return " ".join(doctor.run("doctor", expect=status).output.split())

    before = package.state()
    assert "Ready for pulumi up" in said(0)
    wrong = {"PULUMI_CONFIG_PASSPHRASE_FILE": "", "PULUMI_CONFIG_PASSPHRASE": "canary-wrong"}
    refused = said(1, **wrong)
    assert "encryption: phonemfa:cpaasApiKey does not open: incorrect passphrase" in refused
    assert "canary" not in refused
    (package.folder / "Pulumi.none.yaml").write_text(package.config.read_text("utf-8"), "utf-8")
    assert "stack: the backend has no stack none → pulumi stack init none" in said(1, "none")
    nowhere = f"file://{tmp_path}/nowhere"
    assert "backend: unable to open state directory" in said(1, PULUMI_BACKEND_URL=nowhere)

    lock = (
        package.store.path
        / f".pulumi/locks/organization/{package.name}/{package.stack}/of-another.json"
    )
    lock.parent.mkdir(parents=True, exist_ok=True)
    holder = {"pid": 4242, "username": "joe", "hostname": "ci-7"}
    lock.write_text(json.dumps(holder | {"timestamp": "2026-11-29T10:00:00Z"}), "utf-8")
    assert "the stack is locked by joe@ci-7 (pid 4242)" in said(1)
    assert "created by joe@ci-7 (pid 4242)" in package.refused().err, "as the engine has it"
    lock.unlink()
    assert package.state() == before, "nothing was written"


# --- enforce, rotate, drift --repair -------------------------------------------------------------


def test_always_is_applied_after_a_message_of_each_channel(apply: Apply, tenant: Tenant) -> None:
    stack = apply(**ASKS_NOBODY)
    answer = operator_of(tenant, stack).json("enforce", "--yes")
    assert (answer["before"], answer["after"]) == ([], ["all-applications"])
    assert tenant.policies == ["all-applications"]
    declared = yaml.safe_load(stack.config.read_text(encoding="utf-8"))["config"]
    assert declared["phonemfa:policy"] == "always"
    sent = tenant.control("GET", f"/messages?to=%2B{PHONE[1:]}")["messages"]
    assert {one["channel"] for one in sent} == {"sms", "voice"}


def test_a_key_is_rotated_while_every_login_gets_its_code(apply: Apply, tenant: Tenant) -> None:
    package = apply(**ASKS_NOBODY)
    before, old = package.config.read_bytes(), tenant.running.credentials.cpaas_api_key
    with cpaas_of(tenant) as cpaas, codes_sent(tenant):
        cpaas.post("/_sandbox/keys", json={"key": NEW_KEY}).raise_for_status()
        done = operator_of(tenant, package).json("rotate", "--yes", stdin=f"{NEW_KEY}\n")
        assert (done["old_key_may_be_revoked"], done["key_checked"]) == (True, "accepted")
        cpaas.request("DELETE", "/_sandbox/keys", json={"key": old}).raise_for_status()
        with codes_sent(tenant, count=5, method="voice"):
            pass
    assert package.config.read_bytes() != before
    assert package.changes() == []
    assert tenant.unknown_routes() == 0


@pytest.mark.thorough
def test_only_the_deployed_commit_repairs(applied: PulumiProject, tenant: Tenant) -> None:
    (applied.folder / ".gitignore").write_text("__pycache__/\n", "utf-8")
    git = repository(applied.folder)
    applied.up()
    operator, commit = operator_of(tenant, applied), git("rev-parse", "HEAD")
    tenant.api("PUT", "/guardian/policies", [])

    (applied.folder / "new.py").write_text("changed = True\n", "utf-8")
    refused = operator.run("drift", "--repair", "--yes", expect=7).stderr
    assert f"this checkout of {commit[:12]} has changes (new.py)" in refused
    git("add", ".")
    git("commit", "-qm", "Later")
    refused = operator.run("drift", "--repair", "--yes", expect=7).stderr
    assert f"it was deployed from {commit[:12]}, and this is" in refused
    assert tenant.policies == []

    git("checkout", "-q", commit)
    operator.run("drift", "--repair", "--yes")
    assert tenant.policies == ["all-applications"]


def repository(folder: Path) -> Callable[..., str]:
    """A git repository of the project's folder, with code of its own to change."""
    for name in ("actions", "components"):
        (folder / name).unlink()  # a link to this repository's own
        shutil.copytree(PROJECT / name, folder / name)

    def git(*arguments: str) -> str:
        who: list[Any] = ["-C", folder, "-c", "user.name=t", "-c", "user.email=t@example.com"]
        ran = subprocess.run(["git", *who, *arguments], check=True, capture_output=True, text=True)
        return ran.stdout.strip()

    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "As applied")
    return git


# --- Ctrl-C in the middle of the engine's work: it ends in order, no lock stays, all is told. -----


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("command", "at", "told"),
    [
        ("rotate", ("PATCH", "/actions/actions/"), "The old key is back in Pulumi.t1.yaml and in"),
        ("enforce", ("PUT", "/guardian/policies"), "The policy is never again"),
    ],
)
def test_what_is_stopped_has_everything_back_and_no_login_goes_without_its_code(
    apply: Apply, tenant: Tenant, command: str, at: tuple[str, str], told: str
) -> None:
    package = apply(**ASKS_NOBODY)
    before = package.config.read_bytes()
    with cpaas_of(tenant) as cpaas, codes_sent(tenant):
        cpaas.post("/_sandbox/keys", json={"key": NEW_KEY}).raise_for_status()
        with stopped_at(tenant, package.store, *at):
            ran = operator_of(tenant, package).run(command, "--yes", stdin=NEW_KEY, expect=1)
    for words in ("Stopping: pulumi ends the step it is at", "Stopped as asked.", told):
        assert words in ran.stderr
    assert package.config.read_bytes() == before
    assert (running_version(tenant)["status"], tenant.policies) == ("built", [])


@pytest.mark.thorough
def test_a_repair_that_is_stopped_says_what_is_left(applied: PulumiProject, tenant: Tenant) -> None:
    tenant.api("PUT", "/guardian/policies", [])
    with stopped_at(tenant, applied.store, "PUT", "/guardian/policies"):
        repairing = operator_of(tenant, applied)
        said = repairing.run("drift", "--repair", "--any-checkout", "--yes", expect=2).stderr
    assert "phonemfa drift says what is left" in said
    applied.up("--refresh")
    assert tenant.policies == ["all-applications"]
