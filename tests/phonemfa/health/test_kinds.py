"""Days of traffic are told apart, and the quiet ones raise no alarm.

The levels were fixed before they were tried (docs/decisions/health.md). What was changed in the
rules afterwards was changed by seeds below 4,000; these are others, on which nothing was set.
"""

from collections.abc import Iterable

import pytest

from phonemfa.health.judging import Likely
from sandbox.traffic import KINDS, Kind
from sandbox.traffic.days import BAD
from tests.phonemfa.health.days import Compared, health_of

ALL, FIRST, OTHERS = range(4000, 4020), range(4000, 4005), range(4005, 4020)
QUIET = [one for one in KINDS if one not in BAD]
CAUSES = {
    "outage": Likely.CPAAS,
    "pumping": Likely.PUMPING,
    "sender": Likely.SENDER,
    "voicemail": Likely.VOICEMAIL,
}


def causes(kind: Kind, seeds: Iterable[int], **options: object) -> dict[int, Likely | None]:
    return {seed: health_of(kind, seed, **options).likely for seed in seeds}  # type: ignore[arg-type]


@pytest.mark.parametrize("seeds", [FIRST, pytest.param(OTHERS, marks=pytest.mark.thorough)])
@pytest.mark.parametrize("kind", KINDS)
def test_a_bad_day_is_told_by_its_cause_and_another_raises_no_alarm(
    kind: Kind, seeds: range
) -> None:
    assert causes(kind, seeds, per_day=400) == dict.fromkeys(seeds, CAUSES.get(kind))


@pytest.mark.thorough
@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize("compared", ["week", "day", "nothing"])
@pytest.mark.parametrize("kind", QUIET)
def test_no_alarm_whatever_the_plan_keeps_and_the_log_hides(
    kind: Kind, compared: Compared, hidden: bool
) -> None:
    assert causes(kind, ALL, compared=compared, hidden=hidden) == dict.fromkeys(ALL)


@pytest.mark.thorough
@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize("kind", ["outage", "sender", "voicemail"])
def test_a_bad_day_is_told_without_numbers_and_an_earlier_day(kind: Kind, hidden: bool) -> None:
    found = causes(kind, ALL, compared="nothing", hidden=hidden)
    assert found == dict.fromkeys(ALL, CAUSES[kind])


@pytest.mark.thorough
def test_pumping_is_seen_where_the_log_hides_numbers_but_not_by_its_name_each_time() -> None:
    found = set(causes("pumping", ALL, hidden=True).values())
    assert None not in found
    assert found <= {Likely.PUMPING, Likely.LOST, Likely.REFUSED}
