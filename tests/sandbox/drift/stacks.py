"""A stack that was applied to a sandbox tenant, and a drift check of both, without an engine.

What only the engine's refresh sees is in tests/end_to_end/test_drift.py.
"""

import copy
from dataclasses import dataclass
from typing import Any

from components.settings.model import StackSettings
from components.tenant import guardian as factor
from components.tenant import snapshot
from components.tenant.action import KEY_SECRET, Action, Version, configuration
from components.tenant.guardian import Guardian
from components.tenant.model import LeftAlone, Unseen, known, seen
from components.tenant.phone_provider import PhoneProvider
from components.tenant.phone_template import PhoneTemplate
from components.tenant.snapshot import Snapshot
from components.tenant.tenant_settings import TenantSettings
from components.tenant.trigger import Binding
from components.vocabulary import COMPONENT, Experience
from phonemfa.drift.check import check
from phonemfa.drift.findings import Finding
from phonemfa.drift.look import Recorded, Sides
from phonemfa.pulumi.preview import read_refresh
from sandbox.tenant import Generation, Tenant
from sandbox.tenant.context import Page
from sandbox.tenant.store import Store

Json = dict[str, Any]

CONFIG: Json = {
    "experience": "unified",
    "deliveryMethods": ["text", "voice"],
    "policy": "always",
    "cpaasBaseHost": "cpaas.example.com",
    "smsSender": "0005212345",
    "voiceSender": "+815012345678",
    "bindAction": True,
}
_OURS = (Action, Binding, PhoneProvider, PhoneTemplate, Guardian, TenantSettings)
TYPES = {one.TOKEN.rpartition(":")[2]: one.TOKEN for one in _OURS} | {"PhoneMfa": COMPONENT}
UNIFIED, LEGACY = "custom-phone-provider", "send-phone-message"
_ALL = Page(per_page=100)


@dataclass
class Answers:
    """What the tenant's API answers: Actions and bindings by trigger, `login` by its path.

    `deployed_by_us` has the version that the stack deployed, by Action.
    """

    settings: Json
    actions: dict[str, list[Json]]
    bindings: dict[str, list[Json]]
    deployed_by_us: dict[str, Json]
    providers: list[Json]
    templates: list[Json]
    login: Json

    def beside(self, declared: Snapshot, recorded: Recorded) -> Sides:
        """What the check compares."""
        providers = tuple(PhoneProvider.of_api(one) for one in self.providers)
        tenant = Snapshot(
            settings=TenantSettings.of_api(self.settings),
            actions=tuple(
                Action.of_api(one, on) for on, all_ in self.actions.items() for one in all_
            ),
            bindings=tuple(
                Binding.of_api(one, on) for on, all_ in self.bindings.items() for one in all_
            ),
            provider=next(iter(providers), None),
            templates={
                one["type"]: PhoneTemplate.of_api(one) for one in self.templates if one.get("id")
            },
            guardian=Guardian.of_api(self.login),
            second_providers=providers[1:],
        )
        ours = {key: Version.of_api(one) for key, one in self.deployed_by_us.items()}
        return Sides(declared=declared, recorded=recorded, tenant=tenant, deployed_by_us=ours)


class AppliedStack:
    """The package's stack, applied a moment ago; `findings` is what `phonemfa drift` finds."""

    def __init__(
        self,
        generation: Generation = "unified",
        *,
        tenant: Tenant | None = None,
        key: str = "declared",
        **config: Any,
    ) -> None:
        settings = StackSettings.check("dev", CONFIG | {"experience": generation} | config)
        self.declared = snapshot.declared(settings)
        self.tenant = tenant or Tenant(Store(), domain="localhost:1", generation=generation)
        self.resources = [component(settings)]
        self.changes: dict[str, Json] = {}
        self._apply({KEY_SECRET: key, **configuration(settings)})

    def see(self, name: str, *paths: str, gone: bool = False, **after: Any) -> None:
        """The engine's refresh tells a change of the resource of this name."""
        self.changes[name] = {"paths": paths, "gone": gone, "after": after}

    def recorded(self) -> Recorded:
        return Recorded.after(read_refresh({"steps": [*map(self._step, self.resources)]}))

    def findings(self, *accepted: str) -> dict[str, Finding]:
        """What the check finds, by id."""
        at = self.answers().beside(self.declared, self.recorded())
        found = check(at, accepted=accepted)
        assert len({one.id for one in found}) == len(found), "one finding a thing"
        return {one.id: one for one in found}

    def answers(self) -> Answers:
        tenant, declared, legacy = self.tenant, self.declared, self.tenant.generation == "legacy"
        triggers = [one.trigger for one in seen(declared.actions)]
        actions = {one: tenant.actions.listing(_ALL, trigger_id=one)["actions"] for one in triggers}
        deployed = {
            one["id"]: one.get("deployed_version") for all_ in actions.values() for one in all_
        }
        held = [one for one in self.resources if one["type"] == TYPES["Action"]]
        ours = {one["id"]: one["outputs"]["versionId"] for one in held}
        login: Json = {
            factor.FACTORS: tenant.guardian.factors(),
            factor.POLICIES: tenant.policies(),
            factor.SETTINGS: tenant.mfa_settings.read_remembering(),
            factor.PHONE_SETTINGS: tenant.mfa_settings.read_codes("phone"),
            factor.EMAIL_SETTINGS: tenant.mfa_settings.read_codes("email"),
        }
        if tenant.factor_enabled("sms"):
            login[factor.MESSAGE_TYPES] = tenant.guardian.read_message_types()
        if legacy and isinstance(declared.guardian.selected_provider, str):
            login[factor.SELECTED_PROVIDER] = tenant.guardian.selected_provider()
            login[factor.TEMPLATES] = tenant.guardian.templates("sms") or {}
        return Answers(
            settings=tenant.settings.get(),
            actions=actions,
            bindings={one: tenant.bindings.listing(one, _ALL)["bindings"] for one in triggers},
            deployed_by_us={
                one: there if there["id"] == version else tenant.versions.get(one, version)
                for one, version in ours.items()
                if (there := deployed.get(one))
            },
            providers=tenant.providers.listing()["providers"] if declared.provider else [],
            templates=tenant.templates.listing()["templates"] if declared.templates else [],
            login=login,
        )

    def held(self, kind: str) -> Json:
        """The (first) resource of a type in the state, to be changed in place."""
        return next(one for one in self.resources if one["type"] == TYPES[kind])

    def _step(self, resource: Json) -> Json:
        step = {"op": "refresh", "urn": resource["urn"], "oldState": resource}
        change = self.changes.get(resource["urn"].rpartition("::")[2])
        if change is None:
            return step | {"newState": resource}
        if change["gone"]:
            return step | {"op": "delete"}
        new = resource | {"outputs": resource["outputs"] | change["after"]}
        detail = {path: {"kind": "update"} for path in change["paths"]}
        return step | {"op": "update", "newState": new, "detailedDiff": detail}

    def _apply(self, secrets: dict[str, str]) -> None:
        tenant, declared = self.tenant, self.declared
        tenant.settings.patch(_as_api(seen(declared.settings)))
        for number, one in enumerate(seen(declared.actions)):
            self._apply_action(number, one, secrets)
        if provider := seen(declared.provider):
            made = tenant.providers.create({**_as_api(provider), "credentials": {}})
            self._hold("PhoneProvider", "provider", made["id"], name=provider.name)
        for kind, text in seen(declared.templates).items():
            made = tenant.templates.create({"type": kind, **_as_api(text)})
            self._hold("PhoneNotificationTemplate", f"template-{kind}", made["id"], type=kind)
        self._apply_guardian(declared.guardian)
        if declared.in_transition or declared.experience is Experience.LEGACY:
            self._hold("Tenant", "tenant", "t", countryCodes=None)

    def _apply_action(self, number: int, one: Action, secrets: dict[str, str]) -> None:
        packages = [package.rsplit("@", 1) for package in seen(one.dependencies)]
        names = sorted(known(one.secret_names, ()))
        body = {
            "name": one.name,
            "supported_triggers": [{"id": one.trigger}],
            "code": one.code,
            "runtime": one.runtime,
            "dependencies": [{"name": name, "version": version} for name, version in packages],
            "secrets": [{"name": name, "value": secrets.get(name, "retired")} for name in names],
        }
        action = self.tenant.versions.create(body)["id"]
        version = self.tenant.versions.deploy(action)["id"]
        on = {"id": one.trigger, "version": "v1"}
        outputs = {"supportedTriggers": on, "versionId": version, "name": one.name}
        held = self._hold("Action", f"action-{number}", action, code=one.code, **outputs)
        # The official plugin has the secrets as one; today's stand-in each value as one.
        held["inputs"]["secrets"] = "[secret]"
        for binding in self.declared.bindings_of(one.trigger):
            ref = {"type": "action_id", "value": action}
            bound = {"ref": ref, "display_name": binding.display_name}
            self.tenant.bindings.replace(one.trigger, [bound])
            outputs = {"trigger": one.trigger, "actionId": action, "displayName": one.name}
            self._hold("TriggerAction", f"binding-{number}", f"{one.trigger}::{action}", **outputs)

    def _apply_guardian(self, phone: Guardian) -> None:
        guardian = self.tenant.guardian
        guardian.set_factor("sms", enabled=seen(phone.phone_enabled))
        if isinstance(phone.selected_provider, str):
            guardian.set_selected_provider(phone.selected_provider)
            names = ("enrollment_message", "verification_message")
            guardian.set_templates({name: getattr(phone, name) for name in names})
        if phone.phone_enabled is True:
            guardian.set_message_types(list(seen(phone.message_types)))
        guardian.set_policies([] if phone.policy == factor.NEVER else [seen(phone.policy)])
        switches = {"email": False, "otp": False, "recoveryCode": False, "duo": {"enabled": False}}
        held = {"policy": phone.policy, "phone": {"enabled": True}, **switches}
        self._hold("Guardian", "guardian", "g", **held)

    def _hold(self, kind: str, name: str, resource_id: str, /, **outputs: Any) -> Json:
        urn = f"urn:pulumi:dev::phonemfa::phonemfa:index:PhoneMfa${TYPES[kind]}::{name}"
        held = {"urn": urn, "type": TYPES[kind], "id": resource_id, "inputs": {}}
        self.resources.append(held | {"outputs": outputs})
        return self.resources[-1]


class World(AppliedStack):
    """The same with what the tenant answers in `live`, to be changed in place."""

    def __init__(self, **config: Any) -> None:
        super().__init__(config.pop("experience", "unified"), **config)
        self.live = super().answers()

    def answers(self) -> Answers:
        return self.live

    @property
    def action(self) -> Json:
        """Our (first) Action in the tenant."""
        return self.live.actions[seen(self.declared.actions)[0].trigger][0]

    @property
    def component(self) -> Json:
        return self.held("PhoneMfa")

    def switch(self, **on: bool) -> None:
        """Switch factors in the tenant, by name."""
        for one in self.live.login[factor.FACTORS]:
            one["enabled"] = on.get(one["name"], one["enabled"])

    def set_live(self, **values: Any) -> None:
        """Replace whole answers."""
        vars(self.live).update(values)

    def finds(self, *ids: str, says: str = "", **facts: Any) -> Finding:
        """These findings and no others; the first of them has these words, divided by `…`."""
        found = self.findings()
        assert set(found) == set(ids)
        first = found[ids[0]]
        told = f"{first.what}; {first.found}; {first.how}"
        assert [one for one in says.split(" … ") if one not in told] == [], told
        assert {name: getattr(first, name) for name in facts} == facts
        return first


def component(settings: StackSettings) -> Json:
    """The stack's component after a run that has finished."""
    asked = {"settings": settings.plain(), "tenant": "localhost"}
    return {
        "urn": f"urn:pulumi:dev::phonemfa::{COMPONENT}::phone-mfa",
        "type": COMPONENT,
        "inputs": asked,
        "outputs": {"applied": copy.deepcopy(asked)},
    }


def foreign_binding(name: str) -> Json:
    """Somebody else's binding."""
    action = {"id": f"id-of-{name}", "name": name}
    return {"id": f"b-{name}", "display_name": name, "action": action}


def _as_api(found: Any) -> Json:
    """What a resource says, as the tenant's API takes it: the way back of `of_api`."""
    body: Json = {}
    for part in found.PARTS:
        value, place = getattr(found, part.field), body
        if value is None or isinstance(value, (LeftAlone, Unseen)):
            continue
        *outer, name = part.api.split(".")
        for one in outer:
            place = place.setdefault(one, {})
        place[name] = list(value) if isinstance(value, tuple) else value
    return body
