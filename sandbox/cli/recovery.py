"""Settles what a killed `pulumi up` had begun in the sandbox tenant.

Owns the one case that Pulumi leaves to a person: a resource whose creation was under way when the
process died. The tenant may have it, the state does not, and creating it again would be refused
(one Action per trigger, one template per type). Here the tenant is a sandbox of our own, so the
unrecorded object is removed and created anew. Refuses to touch anything the state knows, and any
tenant but the sandbox's.
"""

from __future__ import annotations

from typing import Any

import httpx

from sandbox.cli.workplace import Workplace
from sandbox.engine.stack import PendingOperation, SandboxStack
from sandbox.server.errors import ServerError
from sandbox.server.record import ServerRecord, client

_ACTION = "auth0:index/action:Action"
_TEMPLATE = "auth0:index/phoneNotificationTemplate:PhoneNotificationTemplate"


def settle_pending_operations(
    workplace: Workplace, record: ServerRecord, stack: SandboxStack
) -> None:
    """Remove from the tenant what a killed run had created without recording it.

    Raises:
        ServerError: the tenant refuses.
    """
    creating = [one for one in stack.pending_operations() if one.kind == "creating"]
    if not creating:
        return
    names = ", ".join(one.name for one in creating)
    workplace.say(f"stack: an earlier run was killed while it created {names}")
    known = {
        str(resource.get("id"))
        for resource in stack.deployment().get("resources") or []
        if resource.get("id")
    }
    try:
        with client(workplace.state_dir, record) as tenant:
            tenant.headers["Authorization"] = f"Bearer {_token(workplace, record, tenant)}"
            for operation in creating:
                for path in _unrecorded(tenant, operation, known):
                    tenant.delete(path).raise_for_status()
                    workplace.say(f"stack: removed {path}, which no state knows")
    except (httpx.HTTPError, KeyError, ValueError) as error:
        raise ServerError(
            f"The sandbox tenant refused to be tidied up after a killed run: {error}",
            "Start over with an empty sandbox: make down && make clean && make up",
        ) from error


def _unrecorded(tenant: httpx.Client, operation: PendingOperation, known: set[str]) -> list[str]:
    """Paths of the objects in the tenant that `operation` may have made."""
    if operation.resource_type == _ACTION:
        found = _get(tenant, "/api/v2/actions/actions")["actions"]
        return [
            f"/api/v2/actions/actions/{action['id']}?force=true"
            for action in found
            if action["name"] == operation.inputs.get("name") and action["id"] not in known
        ]
    if operation.resource_type == _TEMPLATE:
        found = _get(tenant, "/api/v2/branding/phone/templates")["templates"]
        return [
            f"/api/v2/branding/phone/templates/{template['id']}"
            for template in found
            if template["type"] == operation.inputs.get("type")
            and template.get("id")
            and template["id"] not in known
        ]
    return []  # a provider is adopted by the next create; the others are settings, not objects


def _get(tenant: httpx.Client, path: str) -> dict[str, Any]:
    answer: dict[str, Any] = tenant.get(path).raise_for_status().json()
    return answer


def _token(workplace: Workplace, record: ServerRecord, tenant: httpx.Client) -> str:
    credentials = workplace.credentials
    request = {
        "grant_type": "client_credentials",
        "client_id": credentials.client_id,
        "client_secret": credentials.client_secret,
        "audience": f"https://localhost:{record.tenant_port}/api/v2/",
    }
    answer = tenant.post("/oauth/token", json=request).raise_for_status()
    return str(answer.json()["access_token"])
