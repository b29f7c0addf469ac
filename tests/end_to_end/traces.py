"""The official plugin's recorded requests, and how ours are compared with them.

Owns what counts as "the same": ids and ports are replaced, the order is kept where one resource
made the requests and left open between independent ones, as the contract says.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

_ID = re.compile(r"(/actions/actions|/providers|/templates)/[^/?]+")

# Where the recording differs from what is right, and why. Applied to the trace, never to ours.
#
# 1. Deploy answers 202 in the trace (the OpenAPI's number, from the local tenant that the trace
#    was made with) and 200 in every recording of the real API: the recordings win.
# 2. The trace shows a PATCH's secrets as that tenant stores them (name and updated_at, no value):
#    it changed the body before writing it down. The plugin sends name and value.
DEPLOY_STATUS = (202, 200)
UNSTABLE = {"value", "updated_at"}


@dataclass(frozen=True)
class Request:
    """One request, without what changes from run to run."""

    method: str
    path: str
    body: str
    status: int

    @property
    def family(self) -> str:
        """Whose request it is: requests of one family come in a fixed order."""
        if "/templates" in self.path:
            # Two templates are made side by side; their requests differ by the body's type only.
            return f"template {self.method}"
        if "/bindings" in self.path:
            return "bindings"
        return self.path.split("/")[3] if self.path.startswith("/api/") else self.path


def normalised(method: str, path: str, body: Any, status: int) -> Request:
    """One request as it is compared."""
    path = _ID.sub(r"\1/ID", path)
    if path.endswith("/deploy") and status in DEPLOY_STATUS:
        status = DEPLOY_STATUS[1]
    return Request(method, path, repr(_comparable(body, path)), status)


def _comparable(body: Any, path: str) -> Any:
    if path == "/oauth/token":
        pairs = dict(parse_qsl(body)) if isinstance(body, str) else dict(body or {})
        return sorted(
            (key, value.replace("localhost:8443", "TENANT")) for key, value in pairs.items()
        )
    if isinstance(body, dict):
        return sorted(
            (key, _comparable(value, path)) for key, value in body.items() if key not in UNSTABLE
        )
    if isinstance(body, list):
        return [_comparable(item, path) for item in body]
    return body


def of_trace(step: dict[str, Any]) -> list[Request]:
    """A trace step's requests."""
    return [
        normalised(one["method"], one["path"], one["body"], one["status"])
        for one in step["requests"]
    ]


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


def _type_and_name(urn: str) -> str:
    kind, name = urn.split("::")[-2:]
    return "stack" if kind == "pulumi:pulumi:Stack" else f"{kind}::{name}"


def steps_of_preview(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Preview steps as they are compared: without states, and named by type and name."""
    return sorted(
        (
            {
                "op": step["op"],
                "name": _type_and_name(step["urn"]),
                "diffReasons": step.get("diffReasons"),
                "replaceReasons": step.get("replaceReasons"),
                "detailedDiff": step.get("detailedDiff"),
            }
            for step in steps
        ),
        key=lambda step: str(step["name"]),
    )
