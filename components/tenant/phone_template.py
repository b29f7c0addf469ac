"""The texts of a unified tenant: one customised template a message type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final

from components.settings.model import StackSettings
from components.tenant.model import (
    LEFT_ALONE,
    Maybe,
    Part,
    at,
    flag,
    items,
    of_api,
    of_pulumi,
    plain,
)
from components.vocabulary import Experience

if TYPE_CHECKING:
    from auth0.management import AsyncManagementClient

TOKEN: Final = "auth0:index/phoneNotificationTemplate:PhoneNotificationTemplate"  # noqa: S105
PATH: Final = "/branding/phone/templates"
SCOPE: Final = "read:phone_templates"


def _text(value: Any) -> str | None:
    return str(value) or None


@dataclass(frozen=True, kw_only=True)
class PhoneTemplate:
    """What is sent for one message type (Liquid); None is no text, or no sender.

    A stack leaves a channel's text alone where it does not declare one. `id` and `updated_at` are
    a tenant's or a state's.
    """

    TOKEN: ClassVar = TOKEN
    PARTS: ClassVar[tuple[Part, ...]] = (
        Part(
            field="text", api="content.body.text", pulumi="content.body.text", of=str, absent=None
        ),
        Part(
            field="voice",
            api="content.body.voice",
            pulumi="content.body.voice",
            of=str,
            absent=None,
        ),
        Part(field="disabled", api="disabled", pulumi="disabled", of=flag, absent=False),
        Part(field="sender", api="content.from", pulumi="content.from", of=_text, absent=None),
    )

    text: Maybe[str | None]
    voice: Maybe[str | None]
    sender: Maybe[str | None] = None
    disabled: Maybe[bool] = False

    id: str = field(default="", compare=False)
    updated_at: str | None = field(default=None, compare=False)

    @classmethod
    def of_api(cls, answer: Mapping[str, Any]) -> PhoneTemplate:
        """A template as the API tells it."""
        return cls(
            **of_api(cls.PARTS, answer),
            id=str(answer.get("id") or ""),
            updated_at=answer.get("updated_at"),
        )

    @classmethod
    def recorded(cls, properties: Mapping[str, Any], *, identifier: str = "") -> PhoneTemplate:
        """A template as one side of a preview, or a state, has it."""
        return cls(
            **of_pulumi(cls.PARTS, properties), id=identifier or str(properties.get("id") or "")
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


async def read(client: AsyncManagementClient) -> dict[str, PhoneTemplate]:
    """The customised templates by message type: a default one is listed without an id."""
    answer = plain(await client.branding.phone.templates.list())
    return {
        str(one.get("type")): PhoneTemplate.of_api(one)
        for one in items(answer.get("templates"))
        if one.get("id")
    }
