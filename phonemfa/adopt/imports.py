"""The file for `pulumi import --file`: every adopted resource where the program declares it.

Owns types, names, parents and ids. Components are in it too, so that a resource is imported under
the very URN that the program gives it. Refuses to know inputs: the engine takes those from the
auth0 provider's own reading.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any, Final
from uuid import NAMESPACE_DNS, uuid5

from components.vocabulary import COMPONENT, Experience
from phonemfa.adopt.reading import Action, FoundTenant

ROOT: Final = "phone-mfa"
"""The name of the component in __main__.py."""


def import_file(found: FoundTenant, action: Action | None) -> dict[str, Any]:
    """What `pulumi import --file` reads.

    Args:
        found: the tenant.
        action: the one of its Actions that is adopted.
    """
    return {"resources": list(_resources(found, action))}


def _resources(found: FoundTenant, action: Action | None) -> Iterator[dict[str, Any]]:
    yield {"type": COMPONENT, "name": ROOT, "component": True}
    if action:
        yield from _sender(found, action)
    if found.experience is Experience.UNIFIED and (_provider_id(found) or found.templates):
        yield from _delivery(found)
    factor = f"{ROOT}-factor"
    yield _component("Factor", factor)
    # Guardian is one a tenant, and its id a name that nobody looks up.
    guardian = str(uuid5(NAMESPACE_DNS, found.domain))
    yield _resource("guardian:Guardian", f"{factor}-guardian", guardian, factor)


def _sender(found: FoundTenant, action: Action) -> Iterator[dict[str, Any]]:
    legacy = found.experience is Experience.LEGACY
    sender = f"{ROOT}-legacy-sender" if legacy else f"{ROOT}-sender"
    yield _component("Sender", sender)
    yield _resource("action:Action", f"{sender}-action", action.id, sender)
    if any(one.action_id == action.id for one in found.bindings.get(action.trigger, ())):
        binding = f"{action.trigger}::{action.id}"
        yield _resource("triggerAction:TriggerAction", f"{sender}-binding", binding, sender)


def _provider_id(found: FoundTenant) -> str | None:
    return found.provider.id if found.provider and found.provider.declarable else None


def _delivery(found: FoundTenant) -> Iterator[dict[str, Any]]:
    delivery = f"{ROOT}-delivery"
    yield _component("Delivery", delivery)
    provider = _provider_id(found)
    if provider:
        yield _resource("phoneProvider:PhoneProvider", f"{delivery}-provider", provider, delivery)
    for template in found.templates:
        name = f"{delivery}-{template.type.replace('_', '-')}"
        token = "phoneNotificationTemplate:PhoneNotificationTemplate"  # noqa: S105 - a type token
        yield _resource(token, name, template.id, delivery)


def _component(kind: str, name: str) -> dict[str, Any]:
    return {"type": f"phonemfa:index:{kind}", "name": name, "component": True, "parent": ROOT}


def _resource(token: str, name: str, identifier: str, parent: str) -> dict[str, Any]:
    return {
        "type": f"auth0:index/{token}",
        "name": name,
        "id": identifier,
        "parent": parent,
        # The program's own, so that the import reads with the plugin that previews use.
        "version": version("pulumi_auth0"),
    }
