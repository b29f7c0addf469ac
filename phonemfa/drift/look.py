"""One look at a stack and its tenant: the stack's file, the engine's refresh, the tenant.

Nothing in it can write: the engine only previews its refresh, and the tenant is read with read
scopes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from components.tenant.access import Access
from components.tenant.client import ask
from phonemfa.drift.findings import Finding
from phonemfa.engine import PulumiCli

if TYPE_CHECKING:
    from components.settings.model import StackSettings
    from components.tenant.snapshot import Snapshot
    from phonemfa.drift.live import Live
    from phonemfa.drift.recorded import Recorded

Working = Callable[[str], AbstractContextManager[None]]


class NothingAppliedError(Exception):
    """The stack has no resources: there is nothing that a tenant could have drifted from."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is looked at; `project` is the folder with Pulumi.yaml."""

    stack: str
    settings: StackSettings
    access: Access
    cli: PulumiCli
    project: Path = Path()
    accepted: Collection[str] = ()


@dataclass(frozen=True, kw_only=True)
class Look:
    """What a look found, and what it was found in."""

    declared: Snapshot
    recorded: Recorded
    live: Live
    findings: list[Finding]

    @property
    def compared(self) -> int:
        """How many resources of the stack were compared."""
        return len(self.recorded.resources)


def look(subject: Subject, working: Working) -> Look:
    """Look once.

    Args:
        subject: the stack and its tenant.
        working: shows that something takes its time, by what it does.

    Raises:
        EngineFailedError: the engine gave no answer.
        NothingAppliedError: the stack is empty.
        TenantUnreadableError: the tenant gave no answer, or a scope is missing.
    """
    # pulumi_auth0 takes half a second to import; other commands should not pay for it.
    from components.tenant import snapshot  # noqa: PLC0415
    from phonemfa.drift.check import check  # noqa: PLC0415
    from phonemfa.drift.live import read_live  # noqa: PLC0415
    from phonemfa.drift.recorded import Recorded  # noqa: PLC0415

    with working(f"pulumi refresh --preview-only of stack {subject.stack}"):
        recorded = Recorded.of(subject.cli.refresh_preview())
    if not recorded.resources:
        raise NothingAppliedError(
            f"Stack {subject.stack} has no resources: pulumi up has not run, or was undone. There "
            "is nothing that the tenant could have drifted from."
        )
    declared = snapshot.declared(subject.settings, subject.project)
    with working(f"reading the tenant {subject.access.domain}"):
        live = ask(subject.access, lambda client: read_live(client, declared, recorded))
    findings = check(declared, recorded, live, accepted=subject.accepted)
    return Look(declared=declared, recorded=recorded, live=live, findings=findings)
