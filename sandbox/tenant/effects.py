"""Operations that do more than call one rule of the tenant.

Owns `try`, the Action test and the read-only answers that no rule stands behind. Refuses HTTP:
what comes in is decoded already, what goes out is encoded by `dispatch`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.tenant import Tenant
from sandbox.tenant.actions.triggers import CATALOGUE
from sandbox.tenant.errors import not_found
from sandbox.tenant.guardian import LegacyFamily
from sandbox.tenant.notifier import ActionTester, Notifier
from sandbox.tenant.paging import Page, page_of

MOST_PER_PAGE = 100
_ACCEPTED = {"code": 202, "message": "Test notification successfully sent for processing"}


@dataclass
class Call:
    """One call of an operation.

    Attributes:
        tenant: whom it concerns.
        path, query: the checked parameters.
        body: the checked body.
        notifier, tester: the rest of the sandbox, where there is one.
        afterwards: what is to be done once the answer is sent.
    """

    tenant: Tenant
    path: dict[str, str]
    query: dict[str, Any]
    body: Any
    notifier: Notifier | None
    tester: ActionTester | None
    afterwards: list[Callable[[], Awaitable[None]]] = field(default_factory=list)


def try_provider(call: Call) -> dict[str, Any]:
    """POST /branding/phone/providers/{id}/try."""
    call.tenant.providers.check_try(call.path["id"])
    notifier = call.notifier
    if notifier is not None:
        to, method = call.body["to"], call.body.get("delivery_method")
        call.afterwards.append(lambda: notifier.try_provider(to=to, delivery_method=method))
    return dict(_ACCEPTED)


def try_template(call: Call) -> dict[str, Any]:
    """POST /branding/phone/templates/{id}/try."""
    template = call.tenant.templates.get(call.path["id"])
    notifier = call.notifier
    if notifier is not None:
        to, method = call.body["to"], call.body.get("delivery_method")
        call.afterwards.append(
            lambda: notifier.try_template(template=template, to=to, delivery_method=method)
        )
    return dict(_ACCEPTED)


async def test_action(call: Call) -> dict[str, Any]:
    """POST /actions/actions/{id}/test: runs the draft; code that throws is still a 200."""
    action = call.tenant.actions.stored(call.path["id"])
    if call.tester is None:
        # Said inside the answer's own error object: the call was right, nothing can run it.
        return {
            "payload": {
                "error": {
                    "name": "Error",
                    "message": "This sandbox was started without an Action runner.",
                    "stack": "",
                },
                "stats": {},
            }
        }
    draft = action["draft"]
    payload = await call.tester.test_action(
        code=draft["code"],
        runtime=draft["runtime"],
        trigger_id=action["supported_triggers"][0]["id"],
        secrets={one["name"]: one["value"] for one in draft["secrets"]},
        event=call.body["payload"],
    )
    return {"payload": payload}


def execution(_call: Call) -> dict[str, Any]:
    """GET /actions/executions/{id}: the sandbox keeps no executions."""
    raise not_found("That execution does not exist.")


def triggers(_call: Call) -> dict[str, Any]:
    """GET /actions/triggers."""
    return {"triggers": CATALOGUE}


def action_modules(call: Call) -> dict[str, Any]:
    """GET /actions/modules: the sandbox has none, and says so in the family's envelope."""
    return page_of("modules", [], page_asked(call.query), lambda one: one)


def api_clients(call: Call) -> Any:
    """GET /clients: who may call this tenant's API, without secrets.

    A client's secret is shown to `read:client_keys` only (published); nobody has that here.
    """
    page = Page(call.query.get("page", 0), call.query.get("per_page", MOST_PER_PAGE))
    found = [
        {
            "tenant": call.tenant.context.name,
            "client_id": one["client_id"],
            "name": one["client_id"],
            "app_type": "non_interactive",
            "grant_types": one["grant_types"],
            "is_first_party": True,
        }
        for one in call.tenant.clients.all()
    ]
    start = page.number * page.per_page
    shown = found[start : start + page.per_page]
    if not call.query.get("include_totals", False):
        return shown
    return {"clients": shown, "start": start, "limit": page.per_page, "total": len(found)}


def page_asked(query: Mapping[str, Any]) -> Page:
    """The page that a query names."""
    return Page(
        **{
            field_name: query[key]
            for field_name, key in (("number", "page"), ("per_page", "per_page"))
            if key in query
        }
    )


def legacy_templates(family: LegacyFamily) -> Callable[[Call], dict[str, Any] | None]:
    """GET /guardian/factors/{family}/templates: the families differ while nothing is set."""

    def read(call: Call) -> dict[str, Any] | None:
        return call.tenant.guardian.templates(family)

    return read
