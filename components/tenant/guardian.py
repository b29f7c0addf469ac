"""Guardian: the phone as a factor, when it is asked for, and the other factors beside it.

A tenant tells it in several answers, a stack declares it as one resource. While the phone is off,
a state hides a legacy tenant's sender and texts, and the API does not.
"""

import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Annotated, Any, ClassVar, Final, Self

from pydantic.alias_generators import to_camel

from components.settings.adopted import FoundPhone
from components.settings.model import StackSettings
from components.settings.texts import TextOverride, for_legacy
from components.settings.values import duration, seconds
from components.tenant.model import (
    LEFT_ALONE,
    UNSEEN,
    Client,
    Maybe,
    Part,
    Resource,
    Unseen,
    at,
    flag,
    items,
    known,
    plain,
    texts,
)
from components.vocabulary import Experience, MessageType, guardian_message_types

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

_FACTORS: Final = "read:guardian_factors"
_QUESTIONS: Final[Mapping[str, tuple[str, Callable[[Any], Awaitable[Any]]]]] = {
    FACTORS: (_FACTORS, lambda guardian: guardian.factors.list()),
    POLICIES: ("read:mfa_policies", lambda guardian: guardian.policies.list()),
    MESSAGE_TYPES: (_FACTORS, lambda guardian: guardian.factors.phone.get_message_types()),
    SELECTED_PROVIDER: (_FACTORS, lambda guardian: guardian.factors.phone.get_selected_provider()),
    TEMPLATES: (_FACTORS, lambda guardian: guardian.factors.sms.get_templates()),
    PHONE_SETTINGS: (_FACTORS, lambda guardian: guardian.factors.phone.get()),
    EMAIL_SETTINGS: (_FACTORS, lambda guardian: guardian.factors.email.get()),
    SETTINGS: ("read:tenant_settings", lambda guardian: guardian.get()),
}
"""What is asked about Guardian, in this order: the scope that it needs, and how."""
SCOPES: Final = {path: scope for path, (scope, _) in _QUESTIONS.items()}

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


def _text(value: Any) -> Any:
    # Official states have an empty string where the factor shows none.
    return str(value) if value else UNSEEN


def _switch(name: str, key: str = "", *, block: bool = False) -> Part:
    key = key or to_camel(name.replace("-", "_"))
    # The paths of the API are names of their own here: a name with a dot is none of theirs.
    pulumi = f"{key}.enabled" if block else key
    return Part(f"{FACTORS}.{name}", pulumi, f"otherFactors.{key}", of=flag, absent=False)


def name_of(part: Part) -> str:
    """What a person calls a part: its path in the API, below Guardian and its factors."""
    return re.sub(r"\A/guardian/(?:factors[./])?", "", part.api)


_BLOCKS: Final = dict(zip(BY_PLAN, ("phoneSettings", "emailSettings", "settings"), strict=True))


def _by_plan(path: str, name: str, setting: str = "", *, default: Any) -> Part:
    """A part with the default of a tenant that nobody changed (management-api.md §6.7).

    A duration is seconds to the tenant, and a text such as "7d" in the stack's file.
    """
    part = Part(
        api=f"{path}.{name}",
        pulumi=f"{_BLOCKS[path]}.{to_camel(name)}",
        setting=setting,
        of=flag if isinstance(default, bool) else int,
        default=default,
        scope="update:tenant_settings" if path == SETTINGS else "",
    )
    if isinstance(default, str):
        part = replace(part, default=seconds(default), of_setting=seconds, as_setting=duration)
    return part


def _template(name: str, kind: MessageType) -> Part:
    return Part(f"{TEMPLATES}.{name}", f"phone.options.{to_camel(name)}", f"texts.{kind}")


@dataclass(frozen=True, kw_only=True)
class Guardian(Resource):
    """The phone factor, the policy, the other factors, and how long codes and devices last."""

    TOKEN: ClassVar = TOKEN

    phone_enabled: Annotated[
        Maybe[bool], Part(f"{FACTORS}.{PHONE}", "phone.enabled", of=flag, absent=False)
    ]
    # Guardian's list is ordered, but means the same in any order.
    message_types: Annotated[
        Maybe[tuple[str, ...]],
        Part(
            f"{MESSAGE_TYPES}.message_types",
            "phone.messageTypes",
            "deliveryMethods",
            of=texts,
            ordered=False,
        ),
    ]
    selected_provider: Annotated[
        Maybe[str], Part(f"{SELECTED_PROVIDER}.provider", "phone.provider", of=_text)
    ] = LEFT_ALONE
    """Who sends on a legacy tenant: `HOOK` is the Action."""
    enrollment_message: Annotated[
        Maybe[str], _template("enrollment_message", MessageType.OTP_ENROLL)
    ] = LEFT_ALONE
    verification_message: Annotated[
        Maybe[str], _template("verification_message", MessageType.OTP_VERIFY)
    ] = LEFT_ALONE
    """A legacy tenant's two texts, each for SMS and voice alike (Liquid, legacy variables)."""
    policy: Annotated[Maybe[str], Part(POLICIES, "policy", "policy", absent=NEVER)]

    email: Annotated[Maybe[bool], _switch("email")] = LEFT_ALONE
    otp: Annotated[Maybe[bool], _switch("otp")] = LEFT_ALONE
    recovery_code: Annotated[Maybe[bool], _switch("recovery-code")] = LEFT_ALONE
    webauthn_roaming: Annotated[Maybe[bool], _switch("webauthn-roaming", block=True)] = LEFT_ALONE
    webauthn_platform: Annotated[Maybe[bool], _switch("webauthn-platform", block=True)] = LEFT_ALONE
    duo: Annotated[Maybe[bool], _switch("duo", block=True)] = LEFT_ALONE
    push: Annotated[Maybe[bool], _switch("push-notification", "push", block=True)] = LEFT_ALONE

    code_length: Annotated[
        Maybe[int], _by_plan(PHONE_SETTINGS, "otp_length", "oneTimeCode.length", default=6)
    ] = LEFT_ALONE
    """Digits of a code by phone."""
    code_lifetime: Annotated[
        Maybe[int],
        _by_plan(PHONE_SETTINGS, "otp_expiration_time", "oneTimeCode.lifetime", default="5m"),
    ] = LEFT_ALONE
    """Seconds for which it is taken."""
    email_code_length: Annotated[Maybe[int], _by_plan(EMAIL_SETTINGS, "otp_length", default=6)] = (
        LEFT_ALONE
    )
    email_code_lifetime: Annotated[
        Maybe[int], _by_plan(EMAIL_SETTINGS, "otp_expiration_time", default="5m")
    ] = LEFT_ALONE
    remember_me_shown: Annotated[
        Maybe[bool],
        _by_plan(SETTINGS, "display_remember_me_checkbox", "rememberBrowser.shown", default=True),
    ] = LEFT_ALONE
    remember_me_default: Annotated[
        Maybe[bool],
        _by_plan(SETTINGS, "remember_me_default_value", "rememberBrowser.ticked", default=False),
    ] = LEFT_ALONE
    session_inactivity: Annotated[
        Maybe[int],
        _by_plan(
            SETTINGS, "mfa_session_inactivity_timeout", "rememberBrowser.inactivity", default="7d"
        ),
    ] = LEFT_ALONE
    """Seconds after which a remembered browser that was not used is asked again."""
    session_overall: Annotated[
        Maybe[int],
        _by_plan(SETTINGS, "mfa_session_overall_timeout", "rememberBrowser.overall", default="30d"),
    ] = LEFT_ALONE
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
    def of_api(cls, answers: Mapping[str, Any]) -> Self:
        """Guardian out of the API's answers, by the path of each; one may be `Unseen`.

        What was not asked is unseen, and a text that was never set is an empty one.
        """
        told, expired = dict(answers), False
        if isinstance(told.get(FACTORS), (list, tuple)):
            factors = {str(one["name"]): one for one in items(told[FACTORS])}
            told[FACTORS] = {name: one.get("enabled") for name, one in factors.items()}
            expired = bool(factors.get(PHONE, {}).get("trial_expired"))
        if isinstance(told.get(POLICIES), (list, tuple)):
            told[POLICIES] = next(iter(texts(told[POLICIES])), NEVER)
        if isinstance(told.get(TEMPLATES), Mapping):
            never_set = {"enrollment_message": "", "verification_message": ""}
            told[TEMPLATES] = never_set | dict(told[TEMPLATES])
        found = cls.parts_of_api({path: told.get(path, UNSEEN) for path in SCOPES})
        return cls(**found, trial_expired=expired)

    @classmethod
    def recorded(cls, properties: Mapping[str, Any]) -> Self:
        return cls(**cls.parts_of_pulumi(properties))


OTHER_FACTORS: Final = tuple(
    one for one in Guardian.PARTS if one.setting.startswith("otherFactors.")
)
"""The other factors: Guardian has three as a plain switch, the rest as a block with one."""
WITH_DEFAULT: Final = tuple(one for one in Guardian.PARTS if one.default is not None)
"""The parts that have a default in every tenant, so that a stack may leave them alone."""


def declared(settings: StackSettings) -> Guardian:
    """Guardian as a stack declares it."""
    common: dict[str, Any] = {
        "policy": settings.policy.guardian_policy,
        **stated(settings),
        **settings.other_factors.model_dump(exclude_none=True),
    }
    if settings.adopted:
        return Guardian(**common, **_as_found(settings.adopted.phone, settings.texts))
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


def _as_found(found: FoundPhone, own: Mapping[MessageType, TextOverride]) -> dict[str, Any]:
    if not found.enabled:
        # A factor that is off has neither channels nor provider nor texts.
        return {"phone_enabled": False, "message_types": LEFT_ALONE}
    given = {kind: one.text for kind, one in own.items()}
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


async def answers(client: Client, paths: Collection[str], ask: Ask) -> dict[str, Any]:
    """The API's answers by path, for `Guardian.of_api`."""

    async def answer(path: str) -> Any:
        found = await _QUESTIONS[path][1](client.guardian)
        if isinstance(found, list):
            return [one if isinstance(one, str) else plain(one) for one in found]
        # A tenant that never had texts answers 204, which auth0-python gives as None.
        return plain(found) if found else {}

    return {
        path: await ask(path, scope, partial(answer, path))
        for path, scope in SCOPES.items()
        if path in paths
    }
