"""Lives of a stack, in health and in failure, step by step as the official plugin lived them."""

from collections import Counter
from collections.abc import Callable
from http.client import INTERNAL_SERVER_ERROR
from pathlib import Path
from typing import Any

import pytest

from tests.contract import load_json
from tests.end_to_end.conftest import EACH_GENERATION, Tenant
from tests.end_to_end.pulumi_cli import PulumiProject
from tests.end_to_end.traces import (
    Request,
    differences,
    of_trace,
    resources_of_state,
    steps_of_preview,
    told_once,
    unlike,
)

pytestmark = pytest.mark.end_to_end
PROGRAMS = Path(__file__).parent / "programs"
TRIES = 4
"""Of a request that is answered 500 (official/README.md)."""

CONFIG = {
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
# What was done before a step, as its name says.
DEEDS: dict[str, tuple[Deed, ...]] = {
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
UNCHANGED = frozenset(
    {
        "create",
        "no-op up",
        "no-op refresh preview",
        "repair drift: up --refresh",
        "the same again",
        "the same again, still failing",
        "the same a third time",
        "up --refresh after it",
        "refresh preview",
        "repair",
        "destroy",
    }
)
"""Steps before which nothing was done."""
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
    "undeclared-secret",
)


# Request by request without the engine, on every change: sandbox/api/test_replay.py.
@pytest.mark.thorough
@EACH_GENERATION
def test_the_life_of_a_stack_is_the_recorded_one(
    tenant: Tenant, project: Callable[..., PulumiProject], generation: str
) -> None:
    live(project(PROGRAMS / generation), tenant, generation)


THOROUGH = frozenset(FAILURES) - {"undeclared-secret"}


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(one, marks=[pytest.mark.thorough] if one in THOROUGH else [])
        for one in FAILURES
    ],
)
def test_a_life_with_failures_is_the_recorded_one(
    tenant: Tenant, project: Callable[..., PulumiProject], failure: str
) -> None:
    program = "tenant" if failure == "failed-tenant" else "unified"
    stack = project(PROGRAMS / program)
    stack.configure(customizeMfa=False)
    live(stack, tenant, f"failures/{failure}")


def live(stack: PulumiProject, tenant: Tenant, recording: str) -> None:
    """Live a recorded life; every difference of every step is told at the end."""
    text = TEXT.get(recording, TEXT["unified"])
    stack.configure(secrets={"key": "k-1"}, text=text, **CONFIG)
    wrong: dict[str, list[str]] = {}
    steps = load_json(f"official/{recording}.json")
    collapsed = recording.startswith("failures/")
    for step in steps:
        name = step["step"]
        assert name in DEEDS or name in UNCHANGED, f"nobody knows what to do before {name!r}"
        for deed in DEEDS.get(name, ()):
            deed(stack, tenant)
        if step["preview"] is not None:
            found = compared_preview(step, stack, tenant)
            wrong |= {f"{name}: preview": found} if found else {}
        tenant.forget_requests()
        command, *options = step["command"]
        ran = stack.run(command, *options, expect=step["exit"])
        wanted, got = of_trace(step), tenant.requests()
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
    if not refreshing and tenant.requests():
        found.append("it asked the tenant")
    return found


def causes(step: dict[str, Any]) -> list[str]:
    """The lines in which the plugin said why, without the resource's name."""
    lines = [line.removeprefix("* ") for line in step.get("said", []) if line.startswith("* ")]
    return [line for line in lines if "urn:" not in line]
