"""Hooks around the engine's writes, bound to the resources of a component by a transformation.

They run in the program, before a resource is created or updated, and never on a no-op `up`. None
is bound to a deletion: the engine takes those from the state, and `pulumi destroy`, which runs no
program, could then delete nothing.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import pulumi
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor


class WriteHooks(ABC):
    """A transformation for a component's options; its hooks are registered once.

    Args:
        types: of the resources that get the hooks; all but components, when none is named.
    """

    def __init__(self, *types: str) -> None:
        self._types = types
        self._made: pulumi.ResourceHookBinding | None = None

    def __call__(
        self, args: pulumi.ResourceTransformationArgs
    ) -> pulumi.ResourceTransformationResult | None:
        """The resource's own arguments, with the hooks beside its own."""
        is_custom = isinstance(args.resource, pulumi.CustomResource)
        if not (args.type_ in self._types if self._types else is_custom):
            return None
        # The SDK's unit-test mocks have no engine that could run a hook.
        if isinstance(get_monitor(), MockMonitor) or _nobody_to_ask():
            return None
        if self._made is None:
            self._made = self.hooks()
        hooked = pulumi.ResourceOptions(hooks=self._made)
        return pulumi.ResourceTransformationResult(
            props=args.props, opts=pulumi.ResourceOptions.merge(args.opts, hooked)
        )

    @abstractmethod
    def hooks(self) -> pulumi.ResourceHookBinding:
        """The hooks to bind."""


def before_write(name: str, look: Callable[[pulumi.ResourceHookArgs], Any]) -> pulumi.ResourceHook:
    """A hook that looks before a write, and in a preview what it would look at then."""
    return pulumi.ResourceHook(name, look, opts=pulumi.ResourceHookOptions(on_dry_run=True))


def refuse(refusal: Exception) -> None:
    """End the run with a refusal; a preview warns of it and goes on."""
    if not pulumi.runtime.is_dry_run():
        raise refusal
    pulumi.log.warn(f"pulumi up will stop here: {refusal}")


def _nobody_to_ask() -> bool:
    # A preview of somebody who gets no credentials (ci/offline of a company's repository).
    return pulumi.runtime.is_dry_run() and os.environ.get("PHONEMFA_ASK_NOBODY") == "true"
