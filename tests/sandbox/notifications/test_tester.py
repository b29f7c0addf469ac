"""A test run hands the Action its event, wherever the payload is assumed to have it."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

import pytest

from sandbox.notifications.assumptions import NotificationAssumptions
from sandbox.notifications.tester import RunnerActionTester
from tests.sandbox.notifications.fakes import FakeRunner

EVENT = {"notification": {"recipient": "r1"}}
UNDER, PAYLOAD = "under_event", "payload"


@pytest.mark.parametrize(
    ("assumed", "payload", "seen"),
    [
        (UNDER, {"event": EVENT}, EVENT),
        (UNDER, EVENT, {}),
        (PAYLOAD, EVENT, EVENT),
        (PAYLOAD, {"event": EVENT}, {"event": EVENT}),
        (UNDER, None, {}),
    ],
)
def test_the_event_is_found_where_it_is_assumed_to_be(
    assumed: Literal["under_event", "payload"], payload: Any, seen: dict[str, Any]
) -> None:
    runner = FakeRunner([])
    tester = RunnerActionTester(runner, NotificationAssumptions(test_run_event=assumed))
    run = tester.test_action(code="", trigger_id="send-phone-message", secrets={}, event=payload)
    asyncio.run(run)
    assert [one["event"] for one in runner.calls] == [seen]


def test_a_trigger_that_the_sandbox_does_not_run_is_named_in_the_answer() -> None:
    runner = FakeRunner([])
    run = RunnerActionTester(runner, NotificationAssumptions()).test_action(
        code="", trigger_id="post-login", secrets={}, event={}
    )
    assert asyncio.run(run)["error"]["message"].endswith("not post-login.")
    assert runner.calls == []
