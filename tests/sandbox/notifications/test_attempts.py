"""A delivery attempt by attempt: what is known of it while it is under way, and after a restart."""

from __future__ import annotations

import pytest

from sandbox.notifications.service import NotificationService
from tests.sandbox.notifications.fakes import FakeRunner, FakeTenant
from tests.sandbox.notifications.test_service import RETRY, Pipeline


def test_each_attempt_is_told_with_its_time_outcome_and_reason() -> None:
    pipeline = Pipeline()
    pipeline.runner.outcomes = [RETRY, RETRY]
    delivery = pipeline.challenge()
    assert [(one.outcome, one.reason) for one in delivery.tries] == [
        ("retry", RETRY.reason),
        ("retry", RETRY.reason),
        ("success", None),
    ]
    times = [one.at for one in delivery.tries]
    assert times == sorted(times)
    assert delivery.at <= times[0]
    assert delivery.most_attempts == 6
    assert Pipeline(FakeTenant(generation="legacy")).challenge().most_attempts == 1


def test_a_delivery_is_under_way_until_its_outcome_is_known() -> None:
    pipeline = Pipeline()
    seen: list[tuple[str, int]] = []
    journal = pipeline.service._journal

    async def looking(_: float) -> None:
        assert pipeline.service.deliveries() == []
        seen.extend((one["outcome"], one["attempts"]) for one in journal.unfinished())

    pipeline.service._sleep = looking
    pipeline.runner.outcomes = [RETRY]
    assert pipeline.challenge().outcome == "success"
    assert seen == [("pending", 1)]
    assert journal.unfinished() == []


def test_what_the_end_of_the_sandbox_cut_off_says_so_after_a_restart() -> None:
    first = Pipeline()
    journal = first.service._journal

    async def killed(_: float) -> None:
        raise KeyboardInterrupt

    first.service._sleep = killed
    first.runner.outcomes = [RETRY]
    with pytest.raises(KeyboardInterrupt):
        first.challenge()
    (cut,) = NotificationService(FakeTenant(), FakeRunner(), journal=journal).deliveries()
    assert (cut.outcome, cut.attempts, cut.reason) == (
        "error",
        1,
        "the sandbox ended before this delivery did",
    )
