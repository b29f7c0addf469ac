"""`recover` takes nobody's lock unasked; what the tenant has of the stack goes into the state."""

import json
import socket
from typing import Any

import pytest

from components.tenant import action as model_action
from components.tenant import guardian, phone_provider, phone_template, trigger
from components.tenant.snapshot import Snapshot
from phonemfa.answered import RefusedError
from phonemfa.pulumi.preview import Step, read_preview
from phonemfa.pulumi.state import State
from phonemfa.recover.command import Plan, import_file
from tests.phonemfa.adopt.tenants import UNIFIED, action, bound, provider, template, tenant
from tests.phonemfa.applied import Apply, Operator
from tests.phonemfa.pulumi.test_engine import REFUSAL

ROOT = "urn:pulumi:prod::phonemfa::phonemfa:index:PhoneMfa::phone-mfa"
PARENT = "urn:pulumi:prod::phonemfa::phonemfa:index:PhoneMfa$phonemfa:index:Sender::sender"
STACK = "urn:pulumi:prod::phonemfa::pulumi:pulumi:Stack::phonemfa-prod"


def resource(token: str, called: str, **inputs: Any) -> dict[str, Any]:
    urn = f"urn:pulumi:prod::phonemfa::{token}::{called}"
    return {"urn": urn, "type": token, "parent": PARENT, "custom": True, "inputs": inputs}


SENDER = resource(
    model_action.TOKEN,
    "sender-action",
    name="ntt",
    code="code",
    runtime="node22",
    deploy=True,
    secrets="[secret]",
    supportedTriggers={"id": UNIFIED, "version": "v1"},
)
BODY = {"text": "{{ code }} text", "voice": "{{ code }} voice"}
TEXT = resource(phone_template.TOKEN, "otp", type="otp_verify", content={"body": BODY})
BINDING = resource(trigger.TOKEN, "binding", trigger=UNIFIED, displayName="a1")
METHODS = {"deliveryMethods": ["text", "voice"]}
PROVIDER = resource(phone_provider.TOKEN, "provider", name="custom", configuration=METHODS)
GUARDIAN = resource(guardian.TOKEN, "guardian")


def begun(kind: str, one: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "resource": one}


def creates(*resources: dict[str, Any]) -> tuple[Step, ...]:
    """Steps of a preview."""
    same = {"op": "same", "urn": STACK, "newState": {"urn": STACK, "type": "pulumi:pulumi:Stack"}}
    created = [{"op": "create", "urn": one["urn"], "newState": one} for one in resources]
    return read_preview({"steps": [same, *created]}).everything


def state_of(*operations: dict[str, Any], known: tuple[tuple[str, str], ...] = ()) -> State:
    resources = [{"urn": f"urn:{one}", "type": kind, "id": one} for kind, one in known]
    return State.of({"pending_operations": list(operations), "resources": resources})


MADE = tenant(
    actions=(action(name="ntt"), action("a2", name="ntt-old")),
    bindings=bound("a1", "a2"),
    provider=provider(),
    templates=template(),
)
"""A tenant in which a first run has made everything."""
OURS = (BINDING, SENDER, TEXT, PROVIDER)
FOUND = {
    ("sender-action", "a1", ()),
    ("otp", "tem_otp_verify", ()),
    ("provider", "pro_1", ()),
    ("binding", f"{UNIFIED}::a1", ()),
}
OTHER = tenant(actions=(action(name="ntt", runs=None, code="other"),), templates=template())
DIFFERING = {("sender-action", "a1", ("code", "deployed")), ("otp", "tem_otp_verify", ())}
MARKS = [begun("creating", one) for one in OURS]


@pytest.mark.parametrize(
    ("there", "state", "steps", "found", "left"),
    [
        pytest.param(MADE, state_of(), creates(*OURS), FOUND, [], id="a lost answer"),
        pytest.param(MADE, state_of(*MARKS), (), FOUND, [], id="a killed run"),
        pytest.param(OTHER, state_of(), creates(SENDER, TEXT), DIFFERING, [], id="not as declared"),
        pytest.param(tenant(), state_of(), creates(*OURS), set(), [], id="nothing there"),
        pytest.param(
            MADE,
            state_of(begun("creating", SENDER), known=((model_action.TOKEN, "a1"),)),
            (),
            set(),
            ["sender-action"],
            id="in the state already",
        ),
        pytest.param(
            MADE,
            state_of(begun("creating", SENDER), known=((phone_template.TOKEN, "a1"),)),
            (),
            {("sender-action", "a1", ())},
            [],
            id="another's id in the state",
        ),
        pytest.param(
            MADE,
            state_of(begun("creating", GUARDIAN)),
            creates(GUARDIAN),
            set(),
            ["guardian"],
            id="one a tenant: declared again",
        ),
        pytest.param(
            MADE,
            state_of(*[begun("updating", SENDER)] * 2, begun("deleting", TEXT)),
            (),
            set(),
            ["updating", "deleting"],
            id="the next up does it, and a mark of two runs counts once",
        ),
    ],
)
def test_what_the_state_does_not_know_is_matched_with_what_the_tenant_has(
    there: Snapshot, state: State, steps: tuple[Step, ...], found: set[Any], left: list[str]
) -> None:
    plan = Plan.of(there, state, steps)
    assert {(one.resource.name, one.id, one.differs) for one in plan.found} == found
    assert [*(one.name for one in plan.absent), *(one.kind for one in plan.repeated)] == left
    assert plan.empty is not bool(found or left)


def test_of_two_candidates_none_is_taken() -> None:
    two = tenant(actions=(action("a1", name="ntt"), action("a2", name="ntt")))
    with pytest.raises(RefusedError, match=r"2 objects that can be sender-action.*a1.*a2"):
        Plan.of(two, state_of(begun("creating", SENDER)))


COMPONENTS = [
    {"urn": ROOT, "type": "phonemfa:index:PhoneMfa", "parent": STACK},
    {"urn": PARENT, "type": "phonemfa:index:Sender", "parent": ROOT},
]


@pytest.mark.parametrize(
    ("created", "places", "known"),
    [
        pytest.param([SENDER], [("sender-action", "sender")], {"sender": PARENT}, id="known"),
        pytest.param([SENDER | {"parent": STACK}], [("sender-action", None)], {}, id="the stack's"),
        pytest.param(
            [*COMPONENTS, SENDER],
            [("phone-mfa", None), ("sender", "phone-mfa"), ("sender-action", "sender")],
            {},
            id="the state knows no component: outermost first",
        ),
    ],
)
def test_the_import_puts_it_where_the_program_declares_it(
    created: list[Any], places: list[Any], known: dict[str, str]
) -> None:
    file = import_file(Plan.of(MADE, state_of(), creates(*created)))
    assert [(one["name"], one.get("parent")) for one in file["resources"]] == places
    assert (file["resources"][-1]["type"], file["nameTable"]) == (SENDER["type"], known)
    *outer, made = file["resources"]
    assert all(one["component"] and "id" not in one for one in outer)
    assert made["id"]
    assert "component" not in made


@pytest.fixture
def desk(applied: Apply) -> Operator:
    """Somebody whose run was killed, when the tenant had made the Action."""
    desk = applied()
    resources = desk.engine.applied.resources
    (made,) = (one for one in resources if one["type"] == model_action.TOKEN)
    resources.remove(made)
    inputs = made["outputs"] | {"deploy": True, "runtime": desk.action["runtime"]}
    desk.engine.operations = [begun("creating", made | {"inputs": inputs})]
    return desk


def locked(desk: Operator) -> None:
    desk.engine.refusing = {"refresh": REFUSAL}


def test_a_lock_is_not_taken_by_yes_alone(desk: Operator) -> None:
    locked(desk)
    said = desk.run("recover", "--yes", expect=2).stderr
    assert "ci@runner-1 (pid 12)" in said
    assert "a.b@host.example (pid 4711)" in said
    assert "--unlock" in said
    assert "no process of this machine" not in said
    here = REFUSAL.replace("ci@runner-1 (pid 12)", f"ci@{socket.gethostname()} (pid 4194305)")
    desk.engine.refusing = {"refresh": here}
    said = desk.run("recover", "--yes", expect=2).stderr
    assert said.count(", and no process of this machine has that number.") == 1
    desk.typed = "n\n"
    desk.run("recover", expect=2)
    assert "cancel --yes" not in desk.engine.ran
    desk.typed = "y\ny\n"
    desk.run("recover")
    assert "cancel --yes" in desk.engine.ran


def test_what_was_made_goes_into_the_state_before_the_mark_goes(desk: Operator) -> None:
    locked(desk)
    identifier = desk.action["id"]
    ended = desk.run("recover", "--unlock", "--yes", "--json")
    ran = [line.split(" ")[0] for line in desk.engine.ran if not line.startswith("stack")]
    assert ran == ["refresh", "cancel", "preview", "import", "refresh"]
    assert [one["id"] for one in desk.engine.imported] == [identifier]
    assert desk.engine.operations == []
    assert json.loads(ended.stdout)["imported"] == [
        {"name": "action-0", "id": identifier, "differs": []}
    ]
    assert "pulumi up --stack dev" in ended.stderr


def test_what_a_lost_answer_left_is_told_and_taken_over_once_somebody_agrees(
    desk: Operator,
) -> None:
    (lost,) = desk.engine.operations
    new = {"op": "create", "urn": lost["resource"]["urn"], "newState": lost["resource"]}
    lost["resource"]["inputs"]["code"] = "newer"
    desk.engine.operations = []
    desk.monkeypatch.setattr(desk.engine, "_preview", lambda _: [new])
    desk.run("recover", expect=2)
    assert desk.engine.imported == []
    said = desk.run("recover", "--yes").stderr
    assert f"Action ntt-cpaas-phone, {desk.action['id']}" in said
    assert "Not as declared: code; the next up writes that." in said
    assert len(desk.engine.imported) == 1


def test_a_stack_without_a_fault_is_left_alone(applied: Apply) -> None:
    desk = applied()
    assert "Nothing to recover" in desk.run("recover", "--yes").stderr
    desk.engine.refusing = {"refresh": "error: no such stack"}
    said = desk.run("recover", "--unlock", "--yes", expect=2).stderr
    assert "no such stack" in said
    assert "cancel --yes" not in desk.engine.ran
    assert desk.engine.imported == []
