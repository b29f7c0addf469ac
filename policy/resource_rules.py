"""The rules over one resource.

Owns each rule's logic and words. Refuses names, levels and defaults (rules.py), and every rule
that needs two resources (stack_rules.py).

What a rule cannot see (`Hidden`) it does not judge: an unknown value is judged by the apply. A
property that is not declared is judged as what the tenant then does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from components.action_code import RUNTIME
from components.settings.text_rules import gives_code
from components.vocabulary import COMPONENT, MessageType, Policy
from policy.model import Context, Declared, Finding, Hidden
from policy.resource_types import ACTION, GUARDIAN, PROVIDER, TEMPLATE, is_phone_mfa, sends_by_phone

_WITHOUT_CODE: Final = {kind.value for kind in MessageType if not kind.carries_code}
_LEGACY_PROVIDER: Final = "phone-message-hook"
_CREDENTIAL_NAME: Final = re.compile(r"(secret|token|password|key)\Z", re.IGNORECASE)
_CPAAS_KEY: Final = re.compile(r"\b[0-9a-f]{32}-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
"""The shape of a CPaaS API key in the vendor's documentation: 32 hexadecimal digits, a UUID."""
_REQUIRED: Final = re.compile(
    r"""\b(?:require|import)\s*\(\s*['"]([^'"]+)['"]|^\s*import\b[^'"\n]*['"]([^'"]+)['"]""",
    re.MULTILINE,
)
_NODE_MODULES: Final = frozenset({"crypto"})
"""Modules of Node itself that the Action uses by their old names; `node:` ones are Node's too."""


def code_in_texts(resource: Declared, _context: Context) -> Iterator[Finding]:
    """Texts that have to carry a code: a unified tenant's templates, a legacy tenant's factor."""
    for label, text in _code_texts(resource):
        if isinstance(text, Hidden) or (isinstance(text, str) and _shows_code(text)):
            continue
        if isinstance(text, str) and text:
            message = f"{label} does not output the code, or is not Liquid"
        else:
            message = f"{label} is not declared, so nothing says that it outputs the code"
        yield Finding(
            urn=resource.urn,
            message=f"{message}: users would get a message that does not let them log in.",
            fix="put {{ code }} where the code belongs",
        )


def _code_texts(resource: Declared) -> Iterator[tuple[str, Any]]:
    if resource.type == TEMPLATE:
        kind = resource.text_at("type")
        if isinstance(resource.at("type"), Hidden) or kind in _WITHOUT_CODE:
            return
        for channel in ("text", "voice"):
            yield (
                f"The {channel} text of {kind or resource.name}",
                resource.at("content", "body", channel),
            )
    elif resource.type == GUARDIAN and resource.at("phone", "provider") == _LEGACY_PROVIDER:
        for kind in ("enrollment", "verification"):
            yield f"The {kind} text", resource.at("phone", "options", f"{kind}Message")


def _shows_code(text: str) -> bool:
    from liquid.exceptions import LiquidError  # noqa: PLC0415 - a quarter of a second, for few

    try:
        return gives_code(text)
    except LiquidError:
        return False


def country_allow_list(resource: Declared, context: Context) -> Iterator[Finding]:
    """Countries that the component's Action sends to: a setting (`allowedPrefixes`)."""
    if resource.type != COMPONENT or not isinstance(resource.at("settings"), Mapping):
        return  # Hidden, or of a version that told no settings: not to be seen.
    prefixes = resource.at("settings", "allowedPrefixes")
    if isinstance(prefixes, Hidden):
        return
    if resource.at("settings", "adopted") or not resource.items_at("settings", "allowedPrefixes"):
        yield Finding(
            urn=resource.urn,
            message="The stack does not say which countries the Action sends to, as it is declared "
            "as it was found: that is left to its code."
            if resource.at("settings", "adopted")
            else "The component has no allowedPrefixes: where its Action sends to is left to a "
            "default in its code.",
            fix="set phonemfa:allowedPrefixes, such as [+81], with an Action of the package",
        )
        return
    allowed = tuple(context.options["allowed"])
    for prefix in resource.items_at("settings", "allowedPrefixes"):
        if isinstance(prefix, str) and not prefix.startswith(allowed):
            yield Finding(
                urn=resource.urn,
                message=f"The Action sends to {prefix}, which is not on this stack's list "
                f"({', '.join(allowed) or 'empty'}): whoever asks for codes to numbers there "
                "makes the company pay for them.",
                fix=f"take {prefix} out of phonemfa:allowedPrefixes, or add it to the rule's "
                '"allowed" in policy/stacks/<stack>.json',
            )


def no_plaintext_secret(resource: Declared, _context: Context) -> Iterator[Finding]:
    """Credentials of Actions, phone providers and factors, by their names; a CPaaS key by its form.

    Which of an Action's secrets is one nobody can see: the plugin hides them as a whole.
    """
    if resource.type not in {ACTION, PROVIDER, GUARDIAN}:
        return
    for name, value in _strings(resource.properties):
        if _CREDENTIAL_NAME.search(name) and value:
            yield Finding(
                urn=resource.urn,
                message=f"{name} is declared as plain text: every reader of a preview or of the "
                "state has it.",
                fix="revoke it, then set the new one with pulumi config set --secret and read it "
                "with require_secret",
            )
    if resource.type == ACTION and any(
        _CPAAS_KEY.search(value) for _, value in _strings(resource.properties)
    ):
        yield Finding(
            urn=resource.urn,
            message="The Action is declared with what looks like a CPaaS API key, in its code or "
            "in the open beside it: every reader of a preview has it.",
            fix="revoke it, set the new one with pulumi config set --secret, and let the Action "
            "read event.secrets.CPAAS_API_KEY",
        )


def _strings(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every string in a value, with the name of the property that holds it."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, Mapping):
        for key, member in value.items():
            yield from _strings(member, key)
    elif isinstance(value, Sequence):
        for member in value:
            yield from _strings(member, name)


def always_in_production(resource: Declared, context: Context) -> Iterator[Finding]:
    """The policy of a production stack."""
    if resource.type != GUARDIAN or not context.production:
        return
    policy = resource.text_at("policy")
    if isinstance(resource.at("policy"), Hidden) or policy == Policy.ALWAYS.guardian_policy:
        return
    says = f"The policy is {policy}" if policy else "No policy is declared"
    yield Finding(
        urn=resource.urn,
        message=f"{says}, and {context.stack} is production: users would log in without a second "
        "factor.",
        fix="set phonemfa:policy to always",
    )


def protected_in_production(resource: Declared, context: Context) -> Iterator[Finding]:
    """`protect` on everything that phone MFA is made of, in a production stack."""
    if not context.production or not is_phone_mfa(resource) or resource.protect:
        return
    yield Finding(
        urn=resource.urn,
        message=f"{resource.name} is not protected, and {context.stack} is production: a slip in "
        "a change could delete or replace it.",
        fix="set phonemfa:protect to true",
    )


def pinned_runtime(resource: Declared, _context: Context) -> Iterator[Finding]:
    """The runtime of an Action on a phone trigger."""
    runtime = resource.at("runtime")
    if not sends_by_phone(resource) or isinstance(runtime, Hidden) or runtime == RUNTIME:
        return
    says = f"The Action runs on {runtime}" if runtime else "The Action's runtime is not declared"
    yield Finding(
        urn=resource.urn,
        message=f"{says}, not on {RUNTIME}: its code was never tried there.",
        fix=f"declare runtime={RUNTIME!r}",
    )


def no_dependency(resource: Declared, _context: Context) -> Iterator[Finding]:
    """Npm packages of an Action on a phone trigger: declared, or only required by its code."""
    if not sends_by_phone(resource):
        return
    declared = {
        str(one.get("name"))
        for one in resource.items_at("dependencies")
        if isinstance(one, Mapping)
    }
    required = {
        name
        for groups in _REQUIRED.findall(resource.text_at("code") or "")
        for name in groups
        if name and not name.startswith("node:") and name not in _NODE_MODULES
    }
    for name in sorted(declared | required):
        yield Finding(
            urn=resource.urn,
            message=f"The Action uses the npm package {name}: code from outside would run with "
            "the CPaaS key and users' phone numbers.",
            fix=f"do without {name}; Node's own modules and fetch are enough",
        )


def factor_behind_policy(resource: Declared, _context: Context) -> Iterator[Finding]:
    """A policy that asks for a second factor, and the phone factor."""
    if resource.type != GUARDIAN:
        return
    policy, enabled = resource.text_at("policy"), resource.at("phone", "enabled")
    if policy in {None, Policy.NEVER.guardian_policy}:
        return
    if enabled is True or isinstance(enabled, Hidden):
        return
    yield Finding(
        urn=resource.urn,
        message=f"The policy is {policy} while the phone factor is off: users who have no other "
        "factor would be locked out.",
        fix="switch the phone factor on, or set phonemfa:policy to never",
    )
