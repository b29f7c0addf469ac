"""What a phone message leaves in the tenant's log."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest

from sandbox.notifications.assumptions import NotificationAssumptions
from sandbox.notifications.service import NotificationService
from sandbox.runner.runner import ActionOutcome
from sandbox.tenant import Tenant
from tests.sandbox.notifications.fakes import FakeRunner, a_tenant, logged, no_provider

TO = "+819012345678"
CODE = "482913"
DROP = ActionOutcome("drop", "CPaaS refused: REJECTED 12 NOT_ENOUGH_CREDITS", [])
RETRY = ActionOutcome("retry", "CPaaS limits the rate: HTTP 429", [])


def log_of(
    *outcomes: ActionOutcome,
    tenant: Tenant | None = None,
    wanted: Literal["both", "fn", "gd_send"] = "both",
    **order: Any,
) -> list[dict[str, Any]]:
    tenant = tenant or a_tenant()
    service = NotificationService(
        tenant,
        FakeRunner(list(outcomes)),
        assumptions=NotificationAssumptions(retry_delay=0, failed_message_logs=wanted),
        new_code=lambda _: CODE,
    )
    asyncio.run(service.challenge(**{"to": TO, "delivery_method": "text", **order}))
    entries = logged(tenant)
    assert CODE not in json.dumps([(one["details"], one["description"]) for one in entries])
    return entries


def codes(entries: list[dict[str, Any]]) -> list[str]:
    return [one["type"] for one in entries]


@pytest.mark.parametrize(("method", "code"), [("text", "gd_send_sms"), ("voice", "gd_send_voice")])
def test_a_sent_message_writes_its_factors_event(method: str, code: str) -> None:
    (entry,) = log_of(delivery_method=method)
    assert entry["type"] == code
    assert entry["details"]["authenticator"]["phone_number"] == TO
    assert entry["user_id"]


@pytest.mark.parametrize("failure", [DROP, ActionOutcome("error", "Error: boom", [])])
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


def test_each_repeat_of_a_message_is_logged_and_its_end_once() -> None:
    entries = log_of(*[RETRY] * 6)
    assert codes(entries) == [*["fn"] * 5, "gd_send_sms_failure", "fn"]
    assert {one["details"].get("error") for one in entries if one["type"] == "fn"} == {RETRY.reason}


def test_a_message_that_succeeded_at_last_shows_why_it_was_late() -> None:
    assert codes(log_of(RETRY)) == ["fn", "gd_send_sms"]
    assert codes(log_of(RETRY, wanted="gd_send")) == ["gd_send_sms"]
    (repeat, _) = log_of(ActionOutcome("retry", None, []))
    assert repeat["details"]["error"] == "retry"


def test_a_message_that_the_settings_refused_says_which() -> None:
    event, notification = log_of(tenant=a_tenant(spoil=no_provider))
    assert event["details"]["failure_details"]["message"] == "the tenant has no phone provider"
    assert notification["details"]["error"] == "the tenant has no phone provider"


def test_a_legacy_failure_goes_to_the_login_and_not_to_the_queue() -> None:
    failure = ActionOutcome("error", "Error: boom", [])
    assert codes(log_of(failure, tenant=a_tenant("legacy"))) == ["gd_send_sms_failure"]


def test_a_message_that_is_not_for_mfa_writes_only_its_failure() -> None:
    assert log_of(message_type="change_password") == []
    assert codes(log_of(DROP, message_type="change_password")) == ["fn"]


@pytest.mark.parametrize(
    ("wanted", "expected"), [("fn", ["fn"]), ("gd_send", ["gd_send_sms_failure"])]
)
def test_which_event_a_failure_writes_is_a_switch(
    wanted: Literal["fn", "gd_send"], expected: list[str]
) -> None:
    assert codes(log_of(DROP, wanted=wanted)) == expected


def test_the_eleventh_message_of_a_user_waits_for_the_hour() -> None:
    tenant, now = a_tenant(), datetime(2026, 11, 23, 12, tzinfo=UTC)
    service = NotificationService(
        tenant,
        FakeRunner([]),
        assumptions=NotificationAssumptions(user_limits=True),
        now=lambda: now,
    )

    def send(method: str = "text", to: str = TO) -> str:
        return asyncio.run(service.challenge(to=to, delivery_method=method)).outcome

    assert [send() for _ in range(11)] == ["success"] * 10 + ["not_sent"]
    assert send("voice") == "success", "a channel has a bucket of its own"
    assert send(to="+819000000000") == "success", "and so has a user"
    asyncio.run(service.try_provider(to=TO, delivery_method="text"))
    assert service.deliveries()[-1].outcome == "success", "a test message is nobody's"
    (limit,) = [one for one in logged(tenant) if one["type"] == "limit_phone"]
    assert limit["details"] == {
        "delivery_method": "text",
        "reset_at": "2026-11-23T13:00:00+00:00",
        "to": TO,
    }
    now += timedelta(hours=1)
    assert [send(), send()] == ["success", "not_sent"]
    service.reset()
    assert send() == "success"


def log_of_a_test_message(outcome: ActionOutcome | None, *, is_logged: bool) -> list[str]:
    tenant = a_tenant()
    service = NotificationService(
        tenant,
        FakeRunner([outcome] if outcome else []),
        assumptions=NotificationAssumptions(retry_delay=0, test_message_logs=is_logged),
    )
    asyncio.run(service.try_provider(to=TO, delivery_method="voice"))
    return codes(logged(tenant))


def test_a_test_message_is_evidence_in_the_log() -> None:
    assert log_of_a_test_message(None, is_logged=True) == ["gd_send_voice"]
    assert log_of_a_test_message(DROP, is_logged=True) == ["fn"]


def test_where_test_messages_are_not_logged_only_their_failure_is() -> None:
    assert log_of_a_test_message(None, is_logged=False) == []
    assert log_of_a_test_message(DROP, is_logged=False) == ["fn"]
