"""A delivery attempt by attempt: what is known of it while it is under way, and after a restart."""

from __future__ import annotations

import pytest

from sandbox.notifications.service import NotificationService
from tests.sandbox.notifications.fakes import FakeRunner, a_tenant
from tests.sandbox.notifications.test_service import RETRY, Pipeline


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
    (cut,) = NotificationService(a_tenant(), FakeRunner(), journal=journal).deliveries()
    assert (cut.outcome, cut.attempts, cut.reason) == (
        "error",
        1,
        "the sandbox ended before this delivery did",
    )
