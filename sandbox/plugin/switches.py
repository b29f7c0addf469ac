"""What of the official plugin is documented but not recorded: a switch each, off unless named.

They are named, with commas, in the environment that the engine starts the plugin in. Off is what
was recorded (`official/` of the contract).
"""

import os
from typing import Final

VARIABLE: Final = "PHONEMFA_STAND_IN"

REPLACE_FAILED_BUILD: Final = "replace-failed-build"
"""An Action whose build failed is replaced on the next plan (documentation of 3.54)."""

ADAPTIVE_MFA_WARNS: Final = "adaptive-mfa-warns"
"""A plan without Adaptive MFA is a warning, no error (provider pull request 1716)."""

TOLD: Final = "PHONEMFA_STAND_IN_TOLD"
"""The variable that is set where the user knows already that this is the stand-in (`make up`)."""


def thrown(switch: str) -> bool:
    """Whether a switch is on."""
    return switch in os.environ.get(VARIABLE, "").split(",")
