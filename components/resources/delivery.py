"""Delivery: the tenant's phone provider and the texts it renders.

Owns the provider and the notification templates of a unified tenant. Refuses to know the code
that sends (the sender's) and who is asked for a code (the factor's).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_auth0 as auth0

from components.vocabulary import MessageType


@dataclass(frozen=True, kw_only=True)
class Provider:
    """The phone provider: who delivers, and by which methods; "twilio" has the last three."""

    delivery_methods: pulumi.Input[Sequence[pulumi.Input[str]]]
    name: str = "custom"
    disabled: bool = False
    default_from: str | None = None
    mssid: str | None = None
    sid: str | None = None


@dataclass(frozen=True, kw_only=True)
class Template:
    """What is sent for one message type (Liquid); None leaves that channel's text as it is."""

    text: str | None
    voice: str | None
    sender: str | None = None
    disabled: bool = False


@dataclass(frozen=True, kw_only=True)
class DeliveryArgs:
    """What delivery needs.

    `provider` is None for a tenant that has none and is to have none. `sender` must be deployed
    before a tenant accepts a custom provider.
    """

    provider: Provider | None
    templates: Mapping[MessageType, Template] = field(default_factory=dict)
    sender: pulumi.Resource | None = None


class Delivery(pulumi.ComponentResource):
    """The phone provider and one template a message type."""

    provider_id: pulumi.Output[str] | None
    template_ids: dict[str, pulumi.Output[str]]
    ready: list[pulumi.Resource]
    """What must exist before users are asked for codes."""

    def __init__(
        self, name: str, args: DeliveryArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("phonemfa:index:Delivery", name, {}, opts)
        provider = _phone_provider(name, args, self)
        templates = {
            message_type: auth0.PhoneNotificationTemplate(
                f"{name}-{message_type.value.replace('_', '-')}",
                type=message_type.value,
                disabled=template.disabled,
                content=_content(template),
                opts=pulumi.ResourceOptions(
                    parent=self,
                    # One template a type: the new one would meet 409 beside the old one.
                    delete_before_replace=True,
                ),
            )
            for message_type, template in args.templates.items()
        }
        self.provider_id = provider.id if provider else None
        self.template_ids = {kind.value: template.id for kind, template in templates.items()}
        self.ready = [*([provider] if provider else []), *templates.values()]
        self.register_outputs({"provider_id": self.provider_id, "template_ids": self.template_ids})


def _phone_provider(
    name: str, args: DeliveryArgs, parent: pulumi.Resource
) -> auth0.PhoneProvider | None:
    if args.provider is None:
        return None
    configuration: auth0.PhoneProviderConfigurationArgsDict = {
        "delivery_methods": args.provider.delivery_methods,
        "default_from": args.provider.default_from,
        "mssid": args.provider.mssid,
        "sid": args.provider.sid,
    }
    return auth0.PhoneProvider(
        f"{name}-provider",
        # Never left out: Pulumi would invent a name, and the tenant knows only two.
        name=args.provider.name,
        disabled=args.provider.disabled,
        configuration=configuration,
        credentials={},
        opts=pulumi.ResourceOptions(
            parent=parent,
            # Nothing in the provider's data names the Action, yet a tenant without a deployed
            # one refuses the provider.
            depends_on=[args.sender] if args.sender else None,
        ),
    )


def _content(template: Template) -> auth0.PhoneNotificationTemplateContentArgsDict:
    body: auth0.PhoneNotificationTemplateContentBodyArgsDict = {}
    if template.text is not None:
        body["text"] = template.text
    if template.voice is not None:
        body["voice"] = template.voice
    content: auth0.PhoneNotificationTemplateContentArgsDict = {"body": body}
    if template.sender is not None:
        content["from_"] = template.sender
    return content
