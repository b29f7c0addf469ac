"""Rules about a declared Action: its code, what runs of it, its secrets, its company, its binding.

Of secrets a tenant tells names and times, never values. What the Action is configured with is among
them: that is compared between the stack's file and what its last run applied.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from components.guards.finish_failed_writes import ways_out
from components.masking import code_mark, redacted_code
from components.settings.model import StackSettings
from components.tenant.action import (
    KEY_SECRET,
    Action,
    Version,
    configuration,
    moment,
    settings_behind,
)
from components.tenant.model import LEFT_ALONE, differences, known, seen
from components.tenant.snapshot import Snapshot
from components.tenant.trigger import Binding
from phonemfa.applied import Applied
from phonemfa.drift.findings import Finding, Level, Repair, by_hand, notice, shown
from phonemfa.drift.sources import Live, Recorded
from phonemfa.pulumi.state import Resource

ONE_PER_TENANT: Final = "custom-phone-provider"
"""The trigger that Auth0 lets one Action stand on (management-api.md §4.3)."""

NEW_KEY: Final = (
    "set a new CPaaS key (pulumi config set --secret phonemfa:cpaasApiKey), then pulumi up "
    "--refresh: a changed secret sends all of them again and deploys them"
)


@dataclass(frozen=True, kw_only=True)
class Sender:
    """One declared Action beside what the state and the tenant have of it."""

    declared: Action
    binding: Binding | None
    recorded: Resource | None
    ours: Action | None
    foreign: tuple[Action, ...]
    bindings: tuple[Binding, ...]
    deployed_by_us: Version | None
    applied: Applied

    @property
    def trigger(self) -> str:
        """Where it stands."""
        return self.declared.trigger

    @property
    def name(self) -> str:
        """What the stack calls the Action."""
        return seen(self.declared.name)

    @property
    def running(self) -> Version | None:
        """The version that sends."""
        return self.ours.running if self.ours else None

    @property
    def draft_is_declared(self) -> bool:
        """Whether the draft's code, runtime and dependencies are what the stack declares."""
        differing = {one.part.field for one in differences(self.declared, self.ours)}
        return not differing & {"code", "runtime", "dependencies"}

    @property
    def is_unfinished(self) -> bool:
        """Whether Pulumi knows that its last write of the Action failed half-way."""
        return self.recorded is not None and self.recorded.unfinished

    @property
    def secret_names(self) -> frozenset[str]:
        """Declared names of all its secrets, the key among them; none of an adopted Action."""
        return frozenset(known(self.declared.secret_names, ()))

    @property
    def draft_names(self) -> frozenset[str]:
        """Names of the secrets of the draft."""
        return frozenset(known(self.ours.secret_names, ())) if self.ours else frozenset()

    @property
    def undeclared(self) -> list[str]:
        """Secrets of the draft that neither the stack nor what it applied last knows of."""
        return sorted(self.draft_names - self.secret_names - self._applied_names)

    @property
    def missing(self) -> list[str]:
        """Declared secrets that the draft does not have, and that are not only to be applied."""
        lacking = self.secret_names - self.draft_names
        settled = self.applied.settings is not None
        return sorted(lacking & self._applied_names if settled else filter(self._is_known, lacking))

    @property
    def unapplied(self) -> dict[str, tuple[str | None, str | None]]:
        """Configuration that the stack declares otherwise than it was applied: both, by name.

        Of what is unknown, only what is new with this version.
        """
        declared, settings = self.declared.configuration, self.applied.settings
        if not isinstance(declared, Mapping):
            return {}
        before = _configuration(settings) if settings else declared
        return {
            name: (declared.get(name), None if name in self.new_names else before.get(name))
            for name in sorted(declared.keys() | before.keys())
            if name in self.new_names
            or (declared.get(name) != before.get(name) and self._is_known(name))
        }

    @property
    def new_names(self) -> frozenset[str]:
        """Declared configuration that the version which ran last had no setting for."""
        declared = self.declared.configuration
        if self.ours is None or not isinstance(declared, Mapping):
            return frozenset()
        lacking = declared.keys() - self.draft_names
        return frozenset(name for name in lacking if not self._is_known(name))

    @property
    def up_sends_all(self) -> bool:
        """Whether the next `pulumi up` writes every secret of the Action and deploys it."""
        return bool(self.unapplied) and not self.undeclared

    @property
    def secrets_after_deploy(self) -> list[str]:
        """Names of declared secrets that were written after the stack's own last deploy."""
        if not self.deployed_by_us:
            return []
        # Both times are the tenant's own: no other clock takes part.
        deployed, written = moment(self.deployed_by_us.created_at), secret_times(self.ours)
        return sorted(
            name for name in written.keys() & self.secret_names if written[name] > deployed
        )

    @property
    def foreign_secrets_wait(self) -> bool:
        """Whether the draft has secrets that somebody wrote and nobody deployed."""
        theirs = self.undeclared or self.missing or self.secrets_after_deploy
        return bool(theirs) and secret_times(self.running) != secret_times(self.ours)

    def _is_known(self, name: str) -> bool:
        """Whether the version that ran last knew this secret."""
        if self.applied.is_of_another_version:
            return self.deployed_by_us is not None and name in self.deployed_by_us.secrets
        return settings_behind(name).isdisjoint(self.applied.unrecorded)

    @property
    def _applied_names(self) -> frozenset[str]:
        settings = self.applied.settings
        if settings is None or settings.adopted:
            return frozenset()
        return frozenset(filter(self._is_known, {KEY_SECRET, *_configuration(settings)}))


def senders(declared: Snapshot, recorded: Recorded, live: Live) -> Iterator[Sender]:
    """Each declared Action with what belongs to it."""
    held = recorded.all(Action.TOKEN)
    for action in seen(declared.actions):
        resource = next((one for one in held if one.action.trigger == action.trigger), None)
        there = live.tenant.actions_on(action.trigger)
        # By id where the state has one: a renamed Action is still ours.
        found = [
            one for one in there if (one.id == resource.id if resource else one.name == action.name)
        ]
        ours = found[0] if found else None
        yield Sender(
            declared=action,
            binding=next(iter(declared.bindings_of(action.trigger)), None),
            recorded=resource,
            ours=ours,
            foreign=tuple(one for one in there if one is not ours),
            bindings=live.tenant.bindings_of(action.trigger),
            deployed_by_us=live.deployed_by_us.get(ours.id) if ours else None,
            applied=recorded.applied,
        )


def _configuration(settings: StackSettings) -> dict[str, str]:
    return {} if settings.adopted else configuration(settings)


def secret_times(holder: Action | Version | None) -> dict[str, datetime]:
    """When each secret of an Action or a version was written, by name, as far as it is told."""
    told = holder.secrets if holder else {}
    return {name: moment(written) for name, written in told.items() if written}


def check(sender: Sender) -> Iterator[Finding]:
    """Every finding about one declared Action and its trigger."""
    yield from _presence(sender)
    if sender.ours:
        yield from _draft(sender, sender.ours)
        if sender.declared.deployed is True:
            yield from _undeployed(sender, sender.ours)
        else:
            yield from _other_than_adopted(sender)
        if sender.declared.secret_names is not LEFT_ALONE:
            yield from _secret_names(sender)
            yield from _settings(sender)
            yield from _secrets_written(sender)
    yield from _second_action(sender)
    yield from _bindings(sender)


def _presence(sender: Sender) -> Iterator[Finding]:
    ours = sender.ours
    if ours is None:
        taken = bool(sender.foreign) and sender.trigger == ONE_PER_TENANT
        yield Finding(
            kind="action",
            subject=sender.trigger,
            what="our Action is gone: no code is sent by it",
            expected=f"the Action {sender.name!r}",
            found="none of ours",
            blocks=taken,
            how="another Action has its place (second-action): pulumi up would meet 403 until it "
            "is deleted"
            if taken
            else "",
        )
    elif ours.name != sender.declared.name:
        yield Finding(
            kind="action",
            subject=sender.trigger,
            what="our Action has another name",
            expected=sender.name,
            found=redacted_code(seen(ours.name)),
            since=ours.updated_at,
        )


def _draft(sender: Sender, ours: Action) -> Iterator[Finding]:
    for one in differences(sender.declared, ours):
        match one.part.field:
            case "code":
                kind, what = "action-code", _edited(one.wanted, one.found, _code_of(ours.running))
                expected = f"code of {_mark(one.wanted)}"
                found = f"draft of {_mark(one.found)}; deployed: {_mark(_code_of(ours.running))}"
            case "runtime":
                kind, what = "action-runtime", "the Action's runtime was changed"
                expected, found = shown(one.wanted), shown(one.found)
            case "dependencies":
                kind, what = (
                    "action-dependencies",
                    "the Action loads npm packages that nobody reviewed",
                )
                expected, found = shown(sorted(one.wanted)), shown(sorted(one.found))
            case _:
                continue
        yield Finding(
            kind=kind,
            subject=sender.trigger,
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


def _undeployed(sender: Sender, ours: Action) -> Iterator[Finding]:
    """The draft is as declared, and something else runs."""
    running = sender.running
    differs = list(_differing_parts(ours, running)) if sender.draft_is_declared else []
    if not differs or (differs == ["secrets"] and sender.foreign_secrets_wait):
        return  # Secrets that somebody wrote and nobody deployed are findings of their own.
    # Whatever sends all secrets again deploys the draft with the stack's own.
    blocked = sender.foreign_secrets_wait and not sender.up_sends_all
    by_deploying = Repair.BY_HAND if blocked else Repair.DEPLOY
    number = f"version {running.number}" if running else "nothing"
    yield Finding(
        kind="action-undeployed",
        subject=sender.trigger,
        what=f"{number} is deployed, which differs from the draft in {' and '.join(differs)}"
        if running
        else "the Action was never deployed: no code is sent by it",
        expected=f"the draft, code of {_mark(known(ours.code, ''))}",
        found=f"{number}, code of {_mark(_code_of(running))}",
        since=running.created_at if running else None,
        repair=Repair.UP if sender.up_sends_all else by_deploying,
        how=f"deploying the draft would deploy secrets that somebody wrote: {_send_again(sender)}"
        if blocked
        else "",
        in_state=False,
    )


def _differing_parts(ours: Action, running: Version | None) -> Iterator[str]:
    if running is None:
        yield "everything"
        return
    # What a version does not tell is no difference: the tenant's own flag is left to say so.
    same_code = known(running.code, known(ours.code, "")) == ours.code
    same_runtime = not known(running.runtime, "") or running.runtime == ours.runtime
    if not same_code:
        yield "code"
    if not same_runtime:
        yield "runtime"
    if frozenset(known(running.dependencies, ())) != frozenset(known(ours.dependencies, ())):
        yield "dependencies"
    if ours.all_changes_deployed is False:
        if secret_times(running) != secret_times(ours):
            yield "secrets"
        elif same_code and same_runtime:
            yield "something that the tenant does not tell"


def _other_than_adopted(sender: Sender) -> Iterator[Finding]:
    """An adopted Action: the stack declares its draft, and neither deploys nor judges versions."""
    running, declared = sender.running, seen(sender.declared.code)
    if _code_of(running) != declared:
        yield notice(
            "action-undeployed",
            sender.trigger,
            "what runs is not the adopted Action's declared code",
            expected=f"code of {_mark(declared)}",
            found=f"version {running.number if running else 'none'}, "
            f"code of {_mark(_code_of(running))}",
            since=running.created_at if running else None,
            how="the stack does not deploy an adopted Action: do it in the dashboard if the "
            "declared code is right",
        )


def _code_of(version: Version | None) -> str | None:
    return version.code if version and isinstance(version.code, str) else None


def _mark(code: str | None) -> str:
    # Never the text: whoever wrote it may have written a key into it.
    return "none" if code is None else code_mark(code)


def _send_again(sender: Sender) -> str:
    """What has a person do who wants the Action to have the declared secrets, and no others."""
    if sender.undeclared:
        names = [redacted_code(name) for name in sender.undeclared]
        return (
            f"while the Action has {', '.join(names)}, every change of its secrets is refused, a "
            f"new key too. {ways_out(names)}"
        )
    return "" if sender.up_sends_all else NEW_KEY


def _secret_names(sender: Sender) -> Iterator[Finding]:
    """Secrets that were added or removed behind the stack's back."""
    undeclared, missing = sender.undeclared, sender.missing
    if not undeclared and not missing:
        return
    # A run that stopped may not have come as far as the Action.
    finish = sender.applied.is_unfinished and not undeclared
    repaired_by_up = finish or sender.up_sends_all
    # The provider compares names before it writes any secret.
    refused = undeclared and (sender.unapplied or sender.applied.is_unfinished)
    yield Finding(
        kind="secret-names",
        subject=sender.trigger,
        what="the Action has other secrets than the stack declares",
        expected=", ".join(sorted(sender.secret_names)),
        found="; ".join(
            [
                *(f"added: {redacted_code(name)}" for name in undeclared),
                *(f"removed: {name}" for name in missing),
            ]
        ),
        since=sender.ours.updated_at if sender.ours else None,
        repair=Repair.UP if repaired_by_up else Repair.BY_HAND,
        how=f"if it is missing after that: {NEW_KEY}" if finish else _send_again(sender),
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
        subject=sender.trigger,
        level=Level.NOTICE if upgrade else Level.DRIFT,
        what="this version of the package has settings of the Action that no run has applied yet"
        if upgrade
        else "the stack's file has settings of the Action that were not applied",
        expected=shown({name: declared for name, (declared, _) in differing.items()}),
        found=f"applied: {shown({name: before for name, (_, before) in differing.items()})}",
    )


def _secrets_written(sender: Sender) -> Iterator[Finding]:
    """Secrets that were written after the stack's own last deploy."""
    ours = sender.deployed_by_us
    if sender.recorded and sender.recorded.action.version_id and not ours:
        yield notice(
            "secret-changed",
            sender.trigger,
            "whether a secret was written after the stack's last deploy cannot be told",
            expected="the version that the stack deployed, among the tenant's last fifty",
            found="the tenant has forgotten it",
            how="the next pulumi up that changes the Action settles it",
        )
    names = sender.secrets_after_deploy
    if not names or not ours:
        return
    written, running = secret_times(sender.ours), secret_times(sender.running)
    live = any(running.get(name) == written[name] for name in names)
    how = _send_again(sender)
    if sender.is_unfinished:
        how = (
            "the last pulumi up failed at the Action: run pulumi up, without --refresh, as a "
            "refresh makes Pulumi forget that"
        )
    elif how == NEW_KEY:
        finish = (
            "pulumi refresh records the version that runs"
            if live
            else "press Deploy at the Action in the dashboard, then pulumi refresh"
        )
        how = (
            "if a pulumi up of yours failed then, they are yours, and a refresh made Pulumi forget "
            f"it: {finish}. Otherwise {NEW_KEY}"
        )
    yield Finding(
        kind="secret-changed",
        subject=sender.trigger,
        what="secrets were written after the stack's last deploy, and are deployed"
        if live
        else "secrets were written after the stack's last deploy, and wait for the next one",
        expected=f"as of {ours.created_at}",
        found=f"written: {', '.join(names)}",
        since=max(written[name] for name in names).isoformat().replace("+00:00", "Z"),
        repair=Repair.BY_HAND if how else Repair.UP,
        how=how,
        # pulumi up would deploy the foreign values together with whatever else it repairs; of an
        # unfinished write, a repair's --refresh would make Pulumi forget.
        blocks=sender.is_unfinished or (not live and not sender.up_sends_all),
        in_state=False,
    )


def _second_action(sender: Sender) -> Iterator[Finding]:
    bound = {one.action_id for one in sender.bindings}
    for one in sender.foreign:
        if sender.trigger == ONE_PER_TENANT:
            name = redacted_code(seen(one.name))
            yield by_hand(
                "second-action",
                name,
                "another Action stands on the trigger, and the tenant may send through it",
                expected=f"{sender.name!r} alone on {sender.trigger}",
                found=f"{name!r} ({one.id}){', bound' if one.id in bound else ''}",
                since=one.created_at,
                how="whose is it? delete it in the dashboard when nobody needs it",
            )
        # A trigger with room for many takes a creation that was sent twice.
        elif one.name == sender.name and one.id not in bound:
            yield by_hand(
                "second-action",
                f"{redacted_code(sender.name)}/{one.id}",
                "another Action has our name: made twice, when an answer got lost, or by somebody",
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
            subject=sender.trigger,
            what="our Action is not bound to its trigger",
            expected=f"{sender.name!r} bound to {sender.trigger}",
            found=shown([one.display_name for one in sender.bindings]),
        )
    elif wanted and ours is not None and any(differences(wanted, ours)):
        yield Finding(
            kind="binding",
            subject=sender.trigger,
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
            "binding",
            f"{sender.trigger}/{name}",
            "somebody else's Action is bound too, and runs at every message",
            expected=f"{sender.name!r} alone on {sender.trigger}",
            found=f"{name!r} ({one.action_id}), {where}",
            since=one.created_at,
            how="take it out of the trigger's flow in the dashboard if it sends messages too "
            "(docs/guides/legacy.md); if it is to stay: --accept with the id of this finding",
        )
