"""Rules about a unified tenant's phone provider and texts; a legacy tenant's are Guardian's."""

from collections.abc import Iterator

from components.tenant.model import differences, known, seen
from components.tenant.phone_provider import PhoneProvider
from components.tenant.phone_template import PhoneTemplate
from components.tenant.snapshot import Snapshot
from phonemfa.drift.findings import Finding, Repair, by_hand, shown, text_diff
from phonemfa.drift.sources import Live, Recorded
from phonemfa.pulumi.state import Resource


def check(declared: Snapshot, recorded: Recorded, live: Live) -> Iterator[Finding]:
    """Every finding about provider and texts."""
    if isinstance(declared.provider, PhoneProvider):
        yield from _provider(declared.provider, recorded, live.tenant)
    for kind, wanted in seen(declared.templates).items():
        ours = recorded.one(PhoneTemplate.TOKEN, type=kind)
        there = seen(live.tenant.templates).get(kind)
        if there is None:
            yield Finding(
                kind="template",
                subject=kind,
                what="the text is gone: users get Auth0's default one",
                expected="ours",
                found="Auth0's default",
            )
        elif recorded.is_seen and (ours is None or ours.id != there.id):
            yield _made_anew(kind, there)
        else:
            yield from _template(kind, wanted, ours, there)


def _provider(declared: PhoneProvider, recorded: Recorded, tenant: Snapshot) -> Iterator[Finding]:
    expected = _provider_shown(declared)
    ours, first_listed = recorded.one(PhoneProvider.TOKEN), seen(tenant.provider)
    if first_listed is None:
        yield Finding(
            kind="provider", what="the phone provider is gone", expected=expected, found="none"
        )
        return
    providers = (first_listed, *tenant.second_providers)
    # The one that the plugin would take over: ours where it is there, else the first.
    there = next((one for one in providers if ours and one.id == ours.id), None)
    first = there or first_listed
    wrong = list(_provider_faults(first, declared))
    if ours and there is None:
        wrong.insert(0, "made anew")
    if wrong:
        yield Finding(
            kind="provider",
            what=f"the phone provider was changed: {', '.join(wrong)}",
            expected=expected,
            found=_provider_shown(first),
            since=first.updated_at,
            how="pulumi up takes this provider over and overwrites its configuration and "
            "credentials: note them down first if you may want to go back"
            if first.name != declared.name
            else "",
        )
    for other in providers:
        if other is not first:
            yield by_hand(
                "provider",
                other.id,
                "the tenant has a second phone provider",
                expected="one",
                found=_provider_shown(other),
                since=other.updated_at,
                how="delete the one that nobody needs in the dashboard (Branding > Phone)",
            )


def _provider_faults(provider: PhoneProvider, declared: PhoneProvider) -> Iterator[str]:
    differing = {one.part.field for one in differences(declared, provider)}
    if "name" in differing:
        yield "another vendor"
    if "disabled" in differing:
        yield _switched(off=seen(provider.disabled))
    if "delivery_methods" in differing:
        yield "other delivery methods"
    if differing & {"default_from", "mssid", "sid"} and "name" not in differing:
        yield "another sender or account"


def _provider_shown(provider: PhoneProvider) -> str:
    name, methods = known(provider.name, "unnamed"), known(provider.delivery_methods, ())
    return f"{shown(name)}, {_switched(off=seen(provider.disabled))}, {shown(list(methods))}"


def _switched(*, off: bool) -> str:
    return "disabled" if off else "enabled"


def _made_anew(kind: str, there: PhoneTemplate) -> Finding:
    return Finding(
        kind="template",
        subject=kind,
        what="somebody made the text anew: Pulumi does not know it, and pulumi up would meet 409",
        expected="ours",
        found=f"another, {there.id}",
        since=there.updated_at,
        repair=Repair.BY_HAND,
        how="delete it in the tenant (Branding > Phone > Templates: reset to default), then "
        "pulumi up --refresh",
        blocks=True,
    )


def _template(
    kind: str, wanted: PhoneTemplate, ours: Resource | None, there: PhoneTemplate
) -> Iterator[Finding]:
    differing = {one.part.field: one for one in differences(wanted, there)}
    diffs = {
        channel: text_diff(one.wanted or "", one.found or "", name=f"{kind}.{channel}")
        for channel, one in differing.items()
        if channel in {"text", "voice"}
    }
    off, sender = seen(there.disabled), seen(there.sender)
    wrong = [f"other {channel}" for channel in diffs]
    if "disabled" in differing:
        wrong.append(_switched(off=off))
    if "sender" in differing:
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
