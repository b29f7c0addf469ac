"""Rules about an Action's secrets, of which a tenant tells names and times, never values.

What the Action is configured with is among them, in values that the tenant tells nobody: those are
compared between the stack's file and what its last run applied.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from components.guards.finish_failed_writes import ways_out
from components.masking import redacted_code
from phonemfa.applied import Applied
from phonemfa.drift.findings import Finding, Level, Repair, shown
from phonemfa.drift.sender import Sender, secret_times

NEW_KEY: Final = (
    "set a new CPaaS key (pulumi config set --secret phonemfa:cpaasApiKey), then pulumi up "
    "--refresh: a changed secret sends all of them again and deploys them"
)
FAILED: Final = (
    "if a pulumi up of yours failed then, they are yours, and a refresh made Pulumi forget it: {}. "
    "Otherwise"
)
RECORD: Final = "pulumi refresh records the version that runs"
DEPLOY: Final = "press Deploy at the Action in the dashboard, then pulumi refresh"
UNFINISHED: Final = (
    "the last pulumi up failed at the Action: run pulumi up, without --refresh, as a refresh makes "
    "Pulumi forget that"
)
FINISH: Final = f"if it is missing after that: {NEW_KEY}"


def send_again(sender: Sender) -> str:
    """What has a person do who wants the Action to have the declared secrets, and no others."""
    if sender.undeclared:
        names = [redacted_code(name) for name in sender.undeclared]
        return (
            f"while the Action has {', '.join(names)}, every change of its secrets is refused, a "
            f"new key too. {ways_out(names)}"
        )
    return "" if sender.up_sends_all else NEW_KEY


def check(sender: Sender) -> Iterator[Finding]:
    """Every finding about the secrets of an Action of ours."""
    yield from _names(sender)
    yield from _settings(sender)
    yield from _values(sender)


def not_compared(applied: Applied, *, configured: bool) -> Iterator[Finding]:
    """Whatever nobody can compare because the state does not tell it.

    Args:
        applied: what the state tells.
        configured: whether the stack has an Action with secrets of its own.
    """
    if not applied.unknown or not (configured or applied.is_unfinished):
        return
    compared = "names and times of the Action's secrets were compared, " if configured else ""
    yield Finding(
        kind="not-compared",
        subject="settings",
        level=Level.NOTICE,
        what=applied.unknown,
        expected="the settings that the last pulumi up applied",
        found=f"{compared}the stack's file with what was applied was not",
        repair=Repair.NOTHING,
        how=applied.advice,
        in_state=False,
    )


def _names(sender: Sender) -> Iterator[Finding]:
    """Secrets that were added or removed behind the stack's back."""
    undeclared, missing = sender.undeclared, sender.missing
    if not undeclared and not missing:
        return
    told = [
        *(f"added: {redacted_code(name)}" for name in undeclared),
        *(f"removed: {one}" for one in missing),
    ]
    # A run that stopped may not have come as far as the Action.
    finish = sender.applied.is_unfinished and not undeclared
    repaired_by_up = finish or sender.up_sends_all
    # The provider compares names before it writes any secret.
    refused = undeclared and (sender.unapplied or sender.applied.is_unfinished)
    yield Finding(
        kind="secret-names",
        subject=sender.declared.trigger,
        what="the Action has other secrets than the stack declares",
        expected=", ".join(sorted(sender.secret_names or ())),
        found="; ".join(told),
        since=sender.ours.updated_at if sender.ours else None,
        repair=Repair.UP if repaired_by_up else Repair.BY_HAND,
        how=FINISH if finish else send_again(sender),
        blocks=bool(refused) or (sender.foreign_secrets_wait and not repaired_by_up),
        in_state=False,
    )


def _settings(sender: Sender) -> Iterator[Finding]:
    """Settings that travel as secrets, and that no run has applied yet."""
    differing = sender.unapplied
    if not differing:
        return
    upgrade = differing.keys() <= sender.new_names
    yield Finding(
        kind="action-settings",
        subject=sender.declared.trigger,
        level=Level.NOTICE if upgrade else Level.DRIFT,
        what="this version of the package has settings of the Action that no run has applied yet"
        if upgrade
        else "the stack's file has settings of the Action that were not applied",
        expected=shown({name: declared for name, (declared, _) in differing.items()}),
        found=f"applied: {shown({name: before for name, (_, before) in differing.items()})}",
    )


def _values(sender: Sender) -> Iterator[Finding]:
    """Secrets that were written after the stack's own last deploy."""
    if sender.recorded and sender.recorded.action.version_id and not sender.deployed_by_us:
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
    running = secret_times(sender.deployed)
    live = any(running.get(name) == written[name] for name in written_since)
    how = UNFINISHED if sender.is_unfinished else send_again(sender)
    if how == NEW_KEY:
        how = f"{FAILED.format(RECORD if live else DEPLOY)} {how}"
    yield Finding(
        kind="secret-changed",
        subject=sender.declared.trigger,
        what="secrets were written after the stack's last deploy, and are deployed"
        if live
        else "secrets were written after the stack's last deploy, and wait for the next one",
        expected=f"as of {sender.deployed_by_us.created_at if sender.deployed_by_us else ''}",
        found=f"written: {', '.join(written_since)}",
        since=max(written[name] for name in written_since).isoformat().replace("+00:00", "Z"),
        repair=Repair.BY_HAND if how else Repair.UP,
        how=how,
        # pulumi up would deploy the foreign values together with whatever else it repairs; of an
        # unfinished write, a repair's --refresh would make Pulumi forget.
        blocks=sender.is_unfinished or (not live and not sender.up_sends_all),
        in_state=False,
    )
