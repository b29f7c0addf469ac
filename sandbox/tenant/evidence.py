"""How well each operation is known: what `docs/sandbox.md` says of it.

Owns one entry an operation. Refuses single facts: those stand where they are used, with their
section of the contract.

    recorded   answers of a real tenant were recorded; where the note says "replayed", a test plays
               the recording against the sandbox
    published  Auth0's documents give request and answer; nobody recorded it here
    client     only the code of Auth0's own clients shows it
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

REPLAYED = "replayed"


@dataclass(frozen=True)
class Evidence:
    """Where an operation is from."""

    strength: Literal["recorded", "published", "client"]
    note: str


def _each(methods: str, path: str, evidence: Evidence) -> dict[tuple[str, str], Evidence]:
    return {(method, path): evidence for method in methods.split()}


_REPLAYED = Evidence("recorded", REPLAYED)
_GUARDIAN = "/guardian/factors"
_PUSH = f"{_GUARDIAN}/push-notification"
_VERSION = "/actions/actions/{actionId}/versions"
_LEGACY = Evidence("recorded", "go-auth0 and auth0-deploy-cli, quoted in §6.5; 403 under §6.6")
_SETTINGS = Evidence("published", "schema only; what is unset is assumed to be `{}`")
_GO = "by go-auth0 v1.45.0, replayed from its module in `make fidelity`"
_GO_RECORDED = Evidence("recorded", f"{_GO}; what is unset is assumed")
_LOGS = Evidence(
    "recorded",
    "by go-auth0: order, paging, checkpoint and `type:` search of other events (replayed); the "
    "entries of phone messages are from published schemas, the search language is in part",
)

EVIDENCE: dict[tuple[str, str], Evidence] = {
    **_each("GET PATCH", "/tenants/settings", _REPLAYED),
    **_each("GET", "/actions/actions", Evidence("recorded", "quoted in §1.5 and §4.4")),
    **_each("POST", "/actions/actions", _REPLAYED),
    **_each("GET PATCH DELETE", "/actions/actions/{id}", _REPLAYED),
    **_each("POST", "/actions/actions/{id}/deploy", _REPLAYED),
    **_each("POST", "/actions/actions/{id}/test", Evidence("recorded", "quoted in §4.9")),
    **_each("GET", _VERSION, _REPLAYED),
    **_each("GET", f"{_VERSION}/{{id}}", Evidence("published", "§4.8")),
    **_each("POST", f"{_VERSION}/{{id}}/deploy", Evidence("recorded", "quoted in §4.8")),
    **_each(
        "GET",
        "/actions/executions/{id}",
        Evidence("recorded", "its 404 (§4.9); the sandbox keeps no executions"),
    ),
    **_each("GET", "/actions/triggers", Evidence("recorded", "catalogue of 2026-08 (§4.11)")),
    **_each("GET PATCH", "/actions/triggers/{triggerId}/bindings", _REPLAYED),
    **_each("GET POST", "/branding/phone/providers", _REPLAYED),
    **_each("GET PATCH DELETE", "/branding/phone/providers/{id}", _REPLAYED),
    **_each("POST", "/branding/phone/providers/{id}/try", _REPLAYED),
    **_each("GET POST", "/branding/phone/templates", _REPLAYED),
    **_each("GET PATCH DELETE", "/branding/phone/templates/{id}", _REPLAYED),
    **_each("PATCH", "/branding/phone/templates/{id}/reset", _REPLAYED),
    **_each("POST", "/branding/phone/templates/{id}/try", Evidence("published", "§5.2")),
    **_each("GET", _GUARDIAN, _REPLAYED),
    **_each("PUT", f"{_GUARDIAN}/{{name}}", _REPLAYED),
    **_each("GET PUT", "/guardian/policies", _REPLAYED),
    **_each("GET PUT", f"{_GUARDIAN}/phone/message-types", _REPLAYED),
    **_each("GET PUT", "/guardian/settings", _REPLAYED),
    **_each("GET PUT", f"{_GUARDIAN}/phone/settings", _REPLAYED),
    **_each("GET PUT", f"{_GUARDIAN}/email/settings", _REPLAYED),
    **{
        key: _LEGACY
        for family in ("phone", "sms")
        for part in ("selected-provider", "templates", "providers/twilio")
        for key in _each("GET PUT", f"{_GUARDIAN}/{family}/{part}", _LEGACY)
    },
    **_each(
        "GET",
        "/actions/modules",
        Evidence("published", "the sandbox has none: always an empty list"),
    ),
    **_each("GET", "/clients", Evidence("published", "only who may call the API, without secrets")),
    **_each("GET", "/logs", _LOGS),
    **_each("GET", "/logs/{id}", _LOGS),
    **_each(
        "GET",
        f"{_PUSH}/providers/sns",
        Evidence("recorded", "auth0-deploy-cli: `{}` where nothing is set"),
    ),
    **_each("PUT", f"{_PUSH}/providers/sns", _GO_RECORDED),
    **_each("GET PUT", f"{_PUSH}/providers/apns", _GO_RECORDED),
    **_each("PUT", f"{_PUSH}/providers/fcm", _GO_RECORDED),
    **_each("PUT", f"{_PUSH}/providers/fcmv1", _GO_RECORDED),
    **{
        key: _SETTINGS
        for part in ("sns", "apns", "fcm", "fcmv1")
        for key in _each("PATCH", f"{_PUSH}/providers/{part}", _SETTINGS)
    },
    **_each(
        "GET PUT",
        f"{_PUSH}/selected-provider",
        Evidence("recorded", f"{_GO}; `guardian` assumed as unset"),
    ),
    **_each("GET PATCH", "/prompts/mfa-push", _GO_RECORDED),
    **_each("GET PUT", f"{_GUARDIAN}/duo/settings", _GO_RECORDED),
    **_each("PATCH", f"{_GUARDIAN}/duo/settings", _SETTINGS),
    **_each("GET PUT", f"{_GUARDIAN}/webauthn-roaming/settings", _GO_RECORDED),
    **_each("GET PUT", f"{_GUARDIAN}/webauthn-platform/settings", _GO_RECORDED),
}
