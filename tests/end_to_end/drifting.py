"""A stack that was applied to a tenant of its own, and all that can drift of it.

Each kind of drift is made through the tenant's API, and undone; `test_drift` judges.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import Result

from sandbox.drift.hands import DOES_NOTHING, Hands
from sandbox.drift.scenarios import SCENARIOS
from sandbox.engine.ensure import Engine
from sandbox.engine.plugin import Plugin
from sandbox.server.running import start
from tests.end_to_end.conftest import (
    CONFIG,
    KEY,
    PHONE,
    Tenant,
    checkout,
    environment_of,
    tenant_of,
)
from tests.end_to_end.operators import operator_of
from tests.end_to_end.pulumi_cli import PulumiProject
from tests.end_to_end.targets import Generation
from tests.sandbox.quick import quick

BY_HAND = "by-hand"
"""Of a secret that somebody wrote."""


@dataclass
class Applied:
    """A stack that was applied to a tenant of its own, and both as they were then."""

    generation: Generation
    stack: PulumiProject
    tenant: Tenant
    content: dict[str, Any]
    state: str

    def restore(self) -> None:
        """Undo whatever a test did to the tenant."""
        self.tenant.control("PUT", "/state", {"content": self.content})

    def restore_stack(self) -> None:
        """Undo whatever a test's own `pulumi` did to the state."""
        self.stack.run("stack", "import", stdin=self.state)

    def drift(self, *options: str, expect: int = 0, **environment: str) -> Result:
        """The command, as somebody would run it; nothing that it says is secret or a number."""
        operator = operator_of(self.tenant, self.stack)
        operator.environment |= environment
        result = operator.run("drift", *options, expect=expect)
        for hidden in (KEY, BY_HAND, CONFIG["voiceSender"]):
            assert hidden not in result.output
        return result

    def findings(self, *options: str, expect: int = 7) -> dict[str, dict[str, Any]]:
        """What the command found, by id."""
        answer = json.loads(self.drift("--json", *options, expect=expect).stdout)
        return {one["id"]: one for one in answer["findings"]}

    def api(self, method: str, path: str, body: Any = None) -> Any:
        return self.tenant.api(method, path, body)

    def act(self, *scenarios: str) -> None:
        """Do what `python -m sandbox drift` does."""
        for one in scenarios:
            SCENARIOS[one].play(self.tenant.running.parts.tenant)

    @property
    def hands(self) -> Hands:
        """What else somebody can do beside Pulumi."""
        return Hands(self.tenant.running.parts.tenant)

    def action(self) -> dict[str, Any]:
        """Our Action, as the API shows it."""
        path = f"/actions/actions/{self.hands.action()['id']}"
        found: dict[str, Any] = self.api("GET", path)
        return found

    def template(self, kind: str) -> str:
        """The path of a customised template."""
        return f"/branding/phone/templates/{self.hands.template_id(kind)}"

    def provider(self) -> str:
        """The path of the phone provider."""
        return f"/branding/phone/providers/{self.hands.provider_id()}"

    def factor(self, name: str, *, enabled: bool) -> None:
        self.api("PUT", f"/guardian/factors/{name}", {"enabled": enabled})


def applied_stack(
    generation: Generation, folder: Path, engine: Engine, plugin: Plugin
) -> Iterator[Applied]:
    """A stack of this generation, applied; its sandbox ends with the fixture."""
    running = start(quick(folder / "sandbox", generation=generation))
    tenant = tenant_of(running)
    environment = environment_of(tenant, folder / "sandbox", engine, plugin)
    stack = PulumiProject(folder / "stack", environment, program=checkout(folder))
    stack.init()
    stack.configure(
        secrets={"cpaasApiKey": KEY},
        **CONFIG | {"experience": generation},
        otherFactors={"email": True},
        bindAction=True,
    )
    stack.up()
    content = tenant.control("GET", "/state?secrets=true")["content"]
    yield Applied(generation, stack, tenant, content, json.dumps(stack.state()))
    tenant.http.close()
    running.stop()


Drifts = tuple[Callable[[Applied], None], set[str]]
"""What makes drift, and the ids it is named by. Several at once cost one look."""


def edits_and_switches(at: Applied) -> None:
    at.hands.edit_code(f"\nconst number = '{PHONE}';")
    at.act("unbound", "policy-switched", "other-factor")
    at.api("PATCH", at.template("otp_verify"), {"disabled": True})
    at.factor("email", enabled=False)
    at.factor("webauthn-roaming", enabled=True)


def rollback_and_company(at: Applied) -> None:
    at.act("action-undeployed", "second-action", "provider-switched", "factor-off")
    kind = "otp_enroll"
    at.api("DELETE", at.template(kind))
    texts = {"text": "{{ code }} by hand", "voice": "{{ code }} by hand"}
    at.api("POST", "/branding/phone/templates", {"type": kind, "content": {"body": texts}})
    at.api("PATCH", at.template("change_password"), {"content": {"from": PHONE}})


def secrets_that_wait(at: Applied) -> None:
    at.act("secret-changed", "provider-gone", "fewer-message-types")
    at.api("DELETE", at.template("otp_verify"))


def another_shape_of_the_action(at: Applied) -> None:
    at.hands.write_secrets(add="EXTRA", drop="RECIPIENT_LIMIT")
    at.act("action-renamed", "action-runtime", "action-dependencies")
    at.hands.deploy_action()


def gone(at: Applied) -> None:
    at.act("action-gone")


def switched(at: Applied) -> None:
    at.act("experience-switched")


UNIFIED: list[Drifts] = [
    (
        edits_and_switches,
        {
            "action-code:custom-phone-provider",
            "binding:custom-phone-provider",
            "template:otp_verify",
            "policy",
            "other-factor:email",
            "other-factor:otp",
            "other-factor:webauthn-roaming",
        },
    ),
    (
        rollback_and_company,
        {
            "action-undeployed:custom-phone-provider",
            "second-action:theirs",
            "provider",
            "template:otp_enroll",
            "template:change_password",
            "factor",
        },
    ),
    (
        secrets_that_wait,
        {
            "secret-changed:custom-phone-provider",
            "provider",
            "template:otp_verify",
            "message-types",
        },
    ),
    (
        another_shape_of_the_action,
        {
            "action:custom-phone-provider",
            "action-runtime:custom-phone-provider",
            "action-dependencies:custom-phone-provider",
            "secret-names:custom-phone-provider",
            "secret-changed:custom-phone-provider",
        },
    ),
    (gone, {"action:custom-phone-provider"}),
    (switched, {"tenant-switch:phone_consolidated_experience"}),
]


def marketplace_and_dashboard(at: Applied) -> None:
    at.act("another-bound", "action-undeployed", "provider-switched")
    at.act("mfa-in-actions-off", "country-codes")
    texts = {"enrollment_message": "{{code}} x", "verification_message": "{{code}} y"}
    at.api("PUT", "/guardian/factors/sms/templates", texts)
    at.api(
        "PUT",
        "/guardian/factors/phone/settings",
        {"otp_length": 8, "otp_expiration_time": 300},
    )


def edited_and_unbound(at: Applied) -> None:
    at.hands.edit_action(code=DOES_NOTHING)
    at.hands.deploy_action()
    at.act("unbound", "factor-off")


LEGACY: list[Drifts] = [
    (
        marketplace_and_dashboard,
        {
            "binding:send-phone-message/theirs",
            "action-undeployed:send-phone-message",
            "provider",
            "template:enrollment_message",
            "template:verification_message",
            "tenant-switch:customize_mfa_in_postlogin_action",
            "tenant-setting:countryCodes",
            "mfa-setting:phone/settings.otp_length",
        },
    ),
    (
        edited_and_unbound,
        {"action-code:send-phone-message", "binding:send-phone-message", "factor"},
    ),
    (switched, {"tenant-switch:phone_consolidated_experience"}),
]
