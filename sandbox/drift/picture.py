"""A tenant's phone MFA as a flat list of fields, each with a text that people can compare.

A secret shows that it is there, and when it was written, and never its value. Ids, version numbers
and other times are left out: they differ without meaning anything.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from components.vocabulary import policy_word
from sandbox.notifications.rules import HANDLERS
from sandbox.tenant import Tenant
from sandbox.tenant.context import Page

NONE: Final = "none"
_ALL: Final = Page(per_page=1_000)
_SETTINGS: Final = (
    *("friendly_name", "enabled_locales", "phone_consolidated_experience"),
    *("customize_mfa_in_postlogin_action", "country_codes"),
)
"""Settings that the package writes or relies on, and those that texts show."""


def picture_of(tenant: Tenant) -> dict[tuple[str, str], str]:
    """Every field, by the thing and its name; those of a thing stand together."""
    return {
        (thing, field): text
        for thing, document in _things(tenant)
        for field, text in _fields(document)
    }


def _things(tenant: Tenant) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for trigger in HANDLERS:
        # By place, not by name or id: a renamed one is still the same, with another name.
        actions = tenant.actions.listing(_ALL, trigger_id=trigger)["actions"]
        for number, action in enumerate(actions, 1):
            running = action.get("deployed_version")
            runs = {"what runs:": _content(running)} if running else {"what runs": NONE}
            thing = f"Action of {trigger}" + (f" ({number})" if number > 1 else "")
            yield thing, {"name": action["name"], **_content(action), **runs}
        bound = tenant.bindings.listing(trigger, _ALL)["bindings"]
        yield f"Trigger {trigger}", {"bound": [one["display_name"] for one in bound]}
    if tenant.generation == "legacy":
        yield "Phone provider", {"selected": tenant.guardian.selected_provider()["provider"]}
        yield "Guardian texts", tenant.guardian.templates("sms") or {}
    one = tenant.providers.current() or {"name": NONE, "disabled": True, "configuration": {}}
    enabled = {"name": one["name"], "enabled": not one["disabled"]}
    yield "Phone provider", enabled | one["configuration"]
    for one in tenant.templates.listing()["templates"]:
        content = {"from": one["content"].get("from"), **one["content"].get("body", {})}
        switches = {"customised": "id" in one, "enabled": not one["disabled"]}
        yield f"Template {one['type']}", switches | content
    yield "Phone factor", {"enabled": tenant.factor_enabled("sms")}
    yield "Phone factor", {"message types": tenant.message_types()}
    yield "Policy", {"asks for a second factor": policy_word(tenant.policies())}
    for one in tenant.guardian.factors():
        if one["name"] != "sms":
            yield f"Factor {one['name']}", {"enabled": one["enabled"]}
    yield "Remembered browsers", tenant.mfa_settings.remembering()
    for channel in ("phone", "email"):
        yield f"Codes by {channel}", tenant.mfa_settings.codes(channel)
    settings = tenant.settings.get()
    yield "Tenant settings", {key: settings.get(key) for key in _SETTINGS}


def _content(holder: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "code": holder["code"],
        "runtime": holder["runtime"],
        "dependencies": [f"{one['name']}@{one['version']}" for one in holder["dependencies"]],
        "secret": {one["name"]: f"written {one['updated_at']}" for one in holder["secrets"]},
    }


def _fields(document: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, str]]:
    for key, value in document.items():
        if isinstance(value, Mapping):
            yield from _fields(value, f"{within}{key} ")
        elif isinstance(value, bool):
            yield f"{within}{key}", "yes" if value else "no"
        else:
            values = value if isinstance(value, list) else [] if value is None else [value]
            yield f"{within}{key}", ", ".join(map(str, values)) or NONE
