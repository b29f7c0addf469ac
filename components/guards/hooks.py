"""Hooks around the engine's writes, bound to the resources of a component by a transformation.

They run in the program, before a resource is created or updated, and never on a no-op `up`. None
is bound to a deletion: the engine takes those from the state, and `pulumi destroy`, which runs no
program, could then delete nothing.
"""

from functools import cached_property
from typing import Any, ClassVar

import pulumi
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor

from components.tenant.stack_access import TenantAccess


class WriteHooks:
    """A transformation for a component's options; its hooks are registered once.

    `_before` is called before each of `WRITES`, in a preview too: it looks at what it would look at
    then. `_failed` is called after a write that failed, where `FAILED` names it.
    """

    NAME: ClassVar[str] = ""
    FAILED: ClassVar[str] = ""
    TYPES: ClassVar[tuple[str, ...]] = ()
    """Of the resources that get the hooks; all but components, when none is named."""
    WRITES: ClassVar[tuple[str, ...]] = ("create", "update")

    def __init__(self, access: TenantAccess) -> None:
        self._access = access

    def __call__(
        self, args: pulumi.ResourceTransformationArgs
    ) -> pulumi.ResourceTransformationResult | None:
        """The resource's own arguments, with the hooks beside its own."""
        is_custom = isinstance(args.resource, pulumi.CustomResource)
        if not (args.type_ in self.TYPES if self.TYPES else is_custom):
            return None
        # The SDK's unit-test mocks have no engine that could run a hook.
        if isinstance(get_monitor(), MockMonitor):
            return None
        hooked = pulumi.ResourceOptions(hooks=self.hooks)
        return pulumi.ResourceTransformationResult(
            props=args.props, opts=pulumi.ResourceOptions.merge(args.opts, hooked)
        )

    @cached_property
    def hooks(self) -> pulumi.ResourceHookBinding:
        """What the engine calls, and when."""
        opts = pulumi.ResourceHookOptions(on_dry_run=True)
        look = pulumi.ResourceHook(self.NAME, self._before, opts=opts)
        bound: dict[str, Any] = {f"before_{write}": [look] for write in self.WRITES}
        if self.FAILED:
            bound["on_error"] = [pulumi.ErrorHook(self.FAILED, self._failed)]
        return pulumi.ResourceHookBinding(**bound)

    async def _before(self, args: pulumi.ResourceHookArgs) -> None:
        raise NotImplementedError

    async def _failed(self, args: pulumi.ErrorHookArgs) -> bool:
        raise NotImplementedError


class RefusedError(Exception):
    """Nothing is written; the text says why, and what to do."""


def refuse(why: str) -> None:
    """End the run with a refusal; a preview warns of it and goes on."""
    if not pulumi.runtime.is_dry_run():
        raise RefusedError(why)
    pulumi.log.warn(f"pulumi up will stop here: {why}")
