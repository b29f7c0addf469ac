"""The sandbox answers what real tenants answered, interaction by interaction.

And what the official plugin sent during whole lives of a stack: those traces have statuses and
request bodies, but no answers.
"""

import re
from typing import Any

import pytest

from sandbox.tenant.settings import Generation
from tests.contract import load_json
from tests.sandbox.api import recording, replay
from tests.sandbox.api.replay import Matcher
from tests.sandbox.api.support import DOMAIN, Sandbox

EXCEPTIONS: dict[tuple[str, int], str] = {
    ("TestActionManager_Triggers", 0): (
        "A catalogue of 2023 (node12 to node18, no binding policies). Triggers are the platform's, "
        "not the tenant's; the sandbox has the catalogue recorded in 2026-08 (contract §4.11)."
    ),
}
"""Interactions that are not answered as recorded, each with its reason."""

RECORDINGS = recording.names()


@pytest.mark.parametrize("name", RECORDINGS)
def test_every_recorded_interaction_is_answered_alike(name: str) -> None:
    result = replay.play(name)
    unexpected = {
        index: found
        for index, found in result.differences.items()
        if (name, index) not in EXCEPTIONS
    }
    assert unexpected == {}
    assert result.disorder == []
    assert result.unknown_routes == 0


def test_no_exception_outlives_its_reason() -> None:
    for (name, index), reason in EXCEPTIONS.items():
        assert reason
        assert index in replay.play(name).differences


def test_all_recordings_of_the_contract_are_played() -> None:
    total = sum(len(recording.load(name)) for name in RECORDINGS)
    assert (len(RECORDINGS), total) == (14, 404)


_TIMES = {"created_at": "2026-01-01T00:00:00.000Z", "updated_at": "2026-01-01T00:00:01.000Z"}


class TestTheComparison:
    """The judge is worth no more than its strictness."""

    @pytest.mark.parametrize(
        ("recorded", "actual"),
        [
            ({"a": 1}, {}),
            ({}, {"a": 1}),
            ({"a": None}, {}),
            ({"a": []}, {"a": None}),
            ({"a": 0}, {"a": False}),
            ([1, 2], [2, 1]),
            ("2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00.000000000Z"),
            (_TIMES, _TIMES | {"updated_at": _TIMES["created_at"]}),
            ("pro_0123456789012345678901", "pro_1"),
        ],
    )
    def test_a_difference_is_seen(self, recorded: object, actual: object) -> None:
        assert Matcher().compare(recorded, actual)

    def test_an_id_stands_for_one_id_only(self) -> None:
        one, other = "tem_" + "a" * 22, "tem_" + "b" * 22
        matcher = Matcher()
        assert matcher.compare([one, one], [other, other]) == []
        assert matcher.compare(one, one)
        assert matcher.compare(other, other)

    def test_the_order_of_times_is_kept(self) -> None:
        matcher = Matcher()
        times = ["2026-01-01T00:00:00.000Z", "2026-01-01T00:00:09.000Z"]
        assert matcher.compare(times, times) == []
        assert matcher.disorder() == []
        matcher.times = dict(zip(matcher.times, reversed(matcher.times), strict=True))
        assert matcher.disorder()


_ID = re.compile(r"(?:[0-9a-f]{8}-[0-9a-f-]{27}|(?:pro|tem)_[0-9A-Za-z]+)(?=/|$|\?)")
LIVES: list[Generation] = ["unified", "legacy"]


class Life:
    """Ids of the trace stand for ours in the order in which they appear."""

    def __init__(self, generation: Generation) -> None:
        self.sandbox = Sandbox(generation=generation)
        self.ids: dict[str, str] = {}
        self.made: list[str] = []

    def ours(self, text: str) -> str:
        def replaced(found: re.Match[str]) -> str:
            if found[0] not in self.ids:
                kind = found[0].rpartition("_")[0]
                self.ids[found[0]] = next(
                    one
                    for one in self.made
                    if one not in self.ids.values() and one.rpartition("_")[0] == kind
                )
            return self.ids[found[0]]

        return _ID.sub(replaced, text)

    def send(self, request: dict[str, Any]) -> int:
        """Send a request of the trace; answers our status."""
        if request["path"] == "/oauth/token":
            own = self.sandbox.tenant.credentials
            answer = self.sandbox.http.post(
                "/oauth/token",
                data=request["body"] | {"audience": f"https://{DOMAIN}/api/v2/"},
                auth=(own.client_id, own.client_secret),
            )
        else:
            path = self.ours(request["path"].removeprefix("/api/v2"))
            body = request["body"]
            for binding in (body or {}).get("bindings", []) if isinstance(body, dict) else []:
                binding["ref"]["value"] = self.ours(binding["ref"]["value"])
            answer = self.sandbox.call(request["method"], path, body)
            if answer.status_code == 201:
                self.made.append(answer.json()["id"])
        return answer.status_code

    def by_hand(self, step: str) -> None:
        """What somebody did before a step, as its name says."""
        tenant = self.sandbox.tenant
        if step.startswith("drift: policy off"):
            tenant.guardian.set_policies(["all-applications"])
        elif step.startswith("a secret added by hand"):
            (action,) = self.sandbox.must("GET", "/actions/actions")["actions"]
            kept = [{"name": one["name"]} for one in action["secrets"]]
            secrets = [*kept, {"name": "EXTRA", "value": "x"}]
            self.sandbox.must("PATCH", f"/actions/actions/{action['id']}", {"secrets": secrets})
        elif step.startswith("MFA settings changed by hand"):
            codes = {"otp_length": 8, "otp_expiration_time": 60}
            self.sandbox.must("PUT", "/guardian/factors/phone/settings", codes)


@pytest.mark.parametrize("generation", LIVES)
def test_a_whole_life_is_answered_with_the_traced_statuses(generation: Generation) -> None:
    life = Life(generation)
    count = 0
    for step in load_json(f"official/{generation}.json"):
        life.by_hand(step["step"])
        for request in step["requests"]:
            assert life.send(request) == request["status"], (step["step"], request)
            count += 1
    assert count > 120
    counters = life.sandbox.counters()
    assert (counters["unknown_routes"], counters["errors"]) == (0, 0)
    # The stack was destroyed: nothing of it is left.
    assert life.sandbox.must("GET", "/actions/actions")["actions"] == []
    assert life.sandbox.tenant.providers.current() is None
    assert life.sandbox.tenant.policies() == []
