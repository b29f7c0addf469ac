"""What a recording tells of the tenant that it was made on.

Whatever is seeded follows from a rule that holds for all recordings.
"""

import re
from typing import Any
from urllib.parse import parse_qs

from sandbox.tenant.factor_settings import CUSTOM_APP, NAMES
from sandbox.tenant.settings import Generation
from tests.sandbox.api.recording import Interaction, nanoseconds
from tests.sandbox.api.support import CUSTOM_PHONE_ACTION, Sandbox

_FOUND = 200
_FACTORS = "/guardian/factors/"
_LEGACY = re.compile(r"(?:sms|phone)/(selected-provider|templates|providers/twilio)")
_LEGACY_KEYS = {
    "selected-provider": "selected provider",
    "templates": "templates",
    "providers/twilio": "twilio",
}


def generation(interactions: list[Interaction]) -> Generation:
    """Legacy where the delivery that the unified experience forbids was answered."""
    answered = (
        _LEGACY.fullmatch(one.path.removeprefix(_FACTORS)) is not None and one.status == _FOUND
        for one in interactions
    )
    return "legacy" if any(answered) else "unified"


def seed(sandbox: Sandbox, interactions: list[Interaction]) -> None:
    """Put the tenant into the state that the recording found."""
    content = sandbox.tenant.export()
    _seed_settings(content, interactions)
    _seed_first_reads(content, interactions)
    _seed_phone_factor(content, interactions)
    seed_bound_actions(content, interactions)
    _seed_logs(content, interactions)
    sandbox.tenant.load(content)
    _seed_phone_action(sandbox, interactions)


def _first(interactions: list[Interaction], method: str, path: str) -> Any:
    answers = (one.answer for one in interactions if (one.method, one.path) == (method, path))
    return next(answers, None)


def _seed_settings(content: dict[str, Any], interactions: list[Interaction]) -> None:
    """Settings, factors, policies and message types are as the first reads of them say."""
    stored = content["singletons"]
    if (settings := _first(interactions, "GET", "/tenants/settings")) is not None:
        # What the answer to a write leaves out was not stored: a read adds it.
        written = _first(interactions, "PATCH", "/tenants/settings")
        kept = set(written or settings) - {"sandbox_versions_available"}
        stored["settings"] = {key: one for key, one in settings.items() if key in kept}
    if (factors := _first(interactions, "GET", "/guardian/factors")) is not None:
        enabled = {one["name"]: one["enabled"] for one in factors}
        stored["guardian factors"] = {"value": enabled}
    if (policies := _first(interactions, "GET", "/guardian/policies")) is not None:
        stored["guardian policies"] = {"value": policies}


def _seed_first_reads(content: dict[str, Any], interactions: list[Interaction]) -> None:
    """What was read of a factor's settings before it was written was there."""
    written: set[str] = set()
    for one in interactions:
        name = CUSTOM_APP if one.path == "/prompts/mfa-push" else one.path.removeprefix(_FACTORS)
        if one.method != "GET":
            written.add(name)
        elif name not in written and one.status == _FOUND and one.answer:
            stored = _stored(name, one.answer)
            if stored is not None:
                content["singletons"].setdefault(*stored)


def _stored(name: str, answer: dict[str, Any]) -> tuple[str, Any] | None:
    """Under which key a document of the factors is stored, and how."""
    if name in NAMES:
        # Of a certificate, a read tells only that it is there.
        kept = {key: value for key, value in answer.items() if key != "enabled"}
        return f"factor {name}", kept | ({"p12": "there"} if answer.get("enabled") else {})
    legacy = _LEGACY.fullmatch(name)
    if legacy is None:
        return None
    value = answer["provider"] if legacy[1] == "selected-provider" else answer
    return f"guardian {_LEGACY_KEYS[legacy[1]]}", {"value": value}


def _seed_phone_factor(content: dict[str, Any], interactions: list[Interaction]) -> None:
    """Who could choose message types without switching the factor on had it on.

    That is the published rule, and an assumption (`message_types_need_factor`).
    """
    paths = {one.path for one in interactions if one.method == "PUT" and one.status == _FOUND}
    if "/guardian/factors/phone/message-types" in paths and "/guardian/factors/sms" not in paths:
        factors = content["singletons"].setdefault("guardian factors", {"value": {}})
        factors["value"].setdefault("sms", True)


def _seed_logs(content: dict[str, Any], interactions: list[Interaction]) -> None:
    """Entries that were read were there, and as many newer ones as their pages leave out."""
    logs: dict[str, Any] = {}
    for one in interactions:
        if one.path.startswith("/logs?") and one.status == _FOUND:
            logs |= {entry["log_id"]: entry for entry in one.answer}
    for one in interactions:
        query = {key: value[0] for key, value in parse_qs(one.path.partition("?")[2]).items()}
        if not one.path.startswith("/logs?") or "page" not in query:
            continue
        newest = one.answer[0]["log_id"]
        newer = int(query["page"]) * int(query["per_page"]) - sum(key > newest for key in logs)
        for number in range(newer):
            log_id = f"901{number:03}"
            logs[log_id] = {"log_id": log_id, "type": "unseen", "date": "", "details": {}}
    if logs:
        content["logs"] = dict(sorted(logs.items()))


def seed_bound_actions(content: dict[str, Any], interactions: list[Interaction]) -> None:
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
                    "created_at": nanoseconds(item["created_at"]),
                }
                for item in items
            ]
        }
        for item in items:
            _seed_action(content, item["action"])


def _seed_action(content: dict[str, Any], action: dict[str, Any]) -> None:
    version, built = action["deployed_version"], [{"status": "built", "seconds": 0}]
    unseen: dict[str, Any] = {"secrets": [], "modules": []}
    draft = {key: version[key] for key in ("code", "dependencies", "runtime")} | unseen
    stored = draft | {key: version[key] for key in ("id", "number", "supported_triggers")}
    stored |= _times(version, "created_at", "built_at", "updated_at")
    stored |= {"status": "built", "ready_at": None}
    content.setdefault(f"versions of {action['id']}", {})[version["id"]] = stored
    content.setdefault("actions", {})[action["id"]] = {
        **{key: action[key] for key in ("id", "name", "supported_triggers")},
        **_times(action, "created_at", "updated_at"),
        "deployed_version": version["id"],
        "last_number": version["number"],
        "draft": draft | _times(action, "updated_at") | {"phases": built},
    }


def _times(of: dict[str, Any], *names: str) -> dict[str, int]:
    return {name: nanoseconds(of[name]) for name in names}


def _seed_phone_action(sandbox: Sandbox, interactions: list[Interaction]) -> None:
    """Who could make a provider custom had a deployed Action, as the documentation demands."""
    written = [
        one.body
        for one in interactions
        if one.path.startswith("/branding/phone/providers") and one.status in {200, 201}
    ]
    if any(body and body.get("name") == "custom" for body in written):
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
        if one.path != path or one.method != "GET" or one.status != _FOUND:
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
