"""What can differ between a tenant and its stack, and one such finding as every output shows it.

Findings about a part of Guardian or of the tenant's switches are called by one table, whether a
rule found the difference or the engine's refresh did.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, Final

from components.masking import redacted_code
from components.tenant.guardian import OTHER_FACTORS, WITH_DEFAULT, name_of
from components.tenant.model import Part, Unseen
from phonemfa.output.text import unified_diff

MOST_DIFF_LINES: Final = 200
MOST_CHARACTERS: Final = 120
"""Of one value in a line of text."""

Thing = tuple[str, str]
"""Kind and subject."""

KINDS: Final = (
    "policy",
    "factor",
    "tenant-switch",
    "provider",
    "binding",
    "action",
    "action-code",
    "action-undeployed",
    "second-action",
    "secret-changed",
    "secret-names",
    "message-types",
    "action-runtime",
    "action-dependencies",
    "action-settings",
    "template",
    "other-factor",
    "mfa-setting",
    "tenant-setting",
    "not-compared",
    "other",
)
"""Every kind; docs/reference/drift.md says what each is, who sees it and what repairs it.

The gravest first: logins without a second factor, then codes that are not sent or are read by
somebody else, then the others.
"""

_BY_PART: Final[dict[str, Thing]] = {
    "phone_enabled": ("factor", ""),
    "message_types": ("message-types", ""),
    "selected_provider": ("provider", ""),
    "enrollment_message": ("template", "enrollment_message"),
    "verification_message": ("template", "verification_message"),
    "policy": ("policy", ""),
    **{one.field: ("other-factor", name_of(one)) for one in OTHER_FACTORS},
    **{one.field: ("mfa-setting", name_of(one)) for one in WITH_DEFAULT},
}


def thing_of(part: Part) -> Thing:
    """What a difference in a part of Guardian, or of the tenant's switches, is called."""
    return _BY_PART.get(part.field, ("tenant-switch", part.api))


class Level(StrEnum):
    """How much a finding matters."""

    DRIFT = "drift"
    NOTICE = "notice"


class Repair(StrEnum):
    """What takes the tenant back."""

    UP = "pulumi up --refresh"
    DEPLOY = "drift --repair"
    BY_HAND = "by hand"
    NOTHING = "nothing to do"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One difference: what the stack declares, and what was found in the tenant."""

    kind: str
    """Its id, of `KINDS`."""
    subject: str = ""
    """Which of several of that kind: a template, a factor, an Action's name."""
    level: Level = Level.DRIFT
    what: str
    expected: str
    found: str
    since: str | None = None
    """When it was written, RFC 3339, if the tenant says."""
    repair: Repair = Repair.UP
    how: str = ""
    """What to do where Pulumi does not do it all, or what to know before it does."""
    blocks: bool = False
    """`pulumi up` would fail, or make it worse, before this is settled by hand."""
    diff: str = ""
    """Unified, from the declared to the tenant's text."""
    in_state: bool = True
    """Whether Pulumi's state holds it, so that a refresh would tell."""
    recorded: bool = False
    """The state says what the tenant has: an unapplied change of the stack, or a refresh that took
    the tenant's word."""

    @property
    def id(self) -> str:
        """Stable as long as the same thing differs, whatever it differs in."""
        return f"{self.kind}:{self.subject}" if self.subject else self.kind


by_hand: Final = partial(Finding, repair=Repair.BY_HAND, in_state=False)
"""Something that no state holds, and that a person has to take away."""
notice: Final = partial(Finding, level=Level.NOTICE, repair=Repair.NOTHING, in_state=False)
"""What is no drift, and good to know."""


def drifted(findings: Iterable[Finding]) -> list[Finding]:
    """Those that say that the tenant is not what the stack declares."""
    return [one for one in findings if one.level is Level.DRIFT]


def shown(value: Any) -> str:
    """A tenant's value in a line of text, masked."""
    match value:
        case None:
            return "none"
        case Unseen():
            return "[secret]"
        case bool():
            return "on" if value else "off"
        case Mapping():
            return ", ".join(f"{key}: {shown(item)}" for key, item in value.items()) or "none"
        case list() | tuple():
            return ", ".join(shown(item) for item in value) or "none"
        case _:
            text = redacted_code(str(value))
            return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…"


def text_diff(declared: str, there: str, *, name: str) -> str:
    """Unified diff, masked and cut at `MOST_DIFF_LINES`; empty when the texts are equal."""
    lines = unified_diff(declared, there, names=(f"{name} (declared)", f"{name} (tenant)"))
    rest = len(lines) - MOST_DIFF_LINES
    if rest > 0:
        lines = [*lines[:MOST_DIFF_LINES], f"… {rest} more lines"]
    return "\n".join(lines)
