"""The rules: what each looks at, why it is there, and what becomes of a violation.

A rule over one resource does not judge what it cannot see (`UnseenError`): an unknown value is
judged by the apply. A property that is not declared is judged as what the tenant then does. Rules
over all resources together get from the engine what these are after the change, not what the
program said: they read only properties whose meaning the tenant does not change.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Any, Final

from components.action_code import RUNTIME
from components.settings.code_in_text import where_missing
from components.settings.values import DURATION, duration, in_words, seconds
from components.tenant import action, guardian, phone_provider, phone_template, trigger
from components.tenant.model import Unseen, UnseenError, at, is_hidden, items, listed, seen
from components.vocabulary import (
    COMPONENT,
    TRIGGERS,
    DeliveryMethod,
    Experience,
    MessageType,
    Policy,
    guardian_message_types,
)
from policy.model import PRODUCTION, Context, Declared, Finding, Level, Violation

_UNIFIED_TRIGGER: Final = TRIGGERS[Experience.UNIFIED]
_LEGACY_TRIGGER: Final = TRIGGERS[Experience.LEGACY]
_WITHOUT_CODE: Final = [kind.value for kind in MessageType if not kind.carries_code]
_CREDENTIAL_NAME: Final = re.compile(r"(secret|token|password|key)\Z", re.IGNORECASE)
_CPAAS_KEY: Final = re.compile(r"\b[0-9a-f]{32}-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
"""The shape of a CPaaS API key in the vendor's documentation: 32 hexadecimal digits, a UUID."""
_REQUIRED: Final = re.compile(
    r"""\b(?:require|import)\s*\(\s*['"]([^'"]+)['"]|^\s*import\b[^'"\n]*['"]([^'"]+)['"]""",
    re.MULTILINE,
)
_NODE_MODULES: Final = frozenset({"crypto"})
"""Modules of Node itself that the Action uses by their old names; `node:` ones are Node's too."""


@dataclass(frozen=True, kw_only=True)
class Option:
    """A value that a stack may set for a rule: a list of strings.

    `description` is for whoever writes the config; `default` holds where a stack says nothing.
    """

    description: str
    default: tuple[str, ...]


Check = Callable[[Any, Context], Iterator[Finding]]


@dataclass(frozen=True)
class Rule:
    """A rule over each resource of the types `of` (of all, when there are none).

    One `of_stack` is over all resources together, and needs the unchanged ones too. With
    `PRODUCTION` among its options, it holds in stacks that users depend on alone.
    """

    name: str
    description: str
    check: Check
    _: KW_ONLY
    level: Level = Level.MANDATORY
    options: Mapping[str, Option] = field(default_factory=dict)
    of: tuple[str, ...] = ()
    of_stack: bool = False

    def context(self, stack: str, options: Mapping[str, Any] | None = None) -> Context:
        """What the rule may ask for in a stack that sets these options."""
        defaults = {name: list(option.default) for name, option in self.options.items()}
        return Context(stack=stack, options=defaults | dict(options or {}))

    def findings(self, resources: Sequence[Declared], context: Context) -> Iterator[Finding]:
        """Everything in a stack's resources that breaks it."""
        if PRODUCTION in self.options and not context.production:
            return
        if self.of_stack:
            with suppress(UnseenError):
                yield from self.check(resources, context)
            return
        for resource in resources:
            if not self.of or resource.type in self.of:
                with suppress(UnseenError):
                    for finding in self.check(resource, context):
                        yield replace(finding, urn=resource.urn)


RULES: Final[list[Rule]] = []


def _rule(name: str, description: str, **more: Any) -> Callable[[Check], Check]:
    def register(check: Check) -> Check:
        RULES.append(Rule(name, description, check, **more))
        return check

    return register


_PRODUCTION: Final = {
    PRODUCTION: Option(
        description="stacks that users depend on, as name patterns",
        # A word of the name: prod, prod-jp, shop_production, but not product or preprod.
        default=tuple(
            pattern
            for word in ("prod", "production")
            for pattern in (word, f"{word}[-_.]*", f"*[-_.]{word}", f"*[-_.]{word}[-_.]*")
        ),
    )
}


@_rule(
    "message-types-covered",
    "Every message type of the phone factor has a delivery method of the phone "
    "provider: a user who picks a channel that nobody delivers cannot log in.",
    of_stack=True,
)
def _message_types_covered(resources: Sequence[Declared], _context: Context) -> Iterator[Finding]:
    # A stack without a phone provider is a legacy one: there the Action alone decides.
    providers = _all(resources, phone_provider.TOKEN)
    if not providers:
        return
    covered = _covered(providers)
    for factor in _all(resources, guardian.TOKEN):
        if factor.said("phone_enabled") is not True:
            continue
        types = factor.said("message_types")
        if not types:
            yield Finding(
                "The phone factor is on without declared message types: users may be offered "
                "channels that nobody delivers.",
                "declare phone.message_types",
                factor.urn,
            )
        for kind in listed(types):
            if isinstance(kind, str) and kind not in covered:
                yield Finding(
                    f"The factor offers {kind}, which the phone provider does not deliver "
                    f"({', '.join(covered) or 'nothing'}): users who pick it cannot log in.",
                    "add the channel to phonemfa:deliveryMethods, or take it out of the factor",
                    factor.urn,
                )


def _all(resources: Sequence[Declared], token: str) -> list[Declared]:
    return [one for one in resources if one.type == token]


def _covered(providers: Sequence[Declared]) -> list[str]:
    named: list[Any] = []
    for one in providers:
        methods = one.said("delivery_methods")
        if is_hidden(methods):
            raise UnseenError
        named += [] if one.said("disabled") else listed(methods)
    return guardian_message_types([method for method in DeliveryMethod if method in named])


@_rule(
    "code-in-texts",
    "Every text that has to carry a code outputs it, as SMS and read aloud: "
    "without it the message is useless and the login fails.",
)
def _code_in_texts(resource: Declared, _context: Context) -> Iterator[Finding]:
    for label, part in _code_texts(resource):
        with suppress(UnseenError):
            text = resource.said(part)
            if isinstance(text, str) and _shows_code(text):
                continue
            what = (
                "does not output the code, or is not Liquid"
                if isinstance(text, str) and text
                else "is not declared, so nothing says that it outputs the code"
            )
            yield Finding(
                f"{label} {what}: users would get a message that does not let them log in.",
                "put {{ code }} where the code belongs",
            )


def _code_texts(resource: Declared) -> Iterator[tuple[str, str]]:
    """What each text that has to carry a code is called, and its part of the resource."""
    if resource.type == phone_template.TOKEN:
        kind = seen(phone_template.kind_of(resource.properties))
        called = kind if isinstance(kind, str) else resource.name
        if not isinstance(kind, str) or kind not in _WITHOUT_CODE:
            for channel in ("text", "voice"):
                yield f"The {channel} text of {called}", channel
    elif resource.type == guardian.TOKEN and resource.said("selected_provider") == guardian.HOOK:
        for kind in ("enrollment", "verification"):
            yield f"The {kind} text", f"{kind}_message"


def _shows_code(text: str) -> bool:
    from liquid.exceptions import LiquidError  # noqa: PLC0415 - a quarter of a second, for few

    try:
        return where_missing(text) is None
    except LiquidError:
        return False


@_rule(
    "country-allow-list",
    "The stack's settings allow listed country prefixes alone: attackers earn "
    "money by having codes sent to expensive numbers abroad.",
    options={
        "allowed": Option(
            description="prefixes that an Action may send to; a longer one is allowed too",
            default=("+81",),
        )
    },
    of=(COMPONENT,),
)
def _country_allow_list(resource: Declared, context: Context) -> Iterator[Finding]:
    settings = at(resource.properties, "settings")
    if not isinstance(settings, Mapping):
        return  # Hidden, or of a version that told no settings: not to be seen.
    prefixes = listed(seen(settings.get("allowedPrefixes")))
    adopted = settings.get("adopted")
    if adopted or not prefixes:
        yield Finding(
            "The stack does not say which countries the Action sends to, as it is declared as it "
            "was found: that is left to its code."
            if adopted
            else "The component has no allowedPrefixes: where its Action sends to is left to a "
            "default in its code.",
            "set phonemfa:allowedPrefixes, such as [+81], with an Action of the package",
        )
        return
    allowed = tuple(context.options["allowed"])
    for prefix in prefixes:
        if isinstance(prefix, str) and not prefix.startswith(allowed):
            yield Finding(
                f"The Action sends to {prefix}, which is not on this stack's list "
                f"({', '.join(allowed) or 'empty'}): whoever asks for codes to numbers there "
                "makes the company pay for them.",
                f"take {prefix} out of phonemfa:allowedPrefixes, or add it to the rule's "
                '"allowed" in policy/stacks/<stack>.json',
            )


@_rule(
    "no-plaintext-secret",
    "No credential is declared in the open: it would be in every preview, in the "
    "stack's state, and in the history of the repository.",
    of=(action.TOKEN, phone_provider.TOKEN, guardian.TOKEN),
)
def _no_plaintext_secret(resource: Declared, _context: Context) -> Iterator[Finding]:
    # By their names, a CPaaS key by its form: which of an Action's secrets is one nobody can see,
    # as the plugin hides them as a whole.
    strings = list(_strings(resource.properties))
    for name, value in strings:
        if _CREDENTIAL_NAME.search(name) and value:
            yield Finding(
                f"{name} is declared as plain text: every reader of a preview or of the state has "
                "it.",
                "revoke it, then set the new one with pulumi config set --secret and read it "
                "with require_secret",
            )
    if resource.type == action.TOKEN and any(_CPAAS_KEY.search(value) for _, value in strings):
        yield Finding(
            "The Action is declared with what looks like a CPaaS API key, in its code or in the "
            "open beside it: every reader of a preview has it.",
            "revoke it, set the new one with pulumi config set --secret, and let the Action "
            "read event.secrets.CPAAS_API_KEY",
        )


def _strings(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every string in a value, with the name of the property that holds it."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, Mapping):
        for key, member in value.items():
            yield from _strings(member, key)
    else:
        for member in listed(value):
            yield from _strings(member, name)


@_rule(
    "always-in-production",
    "In production a second factor is always asked for: that is what the tenant has phone MFA for.",
    level=Level.ADVISORY,
    options=_PRODUCTION,
    of=(guardian.TOKEN,),
)
def _always_in_production(resource: Declared, context: Context) -> Iterator[Finding]:
    policy = resource.said("policy")
    if policy != Policy.ALWAYS.guardian_policy:
        says = f"The policy is {policy}" if isinstance(policy, str) else "No policy is declared"
        yield Finding(
            f"{says}, and {context.stack} is production: users would log in without a second "
            "factor.",
            "set phonemfa:policy to always",
        )


@_rule(
    "always-means-always",
    'In production with the policy "always", no browser is remembered for long: '
    "whoever ticks the checkbox is not asked there until that time is over.",
    level=Level.ADVISORY,
    options={
        **_PRODUCTION,
        "longest": Option(
            description="how long a browser may be remembered, such as 12h; none, when empty",
            default=("1d",),
        ),
    },
    of=(guardian.TOKEN,),
)
def _always_means_always(resource: Declared, context: Context) -> Iterator[Finding]:
    is_always = resource.said("policy") == Policy.ALWAYS.guardian_policy
    if not is_always or resource.said("remember_me_shown") is False:
        return
    overall = resource.said("session_overall")
    durations = [one for one in context.options["longest"] if DURATION.match(one)]
    longest = max(map(seconds, durations), default=0)
    says = "Nothing says how long a browser is remembered (by Auth0's default for up to 30 days)"
    if isinstance(overall, (int, float)):
        if overall <= longest:
            return
        says = f"A browser is remembered for up to {in_words(duration(int(overall)))}"
    yield Finding(
        f"{says}, and {context.stack} is production: whoever ticks the checkbox is not asked "
        'again there, although the policy is "always".',
        "set phonemfa:rememberBrowser to {shown: false}, or its overall time to "
        f"{in_words(duration(longest)) if longest else 'what you allow'} at most (it needs "
        "pulumi-auth0 3.54, and a tenant that is entitled to it)",
    )


@_rule(
    "protected-in-production",
    "In production every phone MFA resource is protected: one that is deleted or "
    "replaced by a slip locks every user out.",
    options=_PRODUCTION,
)
def _protected_in_production(resource: Declared, context: Context) -> Iterator[Finding]:
    if resource.is_phone_mfa and not resource.protect:
        yield Finding(
            f"{resource.name} is not protected, and {context.stack} is production: a slip in a "
            "change could delete or replace it.",
            "set phonemfa:protect to true",
        )


@_rule(
    "pinned-runtime",
    f"The Action's runtime is pinned to {RUNTIME}, which its tests run on: a "
    "trigger's default moves without a review.",
)
def _pinned_runtime(resource: Declared, _context: Context) -> Iterator[Finding]:
    if resource.sends_by_phone and (runtime := resource.said("runtime")) != RUNTIME:
        yield Finding(
            f"The Action runs on {runtime or 'an undeclared runtime'}, not on {RUNTIME}: its code "
            "was never tried there.",
            f"declare runtime={RUNTIME!r}",
        )


@_rule(
    "one-sender-per-channel",
    "One Action, one phone provider and one template a message type: with two, "
    "which one sends is left to chance; with none, nothing is sent.",
    of_stack=True,
)
def _one_sender_per_channel(resources: Sequence[Declared], _context: Context) -> Iterator[Finding]:
    # Only the provider "custom" has an Action behind it; for a legacy trigger, one must be bound.
    if any(isinstance(one.trigger, Unseen) for one in resources):
        return
    unified = _on_trigger(resources, _UNIFIED_TRIGGER)
    legacy = _on_trigger(resources, _LEGACY_TRIGGER)
    providers = _all(resources, phone_provider.TOKEN)
    templates = _all(resources, phone_template.TOKEN)
    if unified or providers or templates:
        with suppress(UnseenError):
            # Twilio alone sends without an Action.
            if unified or any(one.said("name") != phone_provider.TWILIO for one in providers):
                yield from _exactly_one(unified, f"Action on {_UNIFIED_TRIGGER}")
        yield from _exactly_one(providers, "phone provider")
        yield from _one_a_type(templates)
    bindings = _bindings(resources)
    if legacy or bindings:
        yield from _exactly_one(legacy, f"Action on {_LEGACY_TRIGGER}")
        yield from _exactly_one(bindings, f"Action bound to {_LEGACY_TRIGGER}")
    if not (unified or legacy or providers or bindings):
        for factor in _all(resources, guardian.TOKEN):
            if factor.said("phone_enabled") is True:
                yield Finding(
                    "The phone factor is on, and the stack declares nothing that sends.",
                    "declare the sender in the same stack",
                    factor.urn,
                )


def _on_trigger(resources: Sequence[Declared], name: str) -> list[Declared]:
    return [one for one in resources if one.sends_by_phone and one.trigger == name]


def _bindings(resources: Sequence[Declared]) -> list[Declared]:
    """The holders of bindings to the legacy trigger, one entry a bound Action."""
    return [
        one
        for token in (trigger.TOKEN, trigger.TOKEN_OF_ALL)
        for one in _all(resources, token)
        if one.trigger == _LEGACY_TRIGGER
        for _ in trigger.Binding.recorded(one.properties)
    ]


def _exactly_one(found: Sequence[Declared], what: str) -> Iterator[Finding]:
    if not found:
        yield Finding(
            f"The stack declares no {what}: no code would be sent.", f"declare one {what}"
        )
    for surplus in found[1:]:
        yield Finding(
            f"{surplus.name} is one {what} too many: which one sends is left to chance.",
            f"keep one {what}",
            surplus.urn,
        )


def _one_a_type(templates: Sequence[Declared]) -> Iterator[Finding]:
    found: list[Any] = []  # Of any form, as a preview may have it.
    for template in templates:
        kind = phone_template.kind_of(template.properties)
        if isinstance(kind, str) and kind in found:
            yield Finding(
                f"{template.name} is a second template of {kind}: the tenant has room for one and "
                "refuses the other.",
                f"keep one template of {kind}",
                template.urn,
            )
        found.append(kind)


@_rule(
    "no-dependency",
    "The Action has no npm package: each is code that nobody here reviews, with "
    "the CPaaS key and every user's number in reach.",
)
def _no_dependency(resource: Declared, _context: Context) -> Iterator[Finding]:
    if not resource.sends_by_phone:
        return
    names = set()
    with suppress(UnseenError):
        names |= {str(one.get("name")) for one in items(resource.said("dependencies"))}
    with suppress(UnseenError):
        found = _REQUIRED.findall(str(resource.said("code") or ""))
        required = {name for groups in found for name in groups if name} - _NODE_MODULES
        names |= {name for name in required if not name.startswith("node:")}
    for name in sorted(names):
        yield Finding(
            f"The Action uses the npm package {name}: code from outside would run with the CPaaS "
            "key and users' phone numbers.",
            f"do without {name}; Node's own modules and fetch are enough",
        )


@_rule(
    "factor-behind-policy",
    "A policy that asks for a second factor has the phone factor behind it: users "
    "who have no other would be locked out.",
    of=(guardian.TOKEN,),
)
def _factor_behind_policy(resource: Declared, _context: Context) -> Iterator[Finding]:
    policy = resource.said("policy")
    if not isinstance(policy, str) or policy == Policy.NEVER.guardian_policy:
        return
    if resource.said("phone_enabled") is not True:
        yield Finding(
            f"The policy is {policy} while the phone factor is off: users who have no other "
            "factor would be locked out.",
            "switch the phone factor on, or set phonemfa:policy to never",
        )


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a stack says about one rule."""

    level: Level
    options: Mapping[str, Any] = field(default_factory=dict)


def violations(
    resources: Iterable[Declared], *, stack: str, settings: Mapping[str, Setting]
) -> list[Violation]:
    """Everything in a stack's resources that breaks a rule, in the rules' order.

    `resources` are what the stack declares once the change is made; a rule that `settings`
    (levels.py) does not name has its own level.
    """
    declared = tuple(resources)
    found: list[Violation] = []
    for rule in RULES:
        setting = settings.get(rule.name, Setting(level=rule.level))
        if setting.level is Level.DISABLED:
            continue
        findings = rule.findings(declared, rule.context(stack, setting.options))
        found += [
            Violation(**vars(one), rule=rule.name, enforcement=setting.level) for one in findings
        ]
    return found
