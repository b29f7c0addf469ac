"""Rules about a declared Action: its code, what runs of it, its secrets, its company, its binding.

Of secrets a tenant tells names and times, never values. What the Action is configured with is among
them: that is compared between the stack's file and what its last run applied.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from components.guards.finish_failed_writes import ways_out
from components.masking import code_mark, redacted_code
from components.tenant.action import (
    KEY_SECRET,
    Action,
    Version,
    configuration,
    moment,
    settings_behind,
)
from components.tenant.model import LEFT_ALONE, differences, known, seen
from phonemfa.drift.findings import Finding, Level, Repair, by_hand, notice, shown
from phonemfa.drift.look import Sides

ONE_PER_TENANT: Final = "custom-phone-provider"
"""The trigger that Auth0 lets one Action stand on (management-api.md §4.3)."""

NEW_KEY: Final = (
    "set a new CPaaS key (pulumi config set --secret phonemfa:cpaasApiKey), then pulumi up "
    "--refresh: a changed secret sends all of them again and deploys them"
)


class Sender:
    """One declared Action beside what the state and the tenant have of it."""

    def __init__(self, at: Sides, declared: Action) -> None:
        self.declared, self.trigger, self.name = declared, declared.trigger, seen(declared.name)
        self.applied = at.recorded.applied
        held = at.recorded.all(Action.TOKEN)
        self.recorded = next((one for one in held if one.action.trigger == self.trigger), None)
        there = at.tenant.actions_on(self.trigger)
        # By id where the state has one: a renamed Action is still ours.
        own = self.recorded.id if self.recorded else self.name
        ours = (one for one in there if own == (one.id if self.recorded else one.name))
        self.ours = next(ours, None)
        self.running = self.ours.running if self.ours else None
        self.running_code = known(self.running.code, None) if self.running else None
        self.deployed_by_us = at.deployed_by_us.get(self.ours.id) if self.ours else None
        self.foreign = [one for one in there if one is not self.ours]
        self.binding = next(iter(at.declared.bindings_of(self.trigger)), None)
        self.bindings = at.tenant.bindings_of(self.trigger)


def senders(at: Sides) -> list[Sender]:
    """Each declared Action with what belongs to it."""
    return [Sender(at, one) for one in seen(at.declared.actions)]


class Secrets:
    """The secrets of our Action's draft, beside those declared and those that were applied last.

    When they were written is compared with when a version was made: both are the tenant's times.
    """

    def __init__(self, sender: Sender, ours: Action) -> None:
        applied, by_us = sender.applied, sender.deployed_by_us
        declared, there = seen(sender.declared.configuration), set(known(ours.secret_names, ()))
        self.names = set(seen(sender.declared.secret_names))

        def was_known(name: str) -> bool:
            """Whether the version of the package that ran last knew this secret."""
            if applied.is_of_another_version:
                return by_us is not None and name in by_us.secrets
            return settings_behind(name).isdisjoint(applied.unrecorded)

        before, sent, lacking = declared, set[str](), self.names - there
        if applied.settings:
            adopted = applied.settings.adopted is not None
            before = {} if adopted else configuration(applied.settings)
            sent = set() if adopted else set(filter(was_known, {KEY_SECRET, *before}))
        self.undeclared = sorted(there - self.names - sent)
        # Gone from the draft, and not only waiting to be applied.
        self.missing = sorted(lacking & sent if applied.settings else filter(was_known, lacking))
        # Configuration that the version which ran last had no setting for; and all that waits, as
        # it is declared and as it was applied.
        self.new = {name for name in declared.keys() - there if not was_known(name)}
        self.unapplied = {
            name: (declared.get(name), None if name in self.new else before.get(name))
            for name in sorted(declared.keys() | before.keys())
            if name in self.new or (declared.get(name) != before.get(name) and was_known(name))
        }
        # A change that waits makes the next pulumi up write every secret and deploy the Action.
        self.up_sends_all = bool(self.unapplied) and not self.undeclared
        self.written, running = secret_times(ours), secret_times(ours.running)
        deployed = moment(by_us.created_at) if by_us else None
        self.since_deploy = sorted(
            name
            for name in self.written.keys() & self.names
            if deployed and self.written[name] > deployed
        )
        # Whether what somebody wrote is deployed by nobody yet; and whether any of it runs.
        theirs = self.undeclared or self.missing or self.since_deploy
        self.wait = bool(theirs) and running != self.written
        self.run = any(running.get(name) == self.written[name] for name in self.since_deploy)
        # What a person does who wants the Action to have the declared secrets, and no others.
        self.how = "" if self.up_sends_all else NEW_KEY
        if self.undeclared:
            names = [redacted_code(name) for name in self.undeclared]
            self.how = (
                f"while the Action has {', '.join(names)}, every change of its secrets is refused, "
                f"a new key too. {ways_out(names)}"
            )


def secret_times(holder: Action | Version | None) -> dict[str, datetime]:
    """When each secret of an Action or a version was written, by name, as far as it is told."""
    told = holder.secrets if holder else {}
    return {name: at for name, written in told.items() if (at := moment(written))}


def check(at: Sides) -> Iterator[Finding]:
    """Every finding about the declared Actions and their triggers."""
    for sender in senders(at):
        for one in _of(sender):
            yield replace(one, subject=one.subject or sender.trigger)


def _of(sender: Sender) -> Iterator[Finding]:
    yield from _presence(sender)
    if sender.ours:
        yield from _draft(sender, sender.ours)
        if sender.declared.secret_names is LEFT_ALONE:
            yield from _other_than_adopted(sender)
        else:
            secrets = Secrets(sender, sender.ours)
            yield from _undeployed(sender, sender.ours, secrets)
            yield from _secret_names(sender, sender.ours, secrets)
            yield from _settings(secrets)
            yield from _secrets_written(sender, secrets)
    yield from _second_action(sender)
    yield from _bindings(sender)


def _presence(sender: Sender) -> Iterator[Finding]:
    ours = sender.ours
    if ours is None:
        taken = bool(sender.foreign) and sender.trigger == ONE_PER_TENANT
        yield Finding(
            kind="action",
            what="our Action is gone: no code is sent by it",
            expected=f"the Action {sender.name!r}",
            found="none of ours",
            blocks=taken,
            how="another Action has its place (second-action): pulumi up would meet 403 until it "
            "is deleted"
            if taken
            else "",
        )
    elif ours.name != sender.name:
        yield Finding(
            kind="action",
            what="our Action has another name",
            expected=sender.name,
            found=redacted_code(seen(ours.name)),
            since=ours.updated_at,
        )


def _draft(sender: Sender, ours: Action) -> Iterator[Finding]:
    for one in differences(sender.declared, ours):
        match one.part.field:
            case "code":
                what = _edited(one.wanted, one.found, sender.running_code)
                expected = f"code of {_mark(one.wanted)}"
                found = f"draft of {_mark(one.found)}; deployed: {_mark(sender.running_code)}"
            case "runtime":
                what = "the Action's runtime was changed"
                expected, found = shown(one.wanted), shown(one.found)
            case "dependencies":
                what = "the Action loads npm packages that nobody reviewed"
                # A tenant may tell them in another order each time.
                expected, found = shown(sorted(one.wanted)), shown(sorted(one.found))
            case _:
                continue
        yield Finding(
            kind=f"action-{one.part.field}",
            what=what,
            expected=expected,
            found=found,
            since=ours.updated_at,
        )


def _edited(declared: str, draft: str, running: str | None) -> str:
    if running == draft:
        return "other code than the repository's is deployed and sends the messages"
    if running == declared:
        return "the Action's draft was edited; what runs is still the declared code"
    if running is None:
        return "the Action's draft was edited"
    return "the Action's draft was edited, and what runs is neither it nor the declared code"


def _undeployed(sender: Sender, ours: Action, secrets: Secrets) -> Iterator[Finding]:
    """The draft is as declared, and something else runs."""
    edited = {one.part.field for one in differences(sender.declared, ours)}
    if edited & {"code", "runtime", "dependencies"}:
        return
    running, differs = sender.running, _differing_parts(ours, sender.running)
    if not differs or (differs == ["secrets"] and secrets.wait):
        return  # Secrets that somebody wrote and nobody deployed are findings of their own.
    # Whatever sends all secrets again deploys the draft with the stack's own.
    blocked = secrets.wait and not secrets.up_sends_all
    by_deploying = Repair.BY_HAND if blocked else Repair.DEPLOY
    number = f"version {running.number}" if running else "nothing"
    yield Finding(
        kind="action-undeployed",
        what=f"{number} is deployed, which differs from the draft in {' and '.join(differs)}"
        if running
        else "the Action was never deployed: no code is sent by it",
        expected=f"the draft, code of {_mark(known(ours.code, ''))}",
        found=f"{number}, code of {_mark(sender.running_code)}",
        since=running.created_at if running else None,
        repair=Repair.UP if secrets.up_sends_all else by_deploying,
        how=f"deploying the draft would deploy secrets that somebody wrote: {secrets.how}"
        if blocked
        else "",
        in_state=False,
    )


def _differing_parts(ours: Action, running: Version | None) -> list[str]:
    if running is None:
        return ["everything"]
    # What a version does not tell is no difference: the tenant's own flag is left to say so.
    parts = [(one.part.field, one.wanted) for one in differences(running, ours)]
    found = [name for name, runs in parts if runs or name != "runtime"]
    if ours.all_changes_deployed is False:
        if secret_times(running) != secret_times(ours):
            found.append("secrets")
        elif not found:
            found.append("something that the tenant does not tell")
    return found


def _other_than_adopted(sender: Sender) -> Iterator[Finding]:
    """An adopted Action: the stack declares its draft, and neither deploys nor judges versions."""
    running, declared = sender.running, seen(sender.declared.code)
    if sender.running_code != declared:
        yield notice(
            kind="action-undeployed",
            what="what runs is not the adopted Action's declared code",
            expected=f"code of {_mark(declared)}",
            found=f"version {running.number if running else 'none'}, "
            f"code of {_mark(sender.running_code)}",
            since=running.created_at if running else None,
            how="the stack does not deploy an adopted Action: do it in the dashboard if the "
            "declared code is right",
        )


def _mark(code: str | None) -> str:
    # Never the text: whoever wrote it may have written a key into it.
    return "none" if code is None else code_mark(code)


def _secret_names(sender: Sender, ours: Action, secrets: Secrets) -> Iterator[Finding]:
    """Secrets that were added or removed behind the stack's back."""
    if not secrets.undeclared and not secrets.missing:
        return
    # A run that stopped may not have come as far as the Action.
    finish = sender.applied.is_unfinished and not secrets.undeclared
    repaired_by_up = finish or secrets.up_sends_all
    # The provider compares names before it writes any secret.
    waits = bool(secrets.unapplied) or sender.applied.is_unfinished
    refused = bool(secrets.undeclared) and waits
    added = [f"added: {redacted_code(name)}" for name in secrets.undeclared]
    yield Finding(
        kind="secret-names",
        what="the Action has other secrets than the stack declares",
        expected=", ".join(sorted(secrets.names)),
        found="; ".join([*added, *(f"removed: {name}" for name in secrets.missing)]),
        since=ours.updated_at,
        repair=Repair.UP if repaired_by_up else Repair.BY_HAND,
        how=f"if it is missing after that: {NEW_KEY}" if finish else secrets.how,
        blocks=refused or (secrets.wait and not repaired_by_up),
        in_state=False,
    )


def _settings(secrets: Secrets) -> Iterator[Finding]:
    """Settings that travel as secrets, and that no run has applied yet."""
    if not secrets.unapplied:
        return
    upgrade = secrets.unapplied.keys() <= secrets.new
    before = {name: applied for name, (_, applied) in secrets.unapplied.items()}
    yield Finding(
        kind="action-settings",
        level=Level.NOTICE if upgrade else Level.DRIFT,
        what="this version of the package has settings of the Action that no run has applied yet"
        if upgrade
        else "the stack's file has settings of the Action that were not applied",
        expected=shown({name: declared for name, (declared, _) in secrets.unapplied.items()}),
        found=f"applied: {shown(before)}",
    )


def _secrets_written(sender: Sender, secrets: Secrets) -> Iterator[Finding]:
    """Secrets that were written after the stack's own last deploy."""
    by_us, recorded = sender.deployed_by_us, sender.recorded
    if recorded and recorded.action.version_id and not by_us:
        yield notice(
            kind="secret-changed",
            what="whether a secret was written after the stack's last deploy cannot be told",
            expected="the version that the stack deployed, among the tenant's last fifty",
            found="the tenant has forgotten it",
            how="the next pulumi up that changes the Action settles it",
        )
    if not by_us or not secrets.since_deploy:
        return
    unfinished = recorded is not None and recorded.unfinished
    how = secrets.how
    if unfinished:
        how = (
            "the last pulumi up failed at the Action: run pulumi up, without --refresh, as a "
            "refresh makes Pulumi forget that"
        )
    elif how == NEW_KEY:
        finish = (
            "pulumi refresh records the version that runs"
            if secrets.run
            else "press Deploy at the Action in the dashboard, then pulumi refresh"
        )
        how = (
            "if a pulumi up of yours failed then, they are yours, and a refresh made Pulumi forget "
            f"it: {finish}. Otherwise {NEW_KEY}"
        )
    newest = max(secrets.written[name] for name in secrets.since_deploy)
    yield Finding(
        kind="secret-changed",
        what="secrets were written after the stack's last deploy, and "
        + ("are deployed" if secrets.run else "wait for the next one"),
        expected=f"as of {by_us.created_at}",
        found=f"written: {', '.join(secrets.since_deploy)}",
        since=newest.isoformat().replace("+00:00", "Z"),
        repair=Repair.BY_HAND if how else Repair.UP,
        how=how,
        # pulumi up would deploy the foreign values together with whatever else it repairs; of an
        # unfinished write, a repair's --refresh would make Pulumi forget.
        blocks=unfinished or not (secrets.run or secrets.up_sends_all),
        in_state=False,
    )


def _second_action(sender: Sender) -> Iterator[Finding]:
    bound = {one.action_id for one in sender.bindings}
    for one in sender.foreign:
        if sender.trigger == ONE_PER_TENANT:
            name = redacted_code(seen(one.name))
            yield by_hand(
                kind="second-action",
                subject=name,
                what="another Action stands on the trigger, and the tenant may send through it",
                expected=f"{sender.name!r} alone on {sender.trigger}",
                found=f"{name!r} ({one.id}){', bound' if one.id in bound else ''}",
                since=one.created_at,
                how="whose is it? delete it in the dashboard when nobody needs it",
            )
        # A trigger with room for many takes a creation that was sent twice.
        elif one.name == sender.name and one.id not in bound:
            yield by_hand(
                kind="second-action",
                subject=f"{redacted_code(sender.name)}/{one.id}",
                what="another Action has our name: made twice, when an answer got lost, or by "
                "somebody",
                expected=f"one Action {sender.name!r}",
                found=f"another ({one.id}), not bound",
                since=one.created_at,
                how="delete it in the dashboard: it sends nothing, and may hold a copy of the "
                "CPaaS key",
            )


def _bindings(sender: Sender) -> Iterator[Finding]:
    wanted, ours_id = sender.binding, sender.ours.id if sender.ours else None
    ours = next((one for one in sender.bindings if one.action_id == ours_id), None)
    if wanted and sender.ours and ours is None:
        yield Finding(
            kind="binding",
            what="our Action is not bound to its trigger",
            expected=f"{sender.name!r} bound to {sender.trigger}",
            found=shown([one.display_name for one in sender.bindings]),
        )
    elif wanted and ours is not None and any(differences(wanted, ours)):
        yield Finding(
            kind="binding",
            what="our binding shows another name",
            expected=wanted.display_name,
            found=redacted_code(ours.display_name),
            since=ours.updated_at,
        )
    told = {one.id for one in sender.foreign if sender.trigger == ONE_PER_TENANT}
    for place, one in enumerate(sender.bindings):
        if one.action_id in {ours_id, *told}:
            continue
        name = redacted_code(one.display_name or one.action_name)
        where = "bound"
        if ours:
            before = place < sender.bindings.index(ours)
            where = f"bound, runs {'before' if before else 'after'} ours"
        yield by_hand(
            kind="binding",
            subject=f"{sender.trigger}/{name}",
            what="somebody else's Action is bound too, and runs at every message",
            expected=f"{sender.name!r} alone on {sender.trigger}",
            found=f"{name!r} ({one.action_id}), {where}",
            since=one.created_at,
            how="take it out of the trigger's flow in the dashboard if it sends messages too "
            "(docs/guides/legacy.md); if it is to stay: --accept with the id of this finding",
        )
