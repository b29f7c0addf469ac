"""A tenant's phone MFA as a flat list of fields, each with a text that people can compare.

A secret shows that it is there, and when it was written, and never its value. Ids, version numbers
and other times are left out: they differ without meaning anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from components.vocabulary import policy_word
from sandbox.notifications.rules import HANDLERS
from sandbox.tenant import Tenant
from sandbox.tenant.context import Page

Field = tuple[str, str]
"""Which thing, and which of its fields."""
Picture = Mapping[Field, str]

NONE: Final = "none"
_ALL: Final = Page(per_page=1_000)
_SETTINGS: Final = (
    "friendly_name",
    "enabled_locales",
    "phone_consolidated_experience",
    "customize_mfa_in_postlogin_action",
    "country_codes",
)
"""Settings that the package writes or relies on, and those that texts show."""


def picture_of(tenant: Tenant) -> Picture:
    """Every field; those of a thing stand together."""
    return {
        **{field: text for trigger in HANDLERS for field, text in _actions(tenant, trigger)},
        **dict(_provider(tenant)),
        **dict(_texts(tenant)),
        **dict(_login(tenant)),
    }


def _actions(tenant: Tenant, trigger: str) -> Iterator[tuple[Field, str]]:
    seen: dict[str, int] = {}
    for action in tenant.actions.listing(_ALL, trigger_id=trigger)["actions"]:
        # By place, not by name or id: a renamed one is still the same, with another name.
        number = seen[trigger] = seen.get(trigger, 0) + 1
        thing = f"Action of {trigger}" + (f" ({number})" if number > 1 else "")
        yield (thing, "name"), action["name"]
        yield from _content(thing, "", action)
        running = action.get("deployed_version")
        if running is None:
            yield (thing, "what runs"), "nothing: it was never deployed"
        else:
            yield from _content(thing, "what runs: ", running)
    bound = tenant.bindings.listing(trigger, _ALL)["bindings"]
    yield (f"Trigger {trigger}", "bound"), _words(one["display_name"] for one in bound)


def _content(thing: str, prefix: str, holder: Mapping[str, Any]) -> Iterator[tuple[Field, str]]:
    yield (thing, f"{prefix}code"), holder["code"]
    yield (thing, f"{prefix}runtime"), holder["runtime"]
    packages = (f"{one['name']}@{one['version']}" for one in holder["dependencies"])
    yield (thing, f"{prefix}dependencies"), _words(packages)
    for secret in holder["secrets"]:
        yield (thing, f"{prefix}secret {secret['name']}"), f"written {secret['updated_at']}"


def _provider(tenant: Tenant) -> Iterator[tuple[Field, str]]:
    thing = "Phone provider"
    if tenant.generation == "legacy":
        yield (thing, "selected"), str(tenant.guardian.selected_provider()["provider"])
    provider = tenant.phone_provider()
    if provider is None:
        yield (thing, "name"), NONE
        return
    yield (thing, "name"), provider["name"]
    yield (thing, "enabled"), _yes(not provider["disabled"])
    for key, value in provider["configuration"].items():
        yield (thing, key), _words(value) if isinstance(value, list) else str(value)


def _texts(tenant: Tenant) -> Iterator[tuple[Field, str]]:
    if tenant.generation == "legacy":
        for key, text in (tenant.guardian.templates("sms") or {}).items():
            yield ("Guardian texts", key), text
    for template in tenant.templates.listing()["templates"]:
        thing = f"Template {template['type']}"
        yield (thing, "customised"), _yes("id" in template)
        yield (thing, "enabled"), _yes(not template["disabled"])
        yield (thing, "from"), template["content"].get("from") or NONE
        for part, text in template["content"].get("body", {}).items():
            yield (thing, part), text


def _login(tenant: Tenant) -> Iterator[tuple[Field, str]]:
    yield ("Phone factor", "enabled"), _yes(tenant.factor_enabled("sms"))
    yield ("Phone factor", "message types"), _words(tenant.message_types())
    yield ("Policy", "asks for a second factor"), policy_word(tenant.policies())
    for factor in tenant.guardian.factors():
        if factor["name"] != "sms":
            yield (f"Factor {factor['name']}", "enabled"), _yes(factor["enabled"])
    mfa = tenant.mfa_settings
    for title, document in (
        ("Remembered browsers", mfa.remembering()),
        ("Codes by phone", mfa.codes("phone")),
        ("Codes by email", mfa.codes("email")),
    ):
        for key, value in document.items():
            yield (title, key), str(value)
    settings = tenant.settings()
    for key in _SETTINGS:
        yield ("Tenant settings", key), str(settings.get(key, NONE))


def _yes(value: object) -> str:
    return "yes" if value else "no"


def _words(values: Any) -> str:
    return ", ".join(str(one) for one in values) or NONE
