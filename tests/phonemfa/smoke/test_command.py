"""`smoke` sends what it was allowed to, by the tenant's own means, and says what it knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sandbox.cpaas.script import ScriptedAnswer
from sandbox.server.running import RunningSandbox
from sandbox.tenant import Generation
from tests.end_to_end.conftest import PHONE
from tests.end_to_end.operators import writes
from tests.phonemfa.applied import Operator

Apply = Callable[..., Operator]
SENT = {"text": "sent", "voice": "sent"}


def verdicts(answer: Any) -> dict[str, str]:
    return {one["method"]: one["verdict"] for one in answer["sends"]}


def whys(answer: Any) -> list[str]:
    return [one["why"] for one in answer["sends"]]


def test_each_channels_message_is_found_in_the_log_and_at_the_phone(applied: Apply) -> None:
    desk = applied()
    answer = desk.json("smoke", "--yes")
    assert (answer["verdict"], verdicts(answer)) == ("sent", SENT)
    assert [one["evidence"]["event"] for one in answer["sends"]] == ["gd_send_sms", "gd_send_voice"]
    assert {one.channel for one in desk.engine.sandbox.parts.inbox.messages()} >= {"sms", "voice"}


def test_a_person_is_asked_before_and_their_word_after_counts(applied: Apply) -> None:
    desk = applied(deliveryMethods=["text"])
    desk.typed = "n\n"
    assert "nobody agreed" in desk.run("smoke", expect=2).stderr
    assert writes(desk.tenant) == []
    desk.typed = "y\nn\n"
    said = desk.run("smoke", "--ask", expect=1)
    assert "it did not arrive, says the person at the phone" in said.stdout
    desk.typed = "y\ny\n"
    assert "it arrived, says the person" in desk.run("smoke", "--ask").stdout


def test_what_the_cpaas_refuses_failed_for_its_reason(applied: Apply) -> None:
    desk = applied(deliveryMethods=["text"])
    refusal = ScriptedAnswer(refusal="REJECTED_NOT_ENOUGH_CREDITS")
    desk.engine.sandbox.parts.cpaas.script.add([refusal])
    assert "CREDIT" in whys(desk.json("smoke", "--yes", expect=1))[0]


def test_silence_of_the_log_is_not_taken_for_success(
    applied: Apply, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = applied(deliveryMethods=["text"])
    assert verdicts(desk.json("smoke", "--yes")) == {"text": "sent"}, "which is no evidence later"
    silent = replace(sandbox.parts.notifications.assumptions, test_message_logs=False)
    monkeypatch.setattr(sandbox.parts.notifications, "assumptions", silent)
    answer = desk.json("smoke", "--yes", "--wait", "1", expect=2)
    assert "its log says nothing about it within 1 s" in whys(answer)[0]
    assert (
        "Sent means that the CPaaS took it"
        in desk.run("smoke", "--yes", "--wait", "1", expect=2).stderr
    )


@pytest.mark.parametrize(("status", "exit_status"), [(409, 1), (403, 2)])
def test_a_refusal_to_send_is_told_apart_from_a_refusal_of_the_application(
    applied: Apply, status: int, exit_status: int
) -> None:
    desk = applied(deliveryMethods=["text"])
    fault = {"path": "/try$", "status": status, "times": 1}
    refusal = {"statusCode": status, "error": "Refused", "message": f"no route to {PHONE}"}
    desk.tenant.control("POST", "/faults", fault | {"body": refusal})
    said = desk.run("smoke", "--yes", expect=exit_status)
    assert f"{status}" in said.output
    assert "no route to ****" in said.output


@pytest.mark.parametrize("generation", ["unified", "legacy"])
def test_a_send_whose_answer_gets_lost_is_not_repeated(
    applied: Apply, generation: Generation
) -> None:
    desk = applied(generation, deliveryMethods=["text"])
    fault = {"path": "/(try|test)$", "status": 503, "when": "after", "times": None}
    desk.tenant.control("POST", "/faults", fault)
    assert "is not known" in desk.run("smoke", "--yes", expect=2).stderr
    assert len(writes(desk.tenant)) == 1


def test_a_provider_that_is_off_or_gone_is_not_tried(applied: Apply) -> None:
    desk = applied()
    (provider,) = desk.tenant.api("GET", "/branding/phone/providers")["providers"]
    path = f"/branding/phone/providers/{provider['id']}"
    desk.tenant.api("PATCH", path, {"disabled": True})
    assert set(whys(desk.json("smoke", "--yes", expect=1))) == {
        "the tenant's phone provider is disabled"
    }
    desk.tenant.api("DELETE", path)
    desk.tenant.forget_requests()
    assert set(whys(desk.json("smoke", "--yes", expect=1))) == {"the tenant has no phone provider"}
    assert writes(desk.tenant) == []


def test_a_legacy_tenant_runs_the_action_that_logins_run(applied: Apply) -> None:
    desk = applied("legacy")
    assert verdicts(desk.json("smoke", "--yes")) == SENT
    refusal = ScriptedAnswer(refusal="REJECTED_NOT_ENOUGH_CREDITS")
    desk.engine.sandbox.parts.cpaas.script.add([refusal])
    failed = desk.json("smoke", "--yes", expect=1)
    assert verdicts(failed) == {"text": "failed", "voice": "sent"}
    assert "the Action said: " in whys(failed)[0]

    # Of another's making, and careless with what it says.
    (action,) = desk.tenant.api("GET", "/actions/actions")["actions"]
    path, said = f"/actions/actions/{action['id']}", "no route to ${message_options.recipient}"
    code = f"async ({{ message_options }}) => {{ throw new Error(`{said}`); }};"
    desk.tenant.api("PATCH", path, {"code": f"exports.onExecuteSendPhoneMessage = {code}"})
    desk.tenant.api("POST", f"{path}/deploy")
    why = "the Action said: no route to ****"
    assert whys(desk.json("smoke", "--yes", expect=1)) == [why, why]


def test_an_adopted_tenant_that_sends_by_itself_is_not_called_faulty(applied: Apply) -> None:
    desk = applied("legacy", deliveryMethods=["text"])
    action = {"name": "ntt-cpaas-phone-legacy", "code": "x.js", "runtime": "node22"}
    adopted = {"phone": {"enabled": True}, "action": action | {"triggerVersion": "v2"}}
    desk.engine.configure("phonemfa:adopted", adopted)
    desk.tenant.api("PUT", "/guardian/factors/phone/selected-provider", {"provider": "twilio"})
    (why,) = whys(desk.json("smoke", "--yes", expect=2))
    assert why == "logins send through 'twilio', which has no test route"


def test_a_legacy_action_that_no_login_runs_is_not_tried(applied: Apply) -> None:
    desk = applied("legacy", deliveryMethods=["text"])
    trigger = "/actions/triggers/send-phone-message/bindings"
    (action,) = desk.tenant.api("GET", "/actions/actions")["actions"]

    def why(expect: int) -> str:
        desk.tenant.forget_requests()
        told = whys(desk.json("smoke", "--yes", expect=expect))[0]
        assert writes(desk.tenant) == []
        return told

    desk.tenant.api("PATCH", f"/actions/actions/{action['id']}", {"code": f"{action['code']}//"})
    assert "the tenant can only run the Action's draft" in why(2)
    desk.tenant.api("PUT", "/guardian/factors/phone/selected-provider", {"provider": "twilio"})
    assert "logins send through 'twilio', not through an Action" in why(1)
    desk.tenant.api("PATCH", trigger, {"bindings": []})
    assert "is not bound: no login runs it" in why(1)
    desk.tenant.api("DELETE", f"/actions/actions/{action['id']}")
    assert "the tenant has no Action" in why(1)
