"""Ports for servers that a test starts later, or in a process of its own."""

import socket
from contextlib import ExitStack
from random import SystemRandom

_VARIABLES = ("SANDBOX_TENANT_PORT", "SANDBOX_CPAAS_PORT", "SANDBOX_PAGES_PORT")


def free_ports(count: int) -> list[int]:
    """So many different ones, free now and later.

    None that the system gives to whoever asks for any: until the server starts, or starts again,
    the tests beside this one would be given it.
    """
    found: list[int] = []
    with ExitStack() as held:
        # Not the random numbers that pytest-randomly lets begin anew in each worker.
        for port in SystemRandom().sample(range(20_000, 32_000), 1000):
            try:
                held.enter_context(socket.create_server(("127.0.0.1", port)))
            except OSError:
                continue
            found.append(port)
            if len(found) == count:
                break
    return found


def sandbox_ports() -> dict[str, str]:
    """A sandbox's three variables with free ports."""
    return dict(zip(_VARIABLES, map(str, free_ports(len(_VARIABLES))), strict=True))
