"""The sandbox as a running process: TLS, ports, credentials, start and stop.

Owns the local certificate authority, the two HTTPS listeners on loopback, the sandbox's own
credentials, and the daemon's life. Puts tenant, API, CPaaS and notifications together
(`assembly`), but has no rule of any of them.
"""

from sandbox.server.errors import ServerError
from sandbox.server.running import RunningSandbox, ServerConfig, start

__all__ = ["RunningSandbox", "ServerConfig", "ServerError", "start"]
