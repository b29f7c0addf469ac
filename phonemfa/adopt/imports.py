"""The file for `pulumi import --file`: every adopted resource where the program declares it.

Components are in it too, so that a resource is imported under the very URN that the program gives
it. The engine takes the inputs from the auth0 provider's own reading.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from uuid import NAMESPACE_DNS, uuid5

from components.tenant import action, guardian, phone_provider, phone_template, trigger
from components.tenant.action import Action
from components.tenant.model import known, seen
from components.tenant.phone_provider import PhoneProvider
from components.tenant.snapshot import Snapshot
from components.vocabulary import COMPONENT, Experience
from phonemfa.pulumi.engine import to_import

ROOT: Final = "phone-mfa"
"""The name of the component in __main__.py."""


def declarable(provider: PhoneProvider) -> bool:
    """Whether the auth0 provider takes it: a tenant may have both senders, a program one."""
    return not (known(provider.default_from, None) and known(provider.mssid, None))


def import_file(found: Snapshot, adopted: Action | None, domain: str) -> dict[str, Any]:
    """What `pulumi import --file` reads.

    Args:
        found: the tenant.
        adopted: the one of its Actions that is adopted.
        domain: of the tenant.
    """
    return {"resources": list(_resources(found, adopted, domain))}


def _resources(found: Snapshot, adopted: Action | None, domain: str) -> Iterator[dict[str, Any]]:
    yield {"type": COMPONENT, "name": ROOT, "component": True}
    if adopted:
        yield from _sender(found, adopted)
    if found.experience is Experience.UNIFIED:
        yield from _delivery(found)
    factor = f"{ROOT}-factor"
    yield _component("Factor", factor)
    # Guardian is one a tenant, and its id a name that nobody looks up.
    identifier = str(uuid5(NAMESPACE_DNS, domain))
    yield to_import(guardian.TOKEN, f"{factor}-guardian", identifier, factor)


def _sender(found: Snapshot, adopted: Action) -> Iterator[dict[str, Any]]:
    legacy = found.experience is Experience.LEGACY
    sender = f"{ROOT}-legacy-sender" if legacy else f"{ROOT}-sender"
    yield _component("Sender", sender)
    yield to_import(action.TOKEN, f"{sender}-action", adopted.id, sender)
    for one in found.bindings_of(adopted.trigger):
        if one.action_id == adopted.id:
            yield to_import(trigger.TOKEN, f"{sender}-binding", one.pulumi_id, sender)


def _delivery(found: Snapshot) -> Iterator[dict[str, Any]]:
    delivery = f"{ROOT}-delivery"
    provider, templates = seen(found.provider), seen(found.templates)
    if provider and not declarable(provider):
        provider = None
    if provider or templates:
        yield _component("Delivery", delivery)
    if provider:
        yield to_import(phone_provider.TOKEN, f"{delivery}-provider", provider.id, delivery)
    for kind, template in templates.items():
        name = f"{delivery}-{kind.replace('_', '-')}"
        yield to_import(phone_template.TOKEN, name, template.id, delivery)


def _component(kind: str, name: str) -> dict[str, Any]:
    return {"type": f"phonemfa:index:{kind}", "name": name, "component": True, "parent": ROOT}
