"""Rules about the phone provider and the texts, of both generations.

Owns comparing what the stack declares with the tenant's. Refuses to read a tenant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from components.tenant.guardian import HOOK
from components.tenant.model import seen
from phonemfa.drift.declared import Declared, DeclaredProvider
from phonemfa.drift.findings import Finding, Repair, shown, text_diff
from phonemfa.drift.live import Json, Live
from phonemfa.drift.recorded import PROVIDER, TEMPLATE, Recorded, Resource


def check(declared: Declared, recorded: Recorded, live: Live) -> Iterator[Finding]:
    """Every finding about provider and texts."""
    if declared.provider:
        yield from _provider(declared.provider, recorded, live)
    yield from _templates(declared, recorded, live)
    # Off or unified, the factor shows neither.
    if live.factors.get("sms") and live.settings.get("phone_consolidated_experience") is False:
        yield from _selected_provider(declared, live)
        yield from _legacy_texts(declared, live)


def _provider(declared: DeclaredProvider, recorded: Recorded, live: Live) -> Iterator[Finding]:
    expected = _provider_words(declared.name, declared.disabled, declared.delivery_methods)
    ours = recorded.one(PROVIDER)
    if not live.providers:
        yield Finding(
            kind="provider",
            what="the phone provider is gone",
            expected=expected,
            found="none",
        )
        return
    # The one that the plugin would take over: ours where it is there, else the first.
    there = next((one for one in live.providers if ours and one["id"] == ours.id), None)
    first = there or live.providers[0]
    wrong = list(_provider_faults(first, declared))
    if ours and there is None:
        wrong.insert(0, "made anew")
    if wrong:
        yield Finding(
            kind="provider",
            what=f"the phone provider was changed: {', '.join(wrong)}",
            expected=expected,
            found=_provider_shown(first),
            since=first.get("updated_at"),
            how="pulumi up takes this provider over and overwrites its configuration and "
            "credentials: note them down first if you may want to go back"
            if first.get("name") != declared.name
            else "",
        )
    for other in live.providers:
        if other is not first:
            yield Finding(
                kind="provider",
                subject=other["id"],
                what="the tenant has a second phone provider",
                expected="one",
                found=_provider_shown(other),
                since=other.get("updated_at"),
                repair=Repair.BY_HAND,
                how="delete the one that nobody needs in the dashboard (Branding > Phone)",
                in_state=False,
            )


def _provider_faults(provider: Json, declared: DeclaredProvider) -> Iterator[str]:
    if provider.get("name") != declared.name:
        yield "another vendor"
    if bool(provider.get("disabled")) is not declared.disabled:
        yield _switched(off=not declared.disabled)
    if set(_methods(provider)) != set(declared.delivery_methods):
        yield "other delivery methods"


def _provider_shown(provider: Json) -> str:
    off = bool(provider.get("disabled"))
    return _provider_words(str(provider.get("name")), off, _methods(provider))


def _provider_words(name: str, off: bool, methods: Sequence[str]) -> str:
    return f"{shown(name)}, {_switched(off=off)}, {', '.join(methods) or 'none'}"


def _switched(*, off: bool) -> str:
    return "disabled" if off else "enabled"


def _methods(provider: Json) -> list[str]:
    configuration = provider.get("configuration") or {}
    return list(configuration.get("delivery_methods") or [])


def _templates(declared: Declared, recorded: Recorded, live: Live) -> Iterator[Finding]:
    # A type that nobody customised is listed too, without an id.
    customised = {one["type"]: one for one in live.templates if one.get("id")}
    for kind in declared.templates:
        ours, there = recorded.one(TEMPLATE, type=kind), customised.get(kind)
        if there is None:
            yield Finding(
                kind="template",
                subject=kind,
                what="the text is gone: users get Auth0's default one",
                expected="ours",
                found="Auth0's default",
            )
        elif ours is None or ours.id != there["id"]:
            yield _made_anew(kind, there)
        else:
            yield from _template(kind, declared, ours, there)


def _made_anew(kind: str, there: Json) -> Finding:
    return Finding(
        kind="template",
        subject=kind,
        what="somebody made the text anew: Pulumi does not know it, and pulumi up would meet 409",
        expected="ours",
        found=f"another, {there['id']}",
        since=there.get("updated_at"),
        repair=Repair.BY_HAND,
        how="delete it in the tenant (Branding > Phone > Templates: reset to default), then "
        "pulumi up --refresh",
        blocks=True,
    )


def _template(kind: str, declared: Declared, ours: Resource, there: Json) -> Iterator[Finding]:
    wanted, content = declared.templates[kind], there.get("content") or {}
    body = content.get("body") or {}
    diffs = {
        channel: text_diff(expected, body.get(channel) or "", name=f"{kind}.{channel}")
        for channel, expected in (("text", wanted.text), ("voice", wanted.voice))
        if isinstance(expected, str) and body.get(channel) != expected
    }
    wrong = [f"other {channel}" for channel in diffs]
    if bool(there.get("disabled")) is not wanted.disabled:
        wrong.append(_switched(off=not wanted.disabled))
    sender = content.get("from") or None
    if sender != wanted.sender:
        wrong.append("another sender")
    if not wrong:
        return
    # The API has no way to take a sender away again: an update leaves it, and so does a reset.
    stays = bool(sender) and wanted.sender is None
    yield Finding(
        kind="template",
        subject=kind,
        what=f"the text was changed: {', '.join(wrong)}",
        expected=f"{_switched(off=seen(wanted.disabled))}, sender {shown(wanted.sender)}, the "
        "declared texts",
        found=f"{_switched(off=bool(there.get('disabled')))}, sender {shown(sender)}, "
        f"{' and '.join(diffs) or 'no text'} changed",
        since=there.get("updated_at"),
        repair=Repair.BY_HAND if stays else Repair.UP,
        how=f"pulumi up --refresh --target-replace '{ours.urn}' (an update cannot take the "
        "sender away)"
        if stays
        else "",
        diff="\n".join(diffs.values()),
    )


def _selected_provider(declared: Declared, live: Live) -> Iterator[Finding]:
    wanted = declared.selected_provider
    if wanted and live.selected_provider != wanted:
        yield Finding(
            kind="provider",
            what="the tenant sends codes itself instead of handing them to the Action"
            if wanted == HOOK
            else "codes are sent by another provider",
            expected=wanted,
            found=shown(live.selected_provider),
        )


def _legacy_texts(declared: Declared, live: Live) -> Iterator[Finding]:
    for key, expected in declared.legacy_texts.items():
        there = live.legacy_texts.get(key) or ""
        if there != expected:
            yield Finding(
                kind="template",
                subject=key,
                what="the text was changed" if there else "the text is gone",
                expected="ours",
                found="another" if there else "Auth0's default",
                diff=text_diff(expected, there, name=key),
            )
