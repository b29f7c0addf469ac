"""What can drift: every kind, with a stable id and its words for reports and documents.

Findings about a part of Guardian or of the tenant's switches are called by one table, whether a
rule found the difference or the engine's refresh did.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

from components.tenant.guardian import OTHER_FACTORS, WITH_DEFAULT, name_of
from components.tenant.model import Part

_UP: Final = "`pulumi up --refresh`"
_REFRESH: Final = "`pulumi refresh`"
_ONLY_HERE: Final = "only this command"

Thing = tuple[str, str]
"""Kind and subject."""


@dataclass(frozen=True)
class Kind:
    """One kind of drift.

    `seen_by` and `repaired_by` are for people: what a plain `pulumi refresh` makes of it, and
    what takes the tenant back to what the stack declares.
    """

    id: str
    title: str
    seen_by: str = _REFRESH
    repaired_by: str = _UP


KINDS: Final = {
    kind.id: kind
    for kind in (
        Kind(
            "policy",
            "A second factor is asked for at other times",
            repaired_by=f"{_UP}; by hand where the tenant asks more often, as no deploy lowers it",
        ),
        Kind("factor", "The phone factor is switched off"),
        Kind(
            "tenant-switch",
            "The tenant's phone experience, or its MFA through Actions, was switched",
            f"{_REFRESH} on legacy tenants, else {_ONLY_HERE}",
            "by hand: the phone experience, with a move (docs/guides/migrate.md); "
            f"{_UP} for the rest",
        ),
        Kind(
            "provider",
            "The phone provider is gone, disabled, replaced or set up otherwise",
            repaired_by=f"{_UP}, which takes over whatever provider is there",
        ),
        Kind(
            "binding",
            "Our Action is not bound, or somebody else's is bound too",
            f"{_REFRESH} for ours, {_ONLY_HERE} for others'",
            f"{_UP} for ours; others' by hand",
        ),
        Kind("action", "The Action is gone, or was renamed"),
        Kind(
            "action-code",
            "The Action's code is not the repository's",
            f"{_REFRESH}, unless the state was refreshed before",
            f"{_UP}, which deploys too",
        ),
        Kind(
            "action-undeployed",
            "What runs is not the Action's draft (a rollback in the dashboard, or never deployed)",
            _ONLY_HERE,
            "`phonemfa drift --repair`, which deploys the draft",
        ),
        Kind(
            "second-action",
            "Another Action is on the trigger that has room for one, or has our name",
            _ONLY_HERE,
            "by hand: it is somebody's; delete it when nobody needs it",
        ),
        Kind(
            "secret-changed",
            "A secret of the Action was written after the stack's last deploy",
            _ONLY_HERE,
            "by hand: set a new key and `pulumi up`, which sends all secrets again",
        ),
        Kind(
            "secret-names",
            "Secrets of the Action were added or removed",
            _ONLY_HERE,
            "by hand: declare an added one by its setting, or say that it may go "
            "(`phonemfa:retiredSecrets`); for a removed one set a new key; then `pulumi up`, which "
            "sends all secrets again",
        ),
        Kind("message-types", "The phone factor offers other channels"),
        Kind("action-runtime", "The Action runs on another Node.js than the pinned one"),
        Kind("action-dependencies", "The Action has npm dependencies"),
        Kind(
            "action-settings",
            "The Action's settings in the stack's file are not those that were applied",
            "`pulumi preview`, as a change of the component",
        ),
        Kind(
            "template",
            "A text was changed, disabled, reset or removed",
            repaired_by=f"{_UP}; by hand where the template was made anew or got a sender",
        ),
        Kind(
            "other-factor",
            "Another MFA factor was switched on or off",
            f"{_REFRESH} if the stack names it, else {_ONLY_HERE}",
            f"{_UP} if the stack names it; else it is a notice and stays as it is",
        ),
        Kind(
            "mfa-setting",
            "Codes last otherwise, or browsers are remembered otherwise",
            f"{_REFRESH} if the stack names it, else {_ONLY_HERE}",
            f"{_UP} if the stack names it; else it is a notice and stays as it is",
        ),
        Kind(
            "tenant-setting",
            "A tenant setting that the package only carries over has changed",
            repaired_by=f"{_UP}, which records it and changes nothing in the tenant",
        ),
        Kind(
            "not-compared",
            "Something could not be compared, and why",
            _ONLY_HERE,
            "`pulumi up`; it is a notice",
        ),
        Kind("other", "Pulumi sees a difference that no other kind names"),
    )
}
"""The gravest first: logins without a second factor, then codes that are not sent or are read by
somebody else, then the others."""

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
