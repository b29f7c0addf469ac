"""The tenant as it is, and what differs from the last `pulumi up`."""

import difflib
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from components.vocabulary import policy_word
from sandbox.drift.applied import Applied, Difference
from sandbox.notifications.rules import HANDLERS, MESSAGE_TYPES, OTP_TYPES, NotSentError
from sandbox.notifications.service import NotificationService
from sandbox.pages import views
from sandbox.tenant import Tenant
from sandbox.tenant.context import Page

_ALL: Final = Page(per_page=1_000)


def routes(tenant: Tenant, applied: Applied, notifications: NotificationService) -> list[BaseRoute]:
    """GET /tenant."""

    async def show(request: Request) -> Response:
        things: dict[str, list[Difference]] = {}
        for one in applied.differences() if applied.at else ():
            things.setdefault(one.thing, []).append(one)
        return views.page(
            request,
            "tenant.html.j2",
            active="tenant",
            applied_at=applied.at.isoformat() if applied.at else None,
            things=things,
            **_shown(tenant, notifications),
        )

    return [Route("/tenant", show, methods=["GET"])]


def _shown(tenant: Tenant, notifications: NotificationService) -> dict[str, Any]:
    legacy = tenant.generation == "legacy"
    settings = tenant.settings.get()
    return {
        "name": settings.get("friendly_name") or tenant.context.name,
        "domain": tenant.domain,
        "generation": tenant.generation,
        "locales": settings.get("enabled_locales") or [],
        "provider": tenant.providers.current(),
        "selected": tenant.guardian.selected_provider()["provider"] if legacy else None,
        "actions": [one for trigger in HANDLERS for one in _actions(tenant, trigger)],
        "texts": [
            _text(tenant, notifications, kind) for kind in (OTP_TYPES if legacy else MESSAGE_TYPES)
        ],
        "policy": policy_word(tenant.policies()),
        "factors": tenant.guardian.factors(),
        "message_types": tenant.message_types(),
    }


def _actions(tenant: Tenant, trigger: str) -> list[dict[str, Any]]:
    bound = {one["action_id"] for one in tenant.bindings.of(trigger)}
    running = tenant.deployed_action(trigger)
    return [
        {
            "trigger": trigger,
            "bound": one["id"] in bound,
            "runs": running is not None and running.id == one["id"],
            "draft": one,
            "deployed": one.get("deployed_version"),
            "diff": _diff(one),
        }
        for one in tenant.actions.listing(_ALL, trigger_id=trigger)["actions"]
    ]


def _diff(action: dict[str, Any]) -> str:
    deployed = action.get("deployed_version")
    if deployed is None:
        return ""
    runs, draft = deployed["code"].splitlines(), action["code"].splitlines()
    names = f"version {deployed['number']}", "draft"
    return "\n".join(difflib.unified_diff(runs, draft, *names, lineterm=""))


def _text(tenant: Tenant, notifications: NotificationService, kind: str) -> dict[str, Any]:
    template = tenant.templates.effective(kind)
    legacy = tenant.generation == "legacy"
    body = template["content"].get("body", {})
    return {
        "type": kind,
        "customised": "id" in template or (legacy and bool(tenant.guardian.templates("sms"))),
        "disabled": template["disabled"] and not legacy,
        "parts": [
            {
                "channel": channel,
                "source": "" if legacy else body.get(channel, ""),
                **_rendered(notifications, kind, channel),
            }
            for channel in ("text", "voice")
        ],
    }


def _rendered(notifications: NotificationService, kind: str, channel: str) -> dict[str, str]:
    try:
        return {"text": notifications.preview(kind, channel), "fault": ""}
    except NotSentError as error:
        return {"text": "", "fault": str(error)}
