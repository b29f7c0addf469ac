"""The rules by name: what each looks at, why it is there, and what becomes of a violation.

A stack changes a rule's level or options with Pulumi's own policy config (levels.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from components.action_code import RUNTIME
from policy import resource_rules, stack_rules
from policy.model import PRODUCTION, Context, Declared, Finding, Level, Violation


@dataclass(frozen=True, kw_only=True)
class Option:
    """A value that a stack may set for a rule: a list of strings.

    `description` is for whoever writes the config; `default` holds where a stack says nothing.
    """

    description: str
    default: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _Named:
    name: str
    description: str
    level: Level = Level.MANDATORY
    options: Mapping[str, Option] = field(default_factory=dict)

    def context(self, stack: str, options: Mapping[str, Any] | None = None) -> Context:
        """What the rule may ask for in a stack that sets these options."""
        defaults = {name: list(option.default) for name, option in self.options.items()}
        return Context(stack=stack, options=defaults | dict(options or {}))


@dataclass(frozen=True, kw_only=True)
class ResourceRule(_Named):
    """A rule over one resource: it holds or breaks whatever else the stack declares."""

    check: Callable[[Declared, Context], Iterator[Finding]]


@dataclass(frozen=True, kw_only=True)
class StackRule(_Named):
    """A rule over all resources together; it needs the unchanged ones too."""

    check: Callable[[Sequence[Declared], Context], Iterator[Finding]]


Rule = ResourceRule | StackRule

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

RULES: Final[tuple[Rule, ...]] = (
    StackRule(
        name="message-types-covered",
        description="Every message type of the phone factor has a delivery method of the phone "
        "provider: a user who picks a channel that nobody delivers cannot log in.",
        check=stack_rules.message_types_covered,
    ),
    ResourceRule(
        name="code-in-texts",
        description="Every text that has to carry a code outputs it, as SMS and read aloud: "
        "without it the message is useless and the login fails.",
        check=resource_rules.code_in_texts,
    ),
    ResourceRule(
        name="country-allow-list",
        description="The stack's settings allow listed country prefixes alone: attackers earn "
        "money by "
        "having codes sent to expensive numbers abroad.",
        options={
            "allowed": Option(
                description="prefixes that an Action may send to; a longer one is allowed too",
                default=("+81",),
            )
        },
        check=resource_rules.country_allow_list,
    ),
    ResourceRule(
        name="no-plaintext-secret",
        description="No credential is declared in the open: it would be in every preview, in the "
        "stack's state, and in the history of the repository.",
        check=resource_rules.no_plaintext_secret,
    ),
    ResourceRule(
        name="always-in-production",
        description="In production a second factor is always asked for: that is what the tenant "
        "has phone MFA for.",
        level=Level.ADVISORY,
        options=_PRODUCTION,
        check=resource_rules.always_in_production,
    ),
    ResourceRule(
        name="always-means-always",
        description='In production with the policy "always", no browser is remembered for long: '
        "whoever ticks the checkbox is not asked there until that time is over.",
        level=Level.ADVISORY,
        options={
            **_PRODUCTION,
            "longest": Option(
                description="how long a browser may be remembered, such as 12h; none, when empty",
                default=("1d",),
            ),
        },
        check=resource_rules.always_means_always,
    ),
    ResourceRule(
        name="protected-in-production",
        description="In production every phone MFA resource is protected: one that is deleted or "
        "replaced by a slip locks every user out.",
        options=_PRODUCTION,
        check=resource_rules.protected_in_production,
    ),
    ResourceRule(
        name="pinned-runtime",
        description=f"The Action's runtime is pinned to {RUNTIME}, which its tests run on: a "
        "trigger's default moves without a review.",
        check=resource_rules.pinned_runtime,
    ),
    StackRule(
        name="one-sender-per-channel",
        description="One Action, one phone provider and one template a message type: with two, "
        "which one sends is left to chance; with none, nothing is sent.",
        check=stack_rules.one_sender_per_channel,
    ),
    ResourceRule(
        name="no-dependency",
        description="The Action has no npm package: each is code that nobody here reviews, with "
        "the CPaaS key and every user's number in reach.",
        check=resource_rules.no_dependency,
    ),
    ResourceRule(
        name="factor-behind-policy",
        description="A policy that asks for a second factor has the phone factor behind it: users "
        "who have no other would be locked out.",
        check=resource_rules.factor_behind_policy,
    ),
)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a stack says about one rule."""

    level: Level
    options: Mapping[str, Any] = field(default_factory=dict)


def violations(
    resources: Iterable[Declared],
    *,
    stack: str,
    settings: Mapping[str, Setting],
) -> list[Violation]:
    """Everything in a stack's resources that breaks a rule, in the rules' order.

    Args:
        resources: everything that the stack declares once the change is made.
        stack: the stack's name without organisation and project.
        settings: by rule name (levels.py); a rule that is not in it has its own level.
    """
    declared = tuple(resources)
    found: list[Violation] = []
    for rule in RULES:
        setting = settings.get(rule.name, Setting(level=rule.level))
        if setting.level is Level.DISABLED:
            continue
        context = rule.context(stack, setting.options)
        if isinstance(rule, ResourceRule):
            findings = [one for resource in declared for one in rule.check(resource, context)]
        else:
            findings = list(rule.check(declared, context))
        found.extend(
            Violation(
                rule=rule.name,
                urn=one.urn,
                message=one.message,
                fix=one.fix,
                enforcement=setting.level,
            )
            for one in findings
        )
    return found
