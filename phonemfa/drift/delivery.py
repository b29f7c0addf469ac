"""Rules about a unified tenant's phone provider and texts; a legacy tenant's are Guardian's."""

from collections.abc import Iterator
from functools import partial

from components.tenant.model import differences, known, seen
from components.tenant.phone_provider import PhoneProvider
from components.tenant.phone_template import PhoneTemplate
from phonemfa.drift.findings import Finding, Repair, by_hand, shown, text_diff
from phonemfa.drift.look import Sides


def check(at: Sides) -> Iterator[Finding]:
    """Every finding about provider and texts."""
    if isinstance(at.declared.provider, PhoneProvider):
        yield from _provider(at, at.declared.provider)
    for kind, wanted in seen(at.declared.templates).items():
        yield from _template(at, kind, wanted)


def _provider(at: Sides, declared: PhoneProvider) -> Iterator[Finding]:
    expected = _provider_shown(declared)
    ours, first_listed = at.recorded.one(PhoneProvider.TOKEN), seen(at.tenant.provider)
    if first_listed is None:
        yield Finding(
            kind="provider", what="the phone provider is gone", expected=expected, found="none"
        )
        return
    providers = (first_listed, *at.tenant.second_providers)
    # The one that the plugin would take over: ours where it is there, else the first.
    there = next((one for one in providers if ours and one.id == ours.id), first_listed)
    differing = {one.part.field for one in differences(declared, there)}
    another_vendor = "name" in differing
    another_account = bool(differing & {"default_from", "mssid", "sid"}) and not another_vendor
    told = {
        "made anew": ours is not None and there.id != ours.id,
        "another vendor": another_vendor,
        _switched(off=seen(there.disabled)): "disabled" in differing,
        "other delivery methods": "delivery_methods" in differing,
        "another sender or account": another_account,
    }
    if any(told.values()):
        yield Finding(
            kind="provider",
            what=f"the phone provider was changed: {', '.join(one for one in told if told[one])}",
            expected=expected,
            found=_provider_shown(there),
            since=there.updated_at,
            how="pulumi up takes this provider over and overwrites its configuration and "
            "credentials: note them down first if you may want to go back"
            if another_vendor
            else "",
        )
    for other in providers:
        if other is not there:
            yield by_hand(
                kind="provider",
                subject=other.id,
                what="the tenant has a second phone provider",
                expected="one",
                found=_provider_shown(other),
                since=other.updated_at,
                how="delete the one that nobody needs in the dashboard (Branding > Phone)",
            )


def _provider_shown(provider: PhoneProvider) -> str:
    name, methods = known(provider.name, "unnamed"), known(provider.delivery_methods, ())
    return f"{shown(name)}, {_switched(off=seen(provider.disabled))}, {shown(list(methods))}"


def _switched(*, off: bool) -> str:
    return "disabled" if off else "enabled"


def _template(at: Sides, kind: str, wanted: PhoneTemplate) -> Iterator[Finding]:
    finding = partial(Finding, kind="template", subject=kind)
    ours = at.recorded.one(PhoneTemplate.TOKEN, type=kind)
    there = seen(at.tenant.templates).get(kind)
    if there is None:
        yield finding(
            what="the text is gone: users get Auth0's default one",
            expected="ours",
            found="Auth0's default",
        )
        return
    if at.recorded.is_seen and (ours is None or ours.id != there.id):
        yield finding(
            what="somebody made the text anew: Pulumi does not know it, and pulumi up would meet "
            "409",
            expected="ours",
            found=f"another, {there.id}",
            since=there.updated_at,
            repair=Repair.BY_HAND,
            how="delete it in the tenant (Branding > Phone > Templates: reset to default), then "
            "pulumi up --refresh",
            blocks=True,
        )
        return
    off, sender = seen(there.disabled), seen(there.sender)
    diffs, wrong = {}, []
    for one in differences(wanted, there):
        match one.part.field:
            case "text" | "voice" as channel:
                name = f"{kind}.{channel}"
                diffs[channel] = text_diff(one.wanted or "", one.found or "", name=name)
                wrong.append(f"other {channel}")
            case "disabled":
                wrong.append(_switched(off=off))
            case "sender":
                wrong.append("another sender")
    if wrong:
        # The API has no way to take a sender away again: an update leaves it, and so does a reset.
        stays = bool(sender) and wanted.sender is None
        yield finding(
            what=f"the text was changed: {', '.join(wrong)}",
            expected=f"{_switched(off=seen(wanted.disabled))}, sender {shown(wanted.sender)}, the "
            "declared texts",
            found=f"{_switched(off=off)}, sender {shown(sender)}, "
            f"{' and '.join(diffs) or 'no text'} changed",
            since=there.updated_at,
            repair=Repair.BY_HAND if stays else Repair.UP,
            how=f"pulumi up --refresh --target-replace '{ours.urn if ours else 'the text'}' (an "
            "update cannot take the sender away)"
            if stays
            else "",
            diff="\n".join(diffs.values()),
        )
