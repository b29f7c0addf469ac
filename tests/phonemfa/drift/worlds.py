"""A stack, its state and its tenant in agreement, for rules to be tried on one change at a time.

Owns building the three as data. Refuses the engine and the network: tests/end_to_end has those.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from components.settings import StackSettings
from components.vocabulary import COMPONENT
from phonemfa.drift.check import check
from phonemfa.drift.declared import Declared, declared_by
from phonemfa.drift.findings import Finding
from phonemfa.drift.live import Live
from phonemfa.drift.login import API_NAMES
from phonemfa.drift.recorded import Recorded
from phonemfa.pulumi.engine import Refreshed

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
WRITTEN, DEPLOYED = "2026-01-01T00:00:00.100Z", "2026-01-01T00:00:00.200Z"
LATER, LATER_STILL = "2026-02-01T00:00:00.100Z", "2026-02-01T00:00:00.200Z"
NO_OTHERS = dict.fromkeys(API_NAMES.values(), False)


@dataclass
class World:
    """All three in agreement, until a test changes `live` (in place) or says what Pulumi saw."""

    declared: Declared
    resources: list[dict[str, Any]]
    live: Live
    changes: dict[str, dict[str, Any]] = field(default_factory=dict)

    def see(self, name: str, *paths: str, gone: bool = False, **after: Any) -> None:
        """The engine's refresh tells a change of the resource of this name."""
        self.changes[name] = {"paths": paths, "gone": gone, "after": after}

    def set_live(self, **values: Any) -> None:
        self.live = replace(self.live, **values)

    @property
    def action(self) -> dict[str, Any]:
        """Our (first) Action in the tenant, to be changed in place."""
        action: Any = self.live.actions[self.declared.actions[0].trigger][0]
        return dict_of(action)

    @property
    def component(self) -> dict[str, Any]:
        """The stack's component in the state, to be changed in place."""
        return next(one for one in self.resources if one["type"] == COMPONENT)

    def recorded(self) -> Recorded:
        return Recorded.of(Refreshed(bool(self.changes), [self._step(r) for r in self.resources]))

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
        found = check(self.declared, self.recorded(), self.live, accepted=accepted)
        assert len({one.id for one in found}) == len(found), "one finding a thing"
        return {one.id: one for one in found}


def dict_of(value: Mapping[str, Any]) -> dict[str, Any]:
    """The same object, known to be a dict."""
    assert isinstance(value, dict)
    return value


def world(**config: Any) -> World:
    """A stack that was applied to a tenant a moment ago."""
    settings = StackSettings.check("dev", CONFIG | config)
    declared = declared_by(settings)
    resources, actions, bindings, ours = [component(settings)], {}, {}, {}
    for number, one in enumerate(declared.actions):
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
        bindings[one.trigger] = (_binding(action_id, one.display_name),) if one.bound else ()
        if one.bound:
            held = {"trigger": one.trigger, "actionId": action_id, "displayName": one.name}
            resources.append(resource("TriggerAction", f"binding-{number}", action_id, held))
    resources += _delivery_resources(declared)
    resources.append(resource("Guardian", "guardian", "g", guardian(declared)))
    if declared.in_transition or not declared.is_unified:
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
            {"name": name, "updated_at": WRITTEN} for name in sorted(one.secret_names or ())
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


def _delivery_resources(declared: Declared) -> list[dict[str, Any]]:
    if declared.provider is None:
        return []
    return [
        resource("PhoneProvider", "provider", "pro_1", {"name": "custom"}),
        *(
            resource("PhoneNotificationTemplate", f"template-{kind}", f"tem_{kind}", {"type": kind})
            for kind in declared.templates
        ),
    ]


def guardian(declared: Declared) -> dict[str, Any]:
    """The outputs of the Guardian resource."""
    others = {"email": False, "otp": False, "recoveryCode": False, "duo": {"enabled": False}}
    return {"policy": declared.policy, "phone": {"enabled": True}, **others}


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


def _live(declared: Declared, actions: Any, bindings: Any, ours: Any) -> Live:
    methods = declared.provider.delivery_methods if declared.provider else ()
    provider = {
        "id": "pro_1",
        "name": declared.provider.name if declared.provider else "",
        "disabled": bool(declared.provider and declared.provider.disabled),
        "configuration": {"delivery_methods": list(methods)},
        "updated_at": WRITTEN,
    }
    templates = [
        {
            "id": f"tem_{kind}",
            "type": kind,
            "disabled": one.disabled,
            "content": {
                "body": {"text": one.text or "theirs", "voice": one.voice or "theirs"},
                "from": one.sender,
            },
            "updated_at": WRITTEN,
        }
        for kind, one in declared.templates.items()
    ]
    legacy = bool(declared.legacy_texts)
    return Live(
        settings=dict(declared.switches),
        actions=actions,
        bindings=bindings,
        deployed_by_us=ours,
        providers=(provider,) if declared.provider else (),
        templates=(*templates, {"type": "blocked_account", "disabled": False}),
        factors={"sms": declared.phone_enabled, **NO_OTHERS},
        policies=(declared.policy,),
        message_types=declared.message_types if declared.phone_enabled else None,
        selected_provider="phone-message-hook" if legacy else None,
        legacy_texts=dict(declared.legacy_texts),
    )
