"""What somebody can do to a tenant beside Pulumi, as through the dashboard.

All writes go through the tenant's own rules.
"""

from typing import Any, Final

from sandbox.notifications.rules import LEGACY_TRIGGER, UNIFIED_TRIGGER
from sandbox.tenant import Tenant
from sandbox.web.control import RefusedError

Document = dict[str, Any]

DOES_NOTHING: Final = (
    "exports.onExecuteCustomPhoneProvider = async () => {};\n"
    "exports.onExecuteSendPhoneMessage = exports.onExecuteCustomPhoneProvider;\n"
)


class Hands:
    """Somebody at work in a tenant."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    @property
    def trigger(self) -> str:
        return UNIFIED_TRIGGER if self._tenant.generation == "unified" else LEGACY_TRIGGER

    def action(self) -> Document:
        """Our stored Action: the first of the trigger, whatever its name is now; or refused."""
        for one in self._tenant.actions.all():
            if one["supported_triggers"][0]["id"] == self.trigger:
                return one
        raise RefusedError(f"The tenant has no Action of the trigger {self.trigger}.", 409)

    def edit_action(self, **changes: Any) -> None:
        """Write parts of our Action's draft; nothing is deployed."""
        self._tenant.actions.update(self.action()["id"], changes)

    def edit_code(self, addition: str) -> None:
        self.edit_action(code=f"{self.action()['draft']['code']}{addition}")

    def deploy_action(self) -> None:
        self._tenant.versions.deploy(self.action()["id"])

    def delete_action(self) -> None:
        self._tenant.actions.delete(self.action()["id"], force=True)

    def roll_back(self) -> None:
        """Deploy an older version as the dashboard does; the draft stays."""
        ours = self.action()
        self.edit_code("// older\n")
        self.deploy_action()
        older = self.action()["deployed_version"]
        self.edit_action(code=ours["draft"]["code"])
        self.deploy_action()
        self._tenant.versions.deploy_version(ours["id"], older, update_draft=False)

    def write_secrets(self, *, add: str = "", drop: str = "", value: str = "by-hand") -> None:
        """Write every secret of our Action again, as a person at a form does."""
        names = [one["name"] for one in self.action()["draft"]["secrets"] if one["name"] != drop]
        names += [add] if add else []
        self.edit_action(secrets=[{"name": name, "value": value} for name in names])

    def another_action(self, name: str) -> str:
        """An Action that no stack made, deployed, of the same trigger; answers its id.

        The trigger of a unified tenant has room for one: there it is put in as an import of the
        tenant's content, as tenants older than that rule have one.
        """
        ours = self.action()
        if self.trigger == UNIFIED_TRIGGER:
            copy = f"{ours['id']}-copy"
            content = self._tenant.export()
            content["actions"][copy] = {**ours, "id": copy, "name": name}
            self._tenant.load(content)
            return copy
        supported = ours["supported_triggers"]
        body = {"name": name, "supported_triggers": supported, "code": DOES_NOTHING, "deploy": True}
        made: str = self._tenant.versions.create(body)["id"]
        return made

    def bound(self) -> list[str]:
        return [one["action_id"] for one in self._tenant.bindings.of(self.trigger)]

    def bind(self, *action_ids: str) -> None:
        bindings = [
            {"ref": {"type": "action_id", "value": one["id"]}, "display_name": one["name"]}
            for one in map(self._tenant.actions.stored, action_ids)
        ]
        self._tenant.bindings.replace(self.trigger, bindings)

    def provider_id(self) -> str:
        """The id of the phone provider; refused where there is none."""
        provider = self._tenant.providers.current()
        if provider is None:
            raise RefusedError("The tenant has no phone provider.", 409)
        return str(provider["id"])

    def template_id(self, message_type: str) -> str:
        """The id of a customised template; refused where it is Auth0's default one."""
        template = self._tenant.templates.effective(message_type)
        if "id" not in template:
            raise RefusedError(f"The template {message_type} is not customised.", 409)
        return str(template["id"])

    def write_text(self, message_type: str, text: str) -> None:
        """Write the SMS text of a message type, in whatever way this generation has."""
        if self._tenant.generation == "unified":
            content = {"content": {"body": {"text": text}}}
            self._tenant.templates.update(self.template_id(message_type), content)
            return
        texts = self._tenant.guardian.templates("sms")
        if not texts:
            raise RefusedError("The tenant has no Guardian texts of its own.", 409)
        key = "enrollment_message" if message_type == "otp_enroll" else "verification_message"
        self._tenant.guardian.set_templates({**texts, key: text})
