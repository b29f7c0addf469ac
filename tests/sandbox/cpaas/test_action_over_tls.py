"""The deployed code against the local CPaaS over real TLS: what sends, and what goes wrong."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from components.action_code import Trigger
from sandbox.cpaas.script import ScriptedAnswer
from sandbox.cpaas.statuses import STATUSES
from sandbox.runner.runner import ActionRunner
from tests.sandbox.cpaas.account import (
    HOST,
    LEGACY,
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


@pytest.mark.parametrize(
    ("trigger", "event", "arrived"),
    [
        (
            "custom-phone-provider",
            notification(),
            {"channel": "sms", "sender": "MIRAIBANK", "text": "482913 が認証コードです。"},
        ),
        (
            "custom-phone-provider",
            notification(delivery_method="voice"),
            {"channel": "voice", "sender": "815031234567", "language": "ja", "gender": "male"},
        ),
        ("send-phone-message", LEGACY, {"channel": "sms", "text": "482913"}),
    ],
    ids=["text", "voice", "legacy"],
)
def test_a_code_reaches_the_phone(
    account: Account,
    runner: ActionRunner,
    trigger: Trigger,
    event: dict[str, Any],
    arrived: dict[str, str],
) -> None:
    outcome = asyncio.run(run_action(runner, event, trigger=trigger, VOICE_GENDER="male"))
    assert outcome.kind == "success"
    (message,) = account.inbox.messages("+819012345678")
    assert arrived.items() <= message.to_json().items()
    assert message.channel == "sms" or message.text.count("4, 8, 2, 9, 1, 3") == 2


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


@pytest.mark.parametrize(("deduplicate", "arrived"), [("on", 1), ("off", 2)])
def test_a_repeated_notification_arrives_once_when_duplicates_are_suppressed(
    account: Account, runner: ActionRunner, deduplicate: str, arrived: int
) -> None:
    for _ in range(2):
        assert asyncio.run(run_action(runner, DEDUPLICATE=deduplicate)).kind == "success"
    assert len(account.inbox.messages()) == arrived
