"""What a tenant has already of what is about to be made, or was not made.

The provider replaces an Action whose last build failed (documented for pulumi-auth0 3.54 and
later), although its older version still sends. No hook may stand in front of a deletion (hooks.py),
so the Action is replaced by creating first (sender.py), and the hook looks for the one that sends.

When the answer to a creation gets lost, the engine takes it for failed and forgets it; every
further `up` is refused (403 for a second Action, 409 for a second template). Only a look into the
tenant can tell that from another refusal, and `phonemfa recover` then helps.
"""

from collections.abc import Mapping
from typing import Any

import pulumi

from components.guards.hooks import WriteHooks, refuse
from components.tenant import action, phone_template
from components.tenant.action import Action
from components.tenant.phone_template import PhoneTemplate
from components.tenant.stack_access import TenantAccess, TenantCallError, plain


class CreationGuard(WriteHooks):
    """Refuses an Action beside one that sends, and names `phonemfa recover`: a transformation."""

    NAME, FAILED = "keep-sender", "name-recover"
    TYPES, WRITES = (action.TOKEN, phone_template.TOKEN), ("create",)

    async def _before(self, args: pulumi.ResourceHookArgs) -> None:
        wanted = await plain(args.new_inputs)
        name, trigger = wanted.get("name"), action.trigger_of(wanted)
        if not name or not trigger:
            return  # A template; or a preview may not know them yet.
        there = await _there(self._access, wanted)
        if isinstance(there, Action) and there.running:
            refuse(_refusal(name, there.running.number))

    async def _failed(self, args: pulumi.ErrorHookArgs) -> bool:
        if args.failed_operation == "create":
            command = f"python -m phonemfa recover --stack {pulumi.get_stack()}"
            wanted = await plain(args.new_inputs)
            try:
                there = await _there(self._access, wanted)
            except TenantCallError:
                pulumi.log.warn(
                    f"{args.name}: whether the tenant has made it is not known. When the tenant "
                    f"answers again: {command}, which looks, and then pulumi up."
                )
            else:
                if there:
                    kind = wanted.get("type")
                    what = f"a template {kind}" if kind else f"an Action {wanted['name']}"
                    pulumi.log.warn(
                        f"{args.name}: the tenant has {what} ({there.id}), which this "
                        "stack's state does not know; an answer got lost, or somebody else made "
                        "it. Every further pulumi up is refused until it is settled: "
                        f"{command} shows it and, once you agree, takes it over."
                    )
        return False  # Not tried again.


async def _there(access: TenantAccess, wanted: Mapping[str, Any]) -> Action | PhoneTemplate | None:
    async with access.connect() as tenant:
        trigger = action.trigger_of(wanted)
        if trigger:
            return action.find(await action.read(tenant, [trigger]), wanted["name"])
        return (await phone_template.read(tenant)).get(wanted["type"])


def _refusal(name: str, version: int) -> str:
    return (
        f"the tenant has an Action {name} already, and its version {version} sends. Replacing it "
        "would leave nobody who sends until the new one is built, so nothing was written. If the "
        "last build of this stack's Action failed (the auth0 provider then replaces it): restore "
        f"version {version} in the dashboard (Actions > Library > {name} > Version History), press "
        "Deploy, and run pulumi up --refresh with code that builds; it is updated in place then. "
        "If this stack made it and an answer got lost: python -m phonemfa recover. If that Action "
        "is not this stack's: python -m phonemfa adopt, or another phonemfa:actionName."
    )
