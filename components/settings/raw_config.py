"""Faults of a stack's config that no rule of a setting finds.

What is a secret and should be none, or the other way round; values that YAML turned into others;
values of a shape that neither a tenant nor a terminal could take.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

import pulumi

from components.config_files import Turned
from components.settings.faults import HIDDEN, NOT_SET, Fault, cut
from components.tenant.access import SECRETS

NAMESPACE: Final = "phonemfa"
API_KEY: Final = "cpaasApiKey"
MOST_PARTS: Final = 20_000
"""Entries of a value, all levels together; aliases of YAML can make milliards of a few lines."""
_NO_TEXT: Final = re.compile("[\0\ud800-\udfff]")
_LONG: Final = 20
"""Digits from which on a number is none that somebody means."""
DEEPEST: Final = 32
"""How deep a value may be nested; `adopted` is the deepest that is used, with six."""


def secret_faults(
    keys: Collection[str], secrets: Collection[str], *, key_needed: bool
) -> list[Fault]:
    """Whatever is a secret and should be none, and the other way round, of keys that are set."""
    key = f"{NAMESPACE}:{API_KEY}"
    fix = f"pulumi config set --secret {key} (the value is read from standard input)"
    faults = []
    if API_KEY not in keys and key_needed:
        why = "It is required: the Action cannot send without the CPaaS API key."
        faults.append(Fault(key, NOT_SET, why, fix))
    elif API_KEY in set(keys) - set(secrets):
        why = (
            "The CPaaS API key is in the stack's file as plain text, for every reader of the "
            "repository and its history."
        )
        fix = f"revoke the key at NTT CPaaS, then {fix} with the new one"
        faults.append(Fault(key, HIDDEN, why, fix))
    return faults + [
        Fault(
            f"{NAMESPACE}:{name}",
            HIDDEN,
            f"It is a secret, but only {API_KEY} is kept as one: this value would be shown in "
            "previews and in the tenant.",
            f"pulumi config rm {NAMESPACE}:{name}; if it is a setting, set it again without "
            "--secret",
        )
        for name in sorted(set(secrets) - {API_KEY})
    ]


def turned_fault(turned: Turned) -> Fault:
    """The fault of a value that would be deployed otherwise than it is written."""
    path = "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in turned.path)
    hidden = turned.key in {f"{NAMESPACE}:{API_KEY}", *(f"auth0:{one}" for one in SECRETS)}
    read = "" if hidden or len(turned.read) > _LONG else turned.read
    hidden |= len(turned.written) > _LONG
    written = HIDDEN if hidden else cut(turned.written)
    fix = "put it in quotes" if hidden else f'put it in quotes: "{written}"'
    return Fault(
        key=f"{turned.key}{path}",
        value=f"{written}, without quotes in {turned.file}",
        consequence=f"YAML reads {read or 'a number or a date'}, and that would be deployed.",
        fix=f"{fix}; or write {read}, if that is meant" if read else fix,
    )


NO_KEY: Final = (
    "is empty, or holds a space, a line break, a control or a non-ASCII character, and the CPaaS "
    "would refuse it"
)


def is_key(text: str) -> bool:
    """Whether a CPaaS could take this as a key; where not, `NO_KEY` says why and repeats none."""
    return bool(text) and text.isascii() and text.isprintable() and " " not in text


def usable_key(key: str) -> str:
    """The key itself, or a `RunError`."""
    if not is_key(key):
        name = f"{NAMESPACE}:{API_KEY}"
        raise pulumi.RunError(f"{name} {NO_KEY}. Fix: pulumi config set --secret {name}")
    return key


def shape_faults(values: Mapping[str, Any]) -> dict[str, Fault]:
    """Values that no rule needs to look at, by key: too deep, or with text that is none.

    YAML and JSON can write both, and neither a tenant nor a terminal could take them.
    """
    fix = "write it anew, as docs/reference/settings.md has it"
    return {
        key: Fault(f"{NAMESPACE}:{key}", HIDDEN, consequence, fix)
        for key, value in values.items()
        if (consequence := _misshapen(value))
    }


def _misshapen(value: Any) -> str:
    parts, count = [(value, 0)], 0
    while parts:
        part, depth = parts.pop()
        count += 1
        if count > MOST_PARTS:
            return f"It has more than {MOST_PARTS} entries: is it made of YAML aliases?"
        if depth > DEEPEST:
            return f"It is nested more than {DEEPEST} deep, and no setting is."
        if isinstance(part, str) and _NO_TEXT.search(part):
            return "It holds a NUL or half of a surrogate pair: no tenant keeps such a text."
        if isinstance(part, Mapping):
            parts += [(one, depth + 1) for pair in part.items() for one in pair]
        elif isinstance(part, (list, tuple, set, frozenset)):
            parts += [(one, depth + 1) for one in part]
    return ""
