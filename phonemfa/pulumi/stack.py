"""A stack that a command changes: its file, its tenant, and the engine that applies it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from components.settings import StackSettings
from components.tenant.access import Access
from phonemfa.pulumi.engine import PulumiCli
from phonemfa.pulumi.stack_file import StackFile
from phonemfa.tenant import access_of


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
    def of(cls, wanted: StackFile, *, to: str) -> Self:
        """The stack, with a number for test messages.

        Raises:
            TenantUnreadableError: naming every credential that is missing.
        """
        return cls(
            file=wanted.file,
            settings=wanted.settings,
            access=access_of(wanted.auth0),
            cli=wanted.cli,
            to=to,
        )
