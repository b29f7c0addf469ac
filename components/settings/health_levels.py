"""From which figures on `phonemfa health` finds fault: the stack's setting `health`.

The defaults were fixed before they were tried on any traffic (docs/decisions/health.md).
"""

from typing import Any

from pydantic import Field

from components.settings.strict import Strict
from components.settings.values import Number


def _level(usual: int, least: int, most: int, description: str) -> Any:
    return Field(usual, ge=least, le=most, description=description)


class HealthLevels(Strict):
    """Levels of one tenant; each is passed only where chance is no explanation."""

    minimum: Number = _level(6, 1, 999, "how many there must be before anything is judged")
    success_percent: Number = _level(90, 1, 99, "of a channel's messages, that are handed over")
    completion_percent: Number = _level(
        50, 1, 99, "of a channel's messages, after which a user passes"
    )
    surge_factor: Number = _level(3, 2, 99, "how many times as often as before a reason may occur")
    messages_per_number: Number = _level(8, 2, 99, "to one number within an hour")
    numbers_in_sequence: Number = _level(10, 3, 999, "new numbers in a block of a thousand")
    silent_hours: Number = _level(2, 1, 99, "without a message while there are logins")
