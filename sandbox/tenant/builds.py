"""How long an Action's build takes and how it ends; nothing is built.

States follow from stored times, so there is no timer and a restart changes nothing.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.tenant.clock import NANOS_PER_SECOND

Phases = list[dict[str, Any]]
"""`[{"status": ..., "seconds": ...}, ...]`: states in order, the last one stays."""

IMMEDIATE: Phases = [{"status": "built", "seconds": 0}]

FAILING: Phases = [
    {"status": "building", "seconds": 0.5},
    {"status": "retrying", "seconds": 0.5},
    {"status": "failed", "seconds": 0},
]
"""As recorded (`TestAccAction`), in less time."""

UNBUILDABLE = frozenset({("crypto", "17.7.1")})
"""Dependencies, by name and version, whose builds were recorded to fail: the provider's acceptance
tests rely on it. No other is looked up anywhere."""


@dataclass
class Builds:
    """The script for builds to come.

    Attributes:
        default: states of a draft after a write whose answer said `pending`. The first read shows
            `built` by default, as recorded for Actions without dependencies.
        deploy_seconds: how long a deploy takes until the new version is the deployed one.
        scripted: states for the next writes, one entry each; `default` again afterwards.
    """

    default: Phases = field(default_factory=lambda: list(IMMEDIATE))
    deploy_seconds: float = 0.0
    scripted: deque[Phases] = field(default_factory=deque)

    def next(self, dependencies: Iterable[Mapping[str, Any]]) -> Phases:
        """The states of the draft that is being written now, with these dependencies."""
        if self.scripted:
            return self.scripted.popleft()
        fails = any((one["name"], one["version"]) in UNBUILDABLE for one in dependencies)
        return list(FAILING if fails else self.default)


def status_at(phases: Phases, started_ns: int, now_ns: int) -> str:
    """The build state at an instant."""
    end = started_ns
    for phase in phases[:-1]:
        end += int(phase["seconds"] * NANOS_PER_SECOND)
        if now_ns < end:
            return str(phase["status"])
    return str(phases[-1]["status"])


def finished_at(phases: Phases, started_ns: int) -> int:
    """When the last state is reached, in ns."""
    return started_ns + int(sum(phase["seconds"] for phase in phases[:-1]) * NANOS_PER_SECOND)
