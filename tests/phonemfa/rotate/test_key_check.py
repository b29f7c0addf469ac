"""A key is good only where a host proves that it looks at keys, and takes this one."""

from __future__ import annotations

import pytest

from components.vocabulary import DeliveryMethod
from phonemfa.doctor.cpaas import Answer, Failure, Probe
from phonemfa.rotate.key_check import KeyState, judge

TEXT, VOICE = DeliveryMethod.TEXT, DeliveryMethod.VOICE
NO_KEY = Answer(status=401, is_cpaas=True)
GOOD = Answer(status=400, is_cpaas=True)


def probe(text: Answer | None, voice: Answer | None, *, open_answer: Answer = NO_KEY) -> Probe:
    keyed = {TEXT: text, VOICE: voice}
    return Probe(
        host="cpaas.example.com",
        without_key=dict.fromkeys((TEXT, VOICE), open_answer),
        with_key={method: answer for method, answer in keyed.items() if answer},
    )


@pytest.mark.parametrize(
    ("asked", "state", "why"),
    [
        (
            probe(GOOD, GOOD),
            KeyState.ACCEPTED,
            "text: accepted (400 to a request with nothing to send); voice: accepted",
        ),
        (probe(NO_KEY, NO_KEY), KeyState.REFUSED, "text: refused (401)"),
        (probe(GOOD, Answer(status=403)), KeyState.REFUSED, "voice-message:message:send"),
        (probe(Answer(status=500), Answer(status=403)), KeyState.REFUSED, "voice"),
        (probe(GOOD, Answer(status=500)), KeyState.UNKNOWN, "500"),
        (probe(GOOD, Answer(status=400)), KeyState.UNKNOWN, "400"),
        (probe(GOOD, Answer(failure=Failure.SILENT)), KeyState.UNKNOWN, "in time"),
        (probe(None, None, open_answer=GOOD), KeyState.UNKNOWN, "without a key"),
        (
            Probe(
                host="cpaas.example.com",
                without_key={TEXT: NO_KEY, VOICE: Answer(status=404)},
                with_key={TEXT: GOOD},
            ),
            KeyState.UNKNOWN,
            "has nothing to send voice with",
        ),
        (
            probe(None, None, open_answer=Answer(failure=Failure.UNREACHABLE)),
            KeyState.UNKNOWN,
            "no connection",
        ),
    ],
)
def test_the_worst_channel_decides_and_says_why(asked: Probe, state: KeyState, why: str) -> None:
    told = judge(asked)
    assert told.state is state
    assert why in told.why
