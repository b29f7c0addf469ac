"""What becomes of a tenant that was configured by hand: config, imports, code, and what to know.

Plain functions from what was read. What was found is declared as it is; moving to this package's
own parts is a later change that somebody reviews.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter, ValidationError

from components.masking import code_mark, without_keys
from components.settings.model import fields_by_key
from components.settings.raw_config import NAMESPACE
from components.settings.values import SmsSender, VoiceSender
from components.tenant import action as model_action
from components.tenant.action import Action
from components.tenant.guardian import NEVER, OTHER_FACTORS, Guardian, blocks, name_of
from components.tenant.model import LEFT_ALONE, known, seen
from components.tenant.phone_provider import CUSTOM
from components.tenant.snapshot import Snapshot, read
from components.vocabulary import TRIGGERS, DeliveryMethod, Experience, MessageType, Policy
from phonemfa.adopt.imports import declarable, import_file
from phonemfa.adopt.texts import FoundTexts, sorted_texts

if TYPE_CHECKING:
    from auth0.management import AsyncManagementClient

FOLDER: Final = "adopted"
"""Where a stack's adopted code and import file are, below the project."""

ROTATE_FIRST: Final = (
    "A key in it: rotate first, then adopt (a new key as a secret of the Action, code without the "
    "old one, deploy that in the dashboard, revoke the old key, run this again). Adopting puts the "
    "old key into Pulumi's state and its history, and into git; it stays in the Action's versions "
    "in any case, so only revoking it ends it"
)

_POLICIES: Final = {policy.guardian_policy: policy.value for policy in Policy}
_METHODS: Final = {"sms": DeliveryMethod.TEXT, "voice": DeliveryMethod.VOICE}
_UNCHANGED: Final = Guardian(phone_enabled=False, message_types=LEFT_ALONE, policy=NEVER)
"""A tenant in which nobody changed what has a default."""
_BLOCKS: Final = {one.field for one in OTHER_FACTORS if one.pulumi.endswith(".enabled")}
"""The other factors that have settings of their own."""
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
        # Whatever somebody wrote into a name or a sender may be a key.
        found, becomes = without_keys(found), without_keys(becomes)
        self.rows.append(Row(part=part, found=found, becomes=becomes, fate=fate))


async def read_found(client: AsyncManagementClient) -> Snapshot:
    """Everything of a tenant that can be adopted; of a legacy one's Twilio account, nothing."""
    found = await read(client)
    # An item of a list is complete, but for a draft that is being built.
    whole = [
        one if one.status == "built" else await model_action.read_one(client, one.id, one.trigger)
        for one in seen(found.actions)
    ]
    return replace(found, actions=tuple(whole))


def plan_of(found: Snapshot, stack: str, domain: str) -> Plan:
    """What to write so that the stack declares the tenant as it was found."""
    draft = _Draft()
    texts = sorted_texts(found)
    action = chosen_action(found)
    draft.tell("experience", found.experience.value, f"experience: {found.experience}")
    _policy_and_factors(found, draft)
    _with_default(found.guardian, draft)
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
        facts={"auth0:domain": domain} | _whole(draft.facts),
        suggestions=_whole(draft.suggestions),
        imports=import_file(found, action, domain),
        files=draft.files,
        rows=tuple(draft.rows),
    )


def chosen_action(found: Snapshot) -> Action | None:
    """The Action that sends, as far as that can be told: bound first, else the only one."""
    trigger = TRIGGERS[found.experience]
    own = {one.id: one for one in found.actions_on(trigger) if not one.from_marketplace}
    bound = [one.action_id for one in found.bindings_of(trigger) if one.action_id in own]
    if bound:
        return own[bound[0]]
    deployed = [one for one in own.values() if one.running]
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


def _policy_and_factors(found: Snapshot, draft: _Draft) -> None:
    asks = seen(found.guardian.policy)
    policy = _POLICIES[asks]
    draft.facts["policy"] = policy
    draft.tell("policy", "none" if asks == NEVER else asks, f"policy: {policy}")
    there = found.guardian.other_factors
    switches = {one.pulumi: there[one.field] for one in OTHER_FACTORS if one.field not in _BLOCKS}
    draft.facts["otherFactors"] = switches
    on = ", ".join(key for key, enabled in switches.items() if enabled)
    draft.tell("email, otp, recovery code", on or "all off", "otherFactors, as they are")
    rest = {name_of(one): there[one.field] for one in OTHER_FACTORS if one.field in _BLOCKS}
    on = ", ".join(name for name in sorted(rest) if rest[name])
    becomes = "have settings of their own"
    draft.tell(", ".join(sorted(rest)), on or "all off", becomes, Fate.LEFT)


def _with_default(there: Guardian, draft: _Draft) -> None:
    """Settings that a stack may leave alone: declared where they are not Auth0's own."""
    found, fields = blocks(there), fields_by_key()
    for key, usual in blocks(_UNCHANGED).items():
        block = found.get(key)
        if block is None:
            draft.tell(key, "not shown", "left as it is", Fate.UNREADABLE)
        elif block == usual:
            draft.tell(key, "Auth0's own", "left as it is", Fate.LEFT)
        else:
            words = ", ".join(f"{name} {json.dumps(value)}" for name, value in block.items())
            if _keeps(fields[key].annotation, block):
                draft.facts[key] = block
                draft.tell(key, words, f"{key}, as it is")
            else:
                draft.tell(key, words, "no setting can say that: left as it is", Fate.LEFT)


def _phone(found: Snapshot, texts: FoundTexts, draft: _Draft) -> None:
    enabled = seen(found.guardian.phone_enabled)
    types = seen(found.guardian.message_types)
    selected = known(found.guardian.selected_provider, "")
    phone: dict[str, Any] = {"enabled": enabled}
    if enabled:
        phone["messageTypes"] = list(types)
    if enabled and selected:
        _legacy_phone(found, selected, texts, phone, draft)
    draft.adopted["phone"] = phone
    channels = ", ".join(types) or "no message type"
    draft.tell("phone factor", f"{'on' if enabled else 'off'}, {channels}", "adopted.phone")
    methods = [_METHODS[one].value for one in types if one in _METHODS]
    provider = seen(found.provider)
    if not methods and provider:
        methods = list(known(provider.delivery_methods, ()))
    if methods:
        draft.facts["deliveryMethods"] = methods
    else:
        draft.suggestions["deliveryMethods"] = [DeliveryMethod.TEXT.value]
        becomes = "deliveryMethods: [text], for later, unless your file says otherwise"
        draft.tell("channels", "none is on", becomes, Fate.WARNING)


def _legacy_phone(
    found: Snapshot, provider: str, texts: FoundTexts, phone: dict[str, Any], draft: _Draft
) -> None:
    if not seen(found.settings).flagged:
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


def _action(found: Snapshot, action: Action | None, stack: str, draft: _Draft) -> None:
    trigger = TRIGGERS[found.experience]
    if action is None:
        draft.tell(trigger, "no Action that could be adopted", "none is declared", Fate.ABSENT)
        return
    path = f"{FOLDER}/{stack}/action.js"
    name, code, runtime = seen(action.name), known(action.code, ""), known(action.runtime, "")
    draft.files[path] = code
    block: dict[str, Any] = {
        "name": name,
        "code": path,
        "runtime": runtime,
        "triggerVersion": action.trigger_version,
    }
    dependencies, secrets = known(action.dependencies, ()), known(action.secret_names, ())
    if dependencies:
        block["dependencies"] = list(dependencies)
    bound = {one.action_id: one for one in found.bindings_of(trigger)}
    if action.id in bound:
        block["binding"] = bound[action.id].display_name
    draft.adopted["action"] = block
    draft.suggestions["actionName"] = name.removesuffix("-legacy") or name
    if found.experience is Experience.UNIFIED and action.id in bound:
        draft.facts["bindAction"] = True
    draft.tell(
        trigger,
        f"Action {name!r}, {'bound' if action.id in bound else 'not bound'}, {runtime}",
        f"adopted.action, code in {path}",
    )
    draft.rows.append(_code_row("its code", code, path))
    _deployment(action, stack, draft)
    if secrets:
        draft.facts["retiredSecrets"] = list(secrets)
        draft.tell("its secrets", ", ".join(secrets), "values stay in the tenant", Fate.UNREADABLE)


def _code_row(part: str, code: str, path: str) -> Row:
    """A key in the code cannot be taken out of what adopting writes, so it has to go before."""
    lines = key_like_lines(code)
    seen_in = f"line {', '.join(map(str, lines))}" if lines else "no line, which proves nothing"
    return Row(
        part=part,
        found=f"{code_mark(code)}; what may be a key in {seen_in}",
        becomes=f"{path}, for you alone: look before you commit it. {ROTATE_FIRST}",
        fate=Fate.WARNING,
    )


def _deployment(action: Action, stack: str, draft: _Draft) -> None:
    if action.running is None:
        becomes = "declared as a draft; it stays one"
        draft.tell("its deployment", "it was never deployed", becomes, Fate.WARNING)
    elif action.running.code != action.code:
        path, code = f"{FOLDER}/{stack}/action.deployed.js", known(action.running.code, "")
        draft.files[path] = code
        becomes = f"the draft is declared; what runs is in {path}"
        draft.tell("its deployment", "the draft is not what runs", becomes, Fate.WARNING)
        draft.rows.append(_code_row("its deployed code", code, path))


def _others(found: Snapshot, chosen: Action | None, draft: _Draft) -> None:
    bound = {one.action_id for one in seen(found.bindings)}
    for one in seen(found.actions):
        if chosen and one.id == chosen.id:
            continue
        what = "Marketplace Action" if one.from_marketplace else "Action"
        state = "bound" if one.id in bound else "not bound"
        why = "belongs to its integration" if one.from_marketplace else "not the one that sends"
        draft.tell(one.trigger, f"{what} {one.name!r}, {state}", why, Fate.LEFT)
    if found.experience is Experience.LEGACY:
        provider = seen(found.provider)
        if provider:
            what = f"{provider.name}, of the unified experience"
            draft.tell("phone provider", what, "not in use", Fate.LEFT)
        becomes = "the switches are written when this stack takes over"
        draft.tell("tenant settings", "as they are", becomes, Fate.LEFT)


def _provider(found: Snapshot, draft: _Draft) -> None:
    provider = seen(found.provider)
    if provider is None:
        draft.tell("phone provider", "none", "none is declared", Fate.ABSENT)
        return
    if not declarable(provider):
        both = f"{provider.name}, with a sender and a Messaging Service"
        becomes = "not declared (a program may name one of the two); ours takes its place later"
        draft.tell("phone provider", both, becomes, Fate.WARNING)
        return
    methods, disabled = known(provider.delivery_methods, ()), seen(provider.disabled)
    block: dict[str, Any] = {"name": provider.name, "deliveryMethods": list(methods)}
    if disabled:
        block["disabled"] = True
    own = {
        "defaultFrom": known(provider.default_from, None),
        "mssid": known(provider.mssid, None),
        "sid": known(provider.sid, None),
    }
    draft.adopted["provider"] = block | {key: value for key, value in own.items() if value}
    what = f"{provider.name}, {'off' if disabled else 'on'}, {', '.join(methods)}"
    if own["defaultFrom"]:
        what += f", from {own['defaultFrom']}"
    draft.tell("phone provider", what, "adopted.provider")
    if provider.name != CUSTOM:
        draft.tell("its credentials", "never answered", "stay in the tenant", Fate.UNREADABLE)


def _texts(found: Snapshot, texts: FoundTexts, draft: _Draft) -> None:
    if texts.settings:
        draft.facts["texts"] = texts.settings
    if texts.templates:
        draft.adopted["templates"] = texts.templates
    own = seen(found.templates) if found.experience is Experience.UNIFIED else {}
    kinds = [MessageType(one) for one in own]
    wanted = [kind for kind in MessageType if kind in {*_DEFAULT_TYPES, *kinds}]
    if len(wanted) > len(_DEFAULT_TYPES):
        draft.facts["messageTypes"] = [kind.value for kind in wanted]
    for name, becomes in texts.told:
        draft.tell(name, "customised", becomes)
    for kind, template in own.items():
        if seen(template.disabled):
            becomes = "stays off as long as it is adopted; this stack's own are on"
            draft.tell(f"template {kind}", "off", becomes, Fate.WARNING)
    for name, problem in texts.unfit:
        becomes = f"declared as it is. {problem} It goes when this stack takes over"
        draft.tell(name, "a text that this package would refuse", becomes, Fate.WARNING)
    if not texts.told and not texts.unfit:
        draft.tell("texts", "Auth0's own", "none is declared", Fate.ABSENT)


def _senders(found: Snapshot, draft: _Draft) -> None:
    action = chosen_action(found)
    hosts = set(_HOST.findall(known(action.code, ""))) if action else set()
    if len(hosts) == 1:
        (draft.suggestions["cpaasBaseHost"],) = hosts
        draft.tell("CPaaS host", next(iter(hosts)), "cpaasBaseHost, from the code")
    if found.experience is not Experience.UNIFIED:
        return
    senders = {known(one.sender, None) or "" for one in seen(found.templates).values()} - {""}
    provider = seen(found.provider)
    if len(senders) == 1 and provider and provider.name == CUSTOM:
        (sender,) = senders
        for key, rule in (("smsSender", SmsSender), ("voiceSender", VoiceSender)):
            if _keeps(rule, sender):
                draft.suggestions[key] = sender


def _keeps(rule: Any, value: Any) -> bool:
    try:
        TypeAdapter(rule).validate_python(value)
    except ValidationError:
        return False
    return True


def _whole(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{NAMESPACE}:{key}": value for key, value in settings.items()}
