"""What a rule looks at and what it says.

Marks stand in the place of values that a rule must not or cannot see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from fnmatch import fnmatchcase
from typing import Any, Final


class Level(StrEnum):
    """What becomes of a violation, in Pulumi's words."""

    MANDATORY = "mandatory"
    """The preview fails and nothing is applied."""
    ADVISORY = "advisory"
    """A warning."""
    DISABLED = "disabled"
    """The rule does not run."""


class Hidden(Enum):
    """Stands where a value is, but must not or cannot be read."""

    SECRET = "a secret"  # noqa: S105 - the mark that replaces one
    UNKNOWN = "known after the apply"


@dataclass(frozen=True, kw_only=True)
class Declared:
    """One resource that a stack declares.

    `properties` are the resource's in Pulumi's camelCase names, as JSON values; `Hidden.SECRET`
    stands in the place of every secret, at any depth, and `Hidden.UNKNOWN` in the place of every
    value that only the apply will tell.
    """

    urn: str
    type: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    protect: bool = False

    @property
    def name(self) -> str:
        """The resource's name in the program."""
        return self.urn.rpartition("::")[2]

    def at(self, *path: str) -> Any:
        """The value at a path of names; None where nothing is, `Hidden` where it cannot be seen."""
        value: Any = self.properties
        for name in path:
            if isinstance(value, Hidden):
                return value
            value = value.get(name) if isinstance(value, Mapping) else None
        return value

    def text_at(self, *path: str) -> str | None:
        """The string at a path; None where there is none, or where it cannot be seen."""
        value = self.at(*path)
        return value if isinstance(value, str) else None

    def items_at(self, *path: str) -> Sequence[Any]:
        """The list at a path; empty where there is none, or where it cannot be seen."""
        value = self.at(*path)
        is_list = isinstance(value, Sequence) and not isinstance(value, str)
        return value if is_list else ()


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


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that breaks a rule: on which resource, what would happen, what to do.

    `urn` is empty when the fault is that a resource is not there.
    """

    urn: str
    message: str
    fix: str


@dataclass(frozen=True, kw_only=True)
class Violation:
    """A finding with the rule that was broken and what becomes of it.

    Never has a secret in its text.
    """

    rule: str
    urn: str
    message: str
    fix: str
    enforcement: Level
