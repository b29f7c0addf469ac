"""Guardian: the phone as a factor, when it is asked for, and the other factors beside it.

A tenant tells it in several answers, a stack declares it as one resource. While the phone is off,
a state hides a legacy tenant's sender and texts, and the API does not.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Final

from pydantic.alias_generators import to_camel

from components.settings.model import StackSettings
from components.settings.texts import for_legacy
from components.settings.values import duration, seconds
from components.tenant.model import (
    LEFT_ALONE,
    UNSEEN,
    Maybe,
    Part,
    Unseen,
    at,
    flag,
    items,
    known,
    of_api,
    of_pulumi,
    plain,
    texts,
)
from components.vocabulary import Experience, MessageType, guardian_message_types

if TYPE_CHECKING:
    from auth0.management import AsyncManagementClient

TOKEN: Final = "auth0:index/guardian:Guardian"  # noqa: S105 - a type
NEVER: Final = "never"
HOOK: Final = "phone-message-hook"
"""The legacy provider that hands messages to the Action."""
PHONE: Final = "sms"
"""What the API calls the phone factor, voice included."""

FACTORS: Final = "/guardian/factors"
POLICIES: Final = "/guardian/policies"
MESSAGE_TYPES: Final = "/guardian/factors/phone/message-types"
SELECTED_PROVIDER: Final = "/guardian/factors/phone/selected-provider"
TEMPLATES: Final = "/guardian/factors/sms/templates"
PHONE_SETTINGS: Final = "/guardian/factors/phone/settings"
EMAIL_SETTINGS: Final = "/guardian/factors/email/settings"
SETTINGS: Final = "/guardian/settings"

SCOPES: Final[Mapping[str, str]] = {
    FACTORS: "read:guardian_factors",
    POLICIES: "read:mfa_policies",
    MESSAGE_TYPES: "read:guardian_factors",
    SELECTED_PROVIDER: "read:guardian_factors",
    TEMPLATES: "read:guardian_factors",
    PHONE_SETTINGS: "read:guardian_factors",
    EMAIL_SETTINGS: "read:guardian_factors",
    SETTINGS: "read:tenant_settings",
}
"""Each question about Guardian, in the order in which it is asked, with the scope it needs."""

LOGIN: Final = (FACTORS, POLICIES, MESSAGE_TYPES)
"""What every tenant answers."""
LEGACY: Final = (SELECTED_PROVIDER, TEMPLATES)
"""What a legacy tenant answers alone: a unified one has 403 for it."""
BY_PLAN: Final = (PHONE_SETTINGS, EMAIL_SETTINGS, SETTINGS)
"""What only some plans have."""

BY_PLAN_FROM: Final = (3, 54)
"""The first pulumi-auth0 whose Guardian can declare that; it reads it after each write, too."""


def reads_by_plan(sdk: str) -> bool:
    """Whether Guardian of this version of pulumi-auth0 reads what only some plans have."""
    major, minor = sdk.split(".")[:2]
    return (int(major), int(minor)) >= BY_PLAN_FROM


def _policy(policies: Any) -> str:
    return next(iter(texts(policies)), NEVER)


def _text(value: Any) -> Any:
    # Official states have an empty string where the factor shows none.
    return str(value) if value else UNSEEN


def _factor(field: str, name: str, pulumi: str) -> Part:
    return Part(
        field=field,
        # The paths of the API are names of their own here: a name with a dot is none of theirs.
        api=f"{FACTORS}.{name}",
        pulumi=pulumi,
        setting=f"otherFactors.{pulumi.removesuffix('.enabled')}",
        of=flag,
        absent=False,
    )


OTHER_FACTORS: Final = (
    _factor("email", "email", "email"),
    _factor("otp", "otp", "otp"),
    _factor("recovery_code", "recovery-code", "recoveryCode"),
    _factor("webauthn_roaming", "webauthn-roaming", "webauthnRoaming.enabled"),
    _factor("webauthn_platform", "webauthn-platform", "webauthnPlatform.enabled"),
    _factor("duo", "duo", "duo.enabled"),
    _factor("push", "push-notification", "push.enabled"),
)
"""The other factors: Guardian has three as a plain switch, the rest as a block with one."""


def name_of(part: Part) -> str:
    """What a person calls a part: its path in the API, below Guardian and its factors."""
    return re.sub(r"\A/guardian/(?:factors[./])?", "", part.api)


_BLOCKS: Final = {
    PHONE_SETTINGS: "phoneSettings",
    EMAIL_SETTINGS: "emailSettings",
    SETTINGS: "settings",
}


def _by_plan(field: str, path: str, name: str, default: Any, setting: str = "") -> Part:
    """A part with the default of a tenant that nobody changed (management-api.md §6.7)."""
    return Part(
        field=field,
        api=f"{path}.{name}",
        pulumi=f"{_BLOCKS[path]}.{to_camel(name)}",
        setting=setting,
        of=flag if isinstance(default, bool) else int,
        default=default,
        scope="update:tenant_settings" if path == SETTINGS else "",
    )


def _seconds(field: str, path: str, name: str, default: int, setting: str) -> Part:
    part = _by_plan(field, path, name, default, setting)
    return replace(part, of_setting=seconds, as_setting=duration)


WITH_DEFAULT: Final = (
    _by_plan("code_length", PHONE_SETTINGS, "otp_length", 6, "oneTimeCode.length"),
    _seconds("code_lifetime", PHONE_SETTINGS, "otp_expiration_time", 300, "oneTimeCode.lifetime"),
    _by_plan("email_code_length", EMAIL_SETTINGS, "otp_length", 6),
    _by_plan("email_code_lifetime", EMAIL_SETTINGS, "otp_expiration_time", 300),
    _by_plan(
        "remember_me_shown",
        SETTINGS,
        "display_remember_me_checkbox",
        default=True,
        setting="rememberBrowser.shown",
    ),
    _by_plan(
        "remember_me_default",
        SETTINGS,
        "remember_me_default_value",
        default=False,
        setting="rememberBrowser.ticked",
    ),
    _seconds(
        "session_inactivity",
        SETTINGS,
        "mfa_session_inactivity_timeout",
        604_800,
        "rememberBrowser.inactivity",
    ),
    _seconds(
        "session_overall",
        SETTINGS,
        "mfa_session_overall_timeout",
        2_592_000,
        "rememberBrowser.overall",
    ),
)
"""The parts that have a default in every tenant, so that a stack may leave them alone."""


@dataclass(frozen=True, kw_only=True)
class Guardian:
    """The phone factor, the policy, the other factors, and how long codes and devices last."""

    TOKEN: ClassVar = TOKEN
    PARTS: ClassVar[tuple[Part, ...]] = (
        Part("phone_enabled", f"{FACTORS}.{PHONE}", "phone.enabled", of=flag, absent=False),
        # Guardian's list is ordered, but means the same in any order.
        Part(
            "message_types",
            f"{MESSAGE_TYPES}.message_types",
            "phone.messageTypes",
            "deliveryMethods",
            of=texts,
            ordered=False,
        ),
        Part("selected_provider", f"{SELECTED_PROVIDER}.provider", "phone.provider", of=_text),
        Part(
            "enrollment_message",
            f"{TEMPLATES}.enrollment_message",
            "phone.options.enrollmentMessage",
            "texts.otp_enroll",
        ),
        Part(
            "verification_message",
            f"{TEMPLATES}.verification_message",
            "phone.options.verificationMessage",
            "texts.otp_verify",
        ),
        Part("policy", POLICIES, "policy", "policy", absent=NEVER),
        *OTHER_FACTORS,
        *WITH_DEFAULT,
    )

    phone_enabled: Maybe[bool]
    message_types: Maybe[tuple[str, ...]]
    policy: Maybe[str]
    selected_provider: Maybe[str] = LEFT_ALONE
    """Who sends on a legacy tenant: `HOOK` is the Action."""
    enrollment_message: Maybe[str] = LEFT_ALONE
    verification_message: Maybe[str] = LEFT_ALONE
    """A legacy tenant's two texts, each for SMS and voice alike (Liquid, legacy variables)."""

    email: Maybe[bool] = LEFT_ALONE
    otp: Maybe[bool] = LEFT_ALONE
    recovery_code: Maybe[bool] = LEFT_ALONE
    webauthn_roaming: Maybe[bool] = LEFT_ALONE
    webauthn_platform: Maybe[bool] = LEFT_ALONE
    duo: Maybe[bool] = LEFT_ALONE
    push: Maybe[bool] = LEFT_ALONE

    code_length: Maybe[int] = LEFT_ALONE
    """Digits of a code by phone."""
    code_lifetime: Maybe[int] = LEFT_ALONE
    """Seconds for which it is taken."""
    email_code_length: Maybe[int] = LEFT_ALONE
    email_code_lifetime: Maybe[int] = LEFT_ALONE
    remember_me_shown: Maybe[bool] = LEFT_ALONE
    remember_me_default: Maybe[bool] = LEFT_ALONE
    session_inactivity: Maybe[int] = LEFT_ALONE
    """Seconds after which a remembered browser that was not used is asked again."""
    session_overall: Maybe[int] = LEFT_ALONE
    """Seconds after which every remembered browser is asked again."""

    trial_expired: bool = field(default=False, compare=False)
    """Whether a tenant says that its own sender's trial messages are used up."""

    @property
    def other_factors(self) -> dict[str, bool]:
        """Each other factor that is known to be on or off, by its field."""
        values = {one.field: getattr(self, one.field) for one in OTHER_FACTORS}
        return {name: value for name, value in values.items() if isinstance(value, bool)}

    @property
    def texts(self) -> dict[MessageType, str]:
        """A legacy tenant's texts, as far as they are known."""
        found = {
            MessageType.OTP_ENROLL: known(self.enrollment_message, ""),
            MessageType.OTP_VERIFY: known(self.verification_message, ""),
        }
        return {kind: text for kind, text in found.items() if text}

    @classmethod
    def of_api(cls, answers: Mapping[str, Any]) -> Guardian:
        """Guardian out of the API's answers, by the path of each; one may be `Unseen`.

        What was not asked is unseen, and a text that was never set is an empty one.
        """
        told, expired = dict(answers), False
        if isinstance(told.get(FACTORS), (list, tuple)):
            factors = {str(one["name"]): one for one in items(told[FACTORS])}
            told[FACTORS] = {name: one.get("enabled") for name, one in factors.items()}
            expired = bool(factors.get(PHONE, {}).get("trial_expired"))
        if isinstance(told.get(POLICIES), (list, tuple)):
            told[POLICIES] = _policy(told[POLICIES])
        if isinstance(told.get(TEMPLATES), Mapping):
            never_set = {"enrollment_message": "", "verification_message": ""}
            told[TEMPLATES] = never_set | dict(told[TEMPLATES])
        found = of_api(cls.PARTS, {path: told.get(path, UNSEEN) for path in SCOPES})
        return cls(**found, trial_expired=expired)

    @classmethod
    def recorded(cls, properties: Mapping[str, Any]) -> Guardian:
        """Guardian as one side of a preview, or a state, has it."""
        return cls(**of_pulumi(cls.PARTS, properties))


def declared(settings: StackSettings) -> Guardian:
    """Guardian as a stack declares it."""
    common: dict[str, Any] = {
        "policy": settings.policy.guardian_policy,
        **stated(settings),
        **settings.other_factors.model_dump(exclude_none=True),
    }
    if settings.adopted:
        return Guardian(**common, **_as_found(settings))
    types = tuple(guardian_message_types(settings.delivery_methods))
    common |= {"phone_enabled": True, "message_types": types}
    if settings.experience is Experience.LEGACY:
        own = settings.declared_texts
        common |= {
            "selected_provider": HOOK,
            "enrollment_message": for_legacy(own[MessageType.OTP_ENROLL]),
            "verification_message": for_legacy(own[MessageType.OTP_VERIFY]),
        }
    return Guardian(**common)


def stated(settings: StackSettings) -> dict[str, Any]:
    """The parts with a default, by field, as far as a stack says them."""
    plain_settings = settings.plain()
    said = {part: at(plain_settings, part.setting) for part in WITH_DEFAULT}
    return {part.field: part.of_setting(value) for part, value in said.items() if value is not None}


def blocks(there: Guardian) -> dict[str, dict[str, Any]]:
    """The way back: the settings of the parts with a default, as far as a tenant shows them."""
    found: dict[str, dict[str, Any]] = {}
    unseen = set()
    for part in WITH_DEFAULT:
        key, _, member = part.setting.partition(".")
        value = getattr(there, part.field)
        if isinstance(value, Unseen):
            unseen.add(key)
        elif key:
            found.setdefault(key, {})[member] = part.as_setting(known(value, part.default))
    return {key: block for key, block in found.items() if key not in unseen}


def in_force(settings: StackSettings, there: Guardian) -> dict[str, Any]:
    """A stack's settings as plain JSON, and what they leave alone as a tenant shows it."""
    asked = settings.plain()
    return asked | {key: block for key, block in blocks(there).items() if asked[key] is None}


def _as_found(settings: StackSettings) -> dict[str, Any]:
    found = settings.adopted.phone if settings.adopted else None
    if found is None or not found.enabled:
        # A factor that is off has neither channels nor provider nor texts.
        return {"phone_enabled": False, "message_types": LEFT_ALONE}
    given = {kind: own.text for kind, own in settings.texts.items()}
    enrollment = found.enrollment_message or given.get(MessageType.OTP_ENROLL)
    verification = found.verification_message or given.get(MessageType.OTP_VERIFY)
    # The provider takes both texts or none, and none beside Twilio.
    has_texts = found.provider in {"auth0", HOOK} and None not in {enrollment, verification}
    return {
        "phone_enabled": True,
        "message_types": found.message_types,
        "selected_provider": found.provider or LEFT_ALONE,
        "enrollment_message": enrollment if has_texts else LEFT_ALONE,
        "verification_message": verification if has_texts else LEFT_ALONE,
    }


Ask = Callable[[str, str, Callable[[], Awaitable[Any]]], Awaitable[Any]]
"""Asks one question: path, scope, and how. It may answer `Unseen` where the tenant refuses."""


async def answers(
    client: AsyncManagementClient, paths: Collection[str], ask: Ask
) -> dict[str, Any]:
    """The API's answers by path, for `Guardian.of_api`."""
    guardian = client.guardian
    factors = guardian.factors

    async def listed(question: Callable[[], Awaitable[Any]]) -> list[Any]:
        return [one if isinstance(one, str) else plain(one) for one in await question()]

    async def single(question: Callable[[], Awaitable[Any]]) -> dict[str, Any]:
        # A tenant that never had texts answers 204, which auth0-python gives as None.
        answer = await question()
        return plain(answer) if answer else {}

    questions: dict[str, Callable[[], Awaitable[Any]]] = {
        FACTORS: lambda: listed(factors.list),
        POLICIES: lambda: listed(guardian.policies.list),
        MESSAGE_TYPES: lambda: single(factors.phone.get_message_types),
        SELECTED_PROVIDER: lambda: single(factors.phone.get_selected_provider),
        TEMPLATES: lambda: single(factors.sms.get_templates),
        PHONE_SETTINGS: lambda: single(factors.phone.get),
        EMAIL_SETTINGS: lambda: single(factors.email.get),
        SETTINGS: lambda: single(guardian.get),
    }
    return {
        path: await ask(path, scope, questions[path])
        for path, scope in SCOPES.items()
        if path in paths
    }
