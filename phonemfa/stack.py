"""A stack that a command changes: its file, its tenant, and the engine that applies it.

Owns putting these together from what a command was asked. Refuses to change anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from components.settings.model import StackSettings
from components.tenant.access import Access
from components.tenant.client import access_of
from phonemfa.engine import PulumiCli
from phonemfa.stack_file import StackFile


@dataclass(frozen=True, kw_only=True)
class Stack:
    """What a change is about.

    Attributes:
        file: the stack's file, which holds the key encrypted.
        to: the number for test messages, one of `settings.test_numbers`.
    """

    file: Path
    settings: StackSettings
    access: Access
    cli: PulumiCli
    to: str

    @classmethod
    def of(
        cls, project: Path, stack: str, wanted: StackFile, *, config_file: Path | None, to: str
    ) -> Self:
        """The stack of a project.

        Args:
            project: the folder with Pulumi.yaml.
            stack: its name.
            wanted: what its file says.
            config_file: the file, when it is not Pulumi.<stack>.yaml.
            to: the number for test messages.

        Raises:
            TenantUnreadableError: naming every credential that is missing.
        """
        return cls(
            file=config_file or project / f"Pulumi.{stack}.yaml",
            settings=wanted.settings,
            access=access_of(wanted.auth0),
            cli=PulumiCli(project, stack, config_file=config_file),
            to=to,
        )
