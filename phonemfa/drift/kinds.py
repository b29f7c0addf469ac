"""What can drift: the registry of kinds, with stable ids and the words of reports and docs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from components.tenant.guardian import OTHER_FACTORS
from components.tenant.model import Part


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of drift.

    `seen_by` and `repaired_by` are for people: what a plain `pulumi refresh` makes of it, and
    what takes the tenant back to what the stack declares.
    """

    id: str
    title: str
    seen_by: str
    repaired_by: str


_UP: Final = "`pulumi up --refresh`"
_REFRESH: Final = "`pulumi refresh`"
_ONLY_HERE: Final = "only this command"

KINDS: Final = {
    kind.id: kind
    for kind in (
        Kind(
            id="action",
            title="The Action is gone, or was renamed",
            seen_by=_REFRESH,
            repaired_by=_UP,
        ),
        Kind(
            id="action-code",
            title="The Action's code is not the repository's",
            seen_by=f"{_REFRESH}, unless the state was refreshed before",
            repaired_by=f"{_UP}, which deploys too",
        ),
        Kind(
            id="action-undeployed",
            title="What runs is not the Action's draft (a rollback in the dashboard, or never "
            "deployed)",
            seen_by=_ONLY_HERE,
            repaired_by="`phonemfa drift --repair`, which deploys the draft",
        ),
        Kind(
            id="action-runtime",
            title="The Action runs on another Node.js than the pinned one",
            seen_by=_REFRESH,
            repaired_by=_UP,
        ),
        Kind(
            id="action-dependencies",
            title="The Action has npm dependencies",
            seen_by=_REFRESH,
            repaired_by=_UP,
        ),
        Kind(
            id="secret-names",
            title="Secrets of the Action were added or removed",
            seen_by=_ONLY_HERE,
            repaired_by="by hand: declare an added one by its setting, or say that it may go "
            "(`phonemfa:retiredSecrets`); for a removed one set a new key; then `pulumi up`, which "
            "sends all secrets again",
        ),
        Kind(
            id="action-settings",
            title="The Action's settings in the stack's file are not those that were applied",
            seen_by="`pulumi preview`, as a change of the component",
            repaired_by=_UP,
        ),
        Kind(
            id="secret-changed",
            title="A secret of the Action was written after the stack's last deploy",
            seen_by=_ONLY_HERE,
            repaired_by="by hand: set a new key and `pulumi up`, which sends all secrets again",
        ),
        Kind(
            id="second-action",
            title="Another Action is on the trigger that has room for one, or has our name",
            seen_by=_ONLY_HERE,
            repaired_by="by hand: it is somebody's; delete it when nobody needs it",
        ),
        Kind(
            id="binding",
            title="Our Action is not bound, or somebody else's is bound too",
            seen_by=f"{_REFRESH} for ours, {_ONLY_HERE} for others'",
            repaired_by=f"{_UP} for ours; others' by hand",
        ),
        Kind(
            id="provider",
            title="The phone provider is gone, disabled, replaced or set up otherwise",
            seen_by=_REFRESH,
            repaired_by=f"{_UP}, which takes over whatever provider is there",
        ),
        Kind(
            id="template",
            title="A text was changed, disabled, reset or removed",
            seen_by=_REFRESH,
            repaired_by=f"{_UP}; by hand where the template was made anew or got a sender",
        ),
        Kind(
            id="factor",
            title="The phone factor is switched off",
            seen_by=_REFRESH,
            repaired_by=_UP,
        ),
        Kind(
            id="message-types",
            title="The phone factor offers other channels",
            seen_by=_REFRESH,
            repaired_by=_UP,
        ),
        Kind(
            id="policy",
            title="A second factor is asked for at other times",
            seen_by=_REFRESH,
            repaired_by=f"{_UP}; by hand where the tenant asks more often, as no deploy lowers it",
        ),
        Kind(
            id="other-factor",
            title="Another MFA factor was switched on or off",
            seen_by=f"{_REFRESH} if the stack names it, else {_ONLY_HERE}",
            repaired_by=f"{_UP} if the stack names it; else it is a notice and stays as it is",
        ),
        Kind(
            id="mfa-setting",
            title="Codes last otherwise, or browsers are remembered otherwise",
            seen_by=f"{_REFRESH} if the stack names it, else {_ONLY_HERE}",
            repaired_by=f"{_UP} if the stack names it; else it is a notice and stays as it is",
        ),
        Kind(
            id="tenant-switch",
            title="The tenant's phone experience, or its MFA through Actions, was switched",
            seen_by=f"{_REFRESH} on legacy tenants, else {_ONLY_HERE}",
            repaired_by="by hand: the phone experience, with a move (docs/guides/migrate.md); "
            f"{_UP} for the rest",
        ),
        Kind(
            id="tenant-setting",
            title="A tenant setting that the package only carries over has changed",
            seen_by=_REFRESH,
            repaired_by=f"{_UP}, which records it and changes nothing in the tenant",
        ),
        Kind(
            id="not-compared",
            title="Something could not be compared, and why",
            seen_by=_ONLY_HERE,
            repaired_by="`pulumi up`; it is a notice",
        ),
        Kind(
            id="other",
            title="Pulumi sees a difference that no other kind names",
            seen_by=_REFRESH,
            repaired_by=_UP,
        ),
    )
}


def kind_of(part: Part) -> str:
    """The kind of a part of Guardian that a stack may leave alone."""
    return "other-factor" if part in OTHER_FACTORS else "mfa-setting"
