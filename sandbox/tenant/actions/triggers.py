"""The triggers, versions and runtimes that there are, as answered in 2026-08 (§4.11)."""

from functools import partial
from typing import Any

from sandbox.tenant.errors import ApiError


def _trigger(
    trigger: str,
    version: str = "v1",
    *,
    runtimes: tuple[str, ...] = ("node18-actions", "node22"),
    default: str = "node22",
    status: str = "CURRENT",
    policy: str = "trigger-bound",
    compatible: str = "",
) -> dict[str, Any]:
    return {
        "id": trigger,
        "version": version,
        "status": status,
        "runtimes": list(runtimes),
        "default_runtime": default,
        "binding_policy": policy,
        "compatible_triggers": [{"id": trigger, "version": compatible}] if compatible else [],
    }


# The default of a retired version lies outside its own runtimes (recorded).
_retired = partial(_trigger, status="DEPRECATED", runtimes=("node22",), default="node12")
_entity_bound = partial(_trigger, policy="entity-bound", runtimes=("node22",))
_WITH_TWO_VERSIONS = (
    *("credentials-exchange", "pre-user-registration", "post-user-registration"),
    *("post-change-password", "send-phone-message"),
)
CATALOGUE: list[dict[str, Any]] = [
    _trigger("post-login", "v3", compatible="v2"),
    _retired("post-login", "v2", runtimes=("node18", "node22"), default="node16"),
    _retired("post-login"),
    *(one for name in _WITH_TWO_VERSIONS for one in (_trigger(name, "v2"), _retired(name))),
    _trigger("custom-phone-provider"),
    _trigger("custom-email-provider"),
    _trigger("password-reset-post-challenge"),
    _entity_bound("custom-token-exchange", runtimes=("node18", "node22")),
    _entity_bound("event-stream"),
    _entity_bound("password-hash-migration"),
    _entity_bound("mcp-tool"),
]

UNCATALOGUED = ("login-post-identifier", "signup-post-identifier")
"""Triggers of the published enumeration that the recorded catalogue lacks."""

TRIGGER_IDS: tuple[str, ...] = (*dict.fromkeys(one["id"] for one in CATALOGUE), *UNCATALOGUED)

SINGLE_ACTION_TRIGGERS = ("custom-phone-provider", "custom-email-provider")
"""Triggers for which a tenant may have one Action only, checked when it is created (§4.3)."""


def find(trigger_id: str, version: str | None) -> dict[str, Any]:
    """The catalogue entry; without a version, the current one. 400 where there is none."""
    for entry in CATALOGUE:
        if entry["id"] == trigger_id and (
            entry["version"] == version if version else entry["status"] == "CURRENT"
        ):
            return entry
    shown = f"{trigger_id} {version}" if version else trigger_id
    raise ApiError(400, f"trigger {shown} is not supported")


def checked(entry: dict[str, Any], runtime: str) -> str:
    """The runtime. Raises ApiError: 400 where an Action on this trigger may not have it."""
    if runtime in entry["runtimes"] or runtime == entry["default_runtime"]:
        return runtime
    raise ApiError(
        400,
        f"runtime not supported for version {entry['version']} of this trigger, "
        f"supported runtimes: {', '.join(entry['runtimes'])}",
    )


def check_upgrade(current: dict[str, Any], wanted: dict[str, Any]) -> None:
    """An Action may move to a version of its own trigger that takes the same code; else 400."""
    compatible = [reference(wanted), *wanted["compatible_triggers"]]
    if reference(current) not in compatible:
        raise ApiError(400, "can't upgrade to this trigger.")


def reference(entry: dict[str, Any]) -> dict[str, str]:
    """An entry as Actions refer to it."""
    return {"id": entry["id"], "version": entry["version"]}


def is_entity_bound(trigger_id: str) -> bool:
    """Whether the trigger's Actions are bound by another entity instead of a binding."""
    return any(
        entry["id"] == trigger_id and entry["binding_policy"] == "entity-bound"
        for entry in CATALOGUE
    )
