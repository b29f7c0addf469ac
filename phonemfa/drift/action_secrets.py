"""Rules about an Action's secrets, of which a tenant tells names and times, never values.

Owns what is said of them and of the way back. Refuses to know a value.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from components.masking import redacted_code
from phonemfa.drift.findings import Finding, Level, Repair
from phonemfa.drift.sender import Sender, recorded_names, secret_times

NEW_KEY: Final = (
    "set a new CPaaS key (pulumi config set --secret phonemfa:cpaasApiKey), then pulumi up "
    "--refresh: a changed secret sends all of them again and deploys them"
)


def names(sender: Sender, declared: frozenset[str]) -> Iterator[Finding]:
    """Secrets that were added or removed."""
    there = frozenset(sender.draft_secrets)
    added, removed = sorted(there - declared), sorted(declared - there)
    if not added and not removed:
        return
    told = [
        *(f"added: {redacted_code(name)}" for name in added),
        *(f"removed: {one}" for one in removed),
    ]
    # A stack that has not applied its own change yet is repaired by applying it.
    unapplied = recorded_names(sender.recorded) == there
    first = f"remove {', '.join(added)} from the Action in the dashboard; " if added else ""
    yield Finding(
        kind="secret-names",
        subject=sender.declared.trigger,
        what="the Action has other secrets than the stack declares",
        expected=", ".join(sorted(declared)),
        found="; ".join(told),
        since=(sender.ours or {}).get("updated_at"),
        repair=Repair.UP if unapplied else Repair.BY_HAND,
        how="" if unapplied else f"{redacted_code(first)}{NEW_KEY}",
        blocks=not unapplied and sender.foreign_secrets_wait,
        in_state=unapplied,
    )


def values(sender: Sender) -> Iterator[Finding]:
    """Secrets that were written after the stack's own last deploy."""
    if sender.recorded and sender.recorded.outputs.get("versionId") and not sender.deployed_by_us:
        yield Finding(
            kind="secret-changed",
            subject=sender.declared.trigger,
            level=Level.NOTICE,
            what="whether a secret was written after the stack's last deploy cannot be told",
            expected="the version that the stack deployed, among the tenant's last fifty",
            found="the tenant has forgotten it",
            repair=Repair.NOTHING,
            how="the next pulumi up that changes the Action settles it",
            in_state=False,
        )
    written_since = sender.secrets_after_deploy
    if not written_since:
        return
    written = sender.draft_secrets
    running = secret_times(sender.deployed or {})
    live = any(running.get(name) == written[name] for name in written_since)
    yield Finding(
        kind="secret-changed",
        subject=sender.declared.trigger,
        what="secrets were written after the stack's last deploy, and are deployed"
        if live
        else "secrets were written after the stack's last deploy, and wait for the next one",
        expected=f"as of {(sender.deployed_by_us or {})['created_at']}",
        found=f"written: {', '.join(written_since)}",
        since=max(written[name] for name in written_since).isoformat().replace("+00:00", "Z"),
        repair=Repair.BY_HAND,
        how=NEW_KEY,
        # pulumi up would deploy the foreign values together with whatever else it repairs.
        blocks=not live,
        in_state=False,
    )
