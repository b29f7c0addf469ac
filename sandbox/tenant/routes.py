"""Every operation of the Management API that the sandbox has, each with its resource's rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from sandbox.tenant import (
    Tenant,
    clients,
    custom_domains,
    factor_settings,
    guardian,
    log_routes,
    mfa_settings,
    phone_providers,
    phone_templates,
    settings,
)
from sandbox.tenant.actions import routes as actions
from sandbox.tenant.operation import Operation, Routes

Rules = TypeVar("Rules")


def _of(routes: Routes[Rules], rules: Callable[[Tenant], Rules]) -> list[Operation]:
    """The operations of a resource, as done to a tenant."""

    def on_tenant(one: Operation) -> Operation:
        return replace(one, handle=lambda tenant, call: one.handle(rules(tenant), call))

    return [on_tenant(one) for one in routes.operations]


OPERATIONS: tuple[Operation, ...] = (
    *_of(settings.ROUTES, lambda tenant: tenant.tenant_settings),
    *_of(actions.ACTIONS, lambda tenant: tenant.actions),
    *_of(actions.ROUTES, lambda tenant: tenant.versions),
    *_of(actions.BINDINGS, lambda tenant: tenant.bindings),
    *_of(phone_providers.ROUTES, lambda tenant: tenant.providers),
    *_of(phone_templates.ROUTES, lambda tenant: tenant.templates),
    *_of(guardian.ROUTES, lambda tenant: tenant.guardian),
    *_of(mfa_settings.ROUTES, lambda tenant: tenant.mfa_settings),
    *_of(factor_settings.ROUTES, lambda tenant: tenant.factor_settings),
    *_of(custom_domains.ROUTES, lambda tenant: tenant.custom_domains),
    *_of(clients.ROUTES, lambda tenant: tenant.clients),
    *_of(log_routes.ROUTES, lambda tenant: tenant.logs),
)


def find(method: str, path: str) -> tuple[Operation, list[tuple[str, str]]] | None:
    """The operation of a request, with the parts of its path.

    Args:
        method: HTTP method.
        path: the path still percent-encoded, so that an encoded slash stays inside its part.
    """
    for one in OPERATIONS:
        if one.method == method and (parts := one.match(path)) is not None:
            return one, parts
    return None


def knows(path: str) -> bool:
    """Whether any method has this path."""
    return any(one.match(path) is not None for one in OPERATIONS)
