"""From which figures on `phonemfa health` finds fault: the stack's setting `health`.

The defaults were fixed before they were tried on any traffic (docs/decisions/health.md).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from components.settings.strict import Strict


class HealthLevels(Strict):
    """Levels of one tenant; each is passed only where chance is no explanation."""

    minimum: Annotated[
        int, Field(ge=1, le=999, description="how many there must be before anything is judged")
    ] = 6
    success_percent: Annotated[
        int, Field(ge=1, le=99, description="of a channel's messages, that are handed over")
    ] = 90
    completion_percent: Annotated[
        int, Field(ge=1, le=99, description="of a channel's messages, after which a user passes")
    ] = 50
    surge_factor: Annotated[
        int, Field(ge=2, le=99, description="how many times as often as before a reason may occur")
    ] = 3
    messages_per_number: Annotated[
        int, Field(ge=2, le=99, description="to one number within an hour")
    ] = 8
    numbers_in_sequence: Annotated[
        int, Field(ge=3, le=999, description="new numbers in a block of a thousand")
    ] = 10
    silent_hours: Annotated[
        int, Field(ge=1, le=99, description="without a message while there are logins")
    ] = 2
