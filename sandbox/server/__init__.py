"""The sandbox as a running process: TLS, ports, credentials, start and stop.

Owns the local certificate authority, the listeners on loopback, the sandbox's own
credentials, and the daemon's life. Puts tenant, API, CPaaS and notifications together
(`assembly`), but has no rule of any of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.machine.errors import ServerError

if TYPE_CHECKING:
    from sandbox.server.running import RunningSandbox, ServerConfig, start

__all__ = ["RunningSandbox", "ServerConfig", "ServerError", "start"]


def __getattr__(name: str) -> Any:
    # Late, because the whole sandbox comes with it: a second that `status`, `down` and the other
    # commands, which only talk to a running server, do not have to wait.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from sandbox.server import running  # noqa: PLC0415

    return getattr(running, name)
