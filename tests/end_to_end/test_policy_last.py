"""Whatever request of an `up` fails: nobody is locked out, and the next `up` gets there."""

from __future__ import annotations

import json
import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.conftest import EACH_GENERATION, PHONE, Tenant
from tests.end_to_end.pulumi_cli import PulumiProject, changed

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
        asks_for_none = self.tenant.api("GET", "/guardian/policies") == []
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
    assert life.stack.up(expect=None).exit != 0
    assert life.tenant.api("GET", "/guardian/policies") == []
    life.tenant.control("DELETE", "/faults")
    life.stack.up()
    assert life.tenant.api("GET", "/guardian/policies") == ["all-applications"]
    assert life.nobody_is_locked_out()


# On every change: test_second_run.py, with the write of the provider that it thinks was done.
@pytest.mark.thorough
@EACH_GENERATION
@pytest.mark.parametrize("prepare", [first_up, change_of_everything])
def test_no_request_can_lock_anybody_out(life: Life, prepare: Prepare, generation: str) -> None:
    """Fail every request of an `up` in turn; judge each time, and after the next plain `up`."""
    life.stack.configure(experience=generation)
    prepare(life.stack)
    life.keep()
    life.tenant.forget_requests()
    life.stack.up()
    requests = [f"{one['method']} {one['path']}" for one in life.tenant.logged()]
    wanted = declared_part(life.tenant)
    assert requests
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
    assert changed(life.stack.preview_steps()) == []


def declared_part(tenant: Tenant) -> dict[str, Any]:
    """What a stack declares, as the tenant has it; without ids and times."""
    (action,) = tenant.api("GET", "/actions/actions")["actions"]
    found = {
        "policies": tenant.api("GET", "/guardian/policies"),
        "factors": tenant.api("GET", "/guardian/factors"),
        "types": tenant.api("GET", "/guardian/factors/phone/message-types"),
        "code": (action["code"], action["deployed_version"]["code"]),
        "deployed": action["all_changes_deployed"],
        "providers": [
            (one["name"], one["disabled"], one["configuration"])
            for one in tenant.api("GET", "/branding/phone/providers")["providers"]
        ],
        "templates": sorted(
            (one["type"], json.dumps(one["content"]))
            for one in tenant.api("GET", "/branding/phone/templates")["templates"]
            if "id" in one
        ),
    }
    draft = tenant.control("GET", "/state?secrets=true")["content"]["actions"][action["id"]][
        "draft"
    ]
    found["values"] = sorted((one["name"], one["value"]) for one in draft["secrets"])
    return found


@pytest.mark.thorough
def test_without_the_gate_the_provider_s_own_order_locks_users_out(life: Life) -> None:
    """Why there is a gate: the trap is real under the same engine."""
    life.stack.configure(gate="off")
    fault = {"method": "PUT", "path": "/factors/sms$", "status": 403, "body": REFUSAL}
    life.tenant.control("POST", "/faults", fault)
    life.stack.up(expect=None)
    assert not life.nobody_is_locked_out()
