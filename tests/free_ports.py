"""Ports for servers that a test starts in a process of its own."""

import socket
from contextlib import ExitStack

_VARIABLES = ("SANDBOX_TENANT_PORT", "SANDBOX_CPAAS_PORT", "SANDBOX_PAGES_PORT")


def sandbox_ports() -> dict[str, str]:
    """A sandbox's three variables with free ports: held together, so that no two are the same."""
    with ExitStack() as held:
        taken = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in _VARIABLES]
        return {
            name: str(one.getsockname()[1]) for name, one in zip(_VARIABLES, taken, strict=True)
        }
