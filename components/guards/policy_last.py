"""Asks for codes only once they can be delivered: the policy is written last.

The auth0 provider writes the policy first and collects later errors (provider-traps.md): a failed
phone step would leave "always" without a factor, which locks every user out. So a hook in front of
the provider's write looks whether a code can be delivered, brings the factor into place, and only
then sets the policy. A write that fails nevertheless puts the earlier policy back. So what an
earlier run left half-written is finished too: it is recorded as written, and the provider would not
touch it again.

It also refuses to lower the policy that the tenant has: a deploy, whoever merged it, takes MFA away
from nobody. Who means it lowers the tenant first (break-glass).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi

from components.guards.hooks import RefusedError, WriteHooks, refuse
from components.guards.test_message import Messages
from components.tenant import snapshot
from components.tenant.guardian import HOOK, NEVER, TOKEN
from components.tenant.model import Client
from components.tenant.snapshot import About, Wanted, lacking
from components.tenant.stack_access import TenantAccess, plain
from components.vocabulary import Experience, Gate, Policy, asks_less, policy_word


class PolicyLast(WriteHooks):
    """The gate in front of the policy; `trial` sends one of each channel, for `Gate.SMOKE`."""

    NAME, FAILED, TYPES = "policy-last", "policy-back", (TOKEN,)

    def __init__(
        self, access: TenantAccess, *, experience: Experience, gate: Gate, trial: Messages
    ) -> None:
        super().__init__(access)
        self._experience, self._gate, self._trial = experience, gate, trial
        self._earlier: list[str] | None = None

    async def _before(self, args: pulumi.ResourceHookArgs) -> None:
        wanted = await plain(args.new_inputs)
        policy: Any = wanted.get("policy")
        policies = [] if policy == NEVER else [policy]
        looks_only = pulumi.runtime.is_dry_run() or self._gate is Gate.OFF
        if looks_only and (policy in _CANNOT_LOWER or not self._access.known):
            return
        async with self._access.connect() as tenant:
            earlier = list(await tenant.guardian.policies.list())
            if asks_less(policies, earlier):
                refuse(lowering(policies, earlier))
            if looks_only:
                return
            if policies:
                await self._make_ready(tenant, wanted.get("phone") or {})
            if policies and policies != earlier and self._gate is Gate.SMOKE:
                await self._trial.arrive(tenant)
            if policies != earlier:
                self._earlier = earlier
                await tenant.guardian.policies.set(request=policies)

    async def _make_ready(self, tenant: Client, phone: Mapping[str, Any]) -> None:
        if not phone.get("enabled"):
            # An adopted tenant may ask for other factors alone: nothing to deliver.
            return
        missing = await self._missing(tenant, phone)
        if missing:
            raise RefusedError(
                f"{missing[0].upper()}{missing[1:]}. The policy stays as it was, so that nobody is "
                "asked for a code that cannot be sent. Put that right and run pulumi up --refresh "
                "again"
            )
        factors = {one.name: one.enabled for one in await tenant.guardian.factors.list()}
        if not factors.get("sms"):
            await tenant.guardian.factors.set("sms", enabled=True)
        provider, texts = phone.get("provider"), phone.get("options")
        if provider:
            await tenant.guardian.factors.phone.set_provider(provider=provider)
        if provider and texts:  # Without, as found (phonemfa:adopted), the tenant's own stay.
            await tenant.guardian.factors.sms.set_templates(
                enrollment_message=texts["enrollmentMessage"],
                verification_message=texts["verificationMessage"],
            )
        if "messageTypes" in phone:
            current = await tenant.guardian.factors.phone.get_message_types()
            if list(current.message_types or []) != phone["messageTypes"]:
                await tenant.guardian.factors.phone.set_message_types(
                    message_types=phone["messageTypes"]
                )

    async def _missing(self, tenant: Client, phone: Mapping[str, Any]) -> str:
        """What a code still needs; empty when nothing."""
        provider = phone.get("provider")
        if self._experience is Experience.LEGACY and provider != HOOK:
            return ""
        # The factor is brought into place next, and who sends through it.
        found = await snapshot.read(
            tenant, {About.PROVIDER, About.ACTIONS, About.BINDINGS}, experiences=[self._experience]
        )
        wanted = Wanted(experience=self._experience, selected_provider=provider or "", factor=False)
        return "; ".join(lacking(found, wanted))

    async def _failed(self, args: pulumi.ErrorHookArgs) -> bool:
        if self._earlier is not None:
            async with self._access.connect() as tenant:
                await tenant.guardian.policies.set(request=self._earlier)
            before = ", ".join(self._earlier) or NEVER
            pulumi.log.warn(f"{args.name} failed half-way: the policy is {before} again")
        return False


_CANNOT_LOWER: Final = {Policy.ALWAYS.guardian_policy, None}
"""None: a preview does not know it yet."""


def lowering(wanted: Sequence[str], live: Sequence[str]) -> str:
    """Why a stack's policy is not written, and the two ways on; in Guardian's words."""
    now, then = policy_word(live), policy_word(wanted)
    return (
        f"the tenant's policy is {now}, and this would lower it to {then}. Nothing was written of "
        f"factor and policy: no deploy takes MFA away. Keep phonemfa:policy at {now}; or, if it is "
        "meant, lower the tenant first, which is recorded: python -m phonemfa break-glass --reason "
        "…, and then pulumi up"
    )
