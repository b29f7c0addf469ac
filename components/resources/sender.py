"""The sender: the Action whose code sends a code through NTT CPaaS, its secrets and its binding."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_auth0 as auth0

from components.tenant.action import KEY_SECRET, Action
from components.tenant.model import LEFT_ALONE, known, seen
from components.tenant.trigger import Binding


@dataclass(frozen=True, kw_only=True)
class SenderArgs:
    """What the sender needs: the Action, its binding if it has one, and its one real secret.

    An adopted Action's secrets are left alone, and no stack deploys what it found.
    """

    action: Action
    binding: Binding | None
    cpaas_api_key: pulumi.Input[str]

    @property
    def secrets(self) -> dict[str, pulumi.Input[str]]:
        """The Action's secrets by name, in the order in which they are declared.

        They are an Action's only configuration, so what is no secret travels in them too.
        """
        if self.action.configuration is LEFT_ALONE:
            return {}
        return {KEY_SECRET: self.cpaas_api_key, **seen(self.action.configuration)}


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
        given = args.action
        deploy = known(given.deployed, otherwise=False)
        action = auth0.Action(
            f"{name}-action",
            name=seen(given.name),
            supported_triggers={"id": given.trigger, "version": given.trigger_version},
            runtime=seen(given.runtime),
            code=seen(given.code),
            dependencies=[_named_version(one) for one in seen(given.dependencies)] or None,
            secrets=[{"name": key, "value": value} for key, value in args.secrets.items()] or None,
            deploy=deploy or None,
            opts=pulumi.ResourceOptions(
                parent=self,
                # It is an order to the provider and nothing that a tenant has: after an import
                # the state has none, and its default would show as a change.
                ignore_changes=None if deploy else ["deploy"],
                # The provider replaces an Action whose last build failed, and would delete it
                # first, although an older version sends. Creating first is refused, by a hook
                # (keep_sender.py) or by the tenant, which has room for one Action on this
                # trigger (403 actions_cardinality_custom_phone_provider_not_allowed).
                delete_before_replace=False,
            ),
        )
        self.ready = action
        if args.binding:
            self.ready = auth0.TriggerAction(
                f"{name}-binding",
                trigger=given.trigger,
                action_id=action.id,
                display_name=args.binding.display_name,
                opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
            )
        self.action_id = action.id
        self.version_id = action.version_id
        self.register_outputs({"action_id": self.action_id, "version_id": self.version_id})


def _named_version(dependency: str) -> auth0.ActionDependencyArgsDict:
    name, _, version = dependency.rpartition("@")
    return {"name": name, "version": version}
