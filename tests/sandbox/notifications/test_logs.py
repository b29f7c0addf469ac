"""What a phone message leaves in the tenant's log."""

import json
from typing import Any

import pytest

from sandbox.runner.runner import ActionOutcome
from sandbox.tenant import Tenant
from tests.sandbox.notifications.fakes import CODE, TO, Pipeline, a_tenant, no_provider

DROP = ActionOutcome("drop", "CPaaS refused: REJECTED 12 NOT_ENOUGH_CREDITS")
RETRY = ActionOutcome("retry", "CPaaS limits the rate: HTTP 429")
THROW = ActionOutcome("error", "Error: boom")
PASSWORD = {"message_type": "change_password"}


def log_of(
    *outcomes: ActionOutcome, tenant: Tenant | None = None, wanted: str = "both", **order: Any
) -> list[dict[str, Any]]:
    pipeline = Pipeline(tenant, *outcomes, failed_message_logs=wanted)
    pipeline.challenge(**order)
    assert CODE not in json.dumps([(one["details"], one["description"]) for one in pipeline.log])
    return pipeline.log


def codes(entries: list[dict[str, Any]]) -> list[str]:
    return [one["type"] for one in entries]


@pytest.mark.parametrize(("method", "code"), [("text", "gd_send_sms"), ("voice", "gd_send_voice")])
def test_a_sent_message_writes_its_factors_event(method: str, code: str) -> None:
    (entry,) = log_of(delivery_method=method)
    assert entry["type"] == code
    assert entry["details"]["authenticator"]["phone_number"] == TO
    assert entry["user_id"]


@pytest.mark.parametrize("failure", [DROP, THROW])
def test_a_failed_message_writes_the_failure_and_the_reason(failure: ActionOutcome) -> None:
    event, notification = log_of(failure)
    assert event["type"] == "gd_send_sms_failure"
    assert event["details"]["provider_error"] == {
        "errorCode": failure.kind,
        "message": failure.reason,
    }
    assert notification["type"] == "fn"
    assert notification["details"] == {
        "email_type": "otp_verify",
        "notification_type": "sms",
        "to": TO,
        "error": failure.reason,
    }


@pytest.mark.parametrize(
    ("outcomes", "order", "expected"),
    [
        pytest.param(
            [RETRY] * 6,
            {},
            [*["fn"] * 5, "gd_send_sms_failure", "fn"],
            id="each repeat, and the end once",
        ),
        pytest.param([RETRY], {}, ["fn", "gd_send_sms"], id="why it was late"),
        pytest.param([RETRY], {"wanted": "gd_send"}, ["gd_send_sms"], id="late, without fn"),
        pytest.param([], PASSWORD, [], id="sent, and not for MFA"),
        pytest.param([DROP], PASSWORD, ["fn"], id="failed, and not for MFA"),
        pytest.param([DROP], {"wanted": "fn"}, ["fn"], id="fn alone"),
        pytest.param([DROP], {"wanted": "gd_send"}, ["gd_send_sms_failure"], id="gd_send alone"),
    ],
)
def test_what_is_written(
    outcomes: list[ActionOutcome], order: dict[str, Any], expected: list[str]
) -> None:
    entries = log_of(*outcomes, **order)
    assert codes(entries) == expected
    told = {one["details"]["error"] for one in entries if one["type"] == "fn"}
    assert told <= {one.reason for one in outcomes}


def test_a_failure_without_a_reason_says_its_kind() -> None:
    (repeat, _) = log_of(ActionOutcome("retry"))
    assert repeat["details"]["error"] == "retry"


def test_a_legacy_failure_goes_to_the_login_and_not_to_the_queue() -> None:
    for wanted in ("both", "fn"):
        entries = log_of(THROW, tenant=a_tenant("legacy"), wanted=wanted)
        assert codes(entries) == ["gd_send_sms_failure"]


def test_a_message_that_the_settings_refused_says_which() -> None:
    event, notification = log_of(tenant=a_tenant(spoil=no_provider))
    assert event["details"]["failure_details"]["message"] == "the tenant has no phone provider"
    assert notification["details"]["error"] == "the tenant has no phone provider"


def test_the_eleventh_message_of_a_user_waits_for_the_hour() -> None:
    pipeline = Pipeline(user_limits=True)

    def send(**order: str) -> str:
        return pipeline.challenge(**order).outcome

    assert [send() for _ in range(11)] == ["success"] * 10 + ["not_sent"]
    assert send(delivery_method="voice") == "success", "a channel has a bucket of its own"
    assert send(to="+819000000000") == "success", "and so has a user"
    pipeline.try_provider("text")
    assert pipeline.service.deliveries()[-1].outcome == "success", "a test message is nobody's"
    (limit,) = [one for one in pipeline.log if one["type"] == "limit_phone"]
    assert limit["details"] == {
        "delivery_method": "text",
        "reset_at": "2026-11-23T13:00:00+00:00",
        "to": TO,
    }
    pipeline.wait(3600)
    assert [send(), send()] == ["success", "not_sent"]
    pipeline.service.reset()
    assert send() == "success"


@pytest.mark.parametrize(
    ("outcomes", "is_logged", "expected"),
    [
        ([], True, ["gd_send_voice"]),
        ([DROP], True, ["fn"]),
        ([], False, []),
        ([DROP], False, ["fn"]),
    ],
)
def test_a_test_message_is_evidence_in_the_log_and_its_failure_always(
    outcomes: list[ActionOutcome], is_logged: bool, expected: list[str]
) -> None:
    pipeline = Pipeline(None, *outcomes, test_message_logs=is_logged)
    pipeline.try_provider("voice")
    assert codes(pipeline.log) == expected
