"""Takes the sandbox's three ports, on loopback only."""

from __future__ import annotations

import errno
import socket

from sandbox.machine.errors import ServerError
from sandbox.machine.processes import listener_on

LOOPBACK = "127.0.0.1"
TENANT_VARIABLE = "SANDBOX_TENANT_PORT"
CPAAS_VARIABLE = "SANDBOX_CPAAS_PORT"
PAGES_VARIABLE = "SANDBOX_PAGES_PORT"
TENANT_PORT = 8443
CPAAS_PORT = 8444
PAGES_PORT = 8445


def take_port(port: int, *, what: str, variable: str) -> socket.socket:
    """A listening socket on 127.0.0.1:`port`; 0 lets the system choose one.

    Args:
        port: the port wanted.
        what: who wants it, for the message.
        variable: the environment variable that sets another one, for the message.

    Raises:
        ServerError: the port is taken or not allowed.
    """
    # create_server sets SO_REUSEADDR (not _REUSEPORT): a port whose last connections are just
    # ending can be taken again at once, one that is listened on cannot.
    try:
        listener = socket.create_server((LOOPBACK, port), family=socket.AF_INET)
    except (OSError, OverflowError) as error:
        taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        holder = listener_on(port) if taken else None
        reason = "is taken" if taken else f"cannot be used ({error})"
        by = f" by {holder}" if holder else ""
        raise ServerError(
            f"Port {port} of 127.0.0.1 {reason}{by}, so the sandbox's {what} cannot start.",
            f"End that process, or choose another port: {variable}=9443 make up",
        ) from error
    # asyncio does this only for sockets made with an explicit protocol number. Without it, head
    # and body of an answer wait for each other (Nagle), about 40 ms an answer.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def port_from(value: str | None, default: int, *, variable: str) -> int:
    """The port that the environment variable `variable` has as `value`, else `default`.

    Raises:
        ServerError: not a number from 1 to 65535.
    """
    if value is None or not value.strip():
        return default
    if value.strip().isdecimal() and 1 <= int(value) <= 65535:  # noqa: PLR2004 - TCP
        return int(value)
    raise ServerError(
        f"{variable}={value} is not a port, so the sandbox cannot listen there.",
        f"Set {variable} to a number from 1 to 65535, or unset it for {default}.",
    )
