"""What can drift: every kind, by a stable id.

Findings about a part of Guardian or of the tenant's switches are called by one table, whether a
rule found the difference or the engine's refresh did.
"""

import re
from typing import Any, Final

from components.tenant.guardian import OTHER_FACTORS, WITH_DEFAULT, name_of
from components.tenant.model import Part

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


def thing_at(path: str, model: Any) -> Thing | None:
    """What a difference at a path of the engine's is called; None where the model has no such part.

    A factor is a block with a switch in it, and whatever else is in the block is the factor's.
    """
    names = names_in(path)
    blocks = {tuple(one.pulumi.removesuffix(".enabled").split(".")): one for one in model.PARTS}
    found = [block for block in blocks if names[: len(block)] == block]
    return thing_of(blocks[max(found, key=len)]) if found else None


def names_in(path: str) -> tuple[str, ...]:
    """The names in a path of the engine's: `phone.messageTypes[1]`."""
    return tuple(re.findall(r"[^.\[\]]+", path))
