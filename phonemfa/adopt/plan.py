"""What becomes of a tenant that was configured by hand: config, imports, code, and what to know.

Plain functions from what was read. What was found is declared as it is; moving to this package's
own parts is a later change that somebody reviews.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final
from uuid import NAMESPACE_DNS, uuid5

from pydantic import TypeAdapter, ValidationError

from components.masking import code_mark, without_keys
from components.settings.adopted import FoundAction, FoundPhone, FoundProvider, FoundTemplate
from components.settings.model import fields_by_key
from components.settings.raw_config import NAMESPACE
from components.settings.text_rules import text_faults
from components.settings.texts import SHIPPED, TextOverride, legacy_variables
from components.settings.values import SmsSender, Strict, VoiceSender
from components.tenant import action as model_action
from components.tenant import guardian, phone_provider, phone_template, trigger
from components.tenant.action import Action
from components.tenant.guardian import NEVER, OTHER_FACTORS, Guardian, blocks, name_of
from components.tenant.model import LEFT_ALONE, Client, known, seen
from components.tenant.phone_provider import CUSTOM
from components.tenant.phone_template import PhoneTemplate
from components.tenant.snapshot import Snapshot, read
from components.vocabulary import CHANNELS, COMPONENT, TRIGGERS, Experience, MessageType, Policy
from phonemfa.answered import RefusedError
from phonemfa.pulumi.engine import to_import

FOLDER: Final = "adopted"
"""Where a stack's adopted code and import file are, below the project."""

ROOT: Final = "phone-mfa"
"""The name of the component in __main__.py."""

ROTATE_FIRST: Final = (
    "A key in it: rotate first, then adopt (a new key as a secret of the Action, code without the "
    "old one, deploy that in the dashboard, revoke the old key, run this again). Adopting puts the "
    "old key into Pulumi's state and its history, and into git; it stays in the Action's versions "
    "in any case, so only revoking it ends it"
)

_POLICIES: Final = {policy.guardian_policy: policy.value for policy in Policy}
_UNCHANGED: Final = Guardian(phone_enabled=False, message_types=LEFT_ALONE, policy=NEVER)
"""A tenant in which nobody changed what has a default."""
_BLOCKS: Final = {one.field for one in OTHER_FACTORS if one.pulumi.endswith(".enabled")}
"""The other factors that have settings of their own."""
_TYPES: Final = frozenset(MessageType)
_SENDERS: Final = ("default_from", "mssid")
"""Of a phone provider: a tenant may have both, a program one."""
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


_MESSAGES: Final = {
    MessageType.OTP_ENROLL: "enrollmentMessage",
    MessageType.OTP_VERIFY: "verificationMessage",
}
"""A legacy tenant's texts in the adopted block."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One thing that was found."""

    part: str
    found: str
    becomes: str
    fate: Fate


@dataclass(kw_only=True)
class Plan:
    """Everything that adopting writes.

    `facts` are config values (whole keys) that the tenant has; `suggestions` are values that it
    does not say, for keys that nobody has set. `files` are texts by path below the project, and
    `imports` are the resources that `pulumi import --file` reads.
    """

    facts: dict[str, Any] = field(default_factory=dict)
    suggestions: dict[str, Any] = field(default_factory=dict)
    imports: list[dict[str, Any]] = field(default_factory=lambda: [to_import(COMPONENT, ROOT)])
    files: dict[str, str] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    adopted: dict[str, Any] = field(default_factory=dict)
    """The value of `adopted`, which is one of the facts."""

    def tell(self, part: str, found: str, becomes: str, fate: Fate = Fate.ADOPTED) -> None:
        """Add a row. Whatever somebody wrote into a name or a sender may be a key."""
        found, becomes = without_keys(found), without_keys(becomes)
        self.rows.append(Row(part=part, found=found, becomes=becomes, fate=fate))

    def take(self, part: str, token: str, name: str, identifier: str) -> None:
        """Import a resource where the program declares it: below a part of phone MFA.

        The part is in the file too, so that the resource gets the very URN that it has in the
        program. The engine takes the inputs from the auth0 provider's own reading.
        """
        parent = f"{ROOT}-{part}"
        if parent not in {one["name"] for one in self.imports}:
            kind = part.removeprefix("legacy-").capitalize()
            self.imports.append(to_import(f"phonemfa:index:{kind}", parent, parent=ROOT))
        self.imports.append(to_import(token, f"{parent}-{name}", identifier, parent))


async def read_found(client: Client) -> Snapshot:
    """Everything of a tenant that can be adopted; of a legacy one's Twilio account, nothing."""
    found = await read(client)
    # An item of a list is complete, but for a draft that is being built.
    whole = [
        one if one.status == "built" else await model_action.read_one(client, one.id, one.trigger)
        for one in seen(found.actions)
    ]
    return replace(found, actions=tuple(whole))


def plan_of(found: Snapshot, stack: str, domain: str) -> Plan:
    """What to write so that the stack declares the tenant as it was found.

    A `RefusedError` where it has something that every stack must declare and none can.
    """
    plan = Plan()
    action = chosen_action(found)
    plan.tell("experience", found.experience.value, f"experience: {found.experience}")
    _policy_and_factors(found, plan)
    _with_default(found.guardian, plan)
    _phone(found, plan)
    _action(found, action, stack, plan)
    _others(found, action, plan)
    if found.experience is Experience.UNIFIED:
        _provider(found, plan)
    _texts(found, plan)
    _senders(found, action, plan)
    plan.facts |= {"experience": found.experience.value, "adopted": plan.adopted}
    plan.suggestions["protect"] = True
    plan.facts = {"auth0:domain": domain} | _whole(plan.facts)
    plan.suggestions = _whole(plan.suggestions)
    # Guardian is one a tenant, and its id a name that nobody looks up.
    plan.take("factor", guardian.TOKEN, "guardian", str(uuid5(NAMESPACE_DNS, domain)))
    return plan


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


def _policy_and_factors(found: Snapshot, plan: Plan) -> None:
    asks = seen(found.guardian.policy)
    policy = _POLICIES.get(asks)
    if policy is None:
        raise RefusedError(
            f"Nothing was written: the tenant's MFA policy is {asks!r}, which phonemfa:policy "
            f"cannot say: switch it to {', '.join(Policy)} first (in the dashboard, Security > "
            "Multi-factor Auth), or use a version of phonemfa that knows it."
        )
    plan.facts["policy"] = policy
    plan.tell("policy", policy, f"policy: {policy}")
    there = found.guardian.other_factors
    switches = {one.pulumi: there[one.field] for one in OTHER_FACTORS if one.field not in _BLOCKS}
    plan.facts["otherFactors"] = switches
    on = ", ".join(key for key, enabled in switches.items() if enabled)
    plan.tell("email, otp, recovery code", on or "all off", "otherFactors, as they are")
    rest = {name_of(one): there[one.field] for one in OTHER_FACTORS if one.field in _BLOCKS}
    on, every = ", ".join(name for name in sorted(rest) if rest[name]), ", ".join(sorted(rest))
    plan.tell(every, on or "all off", "have settings of their own", Fate.LEFT)


def _with_default(there: Guardian, plan: Plan) -> None:
    """Settings that a stack may leave alone: declared where they are not Auth0's own."""
    found, fields = blocks(there), fields_by_key()
    for key, usual in blocks(_UNCHANGED).items():
        block = found.get(key, {})
        words = ", ".join(f"{name} {json.dumps(value)}" for name, value in block.items())
        if not block:
            plan.tell(key, "not shown", "left as it is", Fate.UNREADABLE)
        elif block == usual:
            plan.tell(key, "Auth0's own", "left as it is", Fate.LEFT)
        elif _takes(fields[key].annotation, block):
            plan.facts[key] = block
            plan.tell(key, words, f"{key}, as it is")
        else:
            plan.tell(key, words, "no setting can say that: left as it is", Fate.LEFT)


def _phone(found: Snapshot, plan: Plan) -> None:
    enabled = seen(found.guardian.phone_enabled)
    types = seen(found.guardian.message_types)
    selected = known(found.guardian.selected_provider, "")
    legacy = {}
    if enabled and selected and seen(found.settings).flagged:
        legacy["provider"] = selected
        plan.tell("delivery provider", selected, "adopted.phone.provider")
        if selected == "twilio":
            what = "Twilio account and token"
            plan.tell(what, "not looked at", "stay in the tenant", Fate.UNREADABLE)
    elif enabled and selected:
        becomes = (
            "the auth0 provider cannot see them: the tenant's settings have no "
            "phone_consolidated_experience, and it takes that for unified"
        )
        plan.tell("delivery provider and texts", selected, becomes, Fate.LEFT)
    plan.adopted["phone"] = _written(
        FoundPhone, enabled=enabled, message_types=types if enabled else (), **legacy
    )
    channels = ", ".join(types) or "no message type"
    plan.tell("phone factor", f"{'on' if enabled else 'off'}, {channels}", "adopted.phone")
    methods = [one.value for one, word in CHANNELS.items() if word in types]
    provider = seen(found.provider)
    if not methods and provider:
        methods = list(known(provider.delivery_methods, ()))
    if methods:
        plan.facts["deliveryMethods"] = methods
    else:
        plan.suggestions["deliveryMethods"] = ["text"]
        becomes = "deliveryMethods: [text], for later, unless your file says otherwise"
        plan.tell("channels", "none is on", becomes, Fate.WARNING)


def _action(found: Snapshot, action: Action | None, stack: str, plan: Plan) -> None:
    trigger_id = TRIGGERS[found.experience]
    if action is None:
        plan.tell(trigger_id, "no Action that could be adopted", "none is declared", Fate.ABSENT)
        return
    path = f"{FOLDER}/{stack}/action.js"
    name, code, runtime = seen(action.name), known(action.code, ""), known(action.runtime, "")
    secrets = known(action.secret_names, ())
    bound = [one for one in found.bindings_of(trigger_id) if one.action_id == action.id]
    part = "sender" if found.experience is Experience.UNIFIED else "legacy-sender"
    plan.take(part, model_action.TOKEN, "action", action.id)
    for one in bound:
        plan.take(part, trigger.TOKEN, "binding", one.pulumi_id)
    plan.adopted["action"] = _written(
        FoundAction,
        name=name,
        code=path,
        runtime=runtime,
        trigger_version=action.trigger_version,
        dependencies=known(action.dependencies, ()),
        binding=bound[0].display_name if bound else None,
    )
    plan.suggestions["actionName"] = name.removesuffix("-legacy") or name
    if found.experience is Experience.UNIFIED and bound:
        plan.facts["bindAction"] = True
    plan.tell(
        trigger_id,
        f"Action {name!r}, {'bound' if bound else 'not bound'}, {runtime}",
        f"adopted.action, code in {path}",
    )
    _code("its code", code, path, plan)
    if action.running is None:
        becomes = "declared as a draft; it stays one"
        plan.tell("its deployment", "it was never deployed", becomes, Fate.WARNING)
    elif action.running.code != action.code:
        path = f"{FOLDER}/{stack}/action.deployed.js"
        becomes = f"the draft is declared; what runs is in {path}"
        plan.tell("its deployment", "the draft is not what runs", becomes, Fate.WARNING)
        _code("its deployed code", known(action.running.code, ""), path, plan)
    if secrets:
        plan.facts["retiredSecrets"] = list(secrets)
        plan.tell("its secrets", ", ".join(secrets), "values stay in the tenant", Fate.UNREADABLE)


def _code(part: str, code: str, path: str, plan: Plan) -> None:
    """A key in the code cannot be taken out of what adopting writes, so it has to go before."""
    plan.files[path] = code
    lines = key_like_lines(code)
    seen_in = f"line {', '.join(map(str, lines))}" if lines else "no line, which proves nothing"
    found = f"{code_mark(code)}; what may be a key in {seen_in}"
    becomes = f"{path}, for you alone: look before you commit it. {ROTATE_FIRST}"
    # Not by `tell`, which takes a code's hash for a key.
    plan.rows.append(Row(part=part, found=found, becomes=becomes, fate=Fate.WARNING))


def _others(found: Snapshot, chosen: Action | None, plan: Plan) -> None:
    bound = {one.action_id for one in seen(found.bindings)}
    for one in seen(found.actions):
        if chosen and one.id == chosen.id:
            continue
        what = "Marketplace Action" if one.from_marketplace else "Action"
        state = "bound" if one.id in bound else "not bound"
        why = "belongs to its integration" if one.from_marketplace else "not the one that sends"
        plan.tell(one.trigger, f"{what} {one.name!r}, {state}", why, Fate.LEFT)
    if found.experience is Experience.LEGACY:
        provider = seen(found.provider)
        if provider:
            what = f"{provider.name}, of the unified experience"
            plan.tell("phone provider", what, "not in use", Fate.LEFT)
        becomes = "the switches are written when this stack takes over"
        plan.tell("tenant settings", "as they are", becomes, Fate.LEFT)


def _provider(found: Snapshot, plan: Plan) -> None:
    provider = seen(found.provider)
    if provider is None:
        plan.tell("phone provider", "none", "none is declared", Fate.ABSENT)
        return
    senders = {name: known(getattr(provider, name), None) or None for name in _SENDERS}
    if all(senders.values()):
        both = f"{provider.name}, with a sender and a Messaging Service"
        becomes = "not declared (a program may name one of the two); ours takes its place later"
        plan.tell("phone provider", both, becomes, Fate.WARNING)
        return
    methods, disabled = known(provider.delivery_methods, ()), seen(provider.disabled)
    plan.take("delivery", phone_provider.TOKEN, "provider", provider.id)
    plan.adopted["provider"] = _written(
        FoundProvider,
        name=provider.name,
        delivery_methods=methods,
        disabled=disabled,
        sid=known(provider.sid, None) or None,
        **senders,
    )
    what = f"{provider.name}, {'off' if disabled else 'on'}, {', '.join(methods)}"
    if senders["default_from"]:
        what += f", from {senders['default_from']}"
    plan.tell("phone provider", what, "adopted.provider")
    if provider.name != CUSTOM:
        plan.tell("its credentials", "never answered", "stay in the tenant", Fate.UNREADABLE)


def _texts(found: Snapshot, plan: Plan) -> None:
    """Each text in its place.

    `phonemfa:texts` takes what this package would send, too; a text that breaks one of its rules
    (no code in it, Liquid that the tenant does not know) stays in the adopted block, where no
    rule reads it, and goes with the block.
    """
    before = len(plan.rows)
    if found.experience is Experience.UNIFIED:
        templates = seen(found.templates)
        # In an order of our own: a tenant's may change, and the import file would with it.
        for name, template in sorted(templates.items()):
            if name in _TYPES:
                _template(MessageType(name), template, plan)
            else:
                becomes = "left as it is: no setting knows its type"
                plan.tell(f"template {name}", "customised", becomes, Fate.LEFT)
        usual = fields_by_key()["messageTypes"].default
        if (_TYPES & templates.keys()) - usual:
            types = usual | templates.keys()
            plan.facts["messageTypes"] = [kind.value for kind in MessageType if kind in types]
    else:
        for kind, text in found.guardian.texts.items():
            _legacy_text(kind, text, plan)
    if len(plan.rows) == before:
        plan.tell("texts", "Auth0's own", "none is declared", Fate.ABSENT)


def _legacy_text(kind: MessageType, text: str, plan: Plan) -> None:
    name, problem = f"legacy text {kind}", _problem(kind, "text", text, legacy=True)
    phone = plan.adopted["phone"]
    if not problem:
        plan.facts.setdefault("texts", {})[kind.value] = {"text": text}
        plan.tell(name, "customised", f"texts.{kind}.text")
    elif "provider" in phone:
        phone[_MESSAGES[kind]] = text
        _unfit(name, problem, plan)
    else:
        becomes = f"stays in the tenant, and is not declared. {problem}"
        plan.tell(name, "customised", becomes, Fate.LEFT)


def _template(kind: MessageType, template: PhoneTemplate, plan: Plan) -> None:
    channels = {"text": known(template.text, None), "voice": known(template.voice, None)}
    given = {channel: text for channel, text in channels.items() if text is not None}
    problems = {channel: _problem(kind, channel, text) for channel, text in given.items()}
    fit = {channel: text for channel, text in given.items() if not problems[channel]}
    if kind not in SHIPPED and len(fit) < len(channels):
        # Of a type without shipped texts the settings take both or none.
        fit = {}
    disabled, origin = seen(template.disabled), known(template.sender, None) or None
    unfit = {channel: text for channel, text in given.items() if channel not in fit}
    block = _written(FoundTemplate, disabled=disabled, sender=origin, **unfit)
    plan.take("delivery", phone_template.TOKEN, kind.replace("_", "-"), template.id)
    plan.adopted.setdefault("templates", {})[kind.value] = block
    if fit:
        plan.facts.setdefault("texts", {})[kind.value] = fit
    name, sender = f"template {kind}", f", from {origin}" if origin else ""
    plan.tell(name, "customised", f"{'texts' if fit else 'adopted.templates'}.{kind}{sender}")
    if disabled:
        becomes = "stays off as long as it is adopted; this stack's own are on"
        plan.tell(name, "off", becomes, Fate.WARNING)
    for channel, problem in problems.items():
        if problem:
            _unfit(f"{name}, {channel}", problem, plan)


def _unfit(name: str, problem: str, plan: Plan) -> None:
    becomes = f"declared as it is. {problem} It goes when this stack takes over"
    plan.tell(name, "a text that this package would refuse", becomes, Fate.WARNING)


def _problem(kind: MessageType, channel: str, text: str, *, legacy: bool = False) -> str:
    """Why the settings cannot have a text; empty when they can."""
    if not text.strip():
        return "It is empty."
    if text != text.rstrip():
        return "It ends with a line break or a space, which the settings leave out."
    if legacy and legacy_variables(text) != text:
        return "It has a variable that legacy tenants do not know."
    own = TextOverride.model_construct(None, **{channel: text})
    faults = list(text_faults({kind: own}, legacy=legacy))
    return faults[0].consequence if faults else ""


def _senders(found: Snapshot, action: Action | None, plan: Plan) -> None:
    hosts = set(_HOST.findall(known(action.code, ""))) if action else set()
    if len(hosts) == 1:
        (plan.suggestions["cpaasBaseHost"],) = hosts
        plan.tell("CPaaS host", next(iter(hosts)), "cpaasBaseHost, from the code")
    if found.experience is not Experience.UNIFIED:
        return
    senders = {known(one.sender, None) or "" for one in seen(found.templates).values()} - {""}
    provider = seen(found.provider)
    if len(senders) == 1 and provider and provider.name == CUSTOM:
        (sender,) = senders
        for key, rule in (("smsSender", SmsSender), ("voiceSender", VoiceSender)):
            if _takes(rule, sender):
                plan.suggestions[key] = sender


def _written(model: type[Strict], **values: Any) -> dict[str, Any]:
    """Values of the adopted block as the stack's file has them; what has its default is left out.

    They are checked with the whole file, where every fault is named.
    """
    block = model.model_construct(**values)
    return block.model_dump(mode="json", by_alias=True, exclude_defaults=True, warnings=False)


def _takes(rule: Any, value: Any) -> bool:
    try:
        TypeAdapter(rule).validate_python(value)
    except ValidationError:
        return False
    return True


def _whole(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{NAMESPACE}:{key}": value for key, value in settings.items()}
