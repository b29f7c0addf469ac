"""The field's own words and what Auth0 calls them: experience, message type, policy and others.

Source: contract, management-api.md §5 and §6; the policy names are the dashboard's.
"""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Final

from components.action_code import Trigger

COMPONENT: Final = "phonemfa:index:PhoneMfa"
"""The component's type in Pulumi: what carries a stack's settings in previews and in the state."""


class Experience(StrEnum):
    """The tenant's generation: how it sends phone messages."""

    UNIFIED = "unified"
    """Branding > Phone Provider, trigger `custom-phone-provider` (default since July 2025)."""
    LEGACY = "legacy"
    """Guardian `phone-message-hook`, trigger `send-phone-message`."""


TRIGGERS: Final[Mapping[Experience, Trigger]] = {
    Experience.UNIFIED: "custom-phone-provider",
    Experience.LEGACY: "send-phone-message",
}
"""The trigger whose Action sends, by the tenant's generation."""


def action_name(base: str, experience: Experience) -> str:
    """What a stack's own Action is called: both stand side by side while a tenant moves."""
    return f"{base}-legacy" if experience is Experience.LEGACY else base


class DeliveryMethod(StrEnum):
    """How a code reaches the user, in the phone provider's words."""

    TEXT = "text"
    VOICE = "voice"


CHANNEL_NAMES: Final = {"text": "SMS", "voice": "voice call"}
"""Delivery methods as a reviewer calls them."""


class MessageType(StrEnum):
    """What a phone message is for (all types that the `custom-phone-provider` trigger gets)."""

    OTP_ENROLL = "otp_enroll"
    OTP_VERIFY = "otp_verify"
    CHANGE_PASSWORD = "change_password"  # noqa: S105 - a message type
    BLOCKED_ACCOUNT = "blocked_account"
    PASSWORD_BREACH = "password_breach"  # noqa: S105 - a message type

    @property
    def carries_code(self) -> bool:
        """Whether a message of this type is useless without the one-time code."""
        return self in {self.OTP_ENROLL, self.OTP_VERIFY, self.CHANGE_PASSWORD}


class Policy(StrEnum):
    """When users must use a second factor, in the dashboard's words."""

    ALWAYS = "always"
    ADAPTIVE = "adaptive"
    NEVER = "never"

    @property
    def guardian_policy(self) -> str:
        """The same policy in the Guardian resource's words."""
        return _GUARDIAN_POLICIES[self]


ASKED: Final = {
    "always": "every login is asked for a second factor",
    "adaptive": "logins that look risky are asked for a second factor",
    "never": "no login is asked for a second factor",
}
"""What each policy means."""


def policy_word(guardian: Sequence[str]) -> str:
    """A tenant's policy, which it lists in words of its own, in ours."""
    words = {one.guardian_policy: one.value for one in Policy}
    return ", ".join(words.get(one, one) for one in guardian) or Policy.NEVER


def asks_less(wanted: Sequence[str], live: Sequence[str]) -> bool:
    """Whether users would be asked for a second factor less often, in Guardian's words.

    A policy that is not known here counts as adaptive.
    """

    def strength(policies: Sequence[str]) -> int:
        return max((_STRENGTH.get(one, 1) for one in policies), default=0)

    return strength(wanted) < strength(live)


class Gate(StrEnum):
    """What must hold before a tenant asks its users for codes."""

    READY = "ready"
    """What sends and delivers is in place and switched on."""
    SMOKE = "smoke"
    """And a test message of each channel was sent, by the tenant's own log."""
    OFF = "off"
    """Nothing is looked at but that no policy is lowered: the provider's own order, which can lock
    users out."""


class Language(StrEnum):
    """Languages that the package ships texts in."""

    JAPANESE = "ja"
    ENGLISH = "en"


class TextContent(StrEnum):
    """What others decide, and what a text may therefore have only where the stack allows it."""

    USER = "user"
    CLIENT = "client"
    APPLICATION = "application"
    ORGANIZATION = "organization"
    LOCALE = "locale"
    REQUEST_INFO = "requestInfo"
    LINKS = "links"


class VoiceGender(StrEnum):
    """Whose voice reads the code."""

    FEMALE = "female"
    MALE = "male"


LEGACY_MESSAGE_TYPES: Final = (MessageType.OTP_ENROLL, MessageType.OTP_VERIFY)
"""What a legacy tenant sends by phone (`message_options.action` of its trigger)."""

_GUARDIAN_POLICIES: Final = {
    Policy.ALWAYS: "all-applications",
    Policy.ADAPTIVE: "confidence-score",
    Policy.NEVER: "never",
}
_STRENGTH: Final = {"never": 0, "confidence-score": 1, "all-applications": 2}
CHANNELS: Final = {DeliveryMethod.TEXT: "sms", DeliveryMethod.VOICE: "voice"}
"""Delivery method to the word that the factor, a legacy tenant's texts and the log have for it."""


def guardian_message_types(methods: Collection[DeliveryMethod]) -> list[str]:
    """The factor's message types that these delivery methods cover, in the API's order.

    Guardian answers `["sms", "voice"]` whatever was written, and its list is ordered: any other
    order would show as drift for ever.
    """
    return [CHANNELS[method] for method in DeliveryMethod if method in methods]
