"""Whatever request fails, or loses its answer: nobody is locked out, and the next `up` gets there.

After a `recover` at most; and the same of a `destroy`, whose obstacles are said before.
"""

import itertools
import json
import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from tests.end_to_end.conftest import EACH_GENERATION, PHONE, Apply, Tenant
from tests.end_to_end.operators import operator_of, writes
from tests.end_to_end.pulumi_cli import PulumiProject

pytestmark = pytest.mark.end_to_end

REFUSAL = {"statusCode": 403, "error": "Forbidden", "message": "Scripted refusal"}


class Life(ABC):
    """A stack that is taken back to where it was, tenant and Pulumi state alike."""

    def __init__(self, stack: PulumiProject, tenant: Tenant) -> None:
        self.stack, self.tenant = stack, tenant
        self._content: Any = None
        self._config = stack.folder / f"Pulumi.{stack.stack}.yaml"
        self._config_text = ""

    def keep(self) -> None:
        """Remember this moment."""
        self.keep_state()
        self._content = self.tenant.control("GET", "/state?secrets=true")["content"]
        self._config_text = self._config.read_text(encoding="utf-8")

    def back(self) -> None:
        """Return to it."""
        self.tenant.control("DELETE", "/faults")
        self.tenant.control("PUT", "/state", {"content": self._content})
        self.restore_state()
        self._config.write_text(self._config_text, encoding="utf-8")
        self.tenant.forget_requests()

    @abstractmethod
    def keep_state(self) -> None:
        """Copy what the backend has."""

    @abstractmethod
    def restore_state(self) -> None:
        """Make the backend have what was copied, and nothing else."""

    def nobody_is_locked_out(self, number: str = PHONE) -> bool:
        """A login asks for no code, or gets one."""
        asks_for_none = self.tenant.policies == []
        return asks_for_none or self.tenant.sends_a_code(number)


class FolderLife(Life):
    """A stack with its state in a folder."""

    def __init__(self, stack: PulumiProject, tenant: Tenant, backend: Path) -> None:
        super().__init__(stack, tenant)
        self._backend, self._kept = backend, backend.with_name("kept")

    def keep_state(self) -> None:
        shutil.rmtree(self._kept, ignore_errors=True)
        shutil.copytree(self._backend, self._kept)

    def restore_state(self) -> None:
        shutil.rmtree(self._backend)
        shutil.copytree(self._kept, self._backend)


@pytest.fixture
def life(package: PulumiProject, tenant: Tenant, tmp_path: Path) -> Life:
    return FolderLife(package, tenant, tmp_path / "sandbox" / "pulumi-state")


def first_up(stack: PulumiProject) -> None:
    """Everything is made."""


def change_of_everything(stack: PulumiProject) -> None:
    """Code's configuration, channels, a text and the policy change in one go."""
    stack.configure(deliveryMethods=["text"], policy="never")
    stack.up()
    stack.configure(
        deliveryMethods=["text", "voice"],
        policy="always",
        smsSender="0005299999",
        texts={"otp_verify": {"text": "{{ code }} です", "voice": "{{ code }} です"}},
    )


Prepare = Callable[[PulumiProject], None]


def test_a_factor_that_cannot_be_switched_on_leaves_the_policy_as_it_was(life: Life) -> None:
    fault = {"method": "PUT", "path": "/factors/sms$", "status": 403, "body": REFUSAL}
    life.tenant.control("POST", "/faults", fault | {"times": None})
    life.stack.refused()
    assert life.tenant.policies == []
    life.tenant.control("DELETE", "/faults")
    life.stack.up()
    assert life.tenant.policies == ["all-applications"]
    assert life.nobody_is_locked_out()


# On every change: test_failed_runs.py, with the write of the provider that it thinks was done.
@pytest.mark.thorough
@EACH_GENERATION
@pytest.mark.parametrize("prepare", [first_up, change_of_everything])
def test_no_request_can_lock_anybody_out(life: Life, prepare: Prepare, generation: str) -> None:
    """Fail every request of an `up` in turn; judge each time, and after the next plain `up`."""
    requests, wanted = whole_up(life, prepare, generation)
    for nth, request in enumerate(requests, 1):
        life.back()
        fault = {"nth": nth, "status": 403, "body": REFUSAL}
        # A plugin that is refused a token asks once more, with the secret in the body.
        times = 2 if request == "POST /oauth/token" else 1
        life.tenant.control("POST", "/faults", fault | {"times": times})
        failed = life.stack.up(expect=None)
        life.tenant.control("DELETE", "/faults")
        # The plugin only warns that it may not see how long a browser is remembered.
        warned = request == "GET /api/v2/guardian/settings"
        assert (failed.exit == 0) == warned, f"{request}: {failed.text}"
        assert not warned or "could not be read: 403" in failed.text
        assert life.nobody_is_locked_out(), f"locked out after a failed {request}"

        life.stack.up()
        assert declared_part(life.tenant) == wanted, f"not there after a failed {request}"
    assert life.stack.changes() == []


def whole_up(life: Life, prepare: Prepare, generation: str) -> tuple[list[str], dict[str, Any]]:
    """The requests of an `up`, from the moment that `life` goes back to, and what it led to."""
    life.stack.configure(experience=generation)
    prepare(life.stack)
    life.keep()
    life.tenant.forget_requests()
    life.stack.up()
    requests = [f"{one['method']} {one['path']}" for one in life.tenant.logged()]
    assert requests
    return requests, declared_part(life.tenant)


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
    fault = {"method": "PUT", "path": "/factors/sms$", "status": 403, "body": REFUSAL}
    life.tenant.control("POST", "/faults", fault)
    life.stack.up(expect=None)
    assert not life.nobody_is_locked_out()


# --- A write that was done and whose answer got lost. --------------------------------------------

LOSSES: Final[tuple[dict[str, Any], ...]] = (
    {"close": True},
    {"status": 502, "raw_body": "<h1>Bad Gateway</h1>"},
    {"status": 504, "raw_body": ""},
)
USERS: Final = (f"+8190{nth}" for nth in itertools.count(22345678))
"""Numbers, none of them twice: there is a limit of codes a number and hour."""


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("path", "part"),
    [("/actions/actions", "sender"), ("/branding/phone/templates", "delivery")],
)
def test_a_creation_whose_answer_got_lost_is_named_and_taken_over(
    life: Life, path: str, part: str
) -> None:
    """Of what a second POST is refused."""
    stack, tenant = life.stack, life.tenant
    lost = LOSSES[0] | {"method": "POST", "path": f"{path}$", "when": "after"}
    tenant.control("POST", "/faults", lost)
    assert "phonemfa recover --stack t1" in stack.refused().text
    tenant.forget_requests()
    (taken,) = operator_of(tenant, stack).json("recover", "--yes")["imported"]
    assert {one["method"] for one in tenant.logged() if "/api/" in one["path"]} == {"GET"}
    assert taken["name"].split("-")[2] == part
    assert stack.resource(taken["name"])["id"] == taken["id"]
    stack.up()
    assert tenant.policies == ["all-applications"]
    assert life.nobody_is_locked_out()
    assert stack.changes() == []


@pytest.mark.thorough
@EACH_GENERATION
@pytest.mark.parametrize("prepare", [first_up, change_of_everything])
def test_no_lost_answer_blocks_a_stack(life: Life, prepare: Prepare, generation: str) -> None:
    """Lose the answer of every write of an `up` in turn, each in one of three ways."""
    requests, wanted = whole_up(life, prepare, generation)
    lost = [
        (nth, one)
        for nth, one in enumerate(requests, 1)
        if "/api/" in one and not one.startswith("GET")
    ]
    assert lost
    for (nth, request), loss in zip(lost, itertools.cycle(LOSSES), strict=False):
        life.back()
        life.tenant.control("POST", "/faults", loss | {"nth": nth, "when": "after"})
        failed = life.stack.up(expect=None)
        life.tenant.control("DELETE", "/faults")
        assert life.nobody_is_locked_out(next(USERS)), f"locked out after {request}"
        if failed.exit != 0:
            operator_of(life.tenant, life.stack).json("recover", "--yes")
            life.stack.up()
        delete_twins(life)
        assert declared_part(life.tenant) == wanted, f"not there after {request}"
        assert life.stack.changes() == [], request


def delete_twins(life: Life) -> None:
    """A trigger with room for many takes a POST that the client sent again; drift names it."""
    held = {one["id"] for one in life.stack.state()["deployment"]["resources"] if "id" in one}
    for one in life.tenant.actions:
        if one["id"] not in held:
            found = operator_of(life.tenant, life.stack).json("drift", expect=7)["findings"]
            assert f"second-action:{one['name']}/{one['id']}" in {each["id"] for each in found}
            life.tenant.api("DELETE", f"/actions/actions/{one['id']}")


# --- What is in the way of a destroy; who does not look locks nobody out. ------------------------


@pytest.mark.thorough
def test_what_is_in_the_way_is_said_before_and_once_settled_all_goes(
    apply: Apply, tenant: Tenant
) -> None:
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
def test_whatever_deletion_is_refused_locks_nobody_out_and_the_next_destroy_ends_it(
    apply: Apply, tenant: Tenant, tmp_path: Path, generation: str
) -> None:
    stack = apply(policy="never")
    assert operator_of(tenant, stack).json("take-down")["obstacles"] == []
    life = FolderLife(stack, tenant, tmp_path / "sandbox" / "pulumi-state")
    life.keep()
    tenant.forget_requests()
    stack.destroy()
    requests = [
        (nth, one["path"])
        for nth, one in enumerate(tenant.logged(), 1)
        if one["method"] != "GET" and one["path"] != "/oauth/token"
    ]
    assert len(requests) > (8 if generation == "unified" else 4)
    for nth, path in requests:
        life.back()
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
