from __future__ import annotations

import pytest

from phonemfa.exits import Exit
from phonemfa.fleet.run import Outcome, State, exit_of


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([], Exit.FINE),
        ([State.DONE, State.DONE], Exit.FINE),
        ([State.DONE, State.DRIFTED], Exit.DRIFTED),
        ([State.DRIFTED, State.FAILED], Exit.FAULTY),
        ([State.FAILED, State.NOT_STARTED], Exit.FAULTY),
        ([State.FAILED, State.UNANSWERED], Exit.UNANSWERED),
        ([State.DONE, State.LOCKED], Exit.UNANSWERED),
        ([State.DONE, State.CANCELLED], Exit.UNANSWERED),
        ([State.DRIFTED, State.NOT_STARTED], Exit.UNANSWERED),
    ],
)
def test_the_exit_status_is_the_gravest_and_an_incomplete_answer_is_none(
    states: list[State], expected: Exit
) -> None:
    assert exit_of(Outcome(state=one) for one in states) == expected


def test_only_an_answer_stands() -> None:
    settled = {one for one in State if Outcome(state=one).settled}
    assert settled == {State.DONE, State.DRIFTED}


def test_changes_are_told_in_words() -> None:
    assert Outcome(state=State.DONE, changes={"created": 2, "updated": 1}).counts == (
        "2 created, 1 updated"
    )
    assert Outcome(state=State.DONE).counts == "no change"
    assert Outcome(state=State.DRIFTED, findings=("policy",)).counts == "1 drifted"
    assert Outcome(state=State.FAILED).counts == ""
