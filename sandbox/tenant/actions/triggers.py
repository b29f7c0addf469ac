"""The triggers, versions and runtimes that there are, as answered in 2026-08 (§4.11)."""

from typing import Any

from sandbox.tenant.errors import ApiError

_BOTH = ["node18-actions", "node22"]
_RETIRED = "DEPRECATED"


def _trigger(
    trigger: str,
    version: str,
    *,
    status: str = "CURRENT",
    runtimes: list[str] | None = None,
    default: str = "node22",
    policy: str = "trigger-bound",
    compatible: list[str] | None = None,
) -> dict[str, Any]:
    return {
        "id": trigger,
        "version": version,
        "status": status,
        "runtimes": _BOTH if runtimes is None else runtimes,
        "default_runtime": default,
        "binding_policy": policy,
        "compatible_triggers": [{"id": trigger, "version": one} for one in compatible or []],
    }


def _with_first_version(trigger: str) -> list[dict[str, Any]]:
    return [
        _trigger(trigger, "v2"),
        # The default of a retired version lies outside its own runtimes (recorded).
        _trigger(trigger, "v1", status=_RETIRED, runtimes=["node22"], default="node12"),
    ]


def _entity_bound(trigger: str, runtimes: list[str]) -> dict[str, Any]:
    return _trigger(trigger, "v1", runtimes=runtimes, policy="entity-bound")


CATALOGUE: list[dict[str, Any]] = [
    _trigger("post-login", "v3", compatible=["v2"]),
    _trigger("post-login", "v2", status=_RETIRED, runtimes=["node18", "node22"], default="node16"),
    _trigger("post-login", "v1", status=_RETIRED, runtimes=["node22"], default="node12"),
    *_with_first_version("credentials-exchange"),
    *_with_first_version("pre-user-registration"),
    *_with_first_version("post-user-registration"),
    *_with_first_version("post-change-password"),
    *_with_first_version("send-phone-message"),
    _trigger("custom-phone-provider", "v1"),
    _trigger("custom-email-provider", "v1"),
    _trigger("password-reset-post-challenge", "v1"),
    _entity_bound("custom-token-exchange", ["node18", "node22"]),
    _entity_bound("event-stream", ["node22"]),
    _entity_bound("password-hash-migration", ["node22"]),
    _entity_bound("mcp-tool", ["node22"]),
]

UNCATALOGUED = ("login-post-identifier", "signup-post-identifier")
"""Triggers of the published enumeration that the recorded catalogue lacks."""

TRIGGER_IDS: tuple[str, ...] = (*dict.fromkeys(one["id"] for one in CATALOGUE), *UNCATALOGUED)

SINGLE_ACTION_TRIGGERS = ("custom-phone-provider", "custom-email-provider")
"""Triggers for which a tenant may have one Action only, checked when it is created (§4.3)."""


def find(trigger_id: str, version: str | None) -> dict[str, Any]:
    """The catalogue entry; without a version, the current one.

    Raises:
        ApiError: 400 when there is no such trigger or version.
    """
    for entry in CATALOGUE:
        if entry["id"] == trigger_id and (
            entry["version"] == version if version else entry["status"] == "CURRENT"
        ):
            return entry
    shown = f"{trigger_id} {version}" if version else trigger_id
    raise ApiError(400, f"trigger {shown} is not supported")


def runtime_for(entry: dict[str, Any], requested: str | None) -> str:
    """The runtime of an Action on this trigger.

    Raises:
        ApiError: 400 for a runtime that the trigger does not have.
    """
    if not requested:
        return str(entry["default_runtime"])
    if requested in entry["runtimes"] or requested == entry["default_runtime"]:
        return requested
    raise ApiError(
        400,
        f"runtime not supported for version {entry['version']} of this trigger, "
        f"supported runtimes: {', '.join(entry['runtimes'])}",
    )


def check_upgrade(current: dict[str, Any], wanted: dict[str, Any]) -> None:
    """An Action may move to a version of its own trigger that takes the same code.

    Raises:
        ApiError: 400 for any other trigger.
    """
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
