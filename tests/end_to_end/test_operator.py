"""rotate, break-glass and rollback beside the real engine: one stack's life in their hands."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract import PROJECT
from tests.end_to_end.conftest import Tenant
from tests.end_to_end.operators import (
    NEW_KEY,
    OTHER_KEY,
    PHONE,
    Operator,
    cpaas_of,
    operator_of,
    running_version,
    writes,
)
from tests.end_to_end.pulumi_cli import PulumiProject, changed
from tests.end_to_end.test_legacy import codes_sent
from tests.phonemfa.break_glass.alone import break_glass_alone

pytestmark = pytest.mark.end_to_end


def test_a_key_is_rotated_while_every_login_gets_its_code(
    apply: Callable[..., PulumiProject], tenant: Tenant
) -> None:
    package = apply(testNumbers=[PHONE])
    operator, old = operator_of(tenant, package), tenant.running.credentials.cpaas_api_key
    stack_file = package.folder / f"Pulumi.{package.stack}.yaml"
    before = stack_file.read_bytes()

    tenant.forget_requests()
    unknown = operator.run("rotate", "--yes", stdin=NEW_KEY, expect=2)
    assert "does not know it (401)" in unknown.stderr
    assert (stack_file.read_bytes(), writes(tenant)) == (before, [])

    with cpaas_of(tenant) as cpaas:
        cpaas.post("/_sandbox/keys", json={"key": NEW_KEY}).raise_for_status()
        with codes_sent(tenant):
            done = operator.json("rotate", "--yes", stdin=f"{NEW_KEY}\n")
            assert done["old_key_may_be_revoked"] is True
            assert done["key_checked"] == "accepted"
            cpaas.request("DELETE", "/_sandbox/keys", json={"key": old}).raise_for_status()
            with codes_sent(tenant, count=5, method="voice"):
                pass
        rotated = stack_file.read_bytes()
        assert rotated != before

        # A key that the CPaaS takes and that sends nothing: the one before comes back. (Another
        # rotation begins only where the first left nothing for Pulumi to do.)
        cpaas.post("/_sandbox/keys", json={"key": OTHER_KEY}).raise_for_status()
        # First the check of the key, two requests a channel; then the test messages.
        answers = [*[{}] * 4, *[{"refusal": "REJECTED_NOT_ENOUGH_CREDITS"}] * 2]
        cpaas.post("/_sandbox/answers", json={"answers": answers}).raise_for_status()
        failed = operator.run("rotate", "--yes", stdin=OTHER_KEY, expect=1)
        assert "NOT_ENOUGH_CREDITS" in failed.stderr
        assert "Do not revoke it" in failed.stderr
        assert stack_file.read_bytes() == rotated
        cpaas.request("DELETE", "/_sandbox/keys", json={"key": OTHER_KEY}).raise_for_status()
    with codes_sent(tenant, count=3):
        pass
    assert tenant.unknown_routes() == 0


@pytest.mark.thorough
def test_an_incident_ends_in_the_tenant_and_in_the_repository(
    apply: Callable[..., PulumiProject],
    tenant: Tenant,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    package = apply(testNumbers=[PHONE])
    git = repository(package.folder)
    monkeypatch.setattr("components.action_code.SOURCE_DIR", package.folder / "actions" / "src")
    operator, good = operator_of(tenant, package), git("rev-parse", "HEAD")
    part = package.folder / "actions" / "src" / "outcome.js"
    part.write_text("// a change that breaks it\n" + part.read_text("utf-8"), "utf-8")
    git("commit", "-qam", "A change that breaks it")
    package.up()

    break_the_glass(operator, tmp_path / "records" / "audit.jsonl")
    take_back(operator, good)

    # Pulumi sees the code; the policy it leaves, until it looks.
    package.up()
    assert tenant.api("GET", "/guardian/policies") == []
    foreseen = json.loads(package.run("preview", "--refresh", "--json").out)["steps"]
    assert {name for op, name in changed(foreseen) if op == "update"} == {
        "phone-mfa-sender-action",
        "phone-mfa-factor-guardian",
    }
    git("checkout", "-q", good, "--", "actions/src")
    listed = operator.json("rollback", "--list")["versions"]
    assert (listed[0]["number"], listed[0]["as_in_repository"]) == (3, True)
    package.up("--refresh")
    assert tenant.api("GET", "/guardian/policies") == ["all-applications"]
    assert running_version(tenant)["number"] == 3, "the repository's code was deployed once more"


def take_back(operator: Operator, good: str) -> None:
    """The version before the bad one, and the commit that it comes from."""
    listed = operator.json("rollback", "--list")["versions"]
    assert [(one["number"], one["running"], one["as_in_repository"]) for one in listed] == [
        (2, True, True),
        (1, False, False),
    ]
    assert "--yes" in operator.run("rollback", expect=2).stderr
    code = operator.folder / "version-1.js"
    done = operator.json("rollback", "--yes", "--write-code", str(code))
    assert (done["rolled_back"]["to"], done["commit"]) == (1, good)
    running = running_version(operator.tenant)
    assert running["code"] == code.read_text("utf-8")
    assert "a change that breaks it" not in running["code"]
    code.unlink()
    with codes_sent(operator.tenant, count=1):
        pass


def repository(folder: Path) -> Callable[..., str]:
    """A git repository of the project's folder, with code of its own to change."""
    for name in ("actions", "components"):
        (folder / name).unlink()  # a link to this repository's own
        shutil.copytree(PROJECT / name, folder / name)

    def git(*arguments: str) -> str:
        who = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
        ran = subprocess.run(
            ["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True, text=True
        )
        return ran.stdout.strip()

    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "As applied")
    return git


def break_the_glass(operator: Operator, audit: Path) -> None:
    """As it is called when Pulumi, the stack and the declarations are broken; twice."""
    tenant = operator.tenant
    arguments = ["--reason", "INC-1: no codes", "--audit-file", str(audit)]
    assert tenant.api("GET", "/guardian/policies") == ["all-applications"]
    bare = {
        name: value
        for name, value in operator.environment.items()
        if name.startswith("AUTH0_") or name == "SSL_CERT_FILE"
    }

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        return break_glass_alone(bare, *arguments, *more)

    unasked = run()
    assert (unasked.returncode, "--yes" in unasked.stderr) == (2, True), unasked.stderr
    assert tenant.api("GET", "/guardian/policies") == ["all-applications"]

    ran = run("--yes")
    assert ran.returncode == 0, ran.stderr
    record = json.loads(ran.stdout)
    assert (record["before"], record["after"]) == (["all-applications"], [])
    assert (record["exit"], record["claimed"]["reason"]) == (0, "INC-1: no codes")
    assert record["claimed"]["user"]
    assert "pulumi up --refresh" in ran.stderr
    assert tenant.client_secret not in ran.stdout + ran.stderr + audit.read_text("utf-8")
    assert tenant.api("GET", "/guardian/policies") == []

    tenant.forget_requests()
    again = json.loads(run("--yes").stdout)
    assert (again["before"], writes(tenant)) == ([], [])
    kept = [json.loads(line)["before"] for line in audit.read_text("utf-8").splitlines()]
    assert kept == [["all-applications"], []]
    assert audit.stat().st_mode & 0o777 == 0o600
