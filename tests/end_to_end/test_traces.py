"""Lives of a stack, in health and in failure, step by step as the official plugin lived them.

Ids, ports, times and ciphertexts are replaced; requests keep their order where one resource made
them, and are open between independent ones, as the contract says.
"""

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from http.client import INTERNAL_SERVER_ERROR
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from tests.contract import load_json
from tests.end_to_end.conftest import Project, Tenant
from tests.end_to_end.pulumi_cli import PulumiProject

pytestmark = pytest.mark.end_to_end

# --- How they are compared. ----------------------------------------------------------------------

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


def compared(requests: Any, domain: str = "TENANT") -> list[Request]:
    """Requests as the sandbox logged them, or a step of a recording has them."""
    found = json.loads(json.dumps(requests).replace(domain, "TENANT"))
    return [normalised(one["method"], one["path"], one["body"], one["status"]) for one in found]


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


# --- What is lived. ------------------------------------------------------------------------------

PROGRAMS = Path(__file__).parent / "programs"
TRIES = 4
"""Of a request that is answered 500 (official/README.md)."""

CONFIG: dict[str, Any] = {
    "code": "exports.h = async () => {};",
    "methods": ["text", "voice"],
    "policy": "all-applications",
}
TEXT = {"unified": "{{ code }} is your code", "legacy": "{{code}} v"}
BROKEN = {
    "status": 500,
    "times": None,
    "body": {
        "statusCode": 500,
        "error": "Internal Server Error",
        "message": "An internal error occurred",
    },
}
NOT_BUILT = {
    "statusCode": 400,
    "error": "Bad Request",
    "message": "A draft must be in the 'built' state before it can be deployed.",
}
NOT_IN_THE_PLAN = {
    "statusCode": 403,
    "error": "Forbidden",
    "message": "Your subscription does not include this feature.",
    "errorCode": "insufficient_entitlement",
}
REMEMBERED = {
    "displayRememberMeCheckbox": False,
    "rememberMeDefaultValue": False,
    "mfaSessionInactivityTimeout": 3600,
    "mfaSessionOverallTimeout": 7200,
}
Deed = Callable[[PulumiProject, Tenant], None]


def configured(**values: Any) -> Deed:
    return lambda stack, _: stack.configure(**values)


def fault(method: str, path: str, **what: Any) -> Deed:
    return lambda _, tenant: tenant.control(
        "POST", "/faults", {"method": method, "path": path, **BROKEN, **what}
    )


def lost_answer(_: PulumiProject, tenant: Tenant) -> None:
    what = {"method": "POST", "path": "/templates$", "when": "after", "close": True}
    tenant.control("POST", "/faults", what)


def well(_: PulumiProject, tenant: Tenant) -> None:
    tenant.control("DELETE", "/faults")
    tenant.control("PUT", "/builds", {"scripted": [], "default": [_phase("built")]})


def failing_builds(_: PulumiProject, tenant: Tenant) -> None:
    tenant.control("PUT", "/builds", {"default": [_phase("failed")]})


def _phase(status: str) -> dict[str, Any]:
    return {"status": status, "seconds": 0}


def assumed(**values: Any) -> Deed:
    return lambda _, tenant: tenant.control("PUT", "/assumptions", values)


def secret_by_hand(name: str) -> Deed:
    def add(_: PulumiProject, tenant: Tenant) -> None:
        (action,) = tenant.actions
        kept = [{"name": one["name"]} for one in action["secrets"]]
        secrets = [*kept, {"name": name, "value": "x"}]
        tenant.api("PATCH", f"/actions/actions/{action['id']}", {"secrets": secrets})

    return add


def written(path: str, body: Any) -> Deed:
    return lambda _, tenant: tenant.api("PUT", path, body)


def rotated(stack: PulumiProject, _: Tenant) -> None:
    stack.configure(secrets={"key": "k-2"})


def nothing_declared(stack: PulumiProject, _: Tenant) -> None:
    stack.run("config", "rm", "mfaSettings")
    stack.run("config", "rm", "phoneSettings")


CODE_3 = "exports.h = async () => { /*3*/ };"
POLICY_BY_HAND = written("/guardian/policies", ["all-applications"])
NOTHING = (
    *("create", "no-op up", "no-op refresh preview", "repair drift: up --refresh", "repair"),
    *("the same again", "the same again, still failing", "the same a third time"),
    *("up --refresh after it", "refresh preview", "destroy"),
)
# What was done before a step, as its name says.
DEEDS: dict[str, tuple[Deed, ...]] = dict.fromkeys(NOTHING, ()) | {
    "change template text": (configured(text="{{ code }} new"),),
    "change action code": (configured(code="exports.h = async () => { /*2*/ };"),),
    "rotate secret": (rotated,),
    "drop voice": (configured(methods=["text"]),),
    "policy never": (configured(policy="never"),),
    "drift: policy off in dashboard, refresh preview": (POLICY_BY_HAND,),
    "a secret added by hand, then a code change": (
        secret_by_hand("EXTRA"),
        configured(code=CODE_3),
    ),
    "MFA settings changed by hand, undeclared: refresh preview": (
        written("/guardian/factors/phone/settings", {"otp_length": 8, "otp_expiration_time": 60}),
    ),
    "the text changes; every PATCH of a template is answered 500": (
        configured(text="{{ code }} new"),
        fault("PATCH", "/templates/"),
    ),
    "voice is dropped; every PATCH of the provider is answered 500": (
        configured(methods=["text"]),
        fault("PATCH", "/providers/"),
    ),
    "customize_mfa_in_postlogin_action becomes true; every PATCH is answered 500": (
        configured(customizeMfa=True),
        fault("PATCH", "/tenants/settings"),
    ),
    "the code changes; the deploy is refused once": (
        configured(code="exports.h = async () => { /*2*/ };"),
        fault("POST", "/deploy$", status=400, times=1, body=NOT_BUILT),
    ),
    "the code changes; its build fails": (
        configured(code="exports.h = async () => { /* does not build */ };"),
        failing_builds,
    ),
    "the same again, builds work": (well,),
    "the policy changes to never; every PUT of it is answered 500": (
        configured(policy="never"),
        fault("PUT", "/policies$"),
    ),
    "create; writing the message types fails": (fault("PUT", "/message-types$"),),
    "create; the answer to one POST of a template is lost": (lost_answer,),
    "the same again, the tenant is well": (well,),
    "a secret EXTRA was added by hand; the key rotates": (secret_by_hand("EXTRA"), rotated),
    "create with confidence-score in a tenant without Adaptive MFA": (
        fault("PUT", "/policies$", status=403, body=NOT_IN_THE_PLAN),
        configured(policy="confidence-score"),
    ),
    "create in a tenant that is not entitled to MFA settings": (
        assumed(entitled_to_mfa_settings=False),
    ),
    "create, with MFA settings declared": (
        configured(
            mfaSettings=REMEMBERED, phoneSettings={"otpLength": 8, "otpExpirationTime": 600}
        ),
    ),
    "otp_length changes": (configured(phoneSettings={"otpLength": 7, "otpExpirationTime": 600}),),
    "otp_length changed by hand: refresh preview": (
        written("/guardian/factors/phone/settings", {"otp_length": 6, "otp_expiration_time": 600}),
    ),
    "no longer declared": (nothing_declared,),
}
FAILURES = (
    "failed-build",
    "failed-deploy",
    "failed-guardian-update",
    "failed-provider",
    "failed-tenant",
    "failed-write",
    "half-guardian",
    "lost-answer",
    "mfa-settings",
    "no-adaptive-mfa",
    "not-entitled",
)


# Those without failures request by request, without the engine, on every change:
# sandbox/api/test_replay.py.
@pytest.mark.parametrize(
    "recording",
    [
        "failures/undeclared-secret",
        *(pytest.param(f"failures/{one}", marks=pytest.mark.thorough) for one in FAILURES),
        pytest.param("unified", marks=pytest.mark.thorough),
        pytest.param("legacy", marks=[pytest.mark.thorough, pytest.mark.generation("legacy")]),
    ],
)
def test_a_life_is_the_recorded_one(tenant: Tenant, project: Project, recording: str) -> None:
    """Every difference of every step is told at the end."""
    stack = project(PROGRAMS / ("tenant" if "failed-tenant" in recording else "traces"))
    stack.configure(secrets={"key": "k-1"}, legacy=recording == "legacy", customizeMfa=False)
    stack.configure(text=TEXT.get(recording, TEXT["unified"]), **CONFIG)
    wrong: dict[str, list[str]] = {}
    steps = load_json(f"official/{recording}.json")
    collapsed = recording.startswith("failures/")
    for step in steps:
        name = step["step"]
        for deed in DEEDS[name]:
            deed(stack, tenant)
        if step["preview"] is not None:
            found = compared_preview(step, stack, tenant)
            wrong |= {f"{name}: preview": found} if found else {}
        tenant.forget_requests()
        command, *options = step["command"]
        ran = stack.run(command, *options, expect=step["exit"])
        wanted, got = compared(step["requests"]), compared(tenant.logged(), tenant.domain)
        found = tries(got)
        if collapsed:
            wanted, got = told_once(wanted), told_once(got)
        found += differences(wanted, got)
        found += unlike(
            resources_of_state(step["state_after"] or []),
            resources_of_state(stack.state()["deployment"].get("resources") or []),
        )
        found += [f"not said: {line}" for line in causes(step) if line not in ran.text]
        if found:
            wrong[name] = [*found, ran.text]
    assert not wrong, "\n".join(
        f"{name}:\n  " + "\n  ".join(lines) for name, lines in wrong.items()
    )
    assert tenant.unknown_routes() == 0


def tries(requests: list[Request]) -> list[str]:
    """What was not tried four times although it was answered 500 each time."""
    failed = Counter(one for one in requests if one.status == INTERNAL_SERVER_ERROR)
    return [f"{times} tries: {one}" for one, times in failed.items() if times % TRIES]


def compared_preview(step: dict[str, Any], stack: PulumiProject, tenant: Tenant) -> list[str]:
    """How a preview differs from the recorded one; without a refresh it asks the tenant nothing."""
    recorded = step["preview"]
    wanted = steps_of_preview(recorded["steps"] if isinstance(recorded, dict) else recorded)
    tenant.forget_requests()
    # Some previews before an `up --refresh` were recorded without the refresh.
    refreshed = any(key.startswith("refresh ") for key in wanted)
    refreshing = ["--refresh"] if refreshed else []
    found = unlike(wanted, steps_of_preview(stack.preview_steps("--show-sames", *refreshing)))
    if not refreshing and tenant.logged():
        found.append("it asked the tenant")
    return found


def causes(step: dict[str, Any]) -> list[str]:
    """The lines in which the plugin said why, without the resource's name."""
    lines = [line.removeprefix("* ") for line in step.get("said", []) if line.startswith("* ")]
    return [line for line in lines if "urn:" not in line]
