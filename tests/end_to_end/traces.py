"""What the official plugin was recorded doing, and how ours is compared with it.

Ids, ports, times and ciphertexts are replaced; requests keep their order where one resource made
them, and are open between independent ones, as the contract says.
"""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

_ID = re.compile(r"(/actions/actions|/providers|/templates)/[^/?]+")

UNSTABLE = {"value", "updated_at"}
"""Masked in the recordings: what a secret is, a test of its own says."""

NOT_OURS = ("__meta", "__pulumi_raw_state_delta")
"""What the bridge of the official plugin keeps for itself in a state."""

NOT_RECORDED = ("countryCodes",)
"""What the SDK has and the recorded plugin, older than it, did not know."""

_IDS = re.compile(
    r"\b(?:[0-9a-f]{8}-[0-9a-f-]{27}|(?:pro|tem)_[0-9A-Za-z]+|(?:terraform|stand-in)-[0-9a-f]+)\b"
)
_STACK = re.compile(r"urn:pulumi:[^:]+::[^:]+::")


@dataclass(frozen=True)
class Request:
    """One request, without what changes from run to run."""

    method: str
    path: str
    body: str
    status: int | None

    @property
    def family(self) -> str:
        """Whose request it is: requests of one family come in a fixed order."""
        if "/templates" in self.path:
            # Two templates are made side by side; their requests differ by the body's type only.
            return f"template {self.method}"
        if "/bindings" in self.path:
            return "bindings"
        return self.path.split("/")[3] if self.path.startswith("/api/") else self.path


def normalised(method: str, path: str, body: Any, status: int | None) -> Request:
    """One request as it is compared."""
    path = _ID.sub(r"\1/ID", path)
    return Request(method, path, repr(_comparable(body, path)), status)


def _comparable(body: Any, path: str) -> Any:
    if path == "/oauth/token":
        pairs = dict(parse_qsl(body)) if isinstance(body, str) else dict(body or {})
        return sorted(
            (key, value.replace("localhost:8443", "TENANT")) for key, value in pairs.items()
        )
    if isinstance(body, dict):
        body = {key: value for key, value in body.items() if key not in UNSTABLE}
        if "error_page" in body:
            body.pop("country_codes", None)
        return sorted((key, _comparable(value, path)) for key, value in body.items())
    if isinstance(body, list):
        return [_comparable(item, path) for item in body]
    return body


def of_trace(step: dict[str, Any]) -> list[Request]:
    """A trace step's requests."""
    return [
        normalised(one["method"], one["path"], one["body"], one["status"])
        for one in step["requests"]
    ]


def told_once(requests: list[Request]) -> list[Request]:
    """Without the repetitions of a request, which the recordings of failures leave out."""
    last: dict[str, Request] = {}
    kept: list[Request] = []
    for one in requests:
        if last.get(one.family) != one:
            kept.append(one)
        last[one.family] = one
    return kept


def differences(wanted: list[Request], got: list[Request]) -> list[str]:
    """What a person needs to know when the two are not the same; empty when they are."""
    found: list[str] = []
    missing, extra = Counter(wanted) - Counter(got), Counter(got) - Counter(wanted)
    found += [f"missing: {one}" for one in missing.elements()]
    found += [f"not in the trace: {one}" for one in extra.elements()]
    for family in dict.fromkeys(one.family for one in wanted):
        ours = [one for one in got if one.family == family]
        theirs = [one for one in wanted if one.family == family]
        if not found and ours != theirs and not family.startswith("template"):
            found.append(f"order of {family}: {ours} instead of {theirs}")
    return found


def steps_of_preview(steps: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The steps of `preview --json --show-sames` about the auth0 resources, by what they do."""
    return {
        f"{step['op']} {_name(step['urn'])}": {
            "diffReasons": step.get("diffReasons"),
            "replaceReasons": step.get("replaceReasons"),
            "detailedDiff": step.get("detailedDiff"),
            "newState": _resource(step.get("newState")),
            "oldState": _resource(step.get("oldState")),
        }
        for step in steps
        if "::auth0:" in step["urn"]
    }


def resources_of_state(resources: list[dict[str, Any]]) -> dict[str, Any]:
    """The auth0 resources of an exported state, by name."""
    return {_name(one["urn"]): _resource(one) for one in resources if "::auth0:" in one["urn"]}


def unlike(wanted: Any, got: Any, place: str = "") -> list[str]:
    """Where two values differ, leaf by leaf."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        return [
            line
            for key in sorted({*wanted, *got})
            for line in unlike(wanted.get(key, "ABSENT"), got.get(key, "ABSENT"), f"{place}/{key}")
        ]
    return [] if wanted == got else [f"{place}: {got!r} instead of {wanted!r}"]


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


def _resource(resource: dict[str, Any] | None) -> Any:
    if resource is None:
        return None
    # Not the dependencies: they are the program's and the engine's, and not everywhere recorded.
    told = {key: resource.get(key) for key in ("type", "custom", "inputs", "outputs")}
    told["initErrors"] = resource.get("initErrors")
    if told["outputs"]:
        told["outputs"] = {
            key: value
            for key, value in told["outputs"].items()
            if key not in (*NOT_OURS, *NOT_RECORDED)
        }
        if "tenant" in told["outputs"]:
            told["outputs"]["tenant"] = "TENANT"
    return _stable(told)


def _stable(value: Any) -> Any:
    if isinstance(value, dict):
        if "ciphertext" in value:
            return "[secret]"
        return {key: _stable(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_stable(one) for one in value]
    if isinstance(value, str):
        return _STACK.sub("", _IDS.sub("ID", value))
    return value
