"""Exit statuses of every command, and what they mean."""

from enum import IntEnum


class Exit(IntEnum):
    """What a command's exit status says."""

    FINE = 0
    FAULTY = 1
    """Looked at, and something is wrong."""
    UNANSWERED = 2
    """Could not look: no access, no such stack, bad config, bad arguments, the engine failed."""
    DRIFTED = 7
    """Tenant and stack differ; the number is that of `pulumi refresh --expect-no-changes`."""
    UNHEALTHY = 8
    """A level of the stack's `health` was passed: codes may not arrive."""
