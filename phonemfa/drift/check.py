"""All differences of a tenant from its stack: the rules' findings, and the engine's changes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from components.masking import code_mark
from components.tenant import action, phone_provider, phone_template, trigger
from components.tenant.guardian import OTHER_FACTORS, WITH_DEFAULT, Guardian, name_of
from components.tenant.model import LEFT_ALONE, seen
from components.tenant.snapshot import Snapshot
from components.tenant.tenant_settings import TenantSettings
from phonemfa.drift import action_secrets, actions, delivery, login
from phonemfa.drift.findings import Finding, Level, Repair, shown
from phonemfa.drift.kinds import kind_of
from phonemfa.drift.live import Live
from phonemfa.drift.recorded import Change, Recorded
from phonemfa.drift.sender import senders

_ACTION_KINDS: Final = {
    "code": "action-code",
    "runtime": "action-runtime",
    "dependencies": "action-dependencies",
    "secrets": "secret-names",
}
_EXPERIENCE: Final = next(one.api for one in TenantSettings.PARTS if one.field == "unified")
_TENANT_SWITCHES: Final = {one.pulumi: one.api for one in TenantSettings.PARTS}
_LEGACY_TEXTS: Final = {
    one.pulumi.rpartition(".")[2]: one.field
    for one in Guardian.PARTS
    if one.pulumi.startswith("phone.options.")
}
_NAMED_PARTS: Final = {
    one.pulumi.removesuffix(".enabled"): one for one in (*OTHER_FACTORS, *WITH_DEFAULT)
}
"""Parts of Guardian that have a kind of drift each, with a subject of their own."""

Thing = tuple[str, str]
"""Kind and subject."""


def check(
    declared: Snapshot, recorded: Recorded, live: Live, *, accepted: Collection[str] = ()
) -> list[Finding]:
    """Every finding, drift first, in the order in which a message meets what drifted.

    Args:
        declared: what the stack's settings declare.
        recorded: what the state says, and what a refresh would change in it.
        live: what is in the tenant.
        accepted: ids of findings that somebody decided to live with: they are notices.
    """
    found = list(_by_rules(declared, recorded, live))
    seen = {thing: change for change in recorded.changes for thing in _things(change)}
    known = {(one.kind, one.subject) for one in found}
    told = [_beside_the_state(one, seen) for one in found] if recorded.is_seen else found
    told += [
        _by_engine(thing, change)
        for thing, change in seen.items()
        if thing not in known and not _follows_from(thing, known)
    ]
    return sorted((_accepted(one, accepted) for one in told), key=_rank)


def _by_rules(declared: Snapshot, recorded: Recorded, live: Live) -> Iterator[Finding]:
    for sender in senders(declared, recorded, live):
        yield from actions.check(sender)
    yield from delivery.check(declared, recorded, live)
    yield from login.check(declared, recorded, live)
    configured = any(one.configuration is not LEFT_ALONE for one in seen(declared.actions))
    yield from action_secrets.not_compared(recorded.applied, configured=configured)


def _beside_the_state(finding: Finding, seen: Mapping[Thing, Change]) -> Finding:
    silent = finding.in_state and (finding.kind, finding.subject) not in seen
    # Nothing that Pulumi holds differs from its state, yet the tenant is not as declared.
    return replace(finding, recorded=True) if silent else finding


def _things(change: Change) -> Iterator[Thing]:
    """What a change of the engine's is called here."""
    resource = change.resource
    match resource.type:
        case action.TOKEN:
            name = resource.action.trigger
            tops = {_top(path) for path in change.paths}
            yield from {(_ACTION_KINDS.get(top, "action"), name) for top in tops or {""}}
        case trigger.TOKEN:
            yield "binding", str(resource.outputs.get("trigger", ""))
        case phone_provider.TOKEN:
            yield "provider", ""
        case phone_template.TOKEN:
            yield "template", str(resource.outputs.get("type", ""))
        case Guardian.TOKEN:
            yield from {_guardian_thing(path) for path in change.paths}
        case TenantSettings.TOKEN:
            yield from {_tenant_thing(path) for path in change.paths}
        case _:
            yield "other", resource.urn.rpartition("::")[2]


def _guardian_thing(path: str) -> Thing:
    top, _, rest = path.partition(".")
    if part := _NAMED_PARTS.get(path) or _NAMED_PARTS.get(top):
        return kind_of(part), name_of(part)
    if top == "phone":
        return _phone_thing(rest)
    return ("policy", "") if top == "policy" else ("other", path)


def _phone_thing(path: str) -> Thing:
    top, _, rest = path.partition(".")
    if top == "options":
        return "template", _LEGACY_TEXTS.get(rest, rest)
    # A list's items are written `messageTypes[1]`.
    kinds = {"messageTypes": "message-types", "provider": "provider"}
    return kinds.get(_top(path), "factor"), ""


def _tenant_thing(path: str) -> Thing:
    top = _top(path)
    if top in _TENANT_SWITCHES:
        return "tenant-switch", _TENANT_SWITCHES[top]
    return "tenant-setting", top


def _follows_from(thing: Thing, known: Collection[Thing]) -> bool:
    """Whether the engine's change is only what another finding looks like in its data."""
    kind, _ = thing
    switched = ("tenant-switch", _EXPERIENCE) in known
    # The other generation's tenant shows, or hides, provider and texts in its factor.
    if switched and kind in {"provider", "template", "factor"}:
        return True
    # A factor that is off has neither channels nor provider nor texts.
    if ("factor", "") in known and kind in {"message-types", "provider", "template"}:
        return True
    # A binding goes with its Action.
    return kind == "binding" and ("action", thing[1]) in known


def _by_engine(thing: Thing, change: Change) -> Finding:
    kind, subject = thing
    tops = dict.fromkeys(_top(path) for path in change.paths)
    before = {top: change.resource.outputs.get(top) for top in tops}
    after = {top: change.after.get(top) for top in tops}
    name = change.resource.urn.rpartition("::")[2]
    paths = ", ".join(change.paths)
    return Finding(
        kind=kind,
        subject=subject,
        what=f"{name} is gone" if change.gone else f"{name} was changed in {paths}",
        expected=_values(before) or "there",
        found=_values(after) or "gone",
        repair=Repair.UP,
        how="pulumi up --refresh records it and changes nothing in the tenant"
        if kind == "tenant-setting"
        else "",
    )


def _values(properties: Mapping[str, Any]) -> str:
    # Of code its mark alone: the state may have somebody else's.
    return ", ".join(
        f"{key}: {code_mark(value) if key == 'code' and isinstance(value, str) else shown(value)}"
        for key, value in properties.items()
    )


def _top(path: str) -> str:
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def _accepted(finding: Finding, accepted: Collection[str]) -> Finding:
    if finding.id not in accepted:
        return finding
    return replace(finding, level=Level.NOTICE, how=f"accepted. {finding.how}".rstrip())


def _rank(finding: Finding) -> bool:
    return finding.level is not Level.DRIFT
