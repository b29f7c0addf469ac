"""Auth0's own controls against attacks on a login: whether each is on.

No stack declares them. How many codes are asked for, and what sending them costs, depends on them
all the same.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from components.tenant.model import Maybe, Part, Unseen, of_api, plain

if TYPE_CHECKING:
    from auth0.management import AsyncManagementClient

    from components.tenant.guardian import Ask

SCOPE: Final = "read:attack_protection"
BOTS: Final = "/attack-protection/bot-detection"
ADDRESSES: Final = "/attack-protection/suspicious-ip-throttling"
GUESSES: Final = "/attack-protection/brute-force-protection"
BREACHES: Final = "/attack-protection/breached-password-detection"
_CHALLENGES: Final = (
    "challenge_password_policy",
    "challenge_passwordless_policy",
    "challenge_password_reset_policy",
)


class State(StrEnum):
    """What a control does."""

    ON = "on"
    ONLY_WATCHING = "only watching"
    """It sees attacks and stops none."""
    OFF = "off"


def _shielding(answer: Mapping[str, Any]) -> State:
    if not answer.get("enabled"):
        return State.OFF
    return State.ON if "block" in (answer.get("shields") or ()) else State.ONLY_WATCHING


def _challenging(answer: Mapping[str, Any]) -> State:
    if all(answer.get(one, "never") == "never" for one in _CHALLENGES):
        return State.OFF
    return State.ONLY_WATCHING if answer.get("monitoring_mode_enabled") else State.ON


@dataclass(frozen=True, kw_only=True)
class AttackProtection:
    """The four controls."""

    PARTS: ClassVar[tuple[Part, ...]] = (
        Part("bot_detection", BOTS, of=_challenging),
        Part("suspicious_ip_throttling", ADDRESSES, of=_shielding),
        Part("brute_force_protection", GUESSES, of=_shielding),
        Part("breached_password_detection", BREACHES, of=_shielding),
    )

    bot_detection: Maybe[State]
    suspicious_ip_throttling: Maybe[State]
    brute_force_protection: Maybe[State]
    breached_password_detection: Maybe[State]

    @classmethod
    def of_api(cls, answers: Mapping[str, Mapping[str, Any] | Unseen]) -> AttackProtection:
        """The controls out of the API's answers, by the path of each; what is missing is unseen."""
        return cls(**of_api(cls.PARTS, answers))


async def read(client: AsyncManagementClient, ask: Ask) -> AttackProtection:
    """The tenant's controls; `ask` may answer `Unseen` where the tenant refuses one."""
    controls = client.attack_protection
    questions = {
        BOTS: controls.bot_detection.get,
        ADDRESSES: controls.suspicious_ip_throttling.get,
        GUESSES: controls.brute_force_protection.get,
        BREACHES: controls.breached_password_detection.get,
    }
    return AttackProtection.of_api(
        {path: await ask(path, SCOPE, partial(_told, one)) for path, one in questions.items()}
    )


async def _told(question: Callable[[], Awaitable[Any]]) -> dict[str, Any]:
    return plain(await question())
