"""Rules about Actions: code, what is deployed, company on the trigger, bindings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from components.masking import code_mark, redacted_code
from components.tenant.action import Action, Version
from components.tenant.model import differences, known, seen
from components.tenant.trigger import Binding
from phonemfa.drift import action_secrets
from phonemfa.drift.findings import Finding, Level, Repair, shown
from phonemfa.drift.sender import Sender, secret_times

ONE_PER_TENANT: Final = "custom-phone-provider"
"""The trigger that Auth0 lets one Action stand on (management-api.md §4.3)."""

_WOULD_DEPLOY_SECRETS: Final = "deploying the draft would deploy secrets that somebody wrote"


def check(sender: Sender) -> Iterator[Finding]:
    """Every finding about one declared Action and its trigger."""
    yield from _presence(sender)
    if sender.ours:
        yield from _code(sender)
        yield from _runtime_and_dependencies(sender)
        yield from (
            _undeployed(sender) if sender.declared.deployed is True else _other_than_adopted(sender)
        )
        if sender.secret_names is not None:
            yield from action_secrets.check(sender)
    yield from _second_action(sender)
    yield from _bindings(sender)


def _presence(sender: Sender) -> Iterator[Finding]:
    declared, ours = sender.declared, sender.ours
    if ours is None:
        taken = bool(sender.foreign) and declared.trigger == ONE_PER_TENANT
        yield Finding(
            kind="action",
            subject=declared.trigger,
            what="our Action is gone: no code is sent by it",
            expected=f"the Action {sender.name!r}",
            found="none of ours",
            blocks=taken,
            how="another Action has its place (second-action): pulumi up would meet 403 until it "
            "is deleted"
            if taken
            else "",
        )
    elif ours.name != declared.name:
        yield Finding(
            kind="action",
            subject=declared.trigger,
            what="our Action has another name",
            expected=sender.name,
            found=redacted_code(seen(ours.name)),
            since=ours.updated_at,
        )


def _code(sender: Sender) -> Iterator[Finding]:
    ours = sender.ours
    if ours is None or ours.code == sender.declared.code:
        return
    declared, draft = seen(sender.declared.code), known(ours.code, "")
    running = _code_of(sender.deployed)
    if running == draft:
        what = "other code than the repository's is deployed and sends the messages"
    elif running == declared:
        what = "the Action's draft was edited; what runs is still the declared code"
    elif running is None:
        what = "the Action's draft was edited"
    else:
        what = "the Action's draft was edited, and what runs is neither it nor the declared code"
    yield Finding(
        kind="action-code",
        subject=sender.declared.trigger,
        what=what,
        expected=f"code of {_mark(declared)}",
        found=f"draft of {_mark(draft)}; deployed: {_mark(running)}",
        since=ours.updated_at,
    )


def _runtime_and_dependencies(sender: Sender) -> Iterator[Finding]:
    for one in differences(sender.declared, sender.ours):
        if one.part.field not in _PARTS:
            continue
        kind, what = _PARTS[one.part.field]
        wanted, found = (
            sorted(side) if isinstance(side, tuple) else side for side in (one.wanted, one.found)
        )
        yield Finding(
            kind=kind,
            subject=sender.declared.trigger,
            what=what,
            expected=shown(wanted),
            found=shown(found),
            since=sender.ours.updated_at if sender.ours else None,
        )


_PARTS: Final = {
    "runtime": ("action-runtime", "the Action's runtime was changed"),
    "dependencies": (
        "action-dependencies",
        "the Action loads npm packages that nobody reviewed",
    ),
}


def _undeployed(sender: Sender) -> Iterator[Finding]:
    """The draft is as declared, and something else runs."""
    ours, running = sender.ours, sender.deployed
    if ours is None or not sender.draft_is_declared:
        return
    differs = list(_differing_parts(ours, running))
    secrets_only = differs == ["secrets"]
    if not differs or (secrets_only and sender.foreign_secrets_wait):
        return  # Secrets that somebody wrote and nobody deployed are findings of their own.
    # Whatever sends all secrets again deploys the draft with the stack's own.
    blocked = sender.foreign_secrets_wait and not sender.up_sends_all
    number = f"version {running.number}" if running else "nothing"
    draft, code = known(ours.code, ""), _code_of(running)
    yield Finding(
        kind="action-undeployed",
        subject=sender.declared.trigger,
        what=f"{number} is deployed, which differs from the draft in {' and '.join(differs)}"
        if running
        else "the Action was never deployed: no code is sent by it",
        expected=f"the draft, code of {_mark(draft)}",
        found=f"{number}, code of {_mark(code)}",
        since=running.created_at if running else None,
        repair=_deployed_by(sender, blocked=blocked),
        how=f"{_WOULD_DEPLOY_SECRETS}: {action_secrets.send_again(sender)}" if blocked else "",
        in_state=False,
    )


def _code_of(version: Version | None) -> str | None:
    return version.code if version and isinstance(version.code, str) else None


def _deployed_by(sender: Sender, *, blocked: bool) -> Repair:
    if blocked:
        return Repair.BY_HAND
    return Repair.UP if sender.up_sends_all else Repair.DEPLOY


def _other_than_adopted(sender: Sender) -> Iterator[Finding]:
    """An adopted Action: the stack declares its draft, and neither deploys nor judges versions."""
    running, declared = sender.deployed, seen(sender.declared.code)
    if _code_of(running) != declared:
        yield Finding(
            kind="action-undeployed",
            subject=sender.declared.trigger,
            level=Level.NOTICE,
            what="what runs is not the adopted Action's declared code",
            expected=f"code of {_mark(declared)}",
            found=f"version {running.number if running else 'none'}, "
            f"code of {_mark(_code_of(running))}",
            since=running.created_at if running else None,
            repair=Repair.NOTHING,
            how="the stack does not deploy an adopted Action: do it in the dashboard if the "
            "declared code is right",
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


def _second_action(sender: Sender) -> Iterator[Finding]:
    bound = {one.action_id for one in sender.bindings}
    for one in sender.foreign:
        if sender.declared.trigger != ONE_PER_TENANT:
            if one.name == sender.name and one.id not in bound:
                yield _twin(one, sender)
            continue
        yield Finding(
            kind="second-action",
            subject=redacted_code(seen(one.name)),
            what="another Action stands on the trigger, and the tenant may send through it",
            expected=f"{sender.name!r} alone on {sender.declared.trigger}",
            found=f"{redacted_code(seen(one.name))!r} ({one.id}){', bound' * (one.id in bound)}",
            since=one.created_at,
            repair=Repair.BY_HAND,
            how="whose is it? delete it in the dashboard when nobody needs it",
            in_state=False,
        )


def _twin(one: Action, sender: Sender) -> Finding:
    """A trigger with room for many takes a creation that was sent twice."""
    return Finding(
        kind="second-action",
        subject=f"{redacted_code(sender.name)}/{one.id}",
        what="another Action has our name: made twice, when an answer got lost, or by somebody",
        expected=f"one Action {sender.name!r}",
        found=f"another ({one.id}), not bound",
        since=one.created_at,
        repair=Repair.BY_HAND,
        how="delete it in the dashboard: it sends nothing, and may hold a copy of the CPaaS key",
        in_state=False,
    )


def _bindings(sender: Sender) -> Iterator[Finding]:
    trigger, wanted = sender.declared.trigger, sender.binding
    ours_id = sender.ours.id if sender.ours else None
    order = [one.action_id for one in sender.bindings]
    ours = next((one for one in sender.bindings if one.action_id == ours_id), None)
    if wanted and sender.ours and ours is None:
        yield Finding(
            kind="binding",
            subject=trigger,
            what="our Action is not bound to its trigger",
            expected=f"{sender.name!r} bound to {trigger}",
            found=shown([one.display_name for one in sender.bindings]),
        )
    elif wanted and ours is not None and any(differences(wanted, ours)):
        yield Finding(
            kind="binding",
            subject=trigger,
            what="our binding shows another name",
            expected=wanted.display_name,
            found=redacted_code(ours.display_name),
            since=ours.updated_at,
        )
    told = {one.id for one in sender.foreign if trigger == ONE_PER_TENANT}
    for one in sender.bindings:
        if one.action_id not in {ours_id, *told}:
            yield _foreign_binding(one, sender, order, ours_id)


def _foreign_binding(
    binding: Binding, sender: Sender, order: list[str], ours_id: str | None
) -> Finding:
    trigger = sender.declared.trigger
    name = redacted_code(binding.display_name or binding.action_name)
    where = "bound"
    if ours_id in order:
        before = order.index(binding.action_id) < order.index(ours_id)
        where = f"bound, runs {'before' if before else 'after'} ours"
    return Finding(
        kind="binding",
        subject=f"{trigger}/{name}",
        what="somebody else's Action is bound too, and runs at every message",
        expected=f"{sender.name!r} alone on {trigger}",
        found=f"{name!r} ({binding.action_id}), {where}",
        since=binding.created_at,
        repair=Repair.BY_HAND,
        how="take it out of the trigger's flow in the dashboard if it sends messages too "
        "(docs/guides/legacy.md); if it is to stay: --accept with the id of this finding",
        in_state=False,
    )


def _mark(code: str | None) -> str:
    # Never the text: whoever wrote it may have written a key into it.
    return "none" if code is None else code_mark(code)
