"""The phone provider of a unified tenant: who delivers, and by which methods.

What a legacy tenant has instead is Guardian's, but for its Twilio account.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from components.settings.model import StackSettings
from components.tenant.model import (
    UNSEEN,
    Client,
    Identified,
    Maybe,
    Part,
    flag,
    items,
    named_alike,
    nonempty,
    plain,
    texts,
)
from components.vocabulary import DeliveryMethod, Experience

TOKEN: Final = "auth0:index/phoneProvider:PhoneProvider"  # noqa: S105 - a type
PATH: Final = "/branding/phone/providers"
SCOPE: Final = "read:phone_providers"

TWILIO: Final = "twilio"
TWILIO_PATH: Final = "/guardian/factors/sms/providers/twilio"
TWILIO_SCOPE: Final = "read:guardian_factors"

CUSTOM: Final = "custom"
"""The provider that hands messages to the Action."""


def _of_twilio(name: str) -> Part:
    return named_alike(f"configuration.{name}", of=nonempty, absent=None)


@dataclass(frozen=True, kw_only=True)
class PhoneProvider(Identified):
    """A phone provider, without its credentials; "twilio" has the last three parts."""

    TOKEN: ClassVar = TOKEN
    HIDDEN: ClassVar = "credentials"
    """What Pulumi hides as a whole."""

    name: Annotated[Maybe[str], named_alike("name")] = CUSTOM
    disabled: Annotated[Maybe[bool], named_alike("disabled", of=flag, absent=False)] = False
    delivery_methods: Annotated[
        Maybe[tuple[str, ...]],
        named_alike("configuration.delivery_methods", "deliveryMethods", of=texts, ordered=False),
    ]
    default_from: Annotated[Maybe[str | None], _of_twilio("default_from")] = None
    mssid: Annotated[Maybe[str | None], _of_twilio("mssid")] = None
    sid: Annotated[Maybe[str | None], _of_twilio("sid")] = None


def declared(settings: StackSettings) -> PhoneProvider | None:
    """The provider that a stack declares; None where it declares none."""
    if settings.adopted:
        found = settings.adopted.provider
        if found is None:
            return None
        methods = tuple(method.value for method in found.delivery_methods)
        rest = found.model_dump(exclude={"delivery_methods"})
        return PhoneProvider(delivery_methods=methods, **rest)
    if Experience.UNIFIED not in settings.experiences:
        return None
    methods = tuple(one.value for one in DeliveryMethod if one in settings.delivery_methods)
    return PhoneProvider(delivery_methods=methods)


async def read(client: Client) -> tuple[PhoneProvider, ...]:
    """The tenant's providers: none, or one; the API's list may have more."""
    answer = plain(await client.branding.phone.providers.list())
    return tuple(PhoneProvider.of_api(one) for one in items(answer.get("providers")))


async def read_twilio(client: Client) -> PhoneProvider | None:
    """The Twilio account of a legacy tenant, used or not; its token, told in clear, is dropped."""
    answer = plain(await client.guardian.factors.sms.get_twilio_provider())
    if not answer.get("sid"):
        return None
    return PhoneProvider(
        name=TWILIO,
        delivery_methods=UNSEEN,
        sid=str(answer["sid"]),
        default_from=nonempty(answer.get("from")),
        mssid=nonempty(answer.get("messaging_service_sid")),
    )
