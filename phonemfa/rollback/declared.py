"""The Actions that a stack declares: what they are called, where they stand, and their code.

Owns that for every command that looks for them in a tenant. Refuses to read a tenant.
"""

from __future__ import annotations

from pathlib import Path

from components.action_code import assemble
from components.settings import StackSettings
from components.vocabulary import TRIGGERS, Experience


def experiences(settings: StackSettings) -> list[Experience]:
    """Those that the stack has a sender for: both while it moves its tenant."""
    return list(Experience) if settings.transition else [settings.experience]


def action_name(settings: StackSettings, experience: Experience) -> str | None:
    """What the stack's Action is called; None when it adopts a tenant that has none."""
    if settings.adopted:
        return settings.adopted.action.name if settings.adopted.action else None
    if experience is Experience.LEGACY:
        return f"{settings.action_name}-legacy"
    return settings.action_name


def action_code(settings: StackSettings, experience: Experience, project: Path) -> str | None:
    """The code that the repository has for it.

    Args:
        settings: of the stack.
        experience: whose Action.
        project: the folder with Pulumi.yaml.

    Raises:
        pulumi.RunError: the code of an adopted Action is not where the stack says.
    """
    if settings.adopted:
        return settings.adopted.action.source(project) if settings.adopted.action else None
    return assemble(TRIGGERS[experience])
