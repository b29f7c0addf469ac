"""What becomes of a tenant that was configured by hand: config, imports, code, and what to know.

Owns the mapping, as plain functions from what was read. Refuses to read a tenant, to write files,
and to change anything for the better: what was found is declared as it is, and moving to this
package's own parts is a later change that somebody reviews.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from components.settings.raw_config import NAMESPACE
from components.settings.values import SmsSender, VoiceSender
from components.vocabulary import TRIGGERS, DeliveryMethod, Experience, MessageType, Policy
from phonemfa.adopt.imports import import_file
from phonemfa.adopt.reading import Action, FoundTenant
from phonemfa.adopt.texts import FoundTexts, sorted_texts

FOLDER: Final = "adopted"
"""Where a stack's adopted code and import file are, below the project."""

_POLICIES: Final = {policy.guardian_policy: policy.value for policy in Policy}
_METHODS: Final = {"sms": DeliveryMethod.TEXT, "voice": DeliveryMethod.VOICE}
_SWITCHES: Final = {"email": "email", "otp": "otp", "recoveryCode": "recovery-code"}
_DEFAULT_TYPES: Final = (
    MessageType.OTP_ENROLL,
    MessageType.OTP_VERIFY,
    MessageType.CHANGE_PASSWORD,
)
_HOST: Final = re.compile(r"\b[a-z0-9-]+\.api\.infobip\.com\b")
_LITERAL: Final = re.compile(r"""['"`](?:(?:App|Bearer|Basic) )?([\w.+/=-]{20,})['"`]""")
_MIXED: Final = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[\w+=-]+\Z")


class Fate(StrEnum):
    """What becomes of one thing."""

    ADOPTED = "adopted"
    """In the stack from now on, with the values that it has."""
    ABSENT = "not there"
    """Not in the tenant, and not declared."""
    LEFT = "left alone"
    """Not in the stack; the tenant keeps it."""
    UNREADABLE = "could not be read"
    WARNING = "look at this"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One thing that was found."""

    part: str
    found: str
    becomes: str
    fate: Fate


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything that adopting writes.

    `facts` are config values (whole keys) that the tenant has; `suggestions` are values that it
    does not say, for keys that nobody has set. `files` are texts by path below the project.
    """

    facts: Mapping[str, Any]
    suggestions: Mapping[str, Any]
    imports: Mapping[str, Any]
    files: Mapping[str, str]
    rows: tuple[Row, ...]


@dataclass
class _Draft:
    facts: dict[str, Any] = field(default_factory=dict)
    suggestions: dict[str, Any] = field(default_factory=dict)
    adopted: dict[str, Any] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)

    def tell(self, part: str, found: str, becomes: str, fate: Fate = Fate.ADOPTED) -> None:
        self.rows.append(Row(part=part, found=found, becomes=becomes, fate=fate))


def plan_of(found: FoundTenant, stack: str) -> Plan:
    """What to write so that the stack declares the tenant as it was found."""
    draft = _Draft()
    texts = sorted_texts(found)
    action = chosen_action(found)
    draft.tell("experience", found.experience.value, f"experience: {found.experience}")
    _policy_and_factors(found, draft)
    _phone(found, texts, draft)
    _action(found, action, stack, draft)
    _others(found, action, draft)
    if found.experience is Experience.UNIFIED:
        _provider(found, draft)
    _texts(found, texts, draft)
    _senders(found, draft)
    draft.facts |= {"experience": found.experience.value, "adopted": draft.adopted}
    draft.suggestions["protect"] = True
    return Plan(
        facts={"auth0:domain": found.domain} | _whole(draft.facts),
        suggestions=_whole(draft.suggestions),
        imports=import_file(found, action),
        files=draft.files,
        rows=tuple(draft.rows),
    )


def chosen_action(found: FoundTenant) -> Action | None:
    """The Action that sends, as far as that can be told: bound first, else the only one."""
    trigger = TRIGGERS[found.experience]
    own = {
        one.id: one for one in found.actions if one.trigger == trigger and not one.from_marketplace
    }
    bound = [one.action_id for one in found.bindings.get(trigger, ()) if one.action_id in own]
    if bound:
        return own[bound[0]]
    deployed = [one for one in own.values() if one.deployed_code is not None]
    for candidates in (list(own.values()), deployed):
        if len(candidates) == 1:
            return candidates[0]
    return None


def key_like_lines(code: str) -> list[int]:
    """Numbers of the lines with a string literal that may be a key."""
    return [
        number
        for number, line in enumerate(code.splitlines(), start=1)
        if any(_MIXED.match(literal) for literal in _LITERAL.findall(line))
    ]


def _policy_and_factors(found: FoundTenant, draft: _Draft) -> None:
    policy = _POLICIES[found.policies[0]] if found.policies else Policy.NEVER.value
    draft.facts["policy"] = policy
    draft.tell("policy", ", ".join(found.policies) or "none", f"policy: {policy}")
    switches = {key: found.factors.get(name, False) for key, name in _SWITCHES.items()}
    draft.facts["otherFactors"] = switches
    on = ", ".join(key for key, enabled in switches.items() if enabled)
    draft.tell("email, otp, recovery code", on or "all off", "otherFactors, as they are")
    rest = [name for name in sorted(found.factors) if name not in {*_SWITCHES.values(), "sms"}]
    on = ", ".join(name for name in rest if found.factors[name])
    draft.tell(", ".join(rest), on or "all off", "have settings of their own", Fate.LEFT)


def _phone(found: FoundTenant, texts: FoundTexts, draft: _Draft) -> None:
    enabled = found.factors.get("sms", False)
    phone: dict[str, Any] = {"enabled": enabled}
    if enabled:
        phone["messageTypes"] = list(found.message_types)
    if enabled and found.legacy:
        _legacy_phone(found, found.legacy.provider, texts, phone, draft)
    draft.adopted["phone"] = phone
    channels = ", ".join(found.message_types) or "no message type"
    draft.tell("phone factor", f"{'on' if enabled else 'off'}, {channels}", "adopted.phone")
    methods = [_METHODS[one].value for one in found.message_types if one in _METHODS]
    if not methods and found.provider:
        methods = list(found.provider.delivery_methods)
    if methods:
        draft.facts["deliveryMethods"] = methods
    else:
        draft.suggestions["deliveryMethods"] = [DeliveryMethod.TEXT.value]
        becomes = "deliveryMethods: [text], for later, unless your file says otherwise"
        draft.tell("channels", "none is on", becomes, Fate.WARNING)


def _legacy_phone(
    found: FoundTenant, provider: str, texts: FoundTexts, phone: dict[str, Any], draft: _Draft
) -> None:
    if found.experience_flag is None:
        becomes = (
            "the auth0 provider cannot see them: the tenant's settings have no "
            "phone_consolidated_experience, and it takes that for unified"
        )
        draft.tell("delivery provider and texts", provider, becomes, Fate.LEFT)
        return
    phone |= {"provider": provider} | texts.legacy_messages
    draft.tell("delivery provider", provider, "adopted.phone.provider")
    if provider == "twilio":
        what = "Twilio account and token"
        draft.tell(what, "not looked at", "stay in the tenant", Fate.UNREADABLE)


def _action(found: FoundTenant, action: Action | None, stack: str, draft: _Draft) -> None:
    trigger = TRIGGERS[found.experience]
    if action is None:
        draft.tell(trigger, "no Action that could be adopted", "none is declared", Fate.ABSENT)
        return
    path = f"{FOLDER}/{stack}/action.js"
    draft.files[path] = action.code
    block: dict[str, Any] = {
        "name": action.name,
        "code": path,
        # The name that the auth0 provider has for it, in states as in programs.
        "runtime": action.runtime.removesuffix("-actions"),
        "triggerVersion": action.trigger_version,
    }
    if action.dependencies:
        block["dependencies"] = list(action.dependencies)
    bound = {one.action_id: one for one in found.bindings.get(trigger, ())}
    if action.id in bound:
        block["binding"] = bound[action.id].display_name
    draft.adopted["action"] = block
    draft.suggestions["actionName"] = action.name.removesuffix("-legacy") or action.name
    if found.experience is Experience.UNIFIED and action.id in bound:
        draft.facts["bindAction"] = True
    draft.tell(
        trigger,
        f"Action {action.name!r}, {'bound' if action.id in bound else 'not bound'}, "
        f"{action.runtime}",
        f"adopted.action, code in {path}",
    )
    _deployment(action, stack, draft)
    if action.secret_names:
        draft.facts["retiredSecrets"] = list(action.secret_names)
        names = ", ".join(action.secret_names)
        draft.tell("its secrets", names, "values stay in the tenant", Fate.UNREADABLE)
    lines = key_like_lines(action.code)
    if lines:
        draft.tell(
            "its code",
            f"what may be a key in line {', '.join(map(str, lines))}",
            f"{path} has it too: look before you commit it, and revoke that key after moving",
            Fate.WARNING,
        )


def _deployment(action: Action, stack: str, draft: _Draft) -> None:
    if action.deployed_code is None:
        becomes = "declared as a draft; it stays one"
        draft.tell("its deployment", "it was never deployed", becomes, Fate.WARNING)
    elif action.deployed_code != action.code:
        path = f"{FOLDER}/{stack}/action.deployed.js"
        draft.files[path] = action.deployed_code
        becomes = f"the draft is declared; what runs is in {path}"
        draft.tell("its deployment", "the draft is not what runs", becomes, Fate.WARNING)


def _others(found: FoundTenant, chosen: Action | None, draft: _Draft) -> None:
    bound = {one.action_id for some in found.bindings.values() for one in some}
    for one in found.actions:
        if chosen and one.id == chosen.id:
            continue
        what = "Marketplace Action" if one.from_marketplace else "Action"
        state = "bound" if one.id in bound else "not bound"
        why = "belongs to its integration" if one.from_marketplace else "not the one that sends"
        draft.tell(one.trigger, f"{what} {one.name!r}, {state}", why, Fate.LEFT)
    if found.experience is Experience.LEGACY:
        if found.provider:
            what = f"{found.provider.name}, of the unified experience"
            draft.tell("phone provider", what, "not in use", Fate.LEFT)
        becomes = "the switches are written when this stack takes over"
        draft.tell("tenant settings", "as they are", becomes, Fate.LEFT)


def _provider(found: FoundTenant, draft: _Draft) -> None:
    provider = found.provider
    if provider is None:
        draft.tell("phone provider", "none", "none is declared", Fate.ABSENT)
        return
    if not provider.declarable:
        both = f"{provider.name}, with a sender and a Messaging Service"
        becomes = "not declared (a program may name one of the two); ours takes its place later"
        draft.tell("phone provider", both, becomes, Fate.WARNING)
        return
    block: dict[str, Any] = {
        "name": provider.name,
        "deliveryMethods": list(provider.delivery_methods),
    }
    if provider.disabled:
        block["disabled"] = True
    own = {"defaultFrom": provider.default_from, "mssid": provider.mssid, "sid": provider.sid}
    draft.adopted["provider"] = block | {key: value for key, value in own.items() if value}
    state = "off" if provider.disabled else "on"
    what = f"{provider.name}, {state}, {', '.join(provider.delivery_methods)}"
    if provider.default_from:
        what += f", from {provider.default_from}"
    draft.tell("phone provider", what, "adopted.provider")
    if provider.name != "custom":
        draft.tell("its credentials", "never answered", "stay in the tenant", Fate.UNREADABLE)


def _texts(found: FoundTenant, texts: FoundTexts, draft: _Draft) -> None:
    if texts.settings:
        draft.facts["texts"] = texts.settings
    if texts.templates:
        draft.adopted["templates"] = texts.templates
    own = found.templates if found.experience is Experience.UNIFIED else ()
    kinds = [MessageType(one.type) for one in own]
    wanted = [kind for kind in MessageType if kind in {*_DEFAULT_TYPES, *kinds}]
    if len(wanted) > len(_DEFAULT_TYPES):
        draft.facts["messageTypes"] = [kind.value for kind in wanted]
    for name, becomes in texts.told:
        draft.tell(name, "customised", becomes)
    for one in own:
        if one.disabled:
            becomes = "stays off as long as it is adopted; this stack's own are on"
            draft.tell(f"template {one.type}", "off", becomes, Fate.WARNING)
    for name, problem in texts.unfit:
        becomes = f"declared as it is. {problem} It goes when this stack takes over"
        draft.tell(name, "a text that this package would refuse", becomes, Fate.WARNING)
    if not texts.told and not texts.unfit:
        draft.tell("texts", "Auth0's own", "none is declared", Fate.ABSENT)


def _senders(found: FoundTenant, draft: _Draft) -> None:
    action = chosen_action(found)
    hosts = set(_HOST.findall(action.code)) if action else set()
    if len(hosts) == 1:
        (draft.suggestions["cpaasBaseHost"],) = hosts
        draft.tell("CPaaS host", next(iter(hosts)), "cpaasBaseHost, from the code")
    if found.experience is not Experience.UNIFIED:
        return
    senders = {one.sender for one in found.templates if one.sender}
    if len(senders) == 1 and found.provider and found.provider.name == "custom":
        (sender,) = senders
        for key, rule in (("smsSender", SmsSender), ("voiceSender", VoiceSender)):
            if _keeps(rule, sender):
                draft.suggestions[key] = sender


def _keeps(rule: Any, value: str) -> bool:
    try:
        TypeAdapter(rule).validate_python(value)
    except ValidationError:
        return False
    return True


def _whole(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{NAMESPACE}:{key}": value for key, value in settings.items()}
