"""Says what to run where a creation failed and the tenant has the object all the same.

When the answer to a creation gets lost, the engine takes it for failed and forgets it; every
further `up` is refused (403 for a second Action, 409 for a second template). Only a look into the
tenant can tell that from another refusal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pulumi

from components.guards.hooks import WriteHooks
from components.tenant import action, phone_template
from components.tenant.stack_access import TenantCallError, plain

if TYPE_CHECKING:
    from auth0.management import AsyncManagementClient


class NameRecover(WriteHooks):
    """Names `phonemfa recover` after a creation that failed: a transformation."""

    FAILED, TYPES, WRITES = "name-recover", (action.TOKEN, phone_template.TOKEN), ()

    async def _failed(self, args: pulumi.ErrorHookArgs) -> bool:
        if args.failed_operation == "create":
            wanted = await plain(args.new_inputs)
            command = f"python -m phonemfa recover --stack {pulumi.get_stack()}"
            try:
                async with self._access.connect() as tenant:
                    there = await _there(tenant, wanted)
            except TenantCallError:
                pulumi.log.warn(
                    f"{args.name}: whether the tenant has made it is not known. When the tenant "
                    f"answers again: {command}, which looks, and then pulumi up."
                )
            else:
                if there:
                    pulumi.log.warn(
                        f"{args.name}: the tenant has {there}, which this stack's state does not "
                        "know; an answer got lost, or somebody else made it. Every further pulumi "
                        f"up is refused until it is settled: {command} shows it and, once you "
                        "agree, takes it over."
                    )
        return False  # Not tried again.


async def _there(tenant: AsyncManagementClient, wanted: Mapping[str, Any]) -> str:
    """What the tenant has of it, in words; empty when nothing."""
    trigger = action.trigger_of(wanted)
    if trigger:
        found = action.find(await action.read(tenant, [trigger]), wanted["name"])
        return f"an Action {found.name} ({found.id})" if found else ""
    template = (await phone_template.read(tenant)).get(wanted["type"])
    return f"a template {wanted['type']} ({template.id})" if template else ""
