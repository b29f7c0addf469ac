"""The texts of a unified tenant: one customised template a message type."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final

from components.settings.model import StackSettings
from components.tenant.model import (
    LEFT_ALONE,
    Client,
    Identified,
    Maybe,
    at,
    flag,
    items,
    named_alike,
    nonempty,
    plain,
)
from components.vocabulary import Experience

TOKEN: Final = "auth0:index/phoneNotificationTemplate:PhoneNotificationTemplate"  # noqa: S105
PATH: Final = "/branding/phone/templates"
SCOPE: Final = "read:phone_templates"


@dataclass(frozen=True, kw_only=True)
class PhoneTemplate(Identified):
    """What is sent for one message type (Liquid); None is no text, or no sender.

    A stack leaves a channel's text alone where it does not declare one.
    """

    TOKEN: ClassVar = TOKEN

    text: Annotated[Maybe[str | None], named_alike("content.body.text", absent=None)]
    voice: Annotated[Maybe[str | None], named_alike("content.body.voice", absent=None)]
    disabled: Annotated[Maybe[bool], named_alike("disabled", of=flag, absent=False)] = False
    sender: Annotated[Maybe[str | None], named_alike("content.from", of=nonempty, absent=None)] = (
        None
    )


def kind_of(properties: Mapping[str, Any]) -> Any:
    """The message type of a template in a program or a state; `Unseen` where that is hidden."""
    return at(properties, "type")


def declared(settings: StackSettings) -> dict[str, PhoneTemplate]:
    """The templates that a stack declares, by message type."""
    if settings.adopted:
        given = settings.texts
        return {
            kind.value: PhoneTemplate(
                text=found.text or (given[kind].text if kind in given else None) or LEFT_ALONE,
                voice=found.voice or (given[kind].voice if kind in given else None) or LEFT_ALONE,
                sender=found.sender,
                disabled=found.disabled,
            )
            for kind, found in settings.adopted.templates.items()
        }
    if Experience.UNIFIED not in settings.experiences:
        return {}
    own = settings.declared_texts
    return {kind.value: PhoneTemplate(text=one.text, voice=one.voice) for kind, one in own.items()}


async def read(client: Client) -> dict[str, PhoneTemplate]:
    """The customised templates by message type: a default one is listed without an id."""
    answer = plain(await client.branding.phone.templates.list())
    return {
        str(one.get("type")): PhoneTemplate.of_api(one)
        for one in items(answer.get("templates"))
        if one.get("id")
    }
