"""A program that lives for a second does not pay for what only longer ones need.

Owns two savings of the process that runs `__main__.py`, a tenth of a preview each; the figures are
in docs/decisions/import-time.md. Refuses to change what the program declares or reports.
"""

from __future__ import annotations

import atexit
import gc
import os
from collections.abc import Mapping
from typing import Final

import pulumi.log

VARIABLE: Final = "PHONEMFA_SDK_DEBUG"
"""Where it is set, the SDK's own debug messages reach the engine."""


def spare(environ: Mapping[str, str] = os.environ) -> None:
    """Leave out the search for garbage at the end, and the SDK's debug messages.

    Python searches everything that was ever loaded before a process ends, which gives its memory
    back anyway. The SDK sends some seventy debug messages ("preparing resource …") whether anybody
    shows them or not, and waits for the answer to each.
    """
    atexit.register(gc.freeze)
    if not environ.get(VARIABLE):
        pulumi.log.debug = _unsent


def _unsent(*_: object, **__: object) -> None:
    """Take a message as `pulumi.log.debug` does. The engine's own debug messages tell the same."""
