"""The Action, and the check of the CPaaS, against every fault of the CPaaS."""

import asyncio
from typing import Final, get_args

import pytest

from components.vocabulary import DeliveryMethod
from phonemfa.doctor import cpaas as check
from phonemfa.doctor.findings import Level
from phonemfa.rotate.command import judge
from sandbox.cpaas.script import Fault, ScriptedAnswer
from sandbox.runner.runner import ActionOutcome, ActionRunner
from tests.faults.table import CPAAS, CpaasRow
from tests.sandbox.cpaas.account import (
    HOST,
    KEY,
    Account,
    notification,
    run_action,
    shared_account,
    shared_runner,
)

# Fixtures, by what pytest calls them: `account` and `runner`.
__all__ = ["shared_account", "shared_runner"]

NUMBER: Final = "+819012345678"
CODE: Final = "482913"
LATE: Final = [row for row in CPAAS if "in time" in row.reason]
PROMPT: Final = [row for row in CPAAS if row not in LATE]


@pytest.fixture(autouse=True)
def _fresh(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    account.cpaas.reset()
    monkeypatch.setenv("SSL_CERT_FILE", str(account.ca_file))


def expect(row: CpaasRow, outcome: ActionOutcome) -> None:
    assert (outcome.kind, outcome.reason or "") == (row.kind, row.reason)
    # Auth0's guideline for an HTTP call, body included.
    assert outcome.duration_ms < 10_000
    for hidden in (KEY, NUMBER, NUMBER[1:], CODE):
        assert hidden not in f"{outcome.reason} {outcome.console}"


@pytest.mark.parametrize("row", PROMPT, ids=lambda row: row.name)
def test_the_action_ends_as_told(account: Account, runner: ActionRunner, row: CpaasRow) -> None:
    account.cpaas.script.add([ScriptedAnswer(**row.script)])
    expect(row, asyncio.run(run_action(runner)))
    # Where its answer is lost the message went out: a retry would send it twice.
    assert len(account.inbox.messages()) == (1 if row.sent else 0)
    assert account.cpaas.script.pending() == []


def test_the_action_waits_for_its_deadline_at_most(account: Account, runner: ActionRunner) -> None:
    answers = [ScriptedAnswer(**row.script) for row in LATE]
    account.cpaas.script.add(answers)

    async def all_at_once() -> list[ActionOutcome]:
        # A call, too: the deadline is the same, whichever way is sent.
        call = notification(delivery_method="voice")
        events = [call, *(notification() for _ in LATE[1:])]
        return await asyncio.gather(*(run_action(runner, event) for event in events))

    for outcome in asyncio.run(all_at_once()):
        expect(LATE[0], outcome)
        assert outcome.duration_ms > 7_900
    assert len(account.inbox.messages()) == len(LATE)


@pytest.mark.parametrize("row", CPAAS, ids=lambda row: row.name)
def test_the_check_tells_and_keeps_the_key(
    account: Account, monkeypatch: pytest.MonkeyPatch, row: CpaasRow
) -> None:
    monkeypatch.setattr(check, "TOTAL", 0.6 if "in time" in row.probe else 20.0)
    account.cpaas.script.add([ScriptedAnswer(**{**row.script, "accept": False})])
    method = DeliveryMethod.TEXT
    asked = check.probe(HOST, [method], key=KEY, address=f"localhost:{account.port}")
    answer = asked.without_key[method]
    assert row.probe == (answer.failure or str(answer.status))
    assert asked.with_key == {}
    level, why = judge(asked)
    assert level is Level.UNKNOWN
    assert KEY not in f"{why} {answer.detail}"
    assert account.inbox.messages() == []


def test_every_fault_that_the_cpaas_can_act_out_is_in_the_table() -> None:
    assert {row.script.get("fault") for row in CPAAS} >= set(get_args(Fault))
