"""The tenant's own switches: its phone experience, and MFA factors through Actions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Final, Self

from components.settings.model import StackSettings
from components.tenant.model import (
    LEFT_ALONE,
    Client,
    Maybe,
    Resource,
    at,
    flag,
    named_alike,
    plain,
    seen,
)
from components.vocabulary import Experience

TOKEN: Final = "auth0:index/tenant:Tenant"  # noqa: S105 - a type
PATH: Final = "/tenants/settings"
SCOPE: Final = "read:tenant_settings"


@dataclass(frozen=True, kw_only=True)
class TenantSettings(Resource):
    """The switches that this package holds or relies on.

    A tenant without the flag of the phone experience counts as legacy; `flagged` tells it from one
    that has it off, as the auth0 provider's Guardian takes it for unified (provider-traps.md).
    """

    TOKEN: ClassVar = TOKEN

    unified: Annotated[
        Maybe[bool],
        named_alike("phone_consolidated_experience", "experience", of=flag, absent=False),
    ]
    mfa_in_actions: Annotated[
        Maybe[bool], named_alike("customize_mfa_in_postlogin_action", of=flag, absent=False)
    ]
    flagged: bool = field(default=True, compare=False)
    friendly_name: str = field(default="", compare=False)
    """What messages call the tenant, where it has a name of its own."""

    @property
    def experience(self) -> Experience:
        """The tenant's generation; raises `UnseenError` where this source does not show it."""
        return Experience.UNIFIED if seen(self.unified) else Experience.LEGACY

    @classmethod
    def of_api(cls, answer: Mapping[str, Any]) -> Self:
        flagged = answer.get("phone_consolidated_experience") is not None
        name = str(answer.get("friendly_name") or "")
        return cls(**cls.parts_of_api(answer), flagged=flagged, friendly_name=name)

    @classmethod
    def recorded(cls, properties: Mapping[str, Any]) -> Self:
        told = at(properties, "phoneConsolidatedExperience")
        return cls(**cls.parts_of_pulumi(properties), flagged=isinstance(told, bool))


def declared(settings: StackSettings) -> TenantSettings:
    """The switches that a stack holds, or relies on."""
    legacy = settings.experience is Experience.LEGACY
    return TenantSettings(
        unified=not legacy, mfa_in_actions=True if legacy and not settings.adopted else LEFT_ALONE
    )


async def read(client: Client) -> TenantSettings:
    """The tenant's switches."""
    return TenantSettings.of_api(plain(await client.tenants.settings.get()))
