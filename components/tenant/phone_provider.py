"""The phone provider of a unified tenant: who delivers, and by which methods.

What a legacy tenant has instead is Guardian's, but for its Twilio account.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final

from components.settings.model import StackSettings
from components.tenant.model import (
    UNSEEN,
    Maybe,
    Part,
    flag,
    items,
    of_api,
    of_pulumi,
    plain,
    texts,
)
from components.vocabulary import DeliveryMethod, Experience

if TYPE_CHECKING:
    from auth0.management import AsyncManagementClient

TOKEN: Final = "auth0:index/phoneProvider:PhoneProvider"  # noqa: S105 - a type
PATH: Final = "/branding/phone/providers"
SCOPE: Final = "read:phone_providers"

TWILIO: Final = "twilio"
TWILIO_PATH: Final = "/guardian/factors/sms/providers/twilio"
TWILIO_SCOPE: Final = "read:guardian_factors"

CUSTOM: Final = "custom"
"""The provider that hands messages to the Action."""


def _text(value: Any) -> str | None:
    return str(value) or None


@dataclass(frozen=True, kw_only=True)
class PhoneProvider:
    """A phone provider, without its credentials; "twilio" has the last three parts.

    `id` and `updated_at` are a tenant's or a state's.
    """

    TOKEN: ClassVar = TOKEN
    HIDDEN: ClassVar = "credentials"
    """What Pulumi hides as a whole."""
    PARTS: ClassVar[tuple[Part, ...]] = (
        Part(field="name", api="name", pulumi="name"),
        Part(field="disabled", api="disabled", pulumi="disabled", of=flag, absent=False),
        Part(
            field="delivery_methods",
            api="configuration.delivery_methods",
            pulumi="configuration.deliveryMethods",
            setting="deliveryMethods",
            of=texts,
            ordered=False,
        ),
        Part(
            field="default_from",
            api="configuration.default_from",
            pulumi="configuration.defaultFrom",
            of=_text,
            absent=None,
        ),
        Part(
            field="mssid",
            api="configuration.mssid",
            pulumi="configuration.mssid",
            of=_text,
            absent=None,
        ),
        Part(
            field="sid", api="configuration.sid", pulumi="configuration.sid", of=_text, absent=None
        ),
    )

    delivery_methods: Maybe[tuple[str, ...]]
    name: Maybe[str] = CUSTOM
    disabled: Maybe[bool] = False
    default_from: Maybe[str | None] = None
    mssid: Maybe[str | None] = None
    sid: Maybe[str | None] = None

    id: str = field(default="", compare=False)
    updated_at: str | None = field(default=None, compare=False)

    @classmethod
    def of_api(cls, answer: Mapping[str, Any]) -> PhoneProvider:
        """A provider as the API tells it."""
        return cls(
            **of_api(cls.PARTS, answer),
            id=str(answer.get("id") or ""),
            updated_at=answer.get("updated_at"),
        )

    @classmethod
    def recorded(cls, properties: Mapping[str, Any], *, identifier: str = "") -> PhoneProvider:
        """A provider as one side of a preview, or a state, has it."""
        return cls(
            **of_pulumi(cls.PARTS, properties), id=identifier or str(properties.get("id") or "")
        )


def declared(settings: StackSettings) -> PhoneProvider | None:
    """The provider that a stack declares; None where it declares none."""
    if settings.adopted:
        found = settings.adopted.provider
        if found is None:
            return None
        return PhoneProvider(
            name=found.name,
            delivery_methods=tuple(method.value for method in found.delivery_methods),
            disabled=found.disabled,
            default_from=found.default_from,
            mssid=found.mssid,
            sid=found.sid,
        )
    if Experience.UNIFIED not in settings.experiences:
        return None
    methods = tuple(one.value for one in DeliveryMethod if one in settings.delivery_methods)
    return PhoneProvider(delivery_methods=methods)


async def read(client: AsyncManagementClient) -> tuple[PhoneProvider, ...]:
    """The tenant's providers: none, or one; the API's list may have more."""
    answer = plain(await client.branding.phone.providers.list())
    return tuple(PhoneProvider.of_api(one) for one in items(answer.get("providers")))


async def read_twilio(client: AsyncManagementClient) -> PhoneProvider | None:
    """The Twilio account of a legacy tenant, used or not; its token, told in clear, is dropped."""
    answer = plain(await client.guardian.factors.sms.get_twilio_provider())
    if not answer.get("sid"):
        return None
    return PhoneProvider(
        name=TWILIO,
        delivery_methods=UNSEEN,
        sid=str(answer["sid"]),
        default_from=_text(answer.get("from") or ""),
        mssid=_text(answer.get("messaging_service_sid") or ""),
    )
