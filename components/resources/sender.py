"""The sender: the Action whose code sends a code through NTT CPaaS, its secrets and its binding."""

import pulumi
import pulumi_auth0 as auth0

from components.tenant.action import KEY_SECRET, Action
from components.tenant.model import LEFT_ALONE, known, seen
from components.tenant.trigger import Binding


class Sender(pulumi.ComponentResource):
    """An Action on a phone trigger, with its binding if it has one, and its one real secret.

    An adopted Action's secrets are left alone, and no stack deploys what it found.
    """

    action_id: pulumi.Output[str]
    version_id: pulumi.Output[str]
    ready: pulumi.Resource
    """What must exist before anything relies on the Action sending."""

    def __init__(
        self,
        name: str,
        declared: Action,
        binding: Binding | None,
        cpaas_api_key: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("phonemfa:index:Sender", name, {}, opts)
        deploy = known(declared.deployed, otherwise=False)
        secrets = _secrets(declared, cpaas_api_key)
        action = auth0.Action(
            f"{name}-action",
            name=seen(declared.name),
            supported_triggers={"id": declared.trigger, "version": declared.trigger_version},
            runtime=seen(declared.runtime),
            code=seen(declared.code),
            dependencies=[_named_version(one) for one in seen(declared.dependencies)] or None,
            secrets=[{"name": key, "value": value} for key, value in secrets.items()] or None,
            deploy=deploy or None,
            opts=pulumi.ResourceOptions(
                parent=self,
                # It is an order to the provider and nothing that a tenant has: after an import
                # the state has none, and its default would show as a change.
                ignore_changes=None if deploy else ["deploy"],
                # The provider replaces an Action whose last build failed, and would delete it
                # first, although an older version sends. Creating first is refused, by a hook
                # (creation.py) or by the tenant, which has room for one Action on this
                # trigger (403 actions_cardinality_custom_phone_provider_not_allowed).
                delete_before_replace=False,
            ),
        )
        self.ready = action
        if binding:
            self.ready = auth0.TriggerAction(
                f"{name}-binding",
                trigger=declared.trigger,
                action_id=action.id,
                display_name=binding.display_name,
                opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
            )
        self.action_id = action.id
        self.version_id = action.version_id
        self.register_outputs({"action_id": self.action_id, "version_id": self.version_id})


def _secrets(action: Action, cpaas_api_key: pulumi.Input[str]) -> dict[str, pulumi.Input[str]]:
    if action.configuration is LEFT_ALONE:
        return {}
    # Secrets are an Action's only configuration, so what is no secret travels in them too.
    return {KEY_SECRET: cpaas_api_key, **seen(action.configuration)}


def _named_version(dependency: str) -> auth0.ActionDependencyArgsDict:
    name, _, version = dependency.rpartition("@")
    return {"name": name, "version": version}
