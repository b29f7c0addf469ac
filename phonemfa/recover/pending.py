"""What a killed run had begun to make, and whether the tenant has it.

Owns the rule: which objects of a tenant can be what an unfinished creation was about. The engine
records a creation before the request and its outcome after the answer; in between only the tenant
knows. An Action and a template are such objects: a second creation of either is refused (403, 409).
A phone provider and a binding are adopted by the next creation, and factor and settings are one a
tenant, so those are simply declared again. Refuses to change anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from auth0.management import ManagementClient

ACTION: Final = "auth0:index/action:Action"
TEMPLATE: Final = "auth0:index/phoneNotificationTemplate:PhoneNotificationTemplate"
CREATING: Final = "creating"


class AmbiguousError(Exception):
    """More than one object of the tenant can be what was being created."""


@dataclass(frozen=True, kw_only=True)
class Pending:
    """One operation that the state says was begun and not seen to end.

    `kind` is "creating", "updating", "deleting" and so on; `inputs` are as the state has them,
    secrets encrypted.
    """

    kind: str
    urn: str
    type: str
    parent: str
    inputs: Mapping[str, Any]

    @classmethod
    def all_of(cls, deployment: Mapping[str, Any]) -> list[Self]:
        """Those of a state (the `deployment` of `pulumi stack export`), each resource once."""
        found = [
            cls(
                kind=str(operation["type"]),
                urn=str(operation["resource"]["urn"]),
                type=str(operation["resource"]["type"]),
                parent=str(operation["resource"].get("parent", "")),
                inputs=operation["resource"].get("inputs") or {},
            )
            for operation in deployment.get("pending_operations") or []
        ]
        return list({one.urn: one for one in found}.values())

    @property
    def name(self) -> str:
        """The resource's name in the program."""
        return self.urn.rpartition("::")[2]


@dataclass(frozen=True, kw_only=True)
class Found:
    """The tenant has what `pending` was creating: `id` there, and what it is called there."""

    pending: Pending
    id: str
    called: str


def unrecorded(
    tenant: ManagementClient, deployment: Mapping[str, Any]
) -> Iterator[tuple[Pending, Found | None]]:
    """Each unfinished creation, and what the tenant has of it.

    Args:
        tenant: read only.
        deployment: of `pulumi stack export`.

    Raises:
        AmbiguousError: naming the candidates; only a person can tell them apart.
    """
    known = {str(one["id"]) for one in deployment.get("resources") or [] if one.get("id")}
    for pending in Pending.all_of(deployment):
        if pending.kind != CREATING:
            continue
        candidates = [one for one in _candidates(tenant, pending) if one.id not in known]
        if len(candidates) > 1:
            raise AmbiguousError(
                f"The tenant has {len(candidates)} objects that can be {pending.name}: "
                f"{', '.join(f'{one.called} ({one.id})' for one in candidates)}. Delete those that "
                "nobody needs, in the Dashboard, and run the command again."
            )
        yield pending, candidates[0] if candidates else None


def _candidates(tenant: ManagementClient, pending: Pending) -> Iterator[Found]:
    if pending.type == ACTION:
        trigger = pending.inputs["supportedTriggers"]["id"]
        name = pending.inputs["name"]
        for action in tenant.actions.list(trigger_id=trigger, action_name=name):
            # The filter of the API is one by parts of the name.
            if action.name == name and action.id:
                yield Found(pending=pending, id=action.id, called=f"Action {name}")
    elif pending.type == TEMPLATE:
        kind = pending.inputs["type"]
        for template in tenant.branding.phone.templates.list().templates or []:
            # One without an id is the tenant's default text.
            identifier = getattr(template, "id", None)
            if str(template.type) == kind and identifier:
                yield Found(pending=pending, id=identifier, called=f"template {kind}")
