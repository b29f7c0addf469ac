"""Whatever request fails, or loses its answer: nobody is locked out, and the next `up` gets there.

After a `recover` at most; and the same of a `destroy`, whose obstacles are said before.
"""

import itertools
import json
from collections.abc import Callable
from typing import Any, Final

import pytest

from tests.end_to_end.conftest import EACH_GENERATION, Apply, Life, Tenant
from tests.end_to_end.operators import operator_of, writes
from tests.end_to_end.pulumi_cli import PulumiProject

pytestmark = pytest.mark.end_to_end

REFUSAL: Final[dict[str, Any]] = {
    "status": 403,
    "body": {"statusCode": 403, "error": "Forbidden", "message": "Scripted refusal"},
}
FACTOR: Final = {"method": "PUT", "path": "/factors/sms$"}


def first_up(stack: PulumiProject) -> None:
    """Everything is made."""


def change_of_everything(stack: PulumiProject, *, before: str = "never") -> None:
    """Code's configuration, channels, a text and the policy, as it was before, change in one go."""
    stack.configure(deliveryMethods=["text"], policy=before)
    stack.up()
    stack.configure(
        deliveryMethods=["text", "voice"],
        policy="always",
        smsSender="0005299999",
        texts={"otp_verify": {"text": "{{ code }} です", "voice": "{{ code }} です"}},
    )


Prepare = Callable[[PulumiProject], None]


def test_a_factor_that_cannot_be_switched_on_leaves_the_policy_as_it_was(life: Life) -> None:
    life.tenant.control("POST", "/faults", FACTOR | REFUSAL | {"times": None})
    # With so few threads all of them wait for resources that wait for hooks (pulumi/pulumi#20362).
    life.stack.refused("up", "--parallel", "1")
    assert life.tenant.policies == []
    life.tenant.control("DELETE", "/faults")
    life.stack.up()
    assert life.tenant.policies == ["all-applications"]
    assert life.nobody_is_locked_out()


LOSSES: Final[tuple[dict[str, Any], ...]] = (
    {"close": True},
    {"status": 502, "raw_body": "<h1>Bad Gateway</h1>"},
    {"status": 504, "raw_body": ""},
)
"""Ways in which the answer to a write gets lost that was done."""
USERS: Final = (f"+8190{nth}" for nth in itertools.count(22345678))
"""Numbers, none of them twice: there is a limit of codes a number and hour."""


# On every change: test_failed_runs.py, with the write of the provider that it thinks was done.
@pytest.mark.thorough
@EACH_GENERATION
@pytest.mark.parametrize("prepare", [first_up, change_of_everything])
@pytest.mark.parametrize("lost", [False, True], ids=["refused", "lost"])
def test_no_request_can_lock_anybody_out(
    life: Life, prepare: Prepare, generation: str, lost: bool
) -> None:
    """Fail every request of an `up` in turn, or lose every write's answer; then run it again."""
    stack, tenant = life.stack, life.tenant
    stack.configure(experience=generation)
    prepare(stack)
    begin = life.now()
    tenant.forget_requests()
    stack.up()
    requests = [f"{one['method']} {one['path']}" for one in tenant.logged()]
    wanted, losses = declared_part(tenant), itertools.cycle(LOSSES)
    written = {one for one in requests if "/api/" in one and not one.startswith("GET")}
    assert written
    for nth, request in enumerate(requests, 1):
        if lost and request not in written:
            continue
        life.back(begin)
        fault = next(losses) | {"when": "after"} if lost else REFUSAL
        # A plugin that is refused a token asks once more, with the secret in the body.
        times = 2 if request == "POST /oauth/token" else 1
        tenant.control("POST", "/faults", fault | {"nth": nth, "times": times})
        failed = stack.up(expect=None)
        tenant.control("DELETE", "/faults")
        # What begins at the same time arrives in another order each time: what was struck counts.
        struck = [
            f"{one['method']} {one['path']}" for one in tenant.logged() if one["status"] == 403
        ]
        assert life.nobody_is_locked_out(next(USERS)), f"locked out after {request}"
        if lost:
            if failed.exit:
                recovered(life, failed.text)
                stack.up()
            delete_twins(life)
            assert stack.changes() == [], request
        else:
            # The plugin only warns that it may not see how long a browser is remembered.
            warned = struck == ["GET /api/v2/guardian/settings"]
            assert struck, request
            # Refused one token, the plugin asks again, and a hook does not: either may be struck.
            if times == 2 or struck != ["POST /oauth/token"]:
                assert (failed.exit == 0) == warned, f"{struck}: {failed.text}"
            assert not warned or "could not be read: 403" in failed.text
            stack.up()
        assert declared_part(tenant) == wanted, f"not there after {request}"
    assert stack.changes() == []


def recovered(life: Life, said: str) -> set[str]:
    """What `recover`, of which the failed run spoke, takes over, reading alone."""
    life.tenant.forget_requests()
    taken = operator_of(life.tenant, life.stack).json("recover", "--yes")["imported"]
    assert {one["method"] for one in life.tenant.logged() if "/api/" in one["path"]} <= {"GET"}
    for one in taken:
        assert life.stack.resource(one["name"])["id"] == one["id"]
        # A provider, of which there is one, a plain `up` takes over too.
        assert one["name"].endswith("-provider") or "phonemfa recover --stack t1" in said
    return {one["name"] for one in taken}


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("path", "part"),
    [("/actions/actions", "sender"), ("/branding/phone/templates", "delivery")],
)
def test_a_creation_whose_answer_got_lost_is_taken_over(life: Life, path: str, part: str) -> None:
    """Of what a second POST is refused."""
    lost = {"close": True, "method": "POST", "path": f"{path}$", "when": "after"}
    life.tenant.control("POST", "/faults", lost)
    (taken,) = recovered(life, life.stack.refused().text)
    assert taken.startswith(f"phone-mfa-{part}-")
    life.stack.up()
    assert life.tenant.policies == ["all-applications"]
    assert life.nobody_is_locked_out()
    assert life.stack.changes() == []


def delete_twins(life: Life) -> None:
    """A trigger with room for many takes a POST that the client sent again; drift names it."""
    held = {one["id"] for one in life.stack.state()["deployment"]["resources"] if "id" in one}
    for one in life.tenant.actions:
        if one["id"] not in held:
            found = operator_of(life.tenant, life.stack).json("drift", expect=7)["findings"]
            assert f"second-action:{one['name']}/{one['id']}" in {each["id"] for each in found}
            life.tenant.api("DELETE", f"/actions/actions/{one['id']}")


def declared_part(tenant: Tenant) -> dict[str, Any]:
    """What a stack declares, as the tenant has it; without ids and times."""
    (action,) = tenant.actions
    found = {
        "policies": tenant.policies,
        "factors": tenant.api("GET", "/guardian/factors"),
        "types": tenant.api("GET", "/guardian/factors/phone/message-types"),
        "code": (action["code"], action["deployed_version"]["code"]),
        "deployed": action["all_changes_deployed"],
        "providers": [
            (one["name"], one["disabled"], one["configuration"]) for one in tenant.providers
        ],
        "templates": sorted(
            (one["type"], json.dumps(one["content"]))
            for one in tenant.api("GET", "/branding/phone/templates")["templates"]
            if "id" in one
        ),
    }
    inside = tenant.control("GET", "/state?secrets=true")["content"]["actions"][action["id"]]
    values = sorted((one["name"], one["value"]) for one in inside["draft"]["secrets"])
    return found | {"values": values}


@pytest.mark.thorough
def test_without_the_gate_the_provider_s_own_order_locks_users_out(life: Life) -> None:
    """Why there is a gate: the trap is real under the same engine."""
    life.stack.configure(gate="off")
    life.tenant.control("POST", "/faults", FACTOR | REFUSAL)
    life.stack.up(expect=None)
    assert not life.nobody_is_locked_out()


# --- What is in the way of a destroy; who does not look locks nobody out. ------------------------


@pytest.mark.thorough
def test_what_is_in_the_way_is_said_and_once_settled_all_goes(apply: Apply, tenant: Tenant) -> None:
    stack = apply(protect=True)
    operator = operator_of(tenant, stack)
    bindings = "/actions/triggers/custom-phone-provider/bindings"
    ours = {"type": "action_id", "value": tenant.actions[0]["id"]}
    by_hand = {"bindings": [{"ref": ours, "display_name": "by hand"}]}
    tenant.api("PATCH", bindings, by_hand)
    tenant.forget_requests()
    found = operator.json("take-down", expect=1)["obstacles"]
    assert [one["what"].partition(" ")[0] for one in found] == ["users", "protected,", "the"]
    assert writes(tenant) == []

    stack.configure(policy="never", protect=False)
    assert "would lower it" in stack.refused().text
    tenant.api("PUT", "/guardian/policies", [])  # break-glass
    stack.up()
    tenant.api("PATCH", bindings, {"bindings": []})
    assert operator.json("take-down")["obstacles"] == []
    stack.destroy()
    assert (tenant.actions, tenant.providers) == ([], [])


@pytest.mark.thorough
@EACH_GENERATION
def test_a_refused_deletion_locks_nobody_out(apply: Apply, life: Life, generation: str) -> None:
    stack, tenant = apply(policy="never"), life.tenant
    assert operator_of(tenant, stack).json("take-down")["obstacles"] == []
    begin = life.now()
    tenant.forget_requests()
    stack.destroy()
    requests = [
        (nth, one["path"])
        for nth, one in enumerate(tenant.logged(), 1)
        if one["method"] != "GET" and one["path"] != "/oauth/token"
    ]
    assert len(requests) > (8 if generation == "unified" else 4)
    for nth, path in requests:
        life.back(begin)
        tenant.control("POST", "/faults", {"nth": nth, "status": 403})
        stack.run("destroy", "--yes", "--skip-preview", expect=None)
        tenant.control("DELETE", "/faults")
        assert tenant.policies == [], f"after {path} was refused"
        stack.destroy()
        assert tenant.actions == [], path


@pytest.mark.thorough
def test_a_provider_that_was_taken_out_of_the_stack_stays(apply: Apply, tenant: Tenant) -> None:
    stack = apply(policy="never")
    guardian = stack.resource("phone-mfa-factor-guardian")["urn"]
    stack.run("destroy", "--target", guardian, "--yes", "--skip-preview")
    stack.run("state", "delete", stack.resource("phone-mfa-delivery-provider")["urn"], "--yes")
    stack.destroy()
    assert [one["name"] for one in tenant.providers] == ["custom"]


@pytest.mark.thorough  # what each is declared as: tests/components/test_phone_mfa.py
@pytest.mark.parametrize("name", ["factor-guardian", "delivery-provider", "delivery-otp-verify"])
def test_whatever_is_replaced_by_hand_is_there_afterwards(
    applied: PulumiProject, life: Life, name: str
) -> None:
    """A tenant has one of each: the provider takes it over, or writes what is there already."""
    urn = applied.resource(f"phone-mfa-{name}")["urn"]
    applied.run("state", "taint", urn, "--yes")
    applied.up()
    assert life.tenant.policies == ["all-applications"]
    assert life.nobody_is_locked_out()
    assert applied.changes() == []
    applied.unchanged()
