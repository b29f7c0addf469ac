"""The server's failure, in the form every part of the sandbox's tooling uses."""

from __future__ import annotations

from sandbox.machine.errors import SandboxError


class ServerError(SandboxError):
    """The sandbox server cannot start, stop or be reached."""
