"""A stack, its state and its tenant in agreement, for rules to be tried on one change at a time.

The three are data: tests/sandbox/drift has a sandbox's tenant, tests/end_to_end the engine.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from components.settings.model import StackSettings
from components.tenant import guardian as factor
from components.tenant import snapshot
from components.tenant.action import Action, Version
from components.tenant.guardian import Guardian
from components.tenant.model import known, seen
from components.tenant.phone_provider import PhoneProvider
from components.tenant.phone_template import PhoneTemplate
from components.tenant.snapshot import Snapshot
from components.tenant.tenant_settings import TenantSettings
from components.tenant.trigger import Binding
from components.vocabulary import COMPONENT, Experience
from phonemfa.drift.check import check
from phonemfa.drift.findings import Finding
from phonemfa.drift.sources import Live, Recorded
from phonemfa.pulumi.preview import read_refresh

CONFIG: dict[str, Any] = {
    "experience": "unified",
    "deliveryMethods": ["text", "voice"],
    "policy": "always",
    "cpaasBaseHost": "cpaas.example.com",
    "smsSender": "0005212345",
    "voiceSender": "+815012345678",
    "bindAction": True,
}
TYPES = {
    "Action": "auth0:index/action:Action",
    "TriggerAction": "auth0:index/triggerAction:TriggerAction",
    "PhoneProvider": "auth0:index/phoneProvider:PhoneProvider",
    "PhoneNotificationTemplate": "auth0:index/phoneNotificationTemplate:PhoneNotificationTemplate",
    "Guardian": "auth0:index/guardian:Guardian",
    "Tenant": "auth0:index/tenant:Tenant",
}
UNIFIED, LEGACY = "custom-phone-provider", "send-phone-message"
WRITTEN, DEPLOYED = "2026-01-01T00:00:00.100Z", "2026-01-01T00:00:00.200Z"
LATER, LATER_STILL = "2026-02-01T00:00:00.100Z", "2026-02-01T00:00:00.200Z"
NO_OTHERS = {factor.name_of(one): False for one in factor.OTHER_FACTORS}


Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What the tenant's API answers; actions and bindings by trigger.

    `selected_provider` and `legacy_texts` are a legacy tenant's. `deployed_by_us` has the version
    that the stack deployed, by Action.
    """

    settings: Json
    actions: Mapping[str, tuple[Json, ...]]
    bindings: Mapping[str, tuple[Json, ...]]
    deployed_by_us: Mapping[str, Json]
    providers: tuple[Json, ...]
    templates: tuple[Json, ...]
    factors: Mapping[str, bool]
    policies: tuple[str, ...]
    message_types: tuple[str, ...] | None
    selected_provider: str | None
    legacy_texts: Json
    mfa_settings: Mapping[str, Json] = field(default_factory=dict)

    def read(self) -> Live:
        """As the check reads it."""
        providers = tuple(PhoneProvider.of_api(one) for one in self.providers)
        told: dict[str, Any] = {
            factor.FACTORS: [{"name": key, "enabled": on} for key, on in self.factors.items()],
            **self.mfa_settings,
            factor.POLICIES: list(self.policies),
        }
        if self.message_types is not None:
            told[factor.MESSAGE_TYPES] = {"message_types": list(self.message_types)}
        if self.selected_provider:
            told[factor.SELECTED_PROVIDER] = {"provider": self.selected_provider}
            told[factor.TEMPLATES] = dict(self.legacy_texts)
        tenant = Snapshot(
            settings=TenantSettings.of_api(self.settings),
            actions=tuple(
                Action.of_api(one, trigger)
                for trigger, several in self.actions.items()
                for one in several
            ),
            bindings=tuple(
                Binding.of_api(one, trigger)
                for trigger, several in self.bindings.items()
                for one in several
            ),
            provider=next(iter(providers), None),
            templates={
                one["type"]: PhoneTemplate.of_api(one) for one in self.templates if one.get("id")
            },
            guardian=Guardian.of_api(told),
            second_providers=providers[1:],
        )
        ours = {key: Version.of_api(one) for key, one in self.deployed_by_us.items()}
        return Live(tenant=tenant, deployed_by_us=ours)


@dataclass
class World:
    """All three in agreement, until a test changes `live` (in place) or says what Pulumi saw."""

    declared: Snapshot
    resources: list[dict[str, Any]]
    live: Answers
    changes: dict[str, dict[str, Any]] = field(default_factory=dict)

    def see(self, name: str, *paths: str, gone: bool = False, **after: Any) -> None:
        """The engine's refresh tells a change of the resource of this name."""
        self.changes[name] = {"paths": paths, "gone": gone, "after": after}

    def set_live(self, **values: Any) -> None:
        self.live = replace(self.live, **values)

    @property
    def action(self) -> dict[str, Any]:
        """Our (first) Action in the tenant, to be changed in place."""
        return self.live.actions[seen(self.declared.actions)[0].trigger][0]

    @property
    def component(self) -> dict[str, Any]:
        """The stack's component in the state, to be changed in place."""
        return next(one for one in self.resources if one["type"] == COMPONENT)

    def recorded(self) -> Recorded:
        return Recorded.of(read_refresh({"steps": [*map(self._step, self.resources)]}))

    def _step(self, resource: dict[str, Any]) -> dict[str, Any]:
        step = {"op": "refresh", "urn": resource["urn"], "oldState": resource}
        change = self.changes.get(resource["urn"].rpartition("::")[2])
        if change is None:
            return step | {"newState": resource}
        if change["gone"]:
            return step | {"op": "delete"}
        new = resource | {"outputs": resource["outputs"] | change["after"]}
        detail = {path: {"kind": "update"} for path in change["paths"]}
        return step | {"op": "update", "newState": new, "detailedDiff": detail}

    def findings(self, *accepted: str) -> dict[str, Finding]:
        """What the check finds, by id."""
        found = check(self.declared, self.recorded(), self.live.read(), accepted=accepted)
        assert len({one.id for one in found}) == len(found), "one finding a thing"
        return {one.id: one for one in found}

    def finds(self, *ids: str, **facts: Any) -> Finding:
        """These findings and no others, the first of them with these facts."""
        found = self.findings()
        assert set(found) == set(ids)
        assert {name: getattr(found[ids[0]], name) for name in facts} == facts
        return found[ids[0]]


def world(**config: Any) -> World:
    """A stack that was applied to a tenant a moment ago."""
    settings = StackSettings.check("dev", CONFIG | config)
    declared = snapshot.declared(settings)
    resources, actions, bindings, ours = [component(settings)], {}, {}, {}
    for number, one in enumerate(seen(declared.actions)):
        action_id = f"action-{number}"
        live = _action(action_id, one)
        actions[one.trigger] = (live,)
        ours[action_id] = live["deployed_version"]
        outputs = {
            "supportedTriggers": {"id": one.trigger, "version": "v1"},
            "versionId": live["deployed_version"]["id"],
            "name": one.name,
            "code": one.code,
        }
        # The official plugin has all of them as one secret; today's stand-in each value as one.
        resources.append(
            resource("Action", f"action-{number}", action_id, outputs, {"secrets": "[secret]"})
        )
        bound = declared.bindings_of(one.trigger)
        bindings[one.trigger] = tuple(_binding(action_id, each.display_name) for each in bound)
        if bound:
            held = {"trigger": one.trigger, "actionId": action_id, "displayName": one.name}
            resources.append(resource("TriggerAction", f"binding-{number}", action_id, held))
    resources += _delivery_resources(declared)
    resources.append(resource("Guardian", "guardian", "g", guardian(declared)))
    if declared.in_transition or declared.experience is Experience.LEGACY:
        resources.append(resource("Tenant", "tenant", "t", {"countryCodes": None}))
    return World(declared, resources, _live(declared, actions, bindings, ours))


def component(settings: StackSettings) -> dict[str, Any]:
    """The stack's component after a run that has finished."""
    asked = {"settings": settings.plain(), "tenant": "localhost"}
    return {
        "urn": f"urn:pulumi:dev::phonemfa::{COMPONENT}::phone-mfa",
        "type": COMPONENT,
        "inputs": asked,
        "outputs": {"applied": copy.deepcopy(asked)},
    }


def _action(action_id: str, one: Any) -> dict[str, Any]:
    content = {
        "code": one.code,
        "runtime": one.runtime,
        "dependencies": [
            dict(zip(("name", "version"), package.rsplit("@", 1), strict=True))
            for package in sorted(one.dependencies)
        ],
        "secrets": [
            {"name": name, "updated_at": WRITTEN} for name in sorted(known(one.secret_names, ()))
        ],
    }
    version = {"id": f"version-of-{action_id}", "number": 1, "created_at": DEPLOYED}
    return {
        "id": action_id,
        "name": one.name,
        "created_at": WRITTEN,
        "updated_at": WRITTEN,
        "all_changes_deployed": True,
        **content,
        "deployed_version": {**version, **copy.deepcopy(content)},
    }


def _binding(action_id: str, name: str) -> dict[str, Any]:
    action = {"id": action_id, "name": name}
    return {"id": f"b-{action_id}", "display_name": name, "action": action, "created_at": WRITTEN}


def foreign_binding(name: str) -> dict[str, Any]:
    """Somebody else's binding."""
    return _binding(f"id-of-{name}", name)


def _delivery_resources(declared: Snapshot) -> list[dict[str, Any]]:
    if declared.provider is None:
        return []
    return [
        resource("PhoneProvider", "provider", "pro_1", {"name": "custom"}),
        *(
            resource("PhoneNotificationTemplate", f"template-{kind}", f"tem_{kind}", {"type": kind})
            for kind in seen(declared.templates)
        ),
    ]


def guardian(declared: Snapshot) -> dict[str, Any]:
    """The outputs of the Guardian resource."""
    others = {"email": False, "otp": False, "recoveryCode": False, "duo": {"enabled": False}}
    return {"policy": declared.guardian.policy, "phone": {"enabled": True}, **others}


def resource(
    kind: str,
    name: str,
    resource_id: str,
    outputs: dict[str, Any],
    inputs: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """A resource as the state has it."""
    return {
        "urn": f"urn:pulumi:dev::phonemfa::phonemfa:index:PhoneMfa${TYPES[kind]}::{name}",
        "type": TYPES[kind],
        "id": resource_id,
        "inputs": inputs or {},
        "outputs": outputs,
    }


def _live(declared: Snapshot, actions: Any, bindings: Any, ours: Any) -> Answers:
    wanted, switches, phone = seen(declared.provider), seen(declared.settings), declared.guardian
    provider = {
        "id": "pro_1",
        "name": wanted.name if wanted else "",
        "disabled": bool(wanted and wanted.disabled),
        "configuration": {
            "delivery_methods": list(seen(wanted.delivery_methods) if wanted else ())
        },
        "updated_at": WRITTEN,
    }
    templates = [
        {
            "id": f"tem_{kind}",
            "type": kind,
            "disabled": one.disabled,
            "content": {
                "body": {"text": known(one.text, "theirs"), "voice": known(one.voice, "theirs")},
                "from": one.sender,
            },
            "updated_at": WRITTEN,
        }
        for kind, one in seen(declared.templates).items()
    ]
    legacy = isinstance(phone.enrollment_message, str)
    flags = {
        "phone_consolidated_experience": switches.unified,
        "customize_mfa_in_postlogin_action": switches.mfa_in_actions,
    }
    return Answers(
        settings={key: value for key, value in flags.items() if isinstance(value, bool)},
        actions=actions,
        bindings=bindings,
        deployed_by_us=ours,
        providers=(provider,) if wanted else (),
        templates=(*templates, {"type": "blocked_account", "disabled": False}),
        factors={"sms": seen(phone.phone_enabled), **NO_OTHERS},
        policies=() if phone.policy == factor.NEVER else (seen(phone.policy),),
        message_types=seen(phone.message_types) if phone.phone_enabled else None,
        selected_provider=factor.HOOK if legacy else None,
        legacy_texts={
            "enrollment_message": phone.enrollment_message,
            "verification_message": phone.verification_message,
        }
        if legacy
        else {},
    )
