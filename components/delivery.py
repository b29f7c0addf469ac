"""Delivery: the tenant's phone provider and the texts it renders.

Owns the provider and the notification templates of a unified tenant. Refuses to know the code
that sends (the sender's) and who is asked for a code (the factor's).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_auth0 as auth0

from components.texts import Texts
from components.vocabulary import MessageType


@dataclass(frozen=True, kw_only=True)
class DeliveryArgs:
    """What delivery needs. `sender` must be deployed before a tenant accepts the provider."""

    delivery_methods: pulumi.Input[Sequence[pulumi.Input[str]]]
    texts: Mapping[MessageType, Texts] = field(default_factory=dict)
    sender: pulumi.Resource


class Delivery(pulumi.ComponentResource):
    """The custom phone provider and one template a message type."""

    provider_id: pulumi.Output[str]
    template_ids: dict[str, pulumi.Output[str]]
    ready: list[pulumi.Resource]
    """What must exist before users are asked for codes."""

    def __init__(
        self, name: str, args: DeliveryArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("phonemfa:index:Delivery", name, {}, opts)
        provider = auth0.PhoneProvider(
            f"{name}-provider",
            # Never left out: Pulumi would invent a name, and the tenant knows only two.
            name="custom",
            disabled=False,
            configuration={"delivery_methods": args.delivery_methods},
            credentials={},
            opts=pulumi.ResourceOptions(
                parent=self,
                # Nothing in the provider's data names the Action, yet a tenant without a
                # deployed one refuses the provider.
                depends_on=[args.sender],
            ),
        )
        templates = {
            message_type: auth0.PhoneNotificationTemplate(
                f"{name}-{message_type.value.replace('_', '-')}",
                type=message_type.value,
                disabled=False,
                content={"body": {"text": texts.text, "voice": texts.voice}},
                opts=pulumi.ResourceOptions(
                    parent=self,
                    # One template a type: the new one would meet 409 beside the old one.
                    delete_before_replace=True,
                ),
            )
            for message_type, texts in args.texts.items()
        }
        self.provider_id = provider.id
        self.template_ids = {kind.value: template.id for kind, template in templates.items()}
        self.ready = [provider, *templates.values()]
        self.register_outputs({"provider_id": self.provider_id, "template_ids": self.template_ids})
