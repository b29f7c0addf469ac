"""Rules about Actions: code, what is deployed, secrets, company on the trigger, bindings.

Owns comparing what the stack declares with the Actions of a tenant. Refuses to read a tenant, and
to know a secret's value: names and times are enough.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from phonemfa.drift.declared import DeclaredAction
from phonemfa.drift.findings import Finding, Level, Repair, masked, shown, text_diff
from phonemfa.drift.live import Json, Live
from phonemfa.drift.recorded import Recorded, Resource

ONE_PER_TENANT: Final = "custom-phone-provider"
"""The trigger that Auth0 lets one Action stand on (management-api.md §4.3)."""

NEW_KEY: Final = (
    "set a new CPAAS key (pulumi config set --secret phonemfa:cpaasApiKey), then pulumi up "
    "--refresh: a changed secret sends all of them again and deploys them"
)


@dataclass(frozen=True, kw_only=True)
class Sender:
    """One declared Action beside what the state and the tenant have of it."""

    declared: DeclaredAction
    recorded: Resource | None
    ours: Json | None
    foreign: tuple[Json, ...]
    bindings: tuple[Json, ...]
    deployed_by_us: Json | None

    @property
    def draft_secrets(self) -> dict[str, datetime]:
        """When each secret of the draft was written, by name."""
        return _secret_times(self.ours or {})

    @property
    def deployed(self) -> Json | None:
        """The version that runs."""
        version: Json | None = (self.ours or {}).get("deployed_version")
        return version

    @property
    def draft_is_declared(self) -> bool:
        """Whether the draft's code, runtime and dependencies are what the stack declares."""
        ours = self.ours or {}
        return (
            ours.get("code") == self.declared.code
            and _runtime(ours) == self.declared.runtime
            and not ours.get("dependencies")
        )

    @property
    def secrets_after_deploy(self) -> list[str]:
        """Names of declared secrets that were written after the stack's own last deploy."""
        if not self.deployed_by_us:
            return []
        # Both times are the tenant's own: no other clock takes part.
        ours = _time(self.deployed_by_us["created_at"])
        return sorted(
            name
            for name, written in self.draft_secrets.items()
            if written > ours and name in self.declared.secret_names
        )

    @property
    def foreign_secrets_wait(self) -> bool:
        """Whether the draft has secrets that somebody wrote and nobody deployed."""
        wrong_names = self.draft_secrets.keys() != self.declared.secret_names
        deployed = _secret_times(self.deployed or {})
        return (wrong_names or bool(self.secrets_after_deploy)) and deployed != self.draft_secrets


def senders(declared: Sequence[DeclaredAction], recorded: Recorded, live: Live) -> list[Sender]:
    """Each declared Action with what belongs to it."""
    return [_sender(one, recorded, live) for one in declared]


def _sender(declared: DeclaredAction, recorded: Recorded, live: Live) -> Sender:
    resource = recorded.action(declared.trigger)
    there = live.actions.get(declared.trigger, ())
    # By id where the state has one: a renamed Action is still ours.
    ours = next((one for one in there if resource and one["id"] == resource.id), None) or next(
        (one for one in there if not resource and one["name"] == declared.name), None
    )
    return Sender(
        declared=declared,
        recorded=resource,
        ours=ours,
        foreign=tuple(one for one in there if one is not ours),
        bindings=live.bindings.get(declared.trigger, ()),
        deployed_by_us=live.deployed_by_us.get(ours["id"]) if ours else None,
    )


def check(sender: Sender) -> Iterator[Finding]:
    """Every finding about one declared Action and its trigger."""
    yield from _presence(sender)
    if sender.ours:
        yield from _code(sender)
        yield from _runtime_and_dependencies(sender)
        yield from _undeployed(sender)
        yield from _secret_names(sender)
        yield from _secret_values(sender)
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
            found=masked(ours["name"]),
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
    if _runtime(ours) != declared.runtime:
        yield Finding(
            kind="action-runtime",
            subject=declared.trigger,
            what="the Action's runtime was changed",
            expected=declared.runtime,
            found=_runtime(ours),
            since=ours.get("updated_at"),
        )
    if ours.get("dependencies"):
        packages = [f"{one.get('name')}@{one.get('version')}" for one in ours["dependencies"]]
        yield Finding(
            kind="action-dependencies",
            subject=declared.trigger,
            what="the Action loads npm packages that nobody reviewed",
            expected="none",
            found=", ".join(packages),
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
    blocked = sender.foreign_secrets_wait
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
        repair=Repair.BY_HAND if blocked else Repair.DEPLOY,
        how="deploying the draft would deploy secrets that somebody wrote: " + NEW_KEY
        if blocked
        else "",
        diff=text_diff(ours.get("code", ""), running.get("code", ""), name="deployed version")
        if running
        else "",
        in_state=False,
    )


def _differing_parts(ours: Json, running: Json | None) -> Iterator[str]:
    if running is None:
        yield "everything"
        return
    if running.get("code") != ours.get("code"):
        yield "code"
    if _runtime(running) != _runtime(ours):
        yield "runtime"
    if bool(running.get("dependencies")) != bool(ours.get("dependencies")):
        yield "dependencies"
    if ours.get("all_changes_deployed") is False:
        if _secret_times(running) != _secret_times(ours):
            yield "secrets"
        elif running.get("code") == ours.get("code") and _runtime(running) == _runtime(ours):
            yield "something that the tenant does not tell"


def _secret_names(sender: Sender) -> Iterator[Finding]:
    declared, there = sender.declared.secret_names, frozenset(sender.draft_secrets)
    added, removed = sorted(there - declared), sorted(declared - there)
    if not added and not removed:
        return
    told = [*(f"added: {masked(name)}" for name in added), *(f"removed: {one}" for one in removed)]
    # A stack that has not applied its own change yet is repaired by applying it.
    unapplied = _recorded_names(sender.recorded) == there
    first = f"remove {', '.join(added)} from the Action in the dashboard; " if added else ""
    yield Finding(
        kind="secret-names",
        subject=sender.declared.trigger,
        what="the Action has other secrets than the stack declares",
        expected=", ".join(sorted(declared)),
        found="; ".join(told),
        since=(sender.ours or {}).get("updated_at"),
        repair=Repair.UP if unapplied else Repair.BY_HAND,
        how="" if unapplied else f"{masked(first)}{NEW_KEY}",
        blocks=not unapplied and sender.foreign_secrets_wait,
        in_state=unapplied,
    )


def _secret_values(sender: Sender) -> Iterator[Finding]:
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
    names = sender.secrets_after_deploy
    if not names:
        return
    written = sender.draft_secrets
    running = _secret_times(sender.deployed or {})
    live = any(running.get(name) == written[name] for name in names)
    yield Finding(
        kind="secret-changed",
        subject=sender.declared.trigger,
        what="secrets were written after the stack's last deploy, and are deployed"
        if live
        else "secrets were written after the stack's last deploy, and wait for the next one",
        expected=f"as of {(sender.deployed_by_us or {})['created_at']}",
        found=f"written: {', '.join(names)}",
        since=max(written[name] for name in names).isoformat().replace("+00:00", "Z"),
        repair=Repair.BY_HAND,
        how=NEW_KEY,
        # pulumi up would deploy the foreign values together with whatever else it repairs.
        blocks=not live,
        in_state=False,
    )


def _second_action(sender: Sender) -> Iterator[Finding]:
    if sender.declared.trigger != ONE_PER_TENANT:
        return
    bound = {_action_id(one) for one in sender.bindings}
    for one in sender.foreign:
        yield Finding(
            kind="second-action",
            subject=masked(one["name"]),
            what="another Action stands on the trigger, and the tenant may send through it",
            expected=f"{sender.declared.name!r} alone on {sender.declared.trigger}",
            found=f"{masked(one['name'])!r} ({one['id']}){', bound' * (one['id'] in bound)}",
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
    elif declared.bound and ours is not None and ours.get("display_name") != declared.name:
        yield Finding(
            kind="binding",
            subject=declared.trigger,
            what="our binding shows another name",
            expected=declared.name,
            found=masked(str(ours.get("display_name"))),
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
    name = masked(str(binding.get("display_name") or binding.get("action", {}).get("name")))
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


def _recorded_names(resource: Resource | None) -> frozenset[str]:
    secrets: Any = resource.inputs.get("secrets") if resource else None
    return frozenset(one["name"] for one in secrets or [])


def _secret_times(holder: Json) -> dict[str, datetime]:
    return {one["name"]: _time(one["updated_at"]) for one in holder.get("secrets") or []}


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _runtime(holder: Json) -> str:
    # The API's name of Node.js 18 differs from everybody else's (management-api.md §4.11).
    return str(holder.get("runtime", "")).removesuffix("-actions")


def _hash(code: str | None) -> str:
    if code is None:
        return "none"
    return f"sha256 {hashlib.sha256(code.encode()).hexdigest()[:12]}"
