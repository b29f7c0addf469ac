"""What is said of several channels, and what a person at the phone adds."""

from __future__ import annotations

import pytest

from components.guards.test_message import Send, Verdict
from components.settings.model import StackSettings
from components.vocabulary import DeliveryMethod
from phonemfa.smoke import command
from phonemfa.smoke.core import NumberNotAllowedError, SmokeResult, login_event, test_number
from tests.stacks import stack_settings

PHONE, OTHER = "+819012345678", "+819087654321"

SENT, FAILED, UNKNOWN = Verdict.SENT, Verdict.FAILED, Verdict.UNKNOWN


def send(verdict: Verdict) -> Send:
    return Send(method=DeliveryMethod.TEXT, verdict=verdict, why="so")


def settings(*numbers: str) -> StackSettings:
    return stack_settings(testNumbers=list(numbers))


@pytest.mark.parametrize(
    ("verdicts", "worst"),
    [
        ([SENT, SENT], SENT),
        ([SENT, UNKNOWN], UNKNOWN),
        ([UNKNOWN, FAILED], FAILED),
        ([FAILED, SENT], FAILED),
    ],
)
def test_a_tenant_is_as_good_as_its_worst_channel(verdicts: list[Verdict], worst: Verdict) -> None:
    result = SmokeResult(domain="d", to="m", sends=tuple(send(one) for one in verdicts))
    assert result.verdict is worst
    assert command.shown(result)["verdict"] == worst.value


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
    assert command.asked(send(before)).verdict is after


def test_only_listed_numbers_get_messages_and_no_refusal_repeats_one_in_full() -> None:
    assert test_number(settings(PHONE), None) == PHONE
    assert test_number(settings(PHONE, OTHER), OTHER) == OTHER
    for listed, to in (((), PHONE), ((PHONE,), OTHER), ((PHONE, OTHER), None), ((), None)):
        with pytest.raises(NumberNotAllowedError) as refused:
            test_number(settings(*listed), to)
        assert PHONE not in str(refused.value)
        assert OTHER not in str(refused.value)


def test_two_runs_of_a_legacy_action_are_two_messages() -> None:
    first, second = (login_event(PHONE, DeliveryMethod.VOICE) for _ in range(2))
    assert first["message_options"]["message_type"] == "voice"
    assert first["transaction"] != second["transaction"]
