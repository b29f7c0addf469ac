"""The sender: the Action whose code sends a code through NTT CPaaS, its secrets and its binding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import pulumi
import pulumi_auth0 as auth0

from components.action_code import RUNTIME
from components.tenant.action import Action
from components.tenant.model import seen
from components.tenant.trigger import Binding


@dataclass(frozen=True, kw_only=True)
class SenderArgs:
    """What the sender needs.

    `secrets` are the Action's secrets by name, in the order they are declared; a value that must
    stay secret is an `Output` secret.
    """

    action_name: pulumi.Input[str]
    trigger: pulumi.Input[str]
    trigger_version: pulumi.Input[str]
    code: pulumi.Input[str]
    secrets: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    runtime: str = RUNTIME
    dependencies: Sequence[tuple[str, str]] = ()
    """npm packages by name and version."""
    deploy: bool = True
    bind: bool = False
    display_name: str | None = None
    """Of the binding; the Action's name when it is None."""

    @classmethod
    def as_found(cls, action: Action, binding: Binding | None) -> Self:
        """An adopted Action: its secrets are not declared, and no stack deploys what it found."""
        return cls(
            action_name=seen(action.name),
            trigger=action.trigger,
            trigger_version=action.trigger_version,
            code=seen(action.code),
            runtime=seen(action.runtime),
            dependencies=[_named_version(one) for one in seen(action.dependencies)],
            deploy=False,
            bind=binding is not None,
            display_name=binding.display_name if binding else None,
        )


class Sender(pulumi.ComponentResource):
    """A deployed Action on a phone trigger."""

    action_id: pulumi.Output[str]
    version_id: pulumi.Output[str]
    ready: pulumi.Resource
    """What must exist before anything relies on the Action sending."""

    def __init__(
        self, name: str, args: SenderArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("phonemfa:index:Sender", name, {}, opts)
        action = auth0.Action(
            f"{name}-action",
            name=args.action_name,
            supported_triggers={"id": args.trigger, "version": args.trigger_version},
            runtime=args.runtime,
            code=args.code,
            dependencies=[{"name": name, "version": version} for name, version in args.dependencies]
            or None,
            secrets=[{"name": key, "value": value} for key, value in args.secrets.items()] or None,
            deploy=args.deploy or None,
            opts=pulumi.ResourceOptions(
                parent=self,
                # It is an order to the provider and nothing that a tenant has: after an import
                # the state has none, and its default would show as a change.
                ignore_changes=None if args.deploy else ["deploy"],
                # The provider replaces an Action whose last build failed, and would delete it
                # first, although an older version sends. Creating first is refused, by a hook
                # (keep_sender.py) or by the tenant, which has room for one Action on this
                # trigger (403 actions_cardinality_custom_phone_provider_not_allowed).
                delete_before_replace=False,
            ),
        )
        self.ready = action
        if args.bind:
            self.ready = auth0.TriggerAction(
                f"{name}-binding",
                trigger=args.trigger,
                action_id=action.id,
                display_name=args.display_name or args.action_name,
                opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
            )
        self.action_id = action.id
        self.version_id = action.version_id
        self.register_outputs({"action_id": self.action_id, "version_id": self.version_id})


def _named_version(dependency: str) -> tuple[str, str]:
    name, _, version = dependency.rpartition("@")
    return name, version
