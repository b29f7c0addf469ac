"""The deployed code against the local CPaaS over real TLS: what sends, and what goes wrong."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sandbox.cpaas.script import ScriptedAnswer
from sandbox.cpaas.statuses import STATUSES
from sandbox.runner.runner import ActionRunner
from tests.sandbox.cpaas.account import (
    HOST,
    Account,
    notification,
    run_action,
    runner_for,
    serving,
    shared_account,
    shared_runner,
)

# Fixtures, by what pytest calls them: `account` and `runner`.
__all__ = ["shared_account", "shared_runner"]


@pytest.fixture(autouse=True)
def _fresh(account: Account) -> None:
    account.cpaas.reset()


def test_an_sms_reaches_the_phone(account: Account, runner: ActionRunner) -> None:
    assert asyncio.run(run_action(runner)).kind == "success"
    (message,) = account.inbox.messages("+819012345678")
    assert (message.channel, message.sender, message.text) == (
        "sms",
        "MIRAIBANK",
        "482913 が認証コードです。",
    )


def test_a_call_reaches_the_phone(account: Account, runner: ActionRunner) -> None:
    event = notification(delivery_method="voice")
    assert asyncio.run(run_action(runner, event, VOICE_GENDER="male")).kind == "success"
    (message,) = account.inbox.messages("+819012345678")
    assert (message.channel, message.sender, message.language, message.gender) == (
        "voice",
        "815031234567",
        "ja",
        "male",
    )
    assert message.text.count("4, 8, 2, 9, 1, 3") == 2


def test_a_legacy_message_reaches_the_phone(account: Account, runner: ActionRunner) -> None:
    options = {
        "action": "enrollment",
        "code": "482913",
        "message_type": "sms",
        "recipient": "+81-90-1234-5678",
        "text": "482913",
    }
    outcome = asyncio.run(
        run_action(runner, {"message_options": options}, trigger="send-phone-message")
    )
    assert outcome.kind == "success"
    assert [message.text for message in account.inbox.messages("+819012345678")] == ["482913"]


@pytest.mark.parametrize("channel", ["text", "voice"])
@pytest.mark.parametrize("name", [name for name, one in STATUSES.items() if one.group != "PENDING"])
def test_every_immediate_status_has_its_outcome(
    account: Account, runner: ActionRunner, channel: str, name: str
) -> None:
    account.cpaas.script.add([ScriptedAnswer(refusal=name)])
    outcome = asyncio.run(run_action(runner, notification(delivery_method=channel)))
    status = STATUSES[name]
    expected = "drop"
    if status.group == "DELIVERED":
        expected = "success"
    elif name == "REJECTED_SYSTEM_ERROR":
        expected = "retry"
    assert outcome.kind == expected
    assert len(account.inbox.messages()) == (1 if expected == "success" else 0)
    if expected == "drop":
        assert status.name.removeprefix("REJECTED_") in (outcome.reason or "")


def test_a_slow_answer_within_the_deadline_is_good(account: Account, runner: ActionRunner) -> None:
    account.cpaas.script.add([ScriptedAnswer(delay=0.3)])
    assert asyncio.run(run_action(runner)).kind == "success"


def test_a_closed_port_and_an_unknown_name_are_retried(tmp_path: Path) -> None:
    with serving(tmp_path) as gone:
        pass
    with runner_for(gone) as runner:
        for host in (HOST, "unknown.sandbox.test"):
            outcome = asyncio.run(run_action(runner, CPAAS_BASE_URL=host))
            assert (outcome.kind, outcome.reason) == ("retry", "CPaaS host not reached")


def test_a_repeated_notification_arrives_once_when_duplicates_are_suppressed(
    account: Account, runner: ActionRunner
) -> None:
    for _ in range(2):
        assert asyncio.run(run_action(runner, DEDUPLICATE="on")).kind == "success"
    assert len(account.inbox.messages()) == 1
    for _ in range(2):
        assert asyncio.run(run_action(runner, DEDUPLICATE="off")).kind == "success"
    assert len(account.inbox.messages()) == 3
