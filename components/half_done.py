"""Finishes what a failed run left half-done, on the next `up`.

Owns updates without a difference. A write that fails is recorded by the auth0 provider as if it
had been done (the Terraform SDK keeps the planned values unless told otherwise), and by the engine
as unfinished: the next `up` updates the resource once more, and the provider, which sees nothing
to change, may write nothing. The hook in front of such an update writes what was asked for.
Refuses updates with a difference: those are the provider's. The Guardian resource has a hook of
its own (policy_last.py), as its writes need an order.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import pulumi

from components.hooks import Hooked
from components.management import TenantAccess, TenantCallError, plain

if TYPE_CHECKING:
    from auth0.management import AsyncManagementClient

BUILD_TIME: Final = 120.0
"""Seconds that a version of an Action may take to build."""

_CONFIGURATION: Final = {
    "deliveryMethods": "delivery_methods",
    "defaultFrom": "default_from",
    "mssid": "mssid",
    "sid": "sid",
}
"""A phone provider's, by the names of the resource and of the API."""

Write = Callable[["AsyncManagementClient", str, Mapping[str, Any]], Awaitable[None]]


class HalfDone(Hooked):
    """Writes once more what the last run may not have written: a transformation."""

    def __init__(self, access: TenantAccess) -> None:
        super().__init__(*_WRITES)
        self._access = access

    def hooks(self) -> pulumi.ResourceHookBinding:
        return pulumi.ResourceHookBinding(
            before_update=[pulumi.ResourceHook("half-done", self._finish)]
        )

    async def _finish(self, args: pulumi.ResourceHookArgs) -> None:
        wanted = await plain(args.new_inputs)
        # What the provider compares with is the recorded result of the last write, not its inputs.
        if not _covers(await plain(args.old_outputs), wanted):
            return
        pulumi.log.info(f"{args.name}: the last run failed here; writing it once more")
        async with self._access.connect() as tenant:
            await _WRITES[args.type](tenant, args.id, wanted)


def _covers(recorded: Any, wanted: Any) -> bool:
    """Whether everything wanted is in the record, which may have more.

    The bridge answers an empty block as null, with empty members or not at all, and a set in an
    order of its own.
    """
    if _empty(wanted):
        return _empty(recorded)
    if isinstance(wanted, Mapping):
        return isinstance(recorded, Mapping) and all(
            _covers(recorded.get(key), value) for key, value in wanted.items()
        )
    if isinstance(wanted, Sequence) and not isinstance(wanted, str):
        return (
            isinstance(recorded, Sequence)
            and len(recorded) == len(wanted)
            and all(any(_covers(one, other) for one in recorded) for other in wanted)
        )
    return bool(recorded == wanted)


def _empty(value: Any) -> bool:
    return all(map(_empty, value.values())) if isinstance(value, Mapping) else not value


async def _write_action(
    tenant: AsyncManagementClient, action_id: str, wanted: Mapping[str, Any]
) -> None:
    runtime = wanted["runtime"]
    # An adopted Action's secrets are nobody's here: an empty list would erase them.
    lists = {name: wanted[name] for name in ("secrets", "dependencies") if wanted.get(name)}
    await tenant.actions.update(
        action_id,
        name=wanted["name"],
        supported_triggers=[wanted["supportedTriggers"]],
        code=wanted["code"],
        # The API's name of Node.js 18 differs from everybody else's (management-api.md §4.11).
        runtime="node18-actions" if runtime == "node18" else runtime,
        **lists,
    )
    if not wanted.get("deploy"):
        return
    await _until(tenant, action_id, lambda action: action.status == "built")
    await tenant.actions.deploy(action_id)
    await _until(tenant, action_id, lambda action: bool(action.all_changes_deployed))


async def _until(
    tenant: AsyncManagementClient, action_id: str, holds: Callable[[Any], bool]
) -> None:
    end = time.monotonic() + BUILD_TIME
    while not holds(action := await tenant.actions.get(action_id)):
        if action.status == "failed" or time.monotonic() > end:
            raise TenantCallError(f"the Action {action_id} could not be built.")
        await asyncio.sleep(1)


async def _write_provider(
    tenant: AsyncManagementClient, provider_id: str, wanted: Mapping[str, Any]
) -> None:
    await tenant.branding.phone.providers.update(
        provider_id,
        name=wanted["name"],
        disabled=wanted["disabled"],
        # The tenant replaces it whole: an adopted Twilio account is lost by what is left out.
        configuration={
            name: wanted["configuration"][key]
            for key, name in _CONFIGURATION.items()
            if wanted["configuration"].get(key) is not None
        },
        credentials={},
    )


async def _write_template(
    tenant: AsyncManagementClient, template_id: str, wanted: Mapping[str, Any]
) -> None:
    await tenant.branding.phone.templates.update(
        template_id, disabled=wanted["disabled"], content=wanted["content"]
    )


async def _write_tenant(tenant: AsyncManagementClient, _id: str, wanted: Mapping[str, Any]) -> None:
    switches = {"phone_consolidated_experience": wanted["phoneConsolidatedExperience"]}
    if "customizeMfaInPostloginAction" in wanted:
        switches["customize_mfa_in_postlogin_action"] = wanted["customizeMfaInPostloginAction"]
    await tenant.tenants.settings.update(**switches)


_WRITES: Final[Mapping[str, Write]] = {
    "auth0:index/action:Action": _write_action,
    "auth0:index/phoneProvider:PhoneProvider": _write_provider,
    "auth0:index/phoneNotificationTemplate:PhoneNotificationTemplate": _write_template,
    "auth0:index/tenant:Tenant": _write_tenant,
}
