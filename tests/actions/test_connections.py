"""The Action against servers that break a connection anywhere: only what never left is repeated.

What left is what the server decrypted, so the server says which outcomes are right.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from components.action_code import Trigger
from sandbox.runner.runner import ActionOutcome, ActionRunner
from tests.actions.hostile import Hostile, Manner, contexts, manner
from tests.sandbox.cpaas.account import LEGACY, run_action

SEED = 20261129
CASES = 48


@contextmanager
def serving(
    folder: Path, manners: Sequence[Manner]
) -> Iterator[tuple[list[Hostile], ActionRunner]]:
    made, ca_file = contexts(folder)
    servers = [Hostile(one, made[one.tls]).start() for one in manners]
    hosts = {f"h{at}.sandbox.test": one.port for at, one in enumerate(servers)}
    runner = ActionRunner(hosts=hosts, ca_file=ca_file)
    try:
        yield servers, runner
    finally:
        runner.close()
        for one in servers:
            one.stop()


def outcomes(
    runner: ActionRunner, count: int, trigger: Trigger = "custom-phone-provider"
) -> list[ActionOutcome]:
    event = LEGACY if trigger == "send-phone-message" else None

    async def all_at_once() -> list[ActionOutcome]:
        hosts = [f"h{at}.sandbox.test" for at in range(count)]
        runs = (run_action(runner, event, trigger=trigger, CPAAS_BASE_URL=one) for one in hosts)
        return await asyncio.gather(*runs)

    return asyncio.run(all_at_once())


def check(server: Hostile, outcome: ActionOutcome) -> None:
    how = server.manner
    said = f"{how}: {outcome.kind}, {outcome.reason}, {server.requests}"
    assert sum(1 for one in server.requests if one) <= 1, f"sent twice: {said}"
    if how.stage == "good" or (
        how.before_the_first_byte and how.bad == 1 and server.connections == 2
    ):
        assert outcome.kind == "success", said
    elif how.before_the_first_byte:
        assert outcome.kind == "retry", said
        assert not any(server.requests), said
        if how.stage in {"tcp", "handshake"}:
            assert server.connections == 2, said
    else:
        assert server.connections == 1, said
        assert outcome.kind in {"drop", "success"}, said
        if outcome.kind == "drop":
            assert (outcome.reason or "").endswith(": the message may have been sent"), said
        else:
            # The whole answer had come: what followed it is no matter.
            assert how.stage == "answer", said
            assert how.part > 0.9, said


def test_only_what_the_server_never_read_is_repeated(tmp_path: Path) -> None:
    random = Random(SEED)  # noqa: S311 - repeatable, nothing is secret
    manners = [manner(random) for _ in range(CASES)]
    assert {one.stage for one in manners} == {
        "refused", "syn", "tcp", "handshake", "request", "answer", "good"
    }  # fmt: skip
    with serving(tmp_path, manners) as (servers, runner):
        for server, outcome in zip(servers, outcomes(runner, CASES), strict=True):
            check(server, outcome)


@pytest.mark.parametrize("ending", ["close", "reset", "hang"])
def test_a_legacy_tenant_sends_with_the_second_try_too(tmp_path: Path, ending: str) -> None:
    how = Manner(stage="handshake", part=0.5, ending=ending, bad=1)  # type: ignore[arg-type]
    with serving(tmp_path, [how]) as (servers, runner):
        (outcome,) = outcomes(runner, 1, "send-phone-message")
        assert outcome.kind == "success"
        assert [bool(one) for one in servers[0].requests] == [True]


def test_a_tls_that_is_never_answered_ends_within_the_time_for_two(tmp_path: Path) -> None:
    hanging = Manner(stage="tcp", ending="hang")
    with serving(tmp_path, [hanging]) as (_, runner):
        (outcome,) = outcomes(runner, 1)
        assert (outcome.kind, outcome.reason) == ("retry", "no secure connection to the CPaaS host")
        assert outcome.duration_ms < 8000
