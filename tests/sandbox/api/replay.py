"""Recorded traffic of real tenants, played against the sandbox.

Owns how a tenant's state before a recording is derived from the recording, and how answers are
compared. Refuses to know any single recording: whatever is seeded follows from a rule that holds
for all of them.

Run as a module it prints how many interactions of each recording agree.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from sandbox.tenant.clock import NANOS_PER_SECOND
from tests.contract import contract_dir, load_recording
from tests.sandbox.api.support import CUSTOM_PHONE_ACTION, Sandbox

API = "/api/v2"
_ID = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?:pro|tem)_[0-9A-Za-z]{22}"
)
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{3}|\d{9})Z")
_MILLIS = 1_000_000


def names() -> list[str]:
    """Every recording there is."""
    return sorted(path.stem for path in (contract_dir() / "recordings").glob("*.yaml"))


@dataclass(frozen=True)
class Interaction:
    """One recorded request and its answer."""

    method: str
    path: str
    sent: str
    status: int
    answer: Any

    @property
    def body(self) -> Any:
        """The decoded request body."""
        return json.loads(self.sent) if self.sent else None


def load(name: str) -> list[Interaction]:
    """A recording's interactions."""
    return [
        Interaction(
            method=one["request"]["method"],
            path=one["request"]["url"].partition(API)[2],
            sent=(one["request"].get("body") or "").strip(),
            status=one["response"]["code"],
            answer=json.loads(one["response"]["body"]) if one["response"].get("body") else None,
        )
        for one in load_recording(name)
    ]


def _ns(text: str) -> int:
    found = _TIME.fullmatch(text)
    assert found, text
    seconds = datetime.fromisoformat(found[1] + "+00:00").timestamp()
    return int(seconds) * NANOS_PER_SECOND + int(found[2].ljust(9, "0"))


# -- the state before a recording -----------------------------------------------------------------


def seed(sandbox: Sandbox, interactions: list[Interaction]) -> None:
    """Put the tenant into the state that the recording found."""
    content = sandbox.tenant.export()
    _seed_settings(content, interactions)
    _seed_bound_actions(content, interactions)
    sandbox.tenant.load(content)
    _seed_phone_action(sandbox, interactions)


def _first(interactions: list[Interaction], path: str) -> Any:
    found = (one for one in interactions if one.method == "GET" and one.path == path)
    first = next(found, None)
    return None if first is None else first.answer


def _seed_settings(content: dict[str, Any], interactions: list[Interaction]) -> None:
    """Settings, factors, policies and message types are as the first reads of them say."""
    settings = _first(interactions, "/tenants/settings")
    if settings is not None:
        # What the answer to a write leaves out was not stored: a read adds it.
        written = next(
            (
                one.answer
                for one in interactions
                if one.method == "PATCH" and one.path == "/tenants/settings"
            ),
            {key: None for key in settings if key != "sandbox_versions_available"},
        )
        stored = {key: one for key, one in settings.items() if key in written}
        content["singletons"]["settings"] = stored
    factors = _first(interactions, "/guardian/factors")
    if factors is not None:
        content["singletons"]["guardian factors"] = {
            "value": {one["name"]: one["enabled"] for one in factors}
        }
    policies = _first(interactions, "/guardian/policies")
    if policies is not None:
        content["singletons"]["guardian policies"] = {"value": policies}


def _seed_bound_actions(content: dict[str, Any], interactions: list[Interaction]) -> None:
    """Bindings read before the recording wrote any were there, and so were their Actions."""
    for one in interactions:
        found = re.match(r"/actions/triggers/([^/]+)/bindings", one.path)
        if found is None or found[1] in content.get("bindings", {}):
            continue
        items = [] if one.method == "PATCH" else one.answer["bindings"]
        content.setdefault("bindings", {})[found[1]] = {
            "items": [
                {
                    "id": item["id"],
                    "action_id": item["action"]["id"],
                    "display_name": item["display_name"],
                    "created_at": _ns(item["created_at"]),
                }
                for item in items
            ]
        }
        for item in items:
            _seed_action(content, item["action"])


def _seed_action(content: dict[str, Any], action: dict[str, Any]) -> None:
    version = action["deployed_version"]
    stored = {
        "id": version["id"],
        "number": version["number"],
        "code": version["code"],
        "dependencies": version["dependencies"],
        "runtime": version["runtime"],
        "secrets": [],
        "modules": [],
        "supported_triggers": version["supported_triggers"],
        "status": "built",
        "created_at": _ns(version["created_at"]),
        "built_at": _ns(version["built_at"]),
        "updated_at": _ns(version["updated_at"]),
        "ready_at": None,
    }
    content.setdefault(f"versions of {action['id']}", {})[version["id"]] = stored
    content.setdefault("actions", {})[action["id"]] = {
        "id": action["id"],
        "name": action["name"],
        "supported_triggers": action["supported_triggers"],
        "created_at": _ns(action["created_at"]),
        "updated_at": _ns(action["updated_at"]),
        "deployed_version": version["id"],
        "last_number": version["number"],
        "draft": {
            key: stored[key] for key in ("code", "dependencies", "runtime", "secrets", "modules")
        }
        | {
            "updated_at": _ns(action["updated_at"]),
            "phases": [{"status": "built", "seconds": 0}],
        },
    }


def _seed_phone_action(sandbox: Sandbox, interactions: list[Interaction]) -> None:
    """Who could make a provider custom had a deployed Action, as the documentation demands."""
    made_custom = any(
        one.path.startswith("/branding/phone/providers")
        and one.method in {"POST", "PATCH"}
        and one.body
        and one.body.get("name") == "custom"
        and one.status in {200, 201}
        for one in interactions
    )
    if made_custom:
        sandbox.deployed(CUSTOM_PHONE_ACTION)


def script_builds(sandbox: Sandbox, interactions: list[Interaction], index: int) -> None:
    """Let the build that a write starts take as long, and end, as the reads after it saw."""
    written = interactions[index]
    if written.method not in {"POST", "PATCH"} or not re.fullmatch(
        r"/actions/actions(/[^/]+)?", written.path
    ):
        return
    path = f"/actions/actions/{written.answer['id']}"
    phases: list[dict[str, Any]] = []
    started = 0.0
    for later, one in enumerate(interactions[index + 1 :], start=1):
        if one.path == path and one.method == "PATCH":
            break
        if one.path != path or one.method != "GET":
            continue
        status = one.answer["status"]
        if not phases or phases[-1]["status"] != status:
            if phases:
                # The clock moves by a second per request; a state changes between two of them.
                phases[-1]["seconds"] = later - 0.5 - started
                started = later - 0.5
            phases.append({"status": status, "seconds": 0})
    if phases:
        sandbox.tenant.context.builds.scripted.append(phases)


# -- comparing ------------------------------------------------------------------------------------


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
        if _ID.fullmatch(recorded):
            if not _ID.fullmatch(actual):
                return [f"{where}: {actual!r} has not the form of {recorded!r}"]
            known = self.ids.setdefault(recorded, actual)
            other_way = [one for one, other in self.ids.items() if other == actual]
            if known != actual or other_way != [recorded]:
                return [f"{where}: id {recorded} stands for {known} and {actual}"]
            return []
        form = _TIME.fullmatch(recorded)
        if form:
            found = _TIME.fullmatch(actual)
            if found is None or len(found[2]) != len(form[2]):
                return [f"{where}: {actual!r} has not the precision of {recorded!r}"]
            known = self.times.setdefault(recorded, actual)
            return [] if known == actual else [f"{where}: {recorded} was {known}, now {actual}"]
        return (
            [] if recorded == actual else [f"{where}: {recorded!r} recorded, {actual!r} answered"]
        )

    def disorder(self) -> list[str]:
        """Times of ours whose order is not the recorded one."""
        pairs = sorted((_ns(one), _ns(other), len(one)) for one, other in self.times.items())
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

    @property
    def agreed(self) -> int:
        """How many interactions were answered as recorded."""
        return self.total - len(self.differences)


def play(name: str) -> Result:
    """Play one recording."""
    interactions = load(name)
    tenants = re.findall(r'"tenant":\s*"([^"]+)"', json.dumps([one.answer for one in interactions]))
    sandbox = Sandbox(name=tenants[0] if tenants else "sandbox")
    seed(sandbox, interactions)
    sandbox.clock.advance(1)
    matcher = Matcher()
    differences: dict[int, list[str]] = {}
    for index, one in enumerate(interactions):
        script_builds(sandbox, interactions, index)
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
    return Result(
        len(interactions), differences, matcher.disorder(), sandbox.counters()["unknown_routes"]
    )


def main() -> None:
    """Print a line per recording."""
    results = {name: play(name) for name in names()}
    for name, result in results.items():
        print(f"{result.agreed:4} of {result.total:4}  {name}")  # noqa: T201 - it is for people
        for index, found in result.differences.items():
            print(f"     #{index}: {found[:3]}")  # noqa: T201
        for wrong in result.disorder:
            print("     disorder:", wrong)  # noqa: T201
    agreed = sum(result.agreed for result in results.values())
    print(f"{agreed:4} of {sum(one.total for one in results.values()):4}")  # noqa: T201


if __name__ == "__main__":
    main()
