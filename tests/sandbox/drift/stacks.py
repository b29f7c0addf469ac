"""A stack that was applied to a sandbox tenant, and a drift check of both, without an engine.

What only the engine's refresh sees is in tests/end_to_end/test_drift.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.settings.model import StackSettings
from components.tenant import guardian as factor
from components.tenant import snapshot
from components.tenant.action import KEY_SECRET, Action, plain_configuration
from components.tenant.model import known, seen
from components.tenant.snapshot import Snapshot
from phonemfa.drift.check import check
from phonemfa.drift.findings import Finding
from phonemfa.drift.sources import Recorded
from phonemfa.pulumi.preview import read_refresh
from sandbox.tenant import Generation, Tenant
from sandbox.tenant.context import Page
from sandbox.tenant.store import Store
from tests.phonemfa.drift.worlds import CONFIG, Answers, component, guardian, resource

_ALL = Page(per_page=100)


class AppliedStack:
    """The package's stack, applied; `findings` is what `phonemfa drift` finds by its rules."""

    def __init__(
        self,
        generation: Generation = "unified",
        *,
        tenant: Tenant | None = None,
        key: str = "declared",
        **config: Any,
    ) -> None:
        wanted = CONFIG | {"experience": generation} | config
        settings = StackSettings.check("dev", wanted)
        self.declared = snapshot.declared(settings)
        self.tenant = tenant or Tenant(Store(), domain="localhost:1", generation=generation)
        self.resources: list[dict[str, Any]] = [component(settings)]
        secrets = {KEY_SECRET: key, **plain_configuration(settings)}
        _apply(self.tenant, self.declared, secrets, self.resources)

    def findings(self) -> dict[str, Finding]:
        steps = [
            {"op": "refresh", "urn": one["urn"], "oldState": one, "newState": one}
            for one in self.resources
        ]
        recorded = Recorded.of(read_refresh({"steps": steps}))
        live = _live(self.tenant, self.declared, recorded)
        return {one.id: one for one in check(self.declared, recorded, live.read())}

    def kinds(self) -> set[str]:
        return {one.kind for one in self.findings().values()}


def _apply(
    tenant: Tenant, declared: Snapshot, secrets: Mapping[str, str], made: list[dict[str, Any]]
) -> None:
    switches = seen(declared.settings)
    told = {
        "phone_consolidated_experience": switches.unified,
        "customize_mfa_in_postlogin_action": switches.mfa_in_actions,
    }
    tenant.tenant_settings.patch(
        {key: value for key, value in told.items() if isinstance(value, bool)}
    )
    for one in seen(declared.actions):
        _apply_action(tenant, one, declared, secrets, made)
    wanted, phone = seen(declared.provider), declared.guardian
    if wanted:
        methods = list(seen(wanted.delivery_methods))
        body = {"name": "custom", "credentials": {}, "configuration": {"delivery_methods": methods}}
        provider = tenant.providers.create(body)
        made.append(resource("PhoneProvider", "provider", provider["id"], {"name": "custom"}))
    for kind, one_text in seen(declared.templates).items():
        texts = {"text": one_text.text, "voice": one_text.voice}
        template = tenant.templates.create({"type": kind, "content": {"body": texts}})
        made.append(resource("PhoneNotificationTemplate", kind, template["id"], {"type": kind}))
    tenant.guardian.set_factor("sms", enabled=True)
    if isinstance(phone.selected_provider, str):
        tenant.guardian.set_selected_provider(phone.selected_provider)
        tenant.guardian.set_templates(
            {
                "enrollment_message": phone.enrollment_message,
                "verification_message": phone.verification_message,
            }
        )
    tenant.guardian.set_message_types(list(seen(phone.message_types)))
    tenant.guardian.set_policies([] if phone.policy == "never" else [seen(phone.policy)])
    made.append(resource("Guardian", "guardian", "g", guardian(declared)))


def _apply_action(
    tenant: Tenant,
    one: Action,
    declared: Snapshot,
    values: Mapping[str, str],
    made: list[dict[str, Any]],
) -> None:
    names = sorted(known(one.secret_names, ()))
    action = tenant.versions.create(
        {
            "name": one.name,
            "supported_triggers": [{"id": one.trigger}],
            "code": one.code,
            "runtime": one.runtime,
            "secrets": [{"name": name, "value": values.get(name, "retired")} for name in names],
        }
    )
    version = tenant.versions.deploy(action["id"])
    outputs = {
        "supportedTriggers": {"id": one.trigger, "version": "v1"},
        "versionId": version["id"],
        "name": one.name,
        "code": one.code,
    }
    made.append(resource("Action", "action", action["id"], outputs, {"secrets": "[secret]"}))
    for binding in declared.bindings_of(one.trigger):
        ref = {"type": "action_id", "value": action["id"]}
        tenant.bindings.replace(one.trigger, [{"ref": ref, "display_name": binding.display_name}])


def _live(tenant: Tenant, declared: Snapshot, recorded: Recorded) -> Answers:
    triggers = [one.trigger for one in seen(declared.actions)]
    actions = {
        trigger: tuple(tenant.actions.listing(_ALL, trigger_id=trigger)["actions"])
        for trigger in triggers
    }
    ours = {
        one.id: tenant.versions.get(one.id, one.outputs["versionId"])
        for one in recorded.all(Action.TOKEN)
        if any(one.id == there["id"] for several in actions.values() for there in several)
    }
    legacy = tenant.generation == "legacy"
    factors = {one["name"]: one["enabled"] for one in tenant.guardian.factors()}
    return Answers(
        settings=tenant.settings(),
        actions=actions,
        bindings={
            trigger: tuple(tenant.bindings.listing(trigger, _ALL)["bindings"])
            for trigger in triggers
        },
        deployed_by_us=ours,
        providers=tuple(tenant.providers.listing()["providers"]) if declared.provider else (),
        templates=tuple(tenant.templates.listing()["templates"]) if declared.templates else (),
        factors=factors,
        policies=tuple(tenant.policies()),
        message_types=tuple(tenant.message_types()) if factors["sms"] else None,
        selected_provider=tenant.guardian.selected_provider()["provider"]
        if legacy and isinstance(declared.guardian.selected_provider, str)
        else None,
        legacy_texts=(tenant.guardian.templates("sms") or {}) if legacy else {},
        mfa_settings={
            factor.SETTINGS: tenant.mfa_settings.read_remembering(),
            factor.PHONE_SETTINGS: tenant.mfa_settings.read_codes("phone"),
            factor.EMAIL_SETTINGS: tenant.mfa_settings.read_codes("email"),
        },
    )
