"""`enforce` touches the policy last, and alone; what stops half-way is taken back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from components.tenant.guardian import TOKEN
from components.vocabulary import COMPONENT
from phonemfa.pulumi.engine import EngineFailedError
from sandbox.cpaas.script import ScriptedAnswer
from tests.end_to_end.operators import writes
from tests.phonemfa.applied import Operator

Apply = Callable[..., Operator]
ASKED = ["all-applications"]
OTHER = ["confidence-score"]
AUDITED = ("--audit-file", "-")


def policies(desk: Operator) -> Any:
    return desk.tenant.api("GET", "/guardian/policies")


def declared(desk: Operator) -> Any:
    return desk.engine.config["phonemfa:policy"]


@pytest.fixture
def ready(applied: Apply) -> Operator:
    """A stack that could ask its users, and does not yet."""
    return applied(policy="never", deliveryMethods=["text"])


@pytest.mark.parametrize(
    ("policy", "applied_policy"), [("always", ASKED), ("adaptive", ["confidence-score"])]
)
def test_the_policy_comes_after_a_message_that_was_sent(
    ready: Operator, policy: str, applied_policy: list[str]
) -> None:
    done = ready.json("enforce", "--yes", "--policy", policy)
    assert (done["before"], done["after"], done["smoke"]["verdict"]) == ([], applied_policy, "sent")
    assert (policies(ready), declared(ready)) == (applied_policy, policy)


def test_a_person_is_asked_and_then_told_what_is_left_to_do(ready: Operator) -> None:
    ready.typed = "n\n"
    assert "nobody agreed" in ready.run("enforce", expect=2).stderr
    assert (policies(ready), writes(ready.tenant)) == ([], [])
    ready.typed = "y\ny\n"
    told = ready.run("enforce").stderr
    assert "Did the message by text arrive?" in told
    assert told.endswith(
        "is always (it was never). Commit Pulumi.dev.yaml.\nBack in an emergency:\n"
        "  python -m phonemfa break-glass --reason …\n"
    )


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("y\ny\nn\n", "voice: it did not arrive, says the person at the phone"),
        ("y\nn\ny\n", "text: it did not arrive, says the person at the phone"),
        ("y\ny\n", "voice: nobody said that it arrived"),
    ],
)
def test_a_message_that_did_not_arrive_stops_before_the_policy(
    applied: Apply, typed: str, why: str
) -> None:
    desk = applied(policy="never")
    desk.typed = typed
    assert why in desk.run("enforce", "--accept-unknown", expect=1).stderr
    assert (policies(desk), declared(desk)) == ([], "never")


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_who_agrees_beforehand_is_told_after_the_result_that_the_log_decided(
    ready: Operator, form: list[str]
) -> None:
    output = ready.run("enforce", "--yes", *form).output
    assert (
        output.index("sent")
        < output.index("Nobody was asked whether the messages arrived")
        < output.index("The policy of ")
        < output.index("  python -m phonemfa break-glass")
    )


def test_what_a_log_does_not_tell_a_person_at_the_phone_does(
    ready: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    notifications = ready.engine.sandbox.parts.notifications
    silent = replace(notifications.assumptions, test_message_logs=False)
    monkeypatch.setattr(notifications, "assumptions", silent)
    ready.typed = "y\ny\n"
    ready.run("enforce", "--wait", "1")
    assert policies(ready) == ASKED


def test_a_policy_is_not_lowered(applied: Apply) -> None:
    desk = applied(policy="always", deliveryMethods=["text"])
    why = desk.json("enforce", "--yes", "--policy", "adaptive", expect=1)["why"]
    assert "The tenant's policy is always, and this would lower it to adaptive" in why
    assert writes(desk.tenant) == [], "no message either"
    assert (policies(desk), declared(desk)) == (ASKED, "always")


def test_the_policy_in_the_components_settings_is_the_policy_too(ready: Operator) -> None:
    def update(**settings: object) -> dict[str, object]:
        before = {"policy": "never", "recipientLimit": 9}
        sides = {"oldState": before, "newState": before | settings}
        return {
            "op": "update",
            "urn": f"urn:pulumi:dev::phonemfa::{COMPONENT}::phone-mfa",
            **{k: {"type": COMPONENT, "inputs": {"settings": v}} for k, v in sides.items()},
        }

    ready.engine.waiting = [update(policy="always", recipientLimit=33)]
    assert "update phone-mfa" in ready.json("enforce", "--yes", expect=1)["why"]
    ready.engine.waiting = [update(policy="always")]
    assert ready.json("enforce", "--yes")["enforced"] is True


def test_the_policy_may_wait_in_guardian_and_nothing_else_of_it(ready: Operator) -> None:
    def update(*paths: str) -> dict[str, Any]:
        return {
            "op": "update",
            "urn": f"urn:pulumi:dev::phonemfa::{TOKEN}::the-guardian",
            "oldState": {"type": TOKEN},
            "newState": {"type": TOKEN},
            "detailedDiff": {one: {} for one in paths},
        }

    ready.engine.waiting = [update("policy", "phone.messageTypes[1]")]
    told = ready.json("enforce", "--yes", expect=1)["why"]
    assert "update the-guardian (phone.messageTypes[1], policy)" in told
    ready.engine.waiting = [update("policy")]
    assert ready.json("enforce", "--yes")["enforced"] is True


def test_whatever_else_waits_is_told_and_nothing_is_sent(ready: Operator) -> None:
    ready.engine.waiting = [{"op": "delete", "urn": "urn:pulumi:dev::someones-action"}]
    refused = ready.json("enforce", "--yes", expect=1)
    assert refused["enforced"] is False
    assert "pulumi up would do more than apply the policy: delete someones-action" in refused["why"]
    assert writes(ready.tenant) == []


def test_a_log_that_cannot_be_read_is_found_out_before_anything_else(ready: Operator) -> None:
    fault = {"method": "GET", "path": "/logs", "status": 403, "times": None}
    ready.tenant.control("POST", "/faults", fault)
    assert "403" in ready.run("enforce", "--yes", expect=2).stderr
    assert (ready.engine.ran, writes(ready.tenant)) == ([], [])


def test_a_tenant_that_could_deliver_no_code_is_told_everything_that_is_missing(
    applied: Apply,
) -> None:
    ready = applied(policy="never")
    tenant = ready.tenant
    (provider,) = tenant.api("GET", "/branding/phone/providers")["providers"]
    path = f"/branding/phone/providers/{provider['id']}"
    tenant.api("PUT", "/guardian/factors/phone/message-types", {"message_types": ["sms"]})
    tenant.api("PATCH", path, {"disabled": True})
    tenant.api("PUT", "/guardian/factors/sms", {"enabled": False})
    why = ready.json("enforce", "--yes", expect=1)["why"]
    assert "the phone provider is switched off; the phone factor is switched off" in why
    assert "the factor does not offer voice" in why

    tenant.api("DELETE", path)
    (action,) = tenant.api("GET", "/actions/actions")["actions"]
    tenant.api("DELETE", f"/actions/actions/{action['id']}?force=true")
    why = ready.json("enforce", "--yes", expect=1)["why"]
    assert "there is no phone provider; no Action is deployed on custom-phone-provider" in why


def test_a_legacy_tenant_needs_an_action_that_is_bound(applied: Apply) -> None:
    desk = applied("legacy", policy="never", deliveryMethods=["text"])
    path = "/actions/triggers/send-phone-message/bindings"
    desk.tenant.api("PATCH", path, {"bindings": []})
    why = desk.json("enforce", "--yes", expect=1)["why"]
    assert "no Action is bound to send-phone-message" in why


def test_without_evidence_nobody_is_asked_for_codes(ready: Operator) -> None:
    refusal = ScriptedAnswer(refusal="REJECTED_NOT_ENOUGH_CREDITS")
    ready.engine.sandbox.parts.cpaas.script.add([refusal])
    told = ready.run("enforce", "--yes", "--accept-unknown", "--json", *AUDITED, expect=1)
    assert recorded(told) == ([], [])
    why = json.loads(told.stdout)["why"]
    assert "No evidence that codes are sent (text: " in why
    assert "--accept-unknown" not in why, "a failure is no silence"
    assert (policies(ready), declared(ready)) == ([], "never")


def test_the_earlier_policy_that_comes_back_need_not_be_never(
    applied: Apply, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = applied(policy="adaptive", deliveryMethods=["text"])

    def half_an_up() -> None:
        desk.tenant.api("PUT", "/guardian/policies", ASKED)
        raise EngineFailedError("no backend")

    monkeypatch.setattr(desk.engine, "_up", half_an_up)
    assert "The policy is adaptive again" in desk.run("enforce", "--yes", expect=1).stderr
    assert (policies(desk), declared(desk)) == (["confidence-score"], "adaptive")


def recorded(said: Any) -> tuple[Any, Any]:
    """`before` and `after` of the line that `--audit-file -` puts last."""
    line = json.loads(said.stderr.splitlines()[-1])
    return line["before"], line["after"]


@pytest.mark.parametrize("refused", ["up", "config set"])
def test_a_step_that_fails_leaves_the_earlier_policy_everywhere(
    ready: Operator, refused: str
) -> None:
    ready.engine.refusing[refused] = "error: no backend"
    failed = ready.run("enforce", "--yes", *AUDITED, expect=1)
    assert recorded(failed) == ([], [])
    assert "no backend" in failed.stderr
    assert "The policy is never again, in Pulumi.dev.yaml and in the tenant" in failed.stderr
    assert (policies(ready), declared(ready)) == ([], "never")


def test_a_policy_that_something_else_set_is_taken_back(
    ready: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        ready.engine, "_up", lambda: ready.tenant.api("PUT", "/guardian/policies", OTHER)
    )
    failed = ready.run("enforce", "--yes", *AUDITED, expect=1)
    assert recorded(failed) == ([], [])
    assert "pulumi up has ended, and the tenant's policy is adaptive" in failed.stderr
    assert (policies(ready), declared(ready)) == ([], "never")


def test_a_way_back_that_is_barred_is_told_with_the_way_out(
    ready: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half_an_up() -> None:
        ready.tenant.api("PUT", "/guardian/policies", OTHER)
        fault = {"method": "PUT", "path": "/guardian/policies$", "status": 403, "times": 9}
        ready.tenant.control("POST", "/faults", fault)

    monkeypatch.setattr(ready.engine, "_up", half_an_up)
    failed = ready.run("enforce", "--yes", *AUDITED, expect=1)
    assert recorded(failed) == ([], OTHER)
    assert "The policy could not be put back to never" in failed.stderr
    assert "python -m phonemfa break-glass" in failed.stderr


def test_a_persons_break_is_taken_back_too(
    ready: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken_off() -> None:
        ready.tenant.api("PUT", "/guardian/policies", ASKED)
        raise KeyboardInterrupt

    monkeypatch.setattr(ready.engine, "_up", broken_off)
    said = ready.run("enforce", "--yes", expect=1).stderr
    assert "Stopped as asked.\nThe policy is never again" in said
    assert (policies(ready), declared(ready)) == ([], "never")


def test_a_missing_credential_is_no_verdict(ready: Operator) -> None:
    ready.environment["AUTH0_CLIENT_SECRET"] = ""
    assert "Not set: AUTH0_CLIENT_SECRET" in ready.run("enforce", "--yes", expect=2).stderr
