"""Operations beside the 28 paths of the contract's OpenAPI.

Owns what clients that manage a whole tenant ask for beyond phone MFA itself: the tenant log, the
MFA settings (published since that document), and the settings of the other factors. Part of the
one route table (`table`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.api.schemas_guardian import (
    SET_CODES,
    SET_CUSTOM_APP,
    SET_FACTOR_SETTINGS,
    SET_REMEMBERING,
)
from sandbox.tenant import effects
from sandbox.tenant.effects import Call
from sandbox.tenant.factor_settings import CUSTOM_APP
from sandbox.tenant.logs import DEFAULT_PER_PAGE, LogQuery
from sandbox.tenant.mfa_settings import FACTORS, Channel
from sandbox.tenant.operation import Operation, operation
from sandbox.tenant.validation import Parameter

_FACTORS = "/guardian/factors"
_LOG_QUERY = {
    "page": Parameter("integer", minimum=0),
    "per_page": Parameter("integer", minimum=1, maximum=effects.MOST_PER_PAGE),
    "sort": Parameter(),
    "fields": Parameter(),
    "include_fields": Parameter("boolean"),
    "include_totals": Parameter("boolean"),
    "from": Parameter(),
    "take": Parameter("integer", minimum=1, maximum=effects.MOST_PER_PAGE),
    "q": Parameter(),
    "search": Parameter(),
    # Not published; go-auth0's `Query` sends it along, and auth0-cli uses that for logs.
    "search_engine": Parameter(),
}

MERGED = frozenset(
    {
        "push-notification/providers/sns",
        "push-notification/providers/apns",
        "push-notification/providers/fcm",
        "push-notification/providers/fcmv1",
        "duo/settings",
    }
)
"""Settings with a published PATCH."""

WRITTEN_ONLY = frozenset({"push-notification/providers/fcm", "push-notification/providers/fcmv1"})
"""Settings without a published GET: they are one secret."""


def _logs(call: Call) -> Any:
    given = call.query
    return call.tenant.logs.listing(
        LogQuery(
            page=given.get("page", 0),
            per_page=given.get("per_page", given.get("take", DEFAULT_PER_PAGE)),
            include_totals=given.get("include_totals", False),
            sort=given.get("sort"),
            fields=given.get("fields"),
            include_fields=given.get("include_fields", True),
            from_id=given.get("from"),
            take=given.get("take", DEFAULT_PER_PAGE),
            search=given.get("q", given.get("search")),
        )
    )


def _get(name: str) -> Callable[[Call], Any]:
    return lambda call: call.tenant.factor_settings.get(name)


def _put(name: str) -> Callable[[Call], Any]:
    return lambda call: call.tenant.factor_settings.replace(name, call.body)


def _patch(name: str) -> Callable[[Call], Any]:
    return lambda call: call.tenant.factor_settings.merge(name, call.body)


def _settings_operations(name: str) -> list[Operation]:
    path, body = f"{_FACTORS}/{name}", SET_FACTOR_SETTINGS[name]
    made = [operation("PUT", path, "update:guardian_factors", _put(name), body=body)]
    if name not in WRITTEN_ONLY:
        made.insert(0, operation("GET", path, "read:guardian_factors", _get(name)))
    if name in MERGED:
        made.append(operation("PATCH", path, "update:guardian_factors", _patch(name), body=body))
    return made


def _codes_operations(channel: Channel) -> list[Operation]:
    path = f"{_FACTORS}/{channel}/settings"
    return [
        operation(
            "GET",
            path,
            "read:guardian_factors",
            lambda call: call.tenant.mfa_settings.read_codes(channel),
        ),
        operation(
            "PUT",
            path,
            "update:guardian_factors",
            lambda call: call.tenant.mfa_settings.write_codes(channel, call.body),
            body=SET_CODES,
        ),
    ]


_PAGING = {
    "page": Parameter("integer", minimum=0),
    "per_page": Parameter("integer", minimum=1, maximum=effects.MOST_PER_PAGE),
}

OPERATIONS: tuple[Operation, ...] = (
    operation("GET", "/actions/modules", "read:actions", effects.action_modules, query=_PAGING),
    operation(
        "GET",
        "/clients",
        "read:clients",
        effects.api_clients,
        query={**_PAGING, "include_totals": Parameter("boolean")},
    ),
    operation("GET", "/logs", "read:logs", _logs, query=_LOG_QUERY),
    operation("GET", "/logs/{id}", "read:logs", lambda call: call.tenant.logs.get(call.path["id"])),
    operation("GET", "/prompts/mfa-push", "read:prompts", _get(CUSTOM_APP)),
    operation(
        "PATCH", "/prompts/mfa-push", "update:prompts", _patch(CUSTOM_APP), body=SET_CUSTOM_APP
    ),
    operation(
        "GET",
        "/guardian/settings",
        "read:tenant_settings",
        lambda call: call.tenant.mfa_settings.read_remembering(),
    ),
    operation(
        "PUT",
        "/guardian/settings",
        "update:tenant_settings",
        lambda call: call.tenant.mfa_settings.write_remembering(call.body),
        body=SET_REMEMBERING,
    ),
    *(one for channel in FACTORS.values() for one in _codes_operations(channel)),
    *(one for name in SET_FACTOR_SETTINGS for one in _settings_operations(name)),
)
