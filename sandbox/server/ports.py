"""Takes the sandbox's three ports, on loopback only."""

import errno
import socket
from dataclasses import dataclass

from sandbox.machine.errors import ServerError
from sandbox.machine.processes import listener_on

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Listener:
    """One of the sandbox's listeners: its name, its usual port, and the variable of another."""

    name: str
    port: int

    @property
    def key(self) -> str:
        """Its port among settings and in the record."""
        return f"{self.name.lower()}_port"

    @property
    def variable(self) -> str:
        return f"SANDBOX_{self.key.upper()}"


TENANT = Listener("tenant", 8443)
CPAAS = Listener("CPaaS", 8444)
PAGES = Listener("pages", 8445)
LISTENERS = (TENANT, CPAAS, PAGES)


def take_port(port: int, what: Listener) -> socket.socket:
    """A listening socket on 127.0.0.1:`port`; 0 lets the system choose one."""
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
            f"Port {port} of 127.0.0.1 {reason}{by}, so the sandbox's {what.name} cannot start.",
            f"End that process, or choose another port: {what.variable}=9443 make up",
        ) from error
    # asyncio does this only for sockets made with an explicit protocol number. Without it, head
    # and body of an answer wait for each other (Nagle), about 40 ms an answer.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def port_from(value: str | None, what: Listener) -> int:
    """The port that the listener's variable has as `value`, else the usual one."""
    if value is None or not value.strip():
        return what.port
    if value.strip().isdecimal() and 1 <= int(value) <= 65535:  # noqa: PLR2004 - TCP
        return int(value)
    raise ServerError(
        f"{what.variable}={value} is not a port, so the sandbox cannot listen there.",
        f"Set {what.variable} to a number from 1 to 65535, or unset it for {what.port}.",
    )
