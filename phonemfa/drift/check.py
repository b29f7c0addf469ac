"""All differences of a tenant from its stack: the rules' findings, and the engine's changes."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from components.masking import code_mark
from components.tenant import trigger
from components.tenant.action import Action
from components.tenant.guardian import Guardian
from components.tenant.model import LEFT_ALONE, seen
from components.tenant.phone_provider import PhoneProvider
from components.tenant.phone_template import PhoneTemplate
from components.tenant.tenant_settings import TenantSettings
from phonemfa.drift import actions, delivery, login
from phonemfa.drift.findings import KINDS, Finding, Level, Thing, notice, shown, thing_of
from phonemfa.drift.look import Sides
from phonemfa.pulumi.preview import Operation, Step
from phonemfa.pulumi.state import Resource

_ACTION_KINDS: Final = {
    "code": "action-code",
    "runtime": "action-runtime",
    "dependencies": "action-dependencies",
    "secrets": "secret-names",
}
_EXPERIENCE: Final = thing_of(next(one for one in TenantSettings.PARTS if one.field == "unified"))


def check(at: Sides, *, accepted: Collection[str] = ()) -> list[Finding]:
    """Every finding, the gravest first: what blocks `pulumi up`, other drift, notices.

    `accepted` are ids of findings that somebody decided to live with: they are notices.
    """
    found = [*actions.check(at), *delivery.check(at), *login.check(at), *_settings_not_compared(at)]
    changes = {
        thing: (resource, step)
        for resource, step in at.recorded.changes
        for thing in _things(resource, step)
    }
    known = {(one.kind, one.subject) for one in found}
    if at.recorded.is_seen:
        # Nothing that Pulumi holds differs from its state, yet the tenant is not as declared.
        found = [
            replace(one, recorded=one.in_state and (one.kind, one.subject) not in changes)
            for one in found
        ]
    found += [
        _by_engine(thing, *change)
        for thing, change in changes.items()
        if thing not in known and not _follows_from(thing, known)
    ]
    told = [
        replace(one, level=Level.NOTICE, how=f"accepted. {one.how}".rstrip())
        if one.id in accepted
        else one
        for one in found
    ]
    return sorted(
        told,
        key=lambda one: (one.level is not Level.DRIFT, not one.blocks, KINDS.index(one.kind)),
    )


def _settings_not_compared(at: Sides) -> Iterator[Finding]:
    """What nobody can compare because the state does not tell it."""
    applied = at.recorded.applied
    configured = any(one.configuration is not LEFT_ALONE for one in seen(at.declared.actions))
    if applied.unknown and (configured or applied.is_unfinished):
        compared = "names and times of the Action's secrets were compared, " if configured else ""
        yield notice(
            kind="not-compared",
            subject="settings",
            what=applied.unknown,
            expected="the settings that the last pulumi up applied",
            found=f"{compared}the stack's file with what was applied was not",
            how=applied.advice,
        )


def _things(resource: Resource, step: Step) -> Iterator[Thing]:
    """What a change of the engine's is called here."""
    paths = sorted(step.paths)
    match resource.type:
        case Action.TOKEN:
            tops = {_names_in(path)[0] for path in paths} or {""}
            yield from ((_ACTION_KINDS.get(top, "action"), resource.action.trigger) for top in tops)
        case trigger.TOKEN:
            yield "binding", str(resource.outputs.get("trigger", ""))
        case PhoneProvider.TOKEN:
            yield "provider", ""
        case PhoneTemplate.TOKEN:
            yield "template", str(resource.outputs.get("type", ""))
        case Guardian.TOKEN:
            yield from (_thing_at(path, Guardian) or ("other", path) for path in paths)
        case TenantSettings.TOKEN:
            for path in paths:
                yield _thing_at(path, TenantSettings) or ("tenant-setting", _names_in(path)[0])
        case _:
            yield "other", resource.name


def _thing_at(path: str, model: Any) -> Thing | None:
    """What a difference at a path of the engine's is called; None where the model has no such part.

    A factor is a block with a switch in it, and whatever else is in the block is the factor's.
    """
    names = _names_in(path)
    blocks = {tuple(one.pulumi.removesuffix(".enabled").split(".")): one for one in model.PARTS}
    found = [block for block in blocks if names[: len(block)] == block]
    return thing_of(blocks[max(found, key=len)]) if found else None


def _names_in(path: str) -> tuple[str, ...]:
    """The names in a path of the engine's: `phone.messageTypes[1]`."""
    return tuple(re.findall(r"[^.\[\]]+", path))


def _follows_from(thing: Thing, known: Collection[Thing]) -> bool:
    """Whether the engine's change is only what another finding looks like in its data."""
    kind, subject = thing
    # The other generation's tenant shows, or hides, provider and texts in its factor.
    if _EXPERIENCE in known and kind in {"provider", "template", "factor"}:
        return True
    # A factor that is off has neither channels nor provider nor texts.
    if ("factor", "") in known and kind in {"message-types", "provider", "template"}:
        return True
    # A binding goes with its Action.
    return kind == "binding" and ("action", subject) in known


def _by_engine(thing: Thing, resource: Resource, step: Step) -> Finding:
    kind, subject = thing
    paths = sorted(step.paths)
    tops = dict.fromkeys(_names_in(path)[0] for path in paths)
    after = step.after.outputs if step.after else {}
    done = "is gone" if step.operation is Operation.DELETE else f"was changed in {', '.join(paths)}"
    return Finding(
        kind=kind,
        subject=subject,
        what=f"{resource.name} {done}",
        expected=_values({top: resource.outputs.get(top) for top in tops}) or "there",
        found=_values({top: after.get(top) for top in tops}) or "gone",
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
