"""`break-glass` needs an agreement and three variables, and says what the tenant reads then."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from phonemfa.break_glass.command import guidance
from tests.end_to_end.operators import writes
from tests.phonemfa.applied import Operator
from tests.phonemfa.break_glass.alone import break_glass_alone

Apply = Callable[..., Operator]
REASON = ("--reason", "INC-1: no codes")
ACCESS = ("AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET", "SSL_CERT_FILE")


def policies(desk: Operator) -> Any:
    return desk.tenant.api("GET", "/guardian/policies")


def test_nobody_is_asked_any_more_and_the_record_says_so(applied: Apply, tmp_path: Path) -> None:
    desk, audit = applied(), tmp_path / "audit.jsonl"
    said = desk.run("break-glass", *REASON, "--audit-file", str(audit), "--yes")
    record = json.loads(said.stdout)
    assert (record["before"], record["after"]) == (["all-applications"], [])
    assert (record["tenant"], record["credential"]) == (desk.tenant.domain, desk.tenant.client_id)
    assert record["claimed"]["reason"] == "INC-1: no codes"
    assert json.loads(audit.read_text("utf-8")) == record
    assert "pulumi up --refresh" in said.stderr
    assert policies(desk) == []
    assert desk.engine.ran == [], "no Pulumi"

    desk.tenant.forget_requests()
    assert desk.json("break-glass", *REASON, "--yes")["before"] == []
    assert writes(desk.tenant) == []


def test_it_takes_the_tenants_name_typed_out(applied: Apply) -> None:
    desk = applied()
    for typed in ("y\n", ""):
        desk.typed = typed
        assert "nobody agreed" in desk.run("break-glass", *REASON, expect=2).stderr
    assert policies(desk) == ["all-applications"]
    desk.typed = f"{desk.tenant.domain}\n"
    desk.run("break-glass", *REASON)
    assert policies(desk) == []


def test_what_it_was_may_be_unreadable_and_what_it_is_may_not(applied: Apply) -> None:
    desk = applied()
    fault = {"method": "GET", "path": "/guardian/policies$", "status": 403}
    desk.tenant.control("POST", "/faults", fault | {"nth": 1, "times": 1})
    said = desk.run("break-glass", *REASON, "--yes")
    assert "What the policy was is not known" in said.stderr
    assert json.loads(said.stdout)["before"] is None
    assert policies(desk) == []

    desk.tenant.api("PUT", "/guardian/policies", ["all-applications"])
    desk.tenant.control("DELETE", "/faults")
    desk.tenant.control("POST", "/faults", fault | {"nth": 2, "times": 1})
    said = desk.run("break-glass", *REASON, "--yes", expect=1)
    assert "cannot be read back to prove it" in said.stderr
    assert json.loads(said.stdout)["exit"] == 1


def test_a_policy_that_comes_back_at_once_is_a_failure(
    applied: Apply, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = applied()
    monkeypatch.setattr(desk.engine.applied.tenant.guardian, "set_policies", lambda new: new)
    said = desk.run("break-glass", *REASON, "--yes", expect=1)
    assert "reads ['all-applications'] afterwards" in said.stderr


def test_a_switch_that_the_tenant_refuses_is_recorded_as_one(applied: Apply) -> None:
    desk = applied()
    fault = {"method": "PUT", "path": "/guardian/policies$", "status": 403, "times": 1}
    desk.tenant.control("POST", "/faults", fault)
    said = desk.run("break-glass", *REASON, "--yes", expect=1)
    assert json.loads(said.stdout)["exit"] == 1
    assert "403" in said.stderr
    assert policies(desk) == ["all-applications"]


def test_a_record_that_cannot_be_kept_is_told_in_time(
    applied: Apply, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = applied()
    refused = desk.run("break-glass", *REASON, "--audit-file", str(tmp_path), "--yes", expect=2)
    assert "Nothing was written" in refused.stderr
    assert policies(desk) == ["all-applications"]

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("phonemfa.audit.append_private", lambda _, text: full() if text else None)
    audit = str(tmp_path / "audit.jsonl")
    late = desk.run("break-glass", *REASON, "--audit-file", audit, "--yes")
    assert "The record is not in " in late.stderr
    assert json.loads(late.stdout)["exit"] == 0


@pytest.mark.parametrize(
    ("reason", "content", "told"),
    [
        (" ", None, "--reason is empty"),
        ("INC-1", "config: {}\n", "gives no auth0:domain (there is none"),
        ("INC-1", "config: [\n", "gives no auth0:domain"),
        ("INC-1", "- a list\n", "gives no auth0:domain (Pulumi."),
        (
            "INC-1",
            "config: {'auth0:domain': }\n",
            "auth0:domain (there is none, or it is no",
        ),
        (
            "INC-1",
            "config: {'auth0:domain': ''}\n",
            "auth0:domain (there is none,",
        ),
        ("INC-1", "config: {'auth0:domain': {secure: djE=}}\n", "gives no auth0:domain (there"),
        ("INC-1", "config: {'auth0:domain': caf\xe9}\n", "gives no auth0:domain (Pulumi."),
        ("INC-1", "config: {'auth0:domain': 2020-13-45}\n", "gives no auth0:domain (there"),
        ("INC-1", f"config: {'[' * 3000}\n", "gives no auth0:domain (Pulumi."),
    ],
)
def test_what_is_not_clear_is_not_done(
    applied: Apply, reason: str, content: str | None, told: str
) -> None:
    desk = applied()
    if content:
        desk.engine.file.write_text(content, encoding="latin-1")
    assert told in desk.run("break-glass", "--reason", reason, "--yes", expect=2).stderr
    assert policies(desk) == ["all-applications"]


def test_it_runs_where_pulumi_the_stack_and_the_declarations_are_broken(applied: Apply) -> None:
    desk = applied()
    bare = {name: desk.environment[name] for name in ACCESS} | {"AUTH0_DOMAIN": desk.tenant.domain}
    ended = break_glass_alone(bare, *REASON, "--yes", "--json")
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["after"] == []
    assert policies(desk) == []


def test_the_guidance_warns_of_what_puts_the_policy_back() -> None:
    text = "\n".join(guidance("prod.example.com", changed=True))
    assert "pulumi up --refresh" in text
    assert "phonemfa:policy never" in text
