"""Takes a drifted tenant back to what its stack declares: the one place of the check that writes.

A repair applies the checkout. Of another commit, or with changes of somebody's, it would deploy
what nobody reviewed under the name of a repair. Each backend keeps, beside the state, the commit
that an update ran from and whether its checkout had changes (`pulumi stack history`; tried with
3.259 and a local backend).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from components.tenant.action import Action, read_one
from components.tenant.client import ask
from components.tenant.model import Maybe
from phonemfa.answered import RefusedError
from phonemfa.deploying import deploy_draft
from phonemfa.drift.actions import senders
from phonemfa.drift.findings import Finding, Level, Repair
from phonemfa.drift.look import Sides
from phonemfa.git import git
from phonemfa.output.terminal import working
from phonemfa.pulumi.stack_file import StackFile
from phonemfa.pulumi.state import Checkout

if TYPE_CHECKING:
    from auth0.management import AsyncManagementClient


Plan = Mapping[Repair, Sequence[Finding]]
"""What repairs each finding that is drift."""


def plan_of(findings: Iterable[Finding]) -> Plan:
    """What a repair does, finding by finding; notices stay as they are."""
    drifted = [one for one in findings if one.level is Level.DRIFT]
    return {way: [one for one in drifted if one.repair is way] for way in Repair}


def is_possible(plan: Plan) -> bool:
    """Whether there is anything to do, and nothing that must be settled by hand first."""
    blocked = any(one.blocks for findings in plan.values() for one in findings)
    return bool(plan[Repair.UP] or plan[Repair.DEPLOY]) and not blocked


def why_another(project: Path, deployed: Checkout) -> str:
    """Why a checkout is not known to be what was deployed last; empty when it is."""
    commit, here = deployed.commit, git(project, "rev-parse", "HEAD")
    if not commit:
        return "the history of the stack names no commit that it was deployed from"
    if deployed.is_changed:
        return f"it was deployed from {commit[:12]} with changes that no commit has"
    if here is None:
        return f"it was deployed from {commit[:12]}, and {project} is no checkout of git"
    if here.strip() != commit:
        return f"it was deployed from {commit[:12]}, and this is {here.strip()[:12]}"
    changed = git(project, "status", "--porcelain")
    if changed is None or changed.strip():
        names = ", ".join(line[3:] for line in (changed or "").splitlines()[:5])
        return f"this checkout of {commit[:12]} has changes ({names or 'git does not say which'})"
    return ""


def deploy_drafts(wanted: StackFile, at: Sides, findings: Iterable[Finding]) -> list[str]:
    """Deploy each Action whose draft is as declared while something else runs: a line for each.

    The application needs `create:actions` too. A draft that has changed since it was looked at is
    not deployed.

    Raises:
        RefusedError: the draft is not what was looked at, or does not get deployed.
        TenantUnreadableError: no answer, or a missing scope.
    """
    triggers = {one.subject for one in findings}
    done = []
    for sender in senders(at):
        if sender.ours and sender.trigger in triggers:
            deploy = partial(_deploy, action=sender.ours, code=sender.declared.code)
            with working(f"deploying the Action {sender.ours.name}") as heard:
                done.append(ask(wanted.access, deploy, heard=heard))
    return done


async def _deploy(client: AsyncManagementClient, *, action: Action, code: Maybe[str]) -> str:
    now = await read_one(client, action.id, action.trigger)
    if now.code != code or now.secrets != action.secrets:
        raise RefusedError(
            f"The draft of the Action {action.name!r} has changed since it was looked at: "
            "nothing was deployed. Look again."
        )
    running = (await deploy_draft(client, action.id)).running
    return f"deployed the Action {action.name!r}, version {running.number if running else 0}"
