"""The one route table: every operation of the Management API that the sandbox has.

Owns method, path, scope, status, parameters and body schema of each operation, and which rule it
calls. Refuses the rules themselves and everything that all operations share (`dispatch`).
"""

from __future__ import annotations

from typing import Any

from sandbox.api import schemas_branding as branding
from sandbox.api import schemas_guardian as guardian
from sandbox.api.schemas_settings import UPDATE_SETTINGS
from sandbox.tenant import effects
from sandbox.tenant import log_routes as table_beyond
from sandbox.tenant.actions import routes as actions
from sandbox.tenant.actions.triggers import TRIGGER_IDS
from sandbox.tenant.effects import Call
from sandbox.tenant.guardian import LegacyFamily
from sandbox.tenant.operation import Operation, operation
from sandbox.tenant.paging import Page
from sandbox.tenant.validation import Parameter

_PAGING = {
    "page": Parameter("integer", minimum=0, description="Zero based page number"),
    "per_page": Parameter("integer", minimum=1, maximum=100, description="Results per page"),
}
_DISABLED = {"disabled": Parameter("boolean")}


def _page(call: Call) -> Page:
    return effects.page_asked(call.query)


_ACTION = "/actions/actions/{id}"
_VERSION = "/actions/actions/{actionId}/versions"
_BINDINGS = "/actions/triggers/{triggerId}/bindings"
_PROVIDERS = "/branding/phone/providers"
_TEMPLATES = "/branding/phone/templates"
_FACTORS = "/guardian/factors"

_SETTINGS_OPERATIONS = [
    operation(
        "GET",
        "/tenants/settings",
        "read:tenant_settings",
        lambda call: call.tenant.tenant_settings.select(
            call.query.get("fields"), include=call.query.get("include_fields", True)
        ),
        query={"fields": Parameter(), "include_fields": Parameter("boolean")},
    ),
    operation(
        "PATCH",
        "/tenants/settings",
        "update:tenant_settings",
        lambda call: call.tenant.update_settings(call.body),
        body=UPDATE_SETTINGS,
    ),
]

_ACTION_OPERATIONS = [
    operation(
        "GET",
        "/actions/actions",
        "read:actions",
        lambda call: call.tenant.actions.listing(
            _page(call),
            trigger_id=call.query.get("triggerId"),
            name=call.query.get("actionName"),
            deployed=call.query.get("deployed"),
            installed=call.query.get("installed"),
        ),
        query={
            "triggerId": Parameter(values=TRIGGER_IDS),
            "actionName": Parameter(),
            "deployed": Parameter("boolean"),
            "installed": Parameter("boolean"),
            **_PAGING,
        },
    ),
    operation(
        "POST",
        "/actions/actions",
        "create:actions",
        lambda call: call.tenant.create_action(call.body),
        status=201,
        body=actions.CREATE_ACTION,
    ),
    operation(
        "GET",
        _ACTION,
        "read:actions",
        lambda call: call.tenant.actions.get(call.path["id"]),
    ),
    operation(
        "PATCH",
        _ACTION,
        "update:actions",
        lambda call: call.tenant.actions.update(call.path["id"], call.body),
        body=actions.UPDATE_ACTION,
    ),
    operation(
        "DELETE",
        _ACTION,
        "delete:actions",
        lambda call: call.tenant.actions.delete(
            call.path["id"], force=call.query.get("force", False)
        ),
        query={"force": Parameter("boolean")},
    ),
    # 202 is published; every recording says 200.
    operation(
        "POST",
        f"{_ACTION}/deploy",
        "create:actions",
        lambda call: call.tenant.versions.deploy(call.path["id"]),
    ),
    operation(
        "POST",
        f"{_ACTION}/test",
        "create:actions",
        effects.test_action,
        body=actions.TEST_ACTION,
    ),
    operation(
        "GET",
        _VERSION,
        "read:actions",
        lambda call: call.tenant.versions.listing(call.path["actionId"], _page(call)),
        query=_PAGING,
    ),
    operation(
        "GET",
        f"{_VERSION}/{{id}}",
        "read:actions",
        lambda call: call.tenant.versions.get(call.path["actionId"], call.path["id"]),
    ),
    operation(
        "POST",
        f"{_VERSION}/{{id}}/deploy",
        "create:actions",
        lambda call: call.tenant.versions.deploy_version(
            call.path["actionId"],
            call.path["id"],
            update_draft=(call.body or {}).get("update_draft", False),
        ),
        body=actions.DEPLOY_VERSION,
    ),
    operation("GET", "/actions/executions/{id}", "read:actions", effects.execution),
    operation("GET", "/actions/triggers", "read:actions", effects.triggers),
    operation(
        "GET",
        _BINDINGS,
        "read:actions",
        lambda call: call.tenant.bindings.listing(call.path["triggerId"], _page(call)),
        query=_PAGING,
    ),
    operation(
        "PATCH",
        _BINDINGS,
        "update:actions",
        lambda call: call.tenant.bindings.replace(
            call.path["triggerId"], call.body.get("bindings", [])
        ),
        body=actions.UPDATE_BINDINGS,
    ),
]

_BRANDING_OPERATIONS = [
    operation(
        "GET",
        _PROVIDERS,
        "read:phone_providers",
        lambda call: call.tenant.providers.listing(disabled=call.query.get("disabled")),
        query=_DISABLED,
    ),
    operation(
        "POST",
        _PROVIDERS,
        "create:phone_providers",
        lambda call: call.tenant.providers.create(call.body),
        status=201,
        body=branding.CREATE_PROVIDER,
    ),
    operation(
        "GET",
        f"{_PROVIDERS}/{{id}}",
        "read:phone_providers",
        lambda call: call.tenant.providers.get(call.path["id"]),
    ),
    operation(
        "PATCH",
        f"{_PROVIDERS}/{{id}}",
        "update:phone_providers",
        lambda call: call.tenant.providers.update(call.path["id"], call.body),
        body=branding.UPDATE_PROVIDER,
    ),
    operation(
        "DELETE",
        f"{_PROVIDERS}/{{id}}",
        "delete:phone_providers",
        lambda call: call.tenant.providers.delete(call.path["id"]),
    ),
    operation(
        "POST",
        f"{_PROVIDERS}/{{id}}/try",
        "create:phone_providers",
        effects.try_provider,
        status=202,
        body=branding.TRY_PROVIDER,
    ),
    operation(
        "GET",
        _TEMPLATES,
        "read:phone_templates",
        lambda call: call.tenant.templates.listing(disabled=call.query.get("disabled")),
        query=_DISABLED,
    ),
    operation(
        "POST",
        _TEMPLATES,
        "create:phone_templates",
        lambda call: call.tenant.templates.create(call.body),
        status=201,
        body=branding.CREATE_TEMPLATE,
    ),
    operation(
        "GET",
        f"{_TEMPLATES}/{{id}}",
        "read:phone_templates",
        lambda call: call.tenant.templates.get(call.path["id"]),
    ),
    operation(
        "PATCH",
        f"{_TEMPLATES}/{{id}}",
        "update:phone_templates",
        lambda call: call.tenant.templates.update(call.path["id"], call.body),
        body=branding.UPDATE_TEMPLATE,
    ),
    operation(
        "DELETE",
        f"{_TEMPLATES}/{{id}}",
        "delete:phone_templates",
        lambda call: call.tenant.templates.delete(call.path["id"]),
    ),
    operation(
        "PATCH",
        f"{_TEMPLATES}/{{id}}/reset",
        "update:phone_templates",
        lambda call: call.tenant.templates.reset(call.path["id"]),
    ),
    operation(
        "POST",
        f"{_TEMPLATES}/{{id}}/try",
        "create:phone_templates",
        effects.try_template,
        status=202,
        body=branding.TRY_TEMPLATE,
    ),
]

_READ_FACTORS = "read:guardian_factors"
_WRITE_FACTORS = "update:guardian_factors"


def _factors(call: Call) -> Any:
    factors = call.tenant.guardian.factors()
    if call.query.get("include_settings"):
        return call.tenant.mfa_settings.beside(factors)
    return factors


_GUARDIAN_OPERATIONS = [
    operation(
        "GET",
        _FACTORS,
        _READ_FACTORS,
        _factors,
        query={
            "include_settings": Parameter(
                "boolean", description="Whether factors come with the settings of their codes"
            )
        },
    ),
    operation(
        "PUT",
        f"{_FACTORS}/{{name}}",
        _WRITE_FACTORS,
        lambda call: call.tenant.guardian.set_factor(
            call.path["name"], enabled=call.body["enabled"]
        ),
        body=guardian.SET_FACTOR,
    ),
    operation(
        "GET",
        "/guardian/policies",
        "read:mfa_policies",
        lambda call: call.tenant.guardian.policies(),
    ),
    operation(
        "PUT",
        "/guardian/policies",
        "update:mfa_policies",
        lambda call: call.tenant.guardian.set_policies(call.body),
        body=guardian.SET_POLICIES,
    ),
    operation(
        "GET",
        f"{_FACTORS}/phone/message-types",
        _READ_FACTORS,
        lambda call: {"message_types": call.tenant.guardian.message_types()},
    ),
    operation(
        "PUT",
        f"{_FACTORS}/phone/message-types",
        _WRITE_FACTORS,
        lambda call: call.tenant.guardian.set_message_types(call.body["message_types"]),
        body=guardian.SET_MESSAGE_TYPES,
    ),
]
_FAMILIES: tuple[LegacyFamily, ...] = ("phone", "sms")
for _family in _FAMILIES:
    _GUARDIAN_OPERATIONS += [
        operation(
            "GET",
            f"{_FACTORS}/{_family}/selected-provider",
            _READ_FACTORS,
            lambda call: call.tenant.guardian.selected_provider(),
        ),
        operation(
            "PUT",
            f"{_FACTORS}/{_family}/selected-provider",
            _WRITE_FACTORS,
            lambda call: call.tenant.guardian.set_selected_provider(call.body["provider"]),
            body=guardian.SET_SELECTED_PROVIDER,
        ),
        operation(
            "GET",
            f"{_FACTORS}/{_family}/templates",
            _READ_FACTORS,
            effects.legacy_templates(_family),
        ),
        operation(
            "PUT",
            f"{_FACTORS}/{_family}/templates",
            _WRITE_FACTORS,
            lambda call: call.tenant.guardian.set_templates(call.body),
            body=guardian.SET_TEMPLATES,
        ),
        operation(
            "GET",
            f"{_FACTORS}/{_family}/providers/twilio",
            _READ_FACTORS,
            lambda call: call.tenant.guardian.twilio(),
        ),
        operation(
            "PUT",
            f"{_FACTORS}/{_family}/providers/twilio",
            _WRITE_FACTORS,
            lambda call: call.tenant.guardian.set_twilio(call.body),
            body=guardian.SET_TWILIO,
        ),
    ]

OPERATIONS: tuple[Operation, ...] = (
    *_SETTINGS_OPERATIONS,
    *_ACTION_OPERATIONS,
    *_BRANDING_OPERATIONS,
    *_GUARDIAN_OPERATIONS,
    *table_beyond.OPERATIONS,
)


def find(method: str, path: str) -> tuple[Operation, list[tuple[str, str]]] | None:
    """The operation of a request, with the parts of its path.

    Args:
        method: HTTP method.
        path: the path still percent-encoded, so that an encoded slash stays inside its part.
    """
    for one in OPERATIONS:
        if one.method == method:
            parts = one.match(path)
            if parts is not None:
                return one, parts
    return None


def knows(path: str) -> bool:
    """Whether any method has this path."""
    return any(one.match(path) is not None for one in OPERATIONS)
