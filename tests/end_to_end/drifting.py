"""A stack that was applied to a tenant of its own, and all that can drift of it.

Owns making each kind of drift through the tenant's API, and undoing it. Refuses to judge: that is
`test_drift`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from phonemfa.cli import app
from sandbox.engine.ensure import Engine
from sandbox.engine.plugin import Plugin
from sandbox.server import ServerConfig, start
from tests.end_to_end.conftest import CONFIG, KEY, Tenant, checkout, environment_of
from tests.end_to_end.pulumi_cli import PulumiProject
from tests.end_to_end.targets import Generation

NUMBER = "+819012345678"
TRIGGERS = {"unified": "custom-phone-provider", "legacy": "send-phone-message"}
ONE_OF_ITS_OWN = "exports.onExecuteSendPhoneMessage = async () => {};"


@dataclass
class Applied:
    """A stack that was applied to a tenant of its own, and both as they were then."""

    generation: Generation
    stack: PulumiProject
    tenant: Tenant
    content: dict[str, Any]
    state: str

    @property
    def trigger(self) -> str:
        return TRIGGERS[self.generation]

    def restore(self) -> None:
        """Undo whatever a test did to the tenant."""
        self.tenant.control("PUT", "/state", {"content": self.content})

    def restore_stack(self) -> None:
        """Undo whatever a test's own `pulumi` did to the state."""
        self.stack.run("stack", "import", stdin=self.state)

    def drift(self, *options: str, **environment: str) -> Result:
        """The command, as somebody would run it."""
        arguments = ["drift", "--stack", self.stack.stack, "--project", str(self.stack.folder)]
        variables = {**self.stack.environment, "COLUMNS": "200", **environment}
        return CliRunner().invoke(app, [*arguments, *options], env=variables)

    def findings(self, *options: str, expect: int = 7) -> dict[str, dict[str, Any]]:
        """What the command found, by id."""
        result = self.drift("--json", *options)
        assert result.exit_code == expect, result.output
        return {one["id"]: one for one in json.loads(result.stdout)["findings"]}

    def api(self, method: str, path: str, body: Any = None) -> Any:
        return self.tenant.api(method, path, body)

    def action(self) -> dict[str, Any]:
        """Our Action."""
        path = f"/actions/actions?triggerId={self.trigger}"
        (ours,) = [
            one
            for one in self.api("GET", path)["actions"]
            if one["name"].startswith("ntt-cpaas-phone")
        ]
        found: dict[str, Any] = ours
        return found

    def edit_action(self, **changes: Any) -> None:
        self.api("PATCH", f"/actions/actions/{self.action()['id']}", changes)

    def deploy_action(self) -> None:
        self.api("POST", f"/actions/actions/{self.action()['id']}/deploy")

    def roll_back(self) -> None:
        """Deploy an older version as the dashboard does; the draft stays."""
        ours = self.action()
        self.edit_action(code=f"{ours['code']}// older")
        self.deploy_action()
        version = self.action()["deployed_version"]["id"]
        self.edit_action(code=ours["code"])
        self.deploy_action()
        self.api("POST", f"/actions/actions/{ours['id']}/versions/{version}/deploy", {})

    def write_secrets(self, *, add: str = "", drop: str = "") -> None:
        """Write every secret of our Action again, as a person at a form does."""
        names = [one["name"] for one in self.action()["secrets"] if one["name"] != drop]
        names += [add] if add else []
        self.edit_action(secrets=[{"name": name, "value": "by-hand"} for name in names])

    def bind(self, *names: str) -> None:
        bindings = [
            {"ref": {"type": "action_name", "value": name}, "display_name": name} for name in names
        ]
        self.api("PATCH", f"/actions/triggers/{self.trigger}/bindings", {"bindings": bindings})

    def template(self, kind: str) -> str:
        """The path of a customised template."""
        for one in self.api("GET", "/branding/phone/templates")["templates"]:
            if one["type"] == kind and "id" in one:
                return f"/branding/phone/templates/{one['id']}"
        raise AssertionError(f"{kind} is not customised")

    def provider(self) -> str:
        """The path of the phone provider."""
        (provider,) = self.api("GET", "/branding/phone/providers")["providers"]
        return f"/branding/phone/providers/{provider['id']}"

    def factor(self, name: str, *, enabled: bool) -> None:
        self.api("PUT", f"/guardian/factors/{name}", {"enabled": enabled})

    def add_unseen(self, collection: str, of: str, **changes: Any) -> None:
        """A copy of a stored object, for what the API lets nobody make (any more)."""
        content = self.tenant.control("GET", "/state?secrets=true")["content"]
        content[collection][f"{of}-copy"] = {**content[collection][of], **changes}
        self.tenant.control("PUT", "/state", {"content": content})


def applied_stack(
    generation: Generation, folder: Path, engine: Engine, plugin: Plugin
) -> Iterator[Applied]:
    """A stack of this generation, applied; its sandbox ends with the fixture."""
    running = start(
        ServerConfig(
            state_dir=folder / "sandbox",
            tenant_port=0,
            cpaas_port=0,
            pages_port=0,
            generation=generation,
        )
    )
    tenant = Tenant(
        running=running,
        domain=running.tenant_url.removeprefix("https://"),
        client_id=running.client_id,
        client_secret=running.client_secret,
        ca_file=running.ca_file,
    )
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
    at.edit_action(code=at.action()["code"] + f"\nconst number = '{NUMBER}';")
    at.bind()
    at.api("PATCH", at.template("otp_verify"), {"disabled": True})
    at.api("PUT", "/guardian/policies", [])
    at.factor("email", enabled=False)
    at.factor("otp", enabled=True)
    at.factor("webauthn-roaming", enabled=True)


def rollback_and_company(at: Applied) -> None:
    at.roll_back()
    ours = at.action()["id"]
    at.add_unseen("actions", ours, id=f"{ours}-copy", name="theirs")
    path = at.provider()
    twilio = {"name": "twilio", "disabled": False, "credentials": {"auth_token": "canary"}}
    sender = {"sid": "AC1", "default_from": NUMBER, "delivery_methods": ["text", "voice"]}
    at.api("PATCH", path, {**twilio, "configuration": sender})
    kind = "otp_enroll"
    at.api("DELETE", at.template(kind))
    texts = {"text": "{{ code }} by hand", "voice": "{{ code }} by hand"}
    at.api("POST", "/branding/phone/templates", {"type": kind, "content": {"body": texts}})
    at.api("PATCH", at.template("change_password"), {"content": {"from": NUMBER}})
    at.factor("sms", enabled=False)


def secrets_that_wait(at: Applied) -> None:
    at.write_secrets()
    at.api("DELETE", at.provider())
    at.api("DELETE", at.template("otp_verify"))
    at.api("PUT", "/guardian/factors/phone/message-types", {"message_types": ["sms"]})


def another_shape_of_the_action(at: Applied) -> None:
    at.write_secrets(add="EXTRA", drop="RECIPIENT_LIMIT")
    at.edit_action(
        name="renamed",
        runtime="node18-actions",
        dependencies=[{"name": "left-pad", "version": "1.3.0"}],
    )
    path = f"/actions/actions/{at.api('GET', '/actions/actions')['actions'][0]['id']}"
    at.api("POST", f"{path}/deploy")


def gone(at: Applied) -> None:
    path = f"/actions/actions/{at.action()['id']}?force=true"
    at.api("DELETE", path)


def switched_to_legacy(at: Applied) -> None:
    at.api("PATCH", "/tenants/settings", {"phone_consolidated_experience": False})


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
    (switched_to_legacy, {"tenant-switch:phone_consolidated_experience"}),
]


def marketplace_and_dashboard(at: Applied) -> None:
    ours = at.action()["name"]
    at.tenant.bind_foreign_action("theirs")
    at.bind("theirs", ours)
    at.roll_back()
    at.api("PUT", "/guardian/factors/phone/selected-provider", {"provider": "auth0"})
    texts = {"enrollment_message": "{{code}} x", "verification_message": "{{code}} y"}
    at.api("PUT", "/guardian/factors/sms/templates", texts)
    settings = {
        "customize_mfa_in_postlogin_action": False,
        "country_codes": {"list": ["JP"], "mode": "allow"},
    }
    at.api("PATCH", "/tenants/settings", settings)


def edited_and_unbound(at: Applied) -> None:
    at.edit_action(code=ONE_OF_ITS_OWN)
    at.deploy_action()
    at.bind()
    at.factor("sms", enabled=False)


def switched_to_unified(at: Applied) -> None:
    at.api("PATCH", "/tenants/settings", {"phone_consolidated_experience": True})


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
        },
    ),
    (
        edited_and_unbound,
        {"action-code:send-phone-message", "binding:send-phone-message", "factor"},
    ),
    (switched_to_unified, {"tenant-switch:phone_consolidated_experience"}),
]
