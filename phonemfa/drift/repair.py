"""Takes a drifted tenant back to what its stack declares: the one place of the check that writes.

A repair applies the checkout. Of another commit, or with changes of somebody's, it would deploy
what nobody reviewed under the name of a repair. Each backend keeps, beside the state, the commit
that an update ran from and whether its checkout had changes (`pulumi stack history`; tried with
3.259 and a local backend).
"""

from collections.abc import Collection, Iterable
from functools import partial
from pathlib import Path
from typing import Final

from components.tenant.action import Action, read_one
from components.tenant.client import ask
from components.tenant.model import Client, Maybe
from phonemfa.answered import RefusedError
from phonemfa.asking import Target, agreed
from phonemfa.audit import Record
from phonemfa.deploying import deploy_draft
from phonemfa.drift.actions import senders
from phonemfa.drift.findings import Finding, Repair, drifted
from phonemfa.drift.look import Sides
from phonemfa.drift.report import as_entry
from phonemfa.git import git
from phonemfa.output.document import Document, Entries, Section
from phonemfa.output.terminal import give_up, notes, say, show, working
from phonemfa.pulumi.engine import EngineFailedError
from phonemfa.pulumi.preview import Operation
from phonemfa.pulumi.stack_file import StackFile
from phonemfa.pulumi.state import Checkout

_STEPS: Final = {
    Repair.UP: "run pulumi up --refresh",
    Repair.DEPLOY: "deploy the Action's draft",
}
_HEADINGS: Final = {
    Repair.UP: "Repaired by pulumi up --refresh",
    Repair.DEPLOY: "Repaired by deploying the Action's draft (needs create:actions)",
    Repair.BY_HAND: "Not repaired, yours to do",
}


def repaired(
    wanted: StackFile,
    at: Sides,
    findings: Iterable[Finding],
    record: Record,
    *,
    yes: bool,
    any_checkout: bool,
) -> bool:
    """Repair what is drift, once it is shown and agreed to; notices stay as they are.

    Whether anything was done, all of it or not: then a second look says what is left.
    """
    drift = drifted(findings)
    plan = {way: [one for one in drift if one.repair is way] for way in Repair}
    shown = [
        Section(heading, (Entries(tuple(map(as_entry, plan[way]))),))
        for way, heading in _HEADINGS.items()
        if plan[way]
    ]
    show(Document("", tuple(shown)), notes())
    what = " and ".join(said for way, said in _STEPS.items() if plan[way])
    if not what or any(one.blocks for one in drift):
        say("Nothing was written: the rest is yours to do first.")
        return False
    other = "" if any_checkout else why_another(wanted.project, wanted.cli.last_update())
    if other:
        say(
            f"Nothing was written: a repair applies this checkout, and {other}. Check out what "
            "was deployed; or, if this is what the tenant is to have, --any-checkout."
        )
        return False
    if plan[Repair.UP]:
        with working("pulumi preview --refresh"):
            changes = wanted.cli.preview(refresh=True).changes
        for one in changes:
            if one.operation is not Operation.SAME:
                say(f"pulumi up --refresh will: {one.line}")
    access = wanted.access
    record.prepare()
    if not agreed(what, Target(wanted.stack, access.domain), yes=yes):
        return False
    record.begin(what, stack=wanted.stack, tenant=access.domain, credential=access.who)
    try:
        if plan[Repair.UP]:
            with working("pulumi up --refresh"):
                wanted.cli.up()
            say("pulumi up --refresh has run.")
        _deploy_drafts(wanted, at, {one.subject for one in plan[Repair.DEPLOY]})
    except KeyboardInterrupt:
        give_up(
            "Stopped as asked: what was repaired so far stays. "
            "python -m phonemfa drift says what is left."
        )
    except (EngineFailedError, RefusedError) as error:
        say(str(error))
    return True


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


def _deploy_drafts(wanted: StackFile, at: Sides, triggers: Collection[str]) -> None:
    """Deploy each Action whose draft is as declared while something else runs.

    The application needs `create:actions` too.

    Raises:
        RefusedError: the draft has changed since it was looked at, or does not get deployed.
        TenantUnreadableError: no answer, or a missing scope.
    """
    for sender in senders(at):
        if sender.ours and sender.trigger in triggers:
            deploy = partial(_deploy, action=sender.ours, code=sender.declared.code)
            with working(f"deploying the Action {sender.ours.name}") as heard:
                number = ask(wanted.access, deploy, heard=heard)
            say(f"deployed the Action {sender.ours.name!r}, version {number}.")


async def _deploy(client: Client, *, action: Action, code: Maybe[str]) -> int:
    now = await read_one(client, action.id, action.trigger)
    if now.code != code or now.secrets != action.secrets:
        raise RefusedError(
            f"The draft of the Action {action.name!r} has changed since it was looked at: "
            "nothing was deployed. Look again."
        )
    running = (await deploy_draft(client, action.id)).running
    return running.number if running else 0
