"""The one kind of failure that the sandbox's tooling shows to a person.

Owns the pair every such failure consists of: what went wrong, and what to do about it. Refuses to
decide how it is printed (`sandbox/cli`), and is not for rule violations of the tenant
(`sandbox/tenant/errors.py`), which are answers to an API client.
"""

from __future__ import annotations


class SandboxError(Exception):
    """Something a person has to act on.

    Args:
        problem: what went wrong, in one or more complete sentences; no secret values.
        fix: what to do next, as commands or settings that can be copied.
    """

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(f"{problem}\n{fix}")
        self.problem = problem
        self.fix = fix


class EngineError(SandboxError):
    """The Pulumi engine or the auth0 plugin cannot be had, or does not do its work."""
