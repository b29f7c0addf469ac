"""Takes a drifted tenant back to what its stack declares.

Owns what is done for which finding, and doing it: the one place of the drift check that writes.
Refuses to delete anything that is somebody else's, and to start when `pulumi up` would fail half
way or would deploy a secret that somebody wrote into the Action.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from phonemfa.drift.findings import Finding, Level, Repair
from phonemfa.drift.look import Look, Subject, Working
from phonemfa.pulumi.engine import is_change
from phonemfa.tenant import reading

DEPLOY_TIMEOUT: Final = 60.0
_PAUSE: Final = 0.25


class RepairRefusedError(Exception):
    """Nothing was written by this step; the text says what stands in the way."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a repair does, finding by finding."""

    up: Sequence[Finding]
    deploy: Sequence[Finding]
    by_hand: Sequence[Finding]

    @classmethod
    def of(cls, findings: Sequence[Finding]) -> Plan:
        """The plan for what drifted; notices stay as they are."""
        drifted = [one for one in findings if one.level is Level.DRIFT]

        def repaired_by(repair: Repair) -> list[Finding]:
            return [one for one in drifted if one.repair is repair]

        return cls(
            up=repaired_by(Repair.UP),
            deploy=repaired_by(Repair.DEPLOY),
            by_hand=repaired_by(Repair.BY_HAND),
        )

    @property
    def does_something(self) -> bool:
        """Whether there is anything that the command can repair."""
        return bool(self.up or self.deploy)

    @property
    def blockers(self) -> list[Finding]:
        """What must be settled by hand first."""
        return [one for one in (*self.up, *self.deploy, *self.by_hand) if one.blocks]


def foreseen(subject: Subject, working: Working) -> list[str]:
    """What `pulumi up --refresh` would do, a line a resource, as the engine foresees it.

    Raises:
        EngineFailedError: it would fail already in its preview.
    """
    with working("pulumi preview --refresh"):
        steps = subject.cli.preview(refresh=True)["steps"]
    return [_told(step) for step in steps if is_change(step) and step["op"] != "refresh"]


def _told(step: dict[str, Any]) -> str:
    name = step["urn"].rpartition("::")[2]
    paths = ", ".join(sorted(step.get("detailedDiff") or step.get("diffReasons") or ()))
    return f"{step['op']} {name}{f' ({paths})' if paths else ''}"


def up(subject: Subject, working: Working) -> None:
    """`pulumi up --refresh`.

    Raises:
        EngineFailedError: it failed; the text says at what.
    """
    with working("pulumi up --refresh"):
        subject.cli.up()


def deploy_drafts(subject: Subject, seen: Look, working: Working) -> list[str]:
    """Deploy each Action whose draft is as declared while something else runs.

    Args:
        subject: the stack and its tenant; the application needs `create:actions` too.
        seen: the look that found it; a draft that has changed since is not deployed.
        working: shows that something takes its time, by what it does.

    Returns:
        A line for each deployed Action.

    Raises:
        RepairRefusedError: the draft is not what was looked at, or does not get deployed.
        TenantUnreadableError: no answer, or a missing scope.
    """
    done = []
    with reading(subject.access) as client:
        for action, code in _stale(seen):
            with working(f"deploying the Action {action['name']}"):
                done.append(_deploy(client, action, code))
    return done


def _stale(seen: Look) -> Iterator[tuple[Any, str]]:
    from phonemfa.drift.sender import senders  # noqa: PLC0415 - after the engine, not before

    triggers = {one.subject for one in seen.findings if one.repair is Repair.DEPLOY}
    for sender in senders(seen.declared.actions, seen.recorded, seen.live):
        if sender.ours and sender.declared.trigger in triggers:
            yield sender.ours, sender.declared.code


def _deploy(client: Any, action: Any, code: str) -> str:
    def current() -> dict[str, Any]:
        found: dict[str, Any] = client.actions.get(action["id"]).model_dump(
            mode="json", by_alias=True, exclude_unset=True
        )
        return found

    now = current()
    if now.get("code") != code or now.get("secrets") != action.get("secrets"):
        raise RepairRefusedError(
            f"The draft of the Action {action['name']!r} has changed since it was looked at: "
            "nothing was deployed. Look again."
        )
    _wait(lambda: current().get("status") == "built", "its draft is not built")
    version = client.actions.deploy(action["id"])
    _wait(
        lambda: (current().get("deployed_version") or {}).get("id") == version.id,
        "its new version is not live",
    )
    return f"deployed the Action {action['name']!r}, version {int(version.number or 0)}"


def _wait(ready: Any, otherwise: str) -> None:
    deadline = time.monotonic() + DEPLOY_TIMEOUT
    while not ready():
        if time.monotonic() > deadline:
            raise RepairRefusedError(
                f"The Action was not deployed within {DEPLOY_TIMEOUT:.0f} s: {otherwise}. The "
                "tenant's log of the Action says why."
            )
        time.sleep(_PAUSE)
