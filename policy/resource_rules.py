"""The rules over one resource; names, levels and defaults are in rules.py.

What a rule cannot see (`Unseen`) it does not judge: an unknown value is judged by the apply. A
property that is not declared is judged as what the tenant then does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from components.action_code import RUNTIME
from components.settings.text_rules import gives_code
from components.settings.values import DURATION, duration, in_words, seconds
from components.tenant import action, guardian, phone_provider, phone_template
from components.tenant.model import Unseen, at, items, listed
from components.vocabulary import COMPONENT, MessageType, Policy
from policy.model import Context, Declared, Finding

_WITHOUT_CODE: Final = {kind.value for kind in MessageType if not kind.carries_code}
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
        if isinstance(text, Unseen) or (isinstance(text, str) and _shows_code(text)):
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
    if resource.type == phone_template.TOKEN:
        kind = phone_template.kind_of(resource.properties)
        if isinstance(kind, Unseen) or (isinstance(kind, str) and kind in _WITHOUT_CODE):
            return
        called = kind if isinstance(kind, str) else resource.name
        for channel in ("text", "voice"):
            yield f"The {channel} text of {called}", resource.said(channel)
    elif resource.type == guardian.TOKEN and resource.said("selected_provider") == guardian.HOOK:
        for kind in ("enrollment", "verification"):
            yield f"The {kind} text", resource.said(f"{kind}_message")


def _shows_code(text: str) -> bool:
    from liquid.exceptions import LiquidError  # noqa: PLC0415 - a quarter of a second, for few

    try:
        return gives_code(text)
    except LiquidError:
        return False


def country_allow_list(resource: Declared, context: Context) -> Iterator[Finding]:
    """Countries that the component's Action sends to: a setting (`allowedPrefixes`)."""
    settings = at(resource.properties, "settings")
    if resource.type != COMPONENT or not isinstance(settings, Mapping):
        return  # Hidden, or of a version that told no settings: not to be seen.
    told, adopted = settings.get("allowedPrefixes"), settings.get("adopted")
    if isinstance(told, Unseen):
        return
    prefixes = listed(told)
    if adopted or not prefixes:
        yield Finding(
            urn=resource.urn,
            message="The stack does not say which countries the Action sends to, as it is declared "
            "as it was found: that is left to its code."
            if adopted
            else "The component has no allowedPrefixes: where its Action sends to is left to a "
            "default in its code.",
            fix="set phonemfa:allowedPrefixes, such as [+81], with an Action of the package",
        )
        return
    allowed = tuple(context.options["allowed"])
    for prefix in prefixes:
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
    if resource.type not in {action.TOKEN, phone_provider.TOKEN, guardian.TOKEN}:
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
    if resource.type == action.TOKEN and any(
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
    if resource.type != guardian.TOKEN or not context.production:
        return
    policy = resource.said("policy")
    if isinstance(policy, Unseen) or policy == Policy.ALWAYS.guardian_policy:
        return
    says = f"The policy is {policy}" if isinstance(policy, str) else "No policy is declared"
    yield Finding(
        urn=resource.urn,
        message=f"{says}, and {context.stack} is production: users would log in without a second "
        "factor.",
        fix="set phonemfa:policy to always",
    )


def always_means_always(resource: Declared, context: Context) -> Iterator[Finding]:
    """How long a browser of a production stack is remembered, where the policy is always."""
    if resource.type != guardian.TOKEN or not context.production:
        return
    shown, overall = resource.said("remember_me_shown"), resource.said("session_overall")
    if resource.said("policy") != Policy.ALWAYS.guardian_policy or shown is False:
        return
    if isinstance(shown, Unseen) or isinstance(overall, Unseen):
        return
    durations = [one for one in context.options["longest"] if DURATION.match(one)]
    longest = max(map(seconds, durations), default=0)
    if isinstance(overall, (int, float)) and overall <= longest:
        return
    says = (
        f"A browser is remembered for up to {in_words(duration(int(overall)))}"
        if isinstance(overall, (int, float))
        else "Nothing says how long a browser is remembered (by Auth0's default for up to 30 days)"
    )
    yield Finding(
        urn=resource.urn,
        message=f"{says}, and {context.stack} is production: whoever ticks the checkbox is not "
        'asked again there, although the policy is "always".',
        fix="set phonemfa:rememberBrowser to {shown: false}, or its overall time to "
        f"{in_words(duration(longest)) if longest else 'what you allow'} at most (it needs "
        "pulumi-auth0 3.54, and a tenant that is entitled to it)",
    )


def protected_in_production(resource: Declared, context: Context) -> Iterator[Finding]:
    """`protect` on everything that phone MFA is made of, in a production stack."""
    if not context.production or not resource.is_phone_mfa or resource.protect:
        return
    yield Finding(
        urn=resource.urn,
        message=f"{resource.name} is not protected, and {context.stack} is production: a slip in "
        "a change could delete or replace it.",
        fix="set phonemfa:protect to true",
    )


def pinned_runtime(resource: Declared, _context: Context) -> Iterator[Finding]:
    """The runtime of an Action on a phone trigger."""
    if not resource.sends_by_phone:
        return
    runtime = resource.said("runtime")
    if isinstance(runtime, Unseen) or runtime == RUNTIME:
        return
    says = f"The Action runs on {runtime}" if runtime else "The Action's runtime is not declared"
    yield Finding(
        urn=resource.urn,
        message=f"{says}, not on {RUNTIME}: its code was never tried there.",
        fix=f"declare runtime={RUNTIME!r}",
    )


def no_dependency(resource: Declared, _context: Context) -> Iterator[Finding]:
    """Npm packages of an Action on a phone trigger: declared, or only required by its code."""
    if not resource.sends_by_phone:
        return
    code = resource.said("code")
    declared = {str(one.get("name")) for one in items(resource.said("dependencies"))}
    required = {
        name
        for groups in _REQUIRED.findall(code if isinstance(code, str) else "")
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
    if resource.type != guardian.TOKEN:
        return
    policy, enabled = resource.said("policy"), resource.said("phone_enabled")
    if not isinstance(policy, str) or policy == Policy.NEVER.guardian_policy:
        return
    if enabled is True or isinstance(enabled, Unseen):
        return
    yield Finding(
        urn=resource.urn,
        message=f"The policy is {policy} while the phone factor is off: users who have no other "
        "factor would be locked out.",
        fix="switch the phone factor on, or set phonemfa:policy to never",
    )
