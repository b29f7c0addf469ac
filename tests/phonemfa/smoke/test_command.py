"""`smoke` sends what it was allowed to, by the tenant's own means, and says what it knows."""

from typing import Any

import pytest

from components.guards.test_message import Send, Verdict
from components.vocabulary import DeliveryMethod
from phonemfa.answered import RefusedError
from phonemfa.smoke import command
from phonemfa.smoke.command import SmokeResult, allowed_number, login_event
from sandbox.tenant import Generation
from tests.end_to_end.conftest import PHONE
from tests.end_to_end.operators import writes
from tests.phonemfa.applied import Apply, Operator
from tests.stacks import stack_settings

SENT, FAILED, UNKNOWN = Verdict.SENT, Verdict.FAILED, Verdict.UNKNOWN
OTHER = "+819087654321"


def smoke(desk: Operator, expect: int = 0) -> tuple[dict[str, str], list[str]]:
    """Each channel's verdict, and why."""
    answer = desk.json("smoke", "--yes", "--wait", "1", expect=expect)
    return (
        {one["method"]: one["verdict"] for one in answer["sends"]},
        [one["why"] for one in answer["sends"]],
    )


def test_each_channels_message_is_found_in_the_log_and_at_the_phone(applied: Apply) -> None:
    desk = applied()
    answer = desk.json("smoke", "--yes")
    assert answer["verdict"] == "sent"
    assert [one["evidence"]["event"] for one in answer["sends"]] == ["gd_send_sms", "gd_send_voice"]
    assert {one.channel for one in desk.engine.sandbox.parts.inbox.messages()} >= {"sms", "voice"}


def test_the_word_of_a_person_at_the_phone_counts(applied: Apply) -> None:
    desk = applied(deliveryMethods=["text"])
    desk.typed = "y\nn\n"
    said = desk.run("smoke", "--ask", expect=1)
    assert "it did not arrive, says the person at the phone" in said.stdout
    desk.typed = "y\ny\n"
    assert "it arrived, says the person" in desk.run("smoke", "--ask").stdout


def test_silence_of_the_log_is_not_taken_for_success(applied: Apply) -> None:
    desk = applied(deliveryMethods=["text"])
    assert smoke(desk)[0] == {"text": "sent"}, "which is no evidence later"
    desk.log_is_silent()
    said = desk.run("smoke", "--yes", "--wait", "1", expect=2)
    assert "its log says nothing about it within 1 s" in said.stdout
    assert "Sent means that the CPaaS took it" in said.stderr


@pytest.mark.parametrize(("status", "exit_status"), [(409, 1), (403, 2)])
def test_a_refusal_to_send_is_told_apart_from_a_refusal_of_the_application(
    applied: Apply, status: int, exit_status: int
) -> None:
    desk = applied(deliveryMethods=["text"])
    refusal = {"statusCode": status, "error": "Refused", "message": f"no route to {PHONE}"}
    desk.fault("POST", "/try$", status, body=refusal)
    said = desk.run("smoke", "--yes", expect=exit_status)
    assert f"{status}" in said.output
    assert "no route to ****" in said.output


@pytest.mark.parametrize("generation", ["unified", "legacy"])
def test_a_send_whose_answer_gets_lost_is_not_repeated(
    applied: Apply, generation: Generation
) -> None:
    desk = applied(generation, deliveryMethods=["text"])
    desk.fault("POST", "/(try|test)$", 503, when="after")
    assert "is not known" in desk.run("smoke", "--yes", expect=2).stderr
    assert len(writes(desk.tenant)) == 1


def test_a_legacy_tenant_runs_the_action_that_logins_run(applied: Apply) -> None:
    desk = applied("legacy")
    assert smoke(desk)[0] == {"text": "sent", "voice": "sent"}
    desk.cpaas_refuses()
    verdicts, whys = smoke(desk, expect=1)
    assert verdicts == {"text": "failed", "voice": "sent"}
    assert "the Action said: " in whys[0]
    assert "CREDIT" in whys[0]

    # Of another's making, and careless with what it says.
    path, said = f"/actions/actions/{desk.action['id']}", "no route to ${message_options.recipient}"
    code = f"async ({{ message_options }}) => {{ throw new Error(`{said}`); }};"
    desk.tenant.api("PATCH", path, {"code": f"exports.onExecuteSendPhoneMessage = {code}"})
    desk.tenant.api("POST", f"{path}/deploy")
    assert smoke(desk, expect=1)[1] == ["the Action said: no route to ****"] * 2


DRAFT = ("PATCH", "action", {"code": "// another"})
TWILIO = ("PUT", "/guardian/factors/phone/selected-provider", {"provider": "twilio"})
BINDINGS = "/actions/triggers/send-phone-message/bindings"
UNBOUND: tuple[str, str, Any] = ("PATCH", BINDINGS, {"bindings": []})
ADOPTED = {"name": "ntt-cpaas-phone-legacy", "code": "x.js", "runtime": "n", "triggerVersion": "v2"}


@pytest.mark.parametrize(
    ("config", "calls", "status", "why"),
    [
        ({}, [("PATCH", "provider", {"disabled": True})], 1, "the tenant's phone provider is di"),
        ({}, [("DELETE", "provider", None)], 1, "the tenant has no phone provider"),
        ({}, [DRAFT], 2, "nothing was sent: the tenant can only run the Action's draft"),
        ({}, [DRAFT, TWILIO], 1, "logins send through 'twilio', not through an Action"),
        (ADOPTED, [DRAFT, TWILIO], 2, "logins send through 'twilio', which has no test route"),
        ({}, [DRAFT, TWILIO, UNBOUND], 1, "the Action 'ntt-cpaas-phone-legacy' is not bound: no"),
        ({}, [UNBOUND, ("DELETE", "action", None)], 1, "the tenant has no Action 'ntt-cpaas-pho"),
    ],
)
def test_what_no_login_would_send_through_is_not_tried(
    applied: Apply, config: object, calls: list[tuple[str, str, Any]], status: int, why: str
) -> None:
    desk = applied("unified" if calls[0][1] == "provider" else "legacy")
    if config:
        desk.engine.configure("phonemfa:adopted", {"phone": {"enabled": True}, "action": config})
    places = {"action": f"/actions/actions/{desk.action['id']}"}
    for one in desk.tenant.api("GET", "/branding/phone/providers")["providers"]:
        places["provider"] = f"/branding/phone/providers/{one['id']}"
    for method, path, body in calls:
        desk.tenant.api(method, places.get(path, path), body)
    desk.tenant.forget_requests()
    whys = smoke(desk, expect=status)[1]
    assert [one[: len(why)] for one in whys] == [why, why]
    assert writes(desk.tenant) == []


def send(verdict: Verdict) -> Send:
    return Send(method=DeliveryMethod.TEXT, verdict=verdict, why="so")


@pytest.mark.parametrize(
    ("verdicts", "worst"),
    [
        ([SENT, SENT], SENT),
        ([SENT, UNKNOWN], UNKNOWN),
        ([UNKNOWN, FAILED], FAILED),
    ],
)
def test_a_tenant_is_as_good_as_its_worst_channel(verdicts: list[Verdict], worst: Verdict) -> None:
    result = SmokeResult(domain="d", to="m", sends=tuple(send(one) for one in verdicts))
    assert command.shown(result)["verdict"] == result.verdict == worst


@pytest.mark.parametrize(
    ("before", "arrived", "after"),
    [
        (UNKNOWN, True, SENT),
        (UNKNOWN, False, FAILED),
        (UNKNOWN, None, UNKNOWN),
        (SENT, False, FAILED),
        (SENT, None, SENT),
        (FAILED, True, FAILED),
    ],
)
def test_a_persons_word_settles_what_the_log_leaves_open(
    monkeypatch: pytest.MonkeyPatch, before: Verdict, arrived: bool | None, after: Verdict
) -> None:
    monkeypatch.setattr(command, "answer_of", lambda _: arrived)
    told = command.asked(send(before))
    assert (told.verdict, told.arrived) == (after, None if before is FAILED else arrived)


@pytest.mark.parametrize(
    ("listed", "to", "number"),
    [
        ([PHONE], None, PHONE),
        ([PHONE, OTHER], OTHER, OTHER),
        ([], PHONE, None),
        ([], None, None),
        ([PHONE], OTHER, None),
        ([PHONE, OTHER], None, None),
    ],
)
def test_only_listed_numbers_get_messages_and_no_refusal_repeats_one_in_full(
    listed: list[str], to: str | None, number: Any
) -> None:
    settings = stack_settings(testNumbers=listed)
    if number:
        assert allowed_number(settings, to) == number
        return
    with pytest.raises(RefusedError) as refused:
        allowed_number(settings, to)
    assert PHONE not in str(refused.value)
    assert OTHER not in str(refused.value)


def test_two_runs_of_a_legacy_action_are_two_messages() -> None:
    first, second = (login_event(PHONE, DeliveryMethod.VOICE) for _ in range(2))
    assert first["message_options"]["message_type"] == "voice"
    assert first["transaction"] != second["transaction"]
