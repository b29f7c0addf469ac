"""Recorded traffic, played against the sandbox: answers agree exactly, but for ids and times."""

import json
import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from tests.sandbox.api import recorded_state
from tests.sandbox.api.recording import TIME, Interaction, load, nanoseconds
from tests.sandbox.api.support import Sandbox

_ID = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?:pro|tem)_[0-9A-Za-z]{22}"
)
_MILLIS = 1_000_000


@dataclass
class Matcher:
    """Recorded ids and times against ours: replaced consistently, compared otherwise exactly."""

    ids: dict[str, str] = field(default_factory=dict)
    times: dict[str, str] = field(default_factory=dict)

    def ours(self, text: str) -> str:
        """A recorded text with our ids in it."""
        return _ID.sub(lambda found: self.ids.get(found[0], found[0]), text)

    def compare(self, recorded: Any, actual: Any, where: str = "body") -> list[str]:
        """The differences between two answers, keys present and absent included."""
        if isinstance(recorded, dict) and isinstance(actual, dict):
            return self._compare_keys(recorded, actual, where)
        if isinstance(recorded, list) and isinstance(actual, list):
            if len(recorded) != len(actual):
                return [f"{where}: {len(recorded)} items recorded, {len(actual)} answered"]
            return [
                difference
                for position, (one, other) in enumerate(zip(recorded, actual, strict=True))
                for difference in self.compare(one, other, f"{where}[{position}]")
            ]
        if isinstance(recorded, str) and isinstance(actual, str):
            return self._compare_texts(recorded, actual, where)
        if type(recorded) is type(actual) and recorded == actual:
            return []
        return [f"{where}: {recorded!r} recorded, {actual!r} answered"]

    def _compare_keys(
        self, recorded: dict[str, Any], actual: dict[str, Any], where: str
    ) -> list[str]:
        differences = [f"{where}.{key}: missing" for key in recorded.keys() - actual.keys()]
        differences += [f"{where}.{key}: not recorded" for key in actual.keys() - recorded.keys()]
        if "created_at" in recorded and "updated_at" in recorded and not differences:
            recorded_same = recorded["created_at"] == recorded["updated_at"]
            if recorded_same != (actual["created_at"] == actual["updated_at"]):
                differences.append(f"{where}: created_at and updated_at differ in one of the two")
        for key in recorded.keys() & actual.keys():
            differences += self.compare(recorded[key], actual[key], f"{where}.{key}")
        return differences

    def _compare_texts(self, recorded: str, actual: str, where: str) -> list[str]:
        for form, known in ((_ID, self.ids), (TIME, self.times)):
            if form.fullmatch(recorded):
                if not form.fullmatch(actual) or len(actual) != len(recorded):
                    return [f"{where}: {actual!r} has not the form of {recorded!r}"]
                before = known.setdefault(recorded, actual)
                twice = known is self.ids and list(known.values()).count(actual) > 1
                if before != actual or twice:
                    return [f"{where}: {recorded} stands for {before} and {actual}"]
                return []
        if recorded == actual:
            return []
        return [f"{where}: {recorded!r} recorded, {actual!r} answered"]

    def disorder(self) -> list[str]:
        """Times of ours whose order is not the recorded one."""
        pairs = sorted(
            (nanoseconds(one), nanoseconds(other), len(one)) for one, other in self.times.items()
        )
        wrong = []
        for (earlier, ours_earlier, form), (later, ours_later, other_form) in pairwise(pairs):
            # Within some milliseconds the order of two parts of one answer means nothing.
            close = later - earlier < 5 * _MILLIS and form < len("2026-01-01T00:00:00.000000000Z")
            if form == other_form and not (
                ours_earlier < ours_later or (close and ours_earlier == ours_later)
            ):
                wrong.append(f"{earlier} came before {later}, but {ours_earlier}, {ours_later}")
        return wrong


@dataclass
class Result:
    """How a recording went: differences by the number of the interaction."""

    total: int
    differences: dict[int, list[str]]
    disorder: list[str]
    unknown_routes: int


def play(name: str) -> Result:
    """Play one of the contract's recordings."""
    return play_all(load(name))


def play_all(interactions: list[Interaction]) -> Result:
    """Play a recording against a tenant in the state that it found."""
    tenants = re.findall(r'"tenant":\s*"([^"]+)"', json.dumps([one.answer for one in interactions]))
    sandbox = Sandbox(
        generation=recorded_state.generation(interactions),
        name=tenants[0] if tenants else "sandbox",
    )
    recorded_state.seed(sandbox, interactions)
    sandbox.clock.advance(1)
    matcher = Matcher()
    differences: dict[int, list[str]] = {}
    for index, one in enumerate(interactions):
        recorded_state.script_builds(sandbox, interactions, index)
        sandbox.clock.advance(1)
        answer = sandbox.call(
            one.method,
            matcher.ours(one.path),
            headers={"Content-Type": "application/json"},
            content=matcher.ours(one.sent),
        )
        found = []
        if answer.status_code != one.status:
            found.append(f"{one.status} recorded, {answer.status_code} answered: {answer.text}")
        else:
            found = matcher.compare(one.answer, answer.json() if answer.content else None)
        if found:
            differences[index] = found
    unknown_routes = sandbox.counters()["unknown_routes"]
    return Result(len(interactions), differences, matcher.disorder(), unknown_routes)
