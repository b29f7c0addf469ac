"""Auth0's own controls against attacks on a login: whether each is on.

No stack declares them. How many codes are asked for, and what sending them costs, depends on them
all the same.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Annotated, Any, Final, Self

from components.tenant.guardian import Ask
from components.tenant.model import Client, Maybe, Part, Resource, Unseen, plain

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
class AttackProtection(Resource):
    """The four controls."""

    bot_detection: Annotated[Maybe[State], Part(BOTS, of=_challenging)]
    suspicious_ip_throttling: Annotated[Maybe[State], Part(ADDRESSES, of=_shielding)]
    brute_force_protection: Annotated[Maybe[State], Part(GUESSES, of=_shielding)]
    breached_password_detection: Annotated[Maybe[State], Part(BREACHES, of=_shielding)]

    @classmethod
    def of_api(cls, answers: Mapping[str, Mapping[str, Any] | Unseen]) -> Self:
        """The controls out of the API's answers, by the path of each; what is missing is unseen."""
        return cls(**cls.parts_of_api(answers))


async def read(client: Client, ask: Ask) -> AttackProtection:
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
