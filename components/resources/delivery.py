"""Delivery: a unified tenant's phone provider and the texts it renders."""

from collections.abc import Mapping

import pulumi
import pulumi_auth0 as auth0

from components.tenant.model import known, seen
from components.tenant.phone_provider import PhoneProvider
from components.tenant.phone_template import PhoneTemplate


class Delivery(pulumi.ComponentResource):
    """The phone provider, if there is one, and one template a message type.

    `sender` must be deployed before a tenant accepts a custom provider.
    """

    provider_id: pulumi.Output[str] | None
    template_ids: dict[str, pulumi.Output[str]]
    ready: list[pulumi.Resource]
    """What must exist before users are asked for codes."""

    def __init__(
        self,
        name: str,
        declared: PhoneProvider | None,
        templates: Mapping[str, PhoneTemplate],
        sender: pulumi.Resource | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("phonemfa:index:Delivery", name, {}, opts)
        provider = _phone_provider(name, declared, sender, self) if declared else None
        made = {
            message_type: auth0.PhoneNotificationTemplate(
                f"{name}-{message_type.replace('_', '-')}",
                type=message_type,
                disabled=seen(template.disabled),
                content=_content(template),
                opts=pulumi.ResourceOptions(
                    parent=self,
                    # One template a type: the new one would meet 409 beside the old one.
                    delete_before_replace=True,
                ),
            )
            for message_type, template in templates.items()
        }
        self.provider_id = provider.id if provider else None
        self.template_ids = {kind: template.id for kind, template in made.items()}
        self.ready = [*([provider] if provider else []), *made.values()]
        self.register_outputs({"provider_id": self.provider_id, "template_ids": self.template_ids})


def _phone_provider(
    name: str, declared: PhoneProvider, sender: pulumi.Resource | None, parent: pulumi.Resource
) -> auth0.PhoneProvider:
    configuration: auth0.PhoneProviderConfigurationArgsDict = {
        "delivery_methods": list(seen(declared.delivery_methods)),
        "default_from": seen(declared.default_from),
        "mssid": seen(declared.mssid),
        "sid": seen(declared.sid),
    }
    return auth0.PhoneProvider(
        f"{name}-provider",
        # Never left out: Pulumi would invent a name, and the tenant knows only two.
        name=seen(declared.name),
        disabled=seen(declared.disabled),
        configuration=configuration,
        credentials={},
        opts=pulumi.ResourceOptions(
            parent=parent,
            # Nothing in the provider's data names the Action, yet a tenant without a deployed
            # one refuses the provider.
            depends_on=[sender] if sender else None,
            # One a tenant: a new one takes over what is there, and the deletion would take that.
            delete_before_replace=True,
        ),
    )


def _content(template: PhoneTemplate) -> auth0.PhoneNotificationTemplateContentArgsDict:
    body: auth0.PhoneNotificationTemplateContentBodyArgsDict = {}
    # A channel whose text is left alone keeps the tenant's.
    text, voice = known(template.text, None), known(template.voice, None)
    if text is not None:
        body["text"] = text
    if voice is not None:
        body["voice"] = voice
    content: auth0.PhoneNotificationTemplateContentArgsDict = {"body": body}
    sender = seen(template.sender)
    if sender is not None:
        content["from_"] = sender
    return content
