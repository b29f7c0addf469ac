"""Sees that there is a Node to run deployed Actions with, before anything is started.

Owns the message for a person. Which Node is fit is decided by the Action runner.
"""

from __future__ import annotations

from sandbox.machine.errors import ServerError
from sandbox.runner.runner import NodeUnusableError, find_node


def check_node() -> None:
    """See that deployed Actions can run.

    Raises:
        ServerError: no Node on PATH, or one that is too old.
    """
    try:
        find_node()
    except NodeUnusableError as error:
        raise ServerError(
            f"The deployed Action cannot run: {error}",
            "Install Node.js (https://nodejs.org, or your package manager) so that it is on PATH.",
        ) from error
