"""Every operation of the Management API that the sandbox has."""

from sandbox.tenant import (
    clients,
    custom_domains,
    factor_settings,
    guardian,
    logs,
    mfa_settings,
    phone_providers,
    phone_templates,
    settings,
)
from sandbox.tenant.actions import bindings, rules, versions
from sandbox.tenant.operation import Operation

_RESOURCES = (
    *(settings, rules, versions, bindings, phone_providers, phone_templates),
    *(guardian, mfa_settings, factor_settings, custom_domains, clients, logs),
)
OPERATIONS: list[Operation] = [found for one in _RESOURCES for found in one.ROUTES.operations]


def find(method: str, path: str) -> tuple[Operation, list[tuple[str, str]]] | None:
    """The operation of a request, with the parts of its path.

    The path is still percent-encoded, so that an encoded slash stays inside its part.
    """
    for one in OPERATIONS:
        if one.method == method and (parts := one.match(path)) is not None:
            return one, parts
    return None


def knows(path: str) -> bool:
    """Whether any method has this path."""
    return any(one.match(path) is not None for one in OPERATIONS)
