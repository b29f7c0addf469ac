"""The Actions that a stack declares: what they are called, where they stand, and their code.

Owns that for every command that looks for them in a tenant. Refuses to read a tenant.
"""

from __future__ import annotations

from pathlib import Path

from components.action_code import assemble
from components.settings.model import StackSettings
from components.vocabulary import TRIGGERS, Experience, action_name


def name_of(settings: StackSettings, experience: Experience) -> str | None:
    """What the stack's Action is called; None when it adopts a tenant that has none."""
    if settings.adopted:
        return settings.adopted.action.name if settings.adopted.action else None
    return action_name(settings.action_name, experience)


def code_of(settings: StackSettings, experience: Experience, project: Path) -> str | None:
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
