"""Rules about Actions: code, what is deployed, company on the trigger, bindings.

Owns comparing what the stack declares with the Actions of a tenant. Refuses to read a tenant;
secrets have rules of their own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Final

from components.masking import redacted_code
from phonemfa.drift import action_secrets
from phonemfa.drift.declared import DeclaredAction
from phonemfa.drift.findings import Finding, Level, Repair, shown, text_diff
from phonemfa.drift.live import Json
from phonemfa.drift.sender import Sender, dependencies_of, runtime_of, secret_times

ONE_PER_TENANT: Final = "custom-phone-provider"
"""The trigger that Auth0 lets one Action stand on (management-api.md §4.3)."""

_WOULD_DEPLOY_SECRETS: Final = "deploying the draft would deploy secrets that somebody wrote"


def check(sender: Sender) -> Iterator[Finding]:
    """Every finding about one declared Action and its trigger."""
    yield from _presence(sender)
    if sender.ours:
        yield from _code(sender)
        yield from _runtime_and_dependencies(sender)
        yield from _undeployed(sender) if sender.declared.deployed else _other_than_adopted(sender)
        if sender.declared.secret_names is not None:
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
            expected=f"the Action {declared.name!r}",
            found="none of ours",
            blocks=taken,
            how="another Action has its place (second-action): pulumi up would meet 403 until it "
            "is deleted"
            if taken
            else "",
        )
    elif ours["name"] != declared.name:
        yield Finding(
            kind="action",
            subject=declared.trigger,
            what="our Action has another name",
            expected=declared.name,
            found=redacted_code(ours["name"]),
            since=ours.get("updated_at"),
        )


def _code(sender: Sender) -> Iterator[Finding]:
    declared, ours = sender.declared.code, sender.ours or {}
    draft = ours.get("code", "")
    if draft == declared:
        return
    running = (sender.deployed or {}).get("code")
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
        expected=f"code {_hash(declared)}",
        found=f"draft {_hash(draft)}, deployed {_hash(running)}",
        since=ours.get("updated_at"),
        diff=text_diff(declared, draft, name=f"{sender.declared.trigger}.js"),
    )


def _runtime_and_dependencies(sender: Sender) -> Iterator[Finding]:
    declared, ours = sender.declared, sender.ours or {}
    if runtime_of(ours) != declared.runtime:
        yield Finding(
            kind="action-runtime",
            subject=declared.trigger,
            what="the Action's runtime was changed",
            expected=declared.runtime,
            found=runtime_of(ours),
            since=ours.get("updated_at"),
        )
    if dependencies_of(ours) != declared.dependencies:
        yield Finding(
            kind="action-dependencies",
            subject=declared.trigger,
            what="the Action loads npm packages that nobody reviewed",
            expected=shown(sorted(declared.dependencies)),
            found=shown(sorted(dependencies_of(ours))),
            since=ours.get("updated_at"),
        )


def _undeployed(sender: Sender) -> Iterator[Finding]:
    """The draft is as declared, and something else runs."""
    ours, running = sender.ours or {}, sender.deployed
    if not sender.draft_is_declared:
        return
    differs = list(_differing_parts(ours, running))
    secrets_only = differs == ["secrets"]
    if not differs or (secrets_only and sender.foreign_secrets_wait):
        return  # Secrets that somebody wrote and nobody deployed are findings of their own.
    # Whatever sends all secrets again deploys the draft with the stack's own.
    blocked = sender.foreign_secrets_wait and not sender.up_sends_all
    number = f"version {running.get('number')}" if running else "nothing"
    yield Finding(
        kind="action-undeployed",
        subject=sender.declared.trigger,
        what=f"{number} is deployed, which differs from the draft in {' and '.join(differs)}"
        if running
        else "the Action was never deployed: no code is sent by it",
        expected=f"the draft, code {_hash(ours.get('code'))}",
        found=f"{number}, code {_hash((running or {}).get('code'))}",
        since=(running or {}).get("created_at"),
        repair=_deployed_by(sender, blocked=blocked),
        how=f"{_WOULD_DEPLOY_SECRETS}: {action_secrets.send_again(sender)}" if blocked else "",
        diff=text_diff(ours.get("code", ""), running.get("code", ""), name="deployed version")
        if running
        else "",
        in_state=False,
    )


def _deployed_by(sender: Sender, *, blocked: bool) -> Repair:
    if blocked:
        return Repair.BY_HAND
    return Repair.UP if sender.up_sends_all else Repair.DEPLOY


def _other_than_adopted(sender: Sender) -> Iterator[Finding]:
    """An adopted Action: the stack declares its draft, and neither deploys nor judges versions."""
    running = sender.deployed or {}
    if running.get("code") != sender.declared.code:
        yield Finding(
            kind="action-undeployed",
            subject=sender.declared.trigger,
            level=Level.NOTICE,
            what="what runs is not the adopted Action's declared code",
            expected=f"code {_hash(sender.declared.code)}",
            found=f"version {running.get('number', 'none')}, code {_hash(running.get('code'))}",
            since=running.get("created_at"),
            repair=Repair.NOTHING,
            how="the stack does not deploy an adopted Action: do it in the dashboard if the "
            "declared code is right",
            in_state=False,
        )


def _differing_parts(ours: Json, running: Json | None) -> Iterator[str]:
    if running is None:
        yield "everything"
        return
    # What a version does not tell is no difference: the tenant's own flag is left to say so.
    same_code = running.get("code", ours.get("code")) == ours.get("code")
    same_runtime = not runtime_of(running) or runtime_of(running) == runtime_of(ours)
    if not same_code:
        yield "code"
    if not same_runtime:
        yield "runtime"
    if dependencies_of(running) != dependencies_of(ours):
        yield "dependencies"
    if ours.get("all_changes_deployed") is False:
        if secret_times(running) != secret_times(ours):
            yield "secrets"
        elif same_code and same_runtime:
            yield "something that the tenant does not tell"


def _second_action(sender: Sender) -> Iterator[Finding]:
    if sender.declared.trigger != ONE_PER_TENANT:
        return
    bound = {_action_id(one) for one in sender.bindings}
    for one in sender.foreign:
        yield Finding(
            kind="second-action",
            subject=redacted_code(one["name"]),
            what="another Action stands on the trigger, and the tenant may send through it",
            expected=f"{sender.declared.name!r} alone on {sender.declared.trigger}",
            found=f"{redacted_code(one['name'])!r} ({one['id']}){', bound' * (one['id'] in bound)}",
            since=one.get("created_at"),
            repair=Repair.BY_HAND,
            how="whose is it? delete it in the dashboard when nobody needs it",
            in_state=False,
        )


def _bindings(sender: Sender) -> Iterator[Finding]:
    declared, ours_id = sender.declared, (sender.ours or {}).get("id")
    order = [_action_id(one) for one in sender.bindings]
    ours = next((one for one in sender.bindings if _action_id(one) == ours_id), None)
    if declared.bound and sender.ours and ours is None:
        yield Finding(
            kind="binding",
            subject=declared.trigger,
            what="our Action is not bound to its trigger",
            expected=f"{declared.name!r} bound to {declared.trigger}",
            found=_names(sender.bindings),
        )
    elif declared.bound and ours is not None and ours.get("display_name") != declared.display_name:
        yield Finding(
            kind="binding",
            subject=declared.trigger,
            what="our binding shows another name",
            expected=declared.display_name,
            found=redacted_code(str(ours.get("display_name"))),
            since=ours.get("updated_at"),
        )
    told = {one["id"] for one in sender.foreign if declared.trigger == ONE_PER_TENANT}
    for one in sender.bindings:
        if _action_id(one) in {ours_id, *told}:
            continue
        yield _foreign_binding(one, declared, order, ours_id)


def _foreign_binding(
    binding: Json, declared: DeclaredAction, order: list[str], ours_id: str | None
) -> Finding:
    name = redacted_code(str(binding.get("display_name") or binding.get("action", {}).get("name")))
    where = "bound"
    if ours_id in order:
        before = order.index(_action_id(binding)) < order.index(ours_id)
        where = f"bound, runs {'before' if before else 'after'} ours"
    return Finding(
        kind="binding",
        subject=f"{declared.trigger}/{name}",
        what="somebody else's Action is bound too, and runs at every message",
        expected=f"{declared.name!r} alone on {declared.trigger}",
        found=f"{name!r} ({_action_id(binding)}), {where}",
        since=binding.get("created_at"),
        repair=Repair.BY_HAND,
        how="take it out of the trigger's flow in the dashboard if it sends messages too "
        "(docs/guides/legacy.md); if it is to stay: --accept with the id of this finding",
        in_state=False,
    )


def _names(bindings: Sequence[Json]) -> str:
    return shown([one.get("display_name") for one in bindings])


def _action_id(binding: Json) -> str:
    return str((binding.get("action") or {}).get("id", ""))


def _hash(code: str | None) -> str:
    if code is None:
        return "none"
    return f"sha256 {hashlib.sha256(code.encode()).hexdigest()[:12]}"
