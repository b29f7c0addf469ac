"""What is wrong with a stack's config, all of it at once, in words that lead to the fix.

The rules themselves are in values.py and model.py. A key that stands where none belongs is not
repeated: a fault is in the log of every pull request.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

import pulumi
from pydantic import ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails, PydanticCustomError

from components.masking import HIDDEN as MASK
from components.masking import printable, without_keys

HIDDEN: Final = "(not shown)"
NOT_SET: Final = "(not set)"
_LONGEST_VALUE: Final = 80
_LOOKED_AT: Final = 4000
_LONGEST_KEY: Final = 120
_MOST_SHOWN: Final = 50
_TOKEN: Final = re.compile(r'(?<=")[\w+/=~-]{20,}(?="(?!:))')
"""A whole value that is long and of one piece; hosts and paths have a dot in it."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: where, what is there, what would happen, what to do."""

    key: str
    value: str
    consequence: str
    fix: str

    def __str__(self) -> str:
        return f"{self.key} = {self.value}\n     {self.consequence}\n     Fix: {self.fix}"


class SettingsError(pulumi.RunError):
    """The config cannot be used. A RunError: the engine prints its text without a traceback."""

    def __init__(self, stack: str, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        lines = [f"{count} in the config of stack {stack}; nothing was sent to the tenant."]
        shown = faults[:_MOST_SHOWN]
        lines += [f"  {number}. {fault}" for number, fault in enumerate(shown, start=1)]
        if len(faults) > len(shown):
            lines.append(f"  … and {len(faults) - len(shown)} more.")
        super().__init__(printable(without_keys("\n".join(lines))))


def rule_broken(consequence: str, fix: str) -> PydanticCustomError:
    """The error that a rule raises: what would happen, and what to do about it."""
    # Braces are pydantic's placeholders: the words travel as context, not in the template.
    return PydanticCustomError(
        "rule_broken", "{consequence}", {"consequence": consequence, "fix": fix}
    )


def faults_of(error: ValidationError, *, namespace: str, hints: Mapping[str, str]) -> list[Fault]:
    """Every fault in a validation error; `hints` has a fix to offer by top-level key."""
    return [
        _fault(details, namespace, hints)
        for details in error.errors()
        # Too short for its entries that are wrong, each of which is told.
        if not (details["type"] == "too_short" and details["input"])
    ]


def _fault(details: ErrorDetails, namespace: str, hints: Mapping[str, str]) -> Fault:
    top = _top(details)
    value = NOT_SET if details["input"] is None else shown(details["input"])
    consequence, fix = f"{details['msg']}.", hints.get(top, "remove it")
    match details["type"]:
        case "missing":
            value = NOT_SET
            consequence = "It is required: the tenant cannot be declared without it."
        case "extra_forbidden":
            value = HIDDEN  # An unknown key may be a misspelt secret.
            consequence = "There is no such entry: it would be silently ignored."
            if len(details["loc"]) == 1:
                consequence = "There is no such setting: it would be silently ignored."
                meant = get_close_matches(top, hints, n=1, cutoff=0.75)
                known = meant[0] if meant else f"one of {', '.join(sorted(hints))}"
                fix = f"remove it, or use {known}"
        case "model_type" | "dict_type":  # pydantic names the class
            consequence = "It must be an object: entries, each with a value."
        case "frozen_set_type" | "tuple_type":
            consequence = "It must be a list: each entry in a line of its own, or all in brackets."
        case "too_short":
            consequence = "It must have at least one entry."
        case "rule_broken":
            consequence, fix = details["ctx"]["consequence"], details["ctx"]["fix"]
    return Fault(key=f"{namespace}:{_path(details)}", value=value, consequence=consequence, fix=fix)


def _top(details: ErrorDetails) -> str:
    name = str(details["loc"][0]) if details["loc"] else "(config)"
    # Of a default that breaks a rule, pydantic tells the field's name, not its key.
    return name if details["type"] == "extra_forbidden" else to_camel(name)


def _path(details: ErrorDetails) -> str:
    path = _top(details)
    for part in details["loc"][1:]:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part != "[key]":
            path += f".{part}"
    return path if len(path) <= _LONGEST_KEY else f"{path[:_LONGEST_KEY]}…"


def shown(value: Any) -> str:
    """A config value as it may be printed: as JSON, without what may be a key, cut when long."""
    text = json.dumps(value, ensure_ascii=False, default=str)[:_LOOKED_AT]
    return cut(_TOKEN.sub(MASK, text))


def cut(text: str) -> str:
    """As much of a value as may be printed."""
    text = without_keys(text[:_LOOKED_AT])
    return printable(text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…")
