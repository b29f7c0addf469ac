"""What a rule looks at and what it says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any, Final

from components.tenant import action, trigger
from components.tenant.model import at, seen
from components.tenant.snapshot import MODELS
from components.vocabulary import TRIGGERS

_PARTS: Final = {
    token: {part.field: part.pulumi for part in model.PARTS} for token, model in MODELS.items()
}


class Level(StrEnum):
    """What becomes of a violation, in Pulumi's words."""

    MANDATORY = "mandatory"
    """The preview fails and nothing is applied."""
    ADVISORY = "advisory"
    """A warning."""
    DISABLED = "disabled"
    """The rule does not run."""


@dataclass(frozen=True, kw_only=True)
class Declared:
    """One resource that a stack declares.

    `properties` are the resource's in Pulumi's camelCase names, as JSON values; `UNSEEN` stands,
    at any depth, in the place of every secret and of every value that only the apply will tell.
    """

    urn: str
    type: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    protect: bool = False

    @property
    def name(self) -> str:
        """The resource's name in the program."""
        return self.urn.rpartition("::")[2]

    def said(self, part: str) -> Any:
        """What the program says of a part, by its field, or None; `UnseenError` if hidden."""
        return seen(at(self.properties, _PARTS[self.type][part]))

    @property
    def trigger(self) -> Any:
        """The trigger of an Action or a binding, `Unseen` where that is hidden; else None."""
        if self.type == action.TOKEN:
            return action.trigger_of(self.properties)
        is_binding = self.type in {trigger.TOKEN, trigger.TOKEN_OF_ALL}
        return trigger.trigger_of(self.properties) if is_binding else None

    @property
    def sends_by_phone(self) -> bool:
        """Whether this is an Action on a phone trigger."""
        return self.type == action.TOKEN and self.is_phone_mfa

    @property
    def is_phone_mfa(self) -> bool:
        """Whether the resource is a part of phone MFA: a stack may hold others beside it."""
        whole = self.type in _PARTS and self.type != action.TOKEN
        return whole or self.trigger in TRIGGERS.values()


PRODUCTION: Final = "production"
"""The option of a rule that says which stacks users depend on."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """What else a rule may ask for: the stack, and the rule's own options for it."""

    stack: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def production(self) -> bool:
        """Whether this stack is one that users depend on (option `production`: name patterns)."""
        stack = self.stack.lower()
        return any(fnmatchcase(stack, pattern.lower()) for pattern in self.options[PRODUCTION])


@dataclass(frozen=True)
class Finding:
    """One thing that breaks a rule: on which resource, what would happen, what to do.

    `urn` is empty when the fault is that a resource is not there. A rule over one resource leaves
    it out.
    """

    message: str
    fix: str
    urn: str = ""


@dataclass(frozen=True, kw_only=True)
class Violation(Finding):
    """A finding with the rule that was broken and what becomes of it; no secret is in it."""

    rule: str
    enforcement: Level
