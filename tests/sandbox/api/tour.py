"""A walk over every operation with success, for tests that look at all answers.

Owns the order in which a tenant can be walked. Refuses assertions beyond success.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx

from sandbox.tenant import factor_settings
from sandbox.tenant import routes as table
from tests.sandbox.api.support import (
    CUSTOM_PHONE_ACTION,
    CUSTOM_PROVIDER,
    POST_LOGIN_ACTION,
    Sandbox,
)

TEMPLATE = {
    "type": "otp_verify",
    "disabled": False,
    "content": {"from": "+81501234567", "body": {"text": "{{ code }}", "voice": "{{ code }}"}},
}
LEGACY_TEMPLATES = {"enrollment_message": "{{code}} e", "verification_message": "{{code}} v"}
FACTOR_SETTINGS: dict[str, Any] = {"push-notification/selected-provider": {"provider": "sns"}}
TWILIO = {"sid": "sid", "auth_token": "token", "from": "+1"}


@dataclass
class Tour:
    """The answers so far, each with its operation's method and path template."""

    sandbox: Sandbox
    answers: list[tuple[tuple[str, str], httpx.Response]] = field(default_factory=list)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Call, remember, and answer the decoded body."""
        answer = self.sandbox.call(method, path, body)
        assert answer.is_success, f"{method} {path}: {answer.text}"
        found = table.find(method, f"/api/v2{path.partition('?')[0]}")
        assert found is not None
        self.answers.append(((method, found[0].path), answer))
        return answer.json() if answer.content else None

    def unified(self) -> None:
        """What a unified tenant can do."""
        self._actions()
        self._phone()
        self._guardian()
        self._beyond()
        self.call("GET", "/tenants/settings")
        self.call("GET", "/tenants/settings?fields=flags&include_fields=true")
        self.call("PATCH", "/tenants/settings", {"friendly_name": "Mine", "mtls": None})

    def legacy(self) -> None:
        """What only a legacy tenant can do besides."""
        self.sandbox.tenant.switch("legacy")
        for family in ("phone", "sms"):
            base = f"/guardian/factors/{family}"
            for path, body in (
                ("selected-provider", {"provider": "phone-message-hook"}),
                ("templates", LEGACY_TEMPLATES),
                ("providers/twilio", TWILIO),
            ):
                self.call("GET", f"{base}/{path}")
                self.call("PUT", f"{base}/{path}", body)
                self.call("GET", f"{base}/{path}")

    def _actions(self) -> None:
        self.call("GET", "/actions/actions")
        self.call("GET", "/actions/triggers")
        secrets = [{"name": "KEY", "value": "v"}]
        body = POST_LOGIN_ACTION | {"secrets": secrets, "deploy": False}
        action_id = self.call("POST", "/actions/actions", body)["id"]
        action = f"/actions/actions/{action_id}"
        self.call("GET", action)
        self.call("PATCH", action, {"code": "// 2"})
        version = self.call("POST", f"{action}/deploy")["id"]
        self.call("GET", action)
        self.call("GET", f"{action}/versions?per_page=50")
        self.call("GET", f"{action}/versions/{version}")
        self.call("POST", f"{action}/versions/{version}/deploy", {"update_draft": True})
        self.call("POST", f"{action}/test", {"payload": {"event": {}}})
        bindings = "/actions/triggers/post-login/bindings"
        ref = {"type": "action_id", "value": action_id}
        self.call("PATCH", bindings, {"bindings": [{"ref": ref, "display_name": "x"}]})
        self.call("GET", f"{bindings}?page=0&per_page=50")
        self.call("GET", "/actions/actions?triggerId=post-login&deployed=true&installed=false")
        self.call("POST", "/actions/actions", POST_LOGIN_ACTION | {"deploy": True})
        self.call("DELETE", f"{action}?force=true")
        self.call("GET", bindings)

    def _phone(self) -> None:
        self.sandbox.deployed(CUSTOM_PHONE_ACTION)
        providers, templates = "/branding/phone/providers", "/branding/phone/templates"
        self.call("GET", providers)
        provider = f"{providers}/{self.call('POST', providers, CUSTOM_PROVIDER)['id']}"
        self.call("GET", provider)
        self.call("GET", f"{providers}?disabled=false")
        self.call("PATCH", provider, {"disabled": False})
        self.call("POST", f"{provider}/try", {"to": "+815012345678", "delivery_method": "text"})
        self.call("GET", templates)
        template = f"{templates}/{self.call('POST', templates, TEMPLATE)['id']}"
        self.call("GET", template)
        self.call("GET", f"{templates}?disabled=false")
        self.call("PATCH", template, {"disabled": True})
        self.call("PATCH", f"{template}/reset")
        self.call("POST", f"{template}/try", {"to": "+815012345678"})
        self.call("DELETE", template)
        self.call("DELETE", provider)

    def _guardian(self) -> None:
        factors, types = "/guardian/factors", "/guardian/factors/phone/message-types"
        self.call("GET", factors)
        self.call("PUT", f"{factors}/sms", {"enabled": True})
        self.call("GET", types)
        self.call("PUT", types, {"message_types": ["sms", "voice"]})
        self.call("GET", "/guardian/policies")
        self.call("PUT", "/guardian/policies", ["all-applications"])
        for place in ("", "/factors/phone", "/factors/email"):
            path = f"/guardian{place}/settings"
            self.call("PUT", path, self.call("GET", path))

    def _beyond(self) -> None:
        log_id = self.sandbox.tenant.logs.add("gd_send_sms", "sent", {})
        self.call("GET", f"/logs/{log_id}")
        self.call("GET", "/logs?include_totals=true")
        self.call("GET", "/actions/modules?per_page=100")
        self.call("GET", "/clients?include_totals=true")
        self.call("GET", "/clients")
        self.call("PATCH", "/prompts/mfa-push", {"app_name": "Mine"})
        self.call("GET", "/prompts/mfa-push")
        walked = {key for key, _ in self.answers}
        for one in factor_settings.ROUTES.operations:
            if (one.method, one.path) not in walked:
                name = one.path.removeprefix("/guardian/factors/")
                body = None if one.method == "GET" else FACTOR_SETTINGS.get(name, {})
                self.call(one.method, one.path, body)


def take(sandbox: Sandbox) -> list[tuple[tuple[str, str], httpx.Response]]:
    """Every answer of a walk over both generations."""
    tour = Tour(sandbox)
    tour.unified()
    tour.legacy()
    return tour.answers
