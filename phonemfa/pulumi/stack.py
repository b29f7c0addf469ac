"""A stack that a command changes: its file, its tenant, and the engine that applies it."""

from __future__ import annotations

from codecs import BOM_UTF8
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from components.settings.model import StackSettings
from components.tenant.access import Access
from components.tenant.client import access_of
from phonemfa.files import write_whole
from phonemfa.pulumi.engine import PulumiCli
from phonemfa.pulumi.stack_file import StackFile


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

    def keep_endings(self, before: bytes) -> None:
        """Give the file back the line endings and the mark that `pulumi config set` leaves out.

        Args:
            before: what was in the file.
        """
        written = after = self.file.read_bytes()
        if b"\r\n" in before and b"\r\n" not in after:
            after = after.replace(b"\n", b"\r\n")
        if before.startswith(BOM_UTF8) and not after.startswith(BOM_UTF8):
            after = BOM_UTF8 + after
        if after != written:
            write_whole(self.file, after)
