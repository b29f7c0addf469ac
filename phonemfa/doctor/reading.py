"""A live tenant, read question by question: what one refuses costs no other its answer.

All requests after the token are GET. No secret is kept: of a Twilio account only what is none.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeVar

from components.masking import redacted
from components.tenant.access import NoAccessError, bare
from components.tenant.client import TenantUnreadableError, access_of
from components.tenant.errors import code_of, is_of_plan
from components.vocabulary import TRIGGERS, Experience
from phonemfa.doctor import token
from phonemfa.doctor.answers import Json, LegacyDelivery, Rate, Reading, Refused, Token, Why

if TYPE_CHECKING:
    import httpx
    from auth0.management import ManagementClient

T = TypeVar("T")

PHONE_SETTINGS: Final = "/guardian/factors/phone/settings"
EMAIL_SETTINGS: Final = "/guardian/factors/email/settings"
GUARDIAN_SETTINGS: Final = "/guardian/settings"

TIMEOUT: Final = 30.0
"""Seconds that the tenant may be silent within a request."""

TOTAL: Final = 60.0
"""Seconds for one request, all of it."""

_NOT_SECRET: Final = ("sid", "from", "messaging_service_sid")


def read(
    config: Mapping[str, Any],
    about: Collection[Experience],
    environ: Mapping[str, str] = os.environ,
) -> Reading:
    """Read a tenant with the credentials that Pulumi uses.

    Args:
        config: the stack's `auth0:` keys, which go before the variables as they do in Pulumi.
        about: whose parts the stack declares: one generation's, or both's while moving.
        environ: the variables (`components.tenant.access.VARIABLES`).
    """
    # With auth0-python half a second: only when a tenant is read.
    from auth0.management import ManagementClient  # noqa: PLC0415

    from components.tenant.bounded_http import BoundedClient  # noqa: PLC0415

    rate = Rate()
    with BoundedClient(
        total=TOTAL,
        json_only=True,
        timeout=TIMEOUT,
        event_hooks={"response": [lambda answer: _note(rate, answer)]},
    ) as http:
        try:
            access = access_of(config, environ=environ)
            answered = token.ask(http, access)
        except (NoAccessError, TenantUnreadableError) as error:
            wanted = str(config.get("domain") or environ.get("AUTH0_DOMAIN", ""))
            return _nothing(bare(wanted), Refused(why=Why.NO_TOKEN, what=str(error)))
        if isinstance(answered, Refused):
            return _nothing(access.domain, answered)
        client = ManagementClient(
            domain=access.domain, token=answered["access_token"], httpx_client=http
        )
        return _everything(
            client, access.domain, Token(scopes=token.granted(answered)), about, rate
        )


def _note(rate: Rate, answer: httpx.Response) -> None:
    if "/api/v2/" not in answer.request.url.path:
        return  # The token's answer has the Authentication API's limit.
    rate.refusals += answer.status_code == HTTPStatus.TOO_MANY_REQUESTS
    limit = answer.headers.get("x-ratelimit-limit", "")
    left = answer.headers.get("x-ratelimit-remaining", "")
    if limit.isdecimal():
        rate.limit = int(limit)
    if left.isdecimal():
        rate.left = min(int(left), rate.left if rate.left is not None else int(left))


def _nothing(domain: str, refused: Refused) -> Reading:
    fields = Reading.__dataclass_fields__
    questions = {name: refused for name in fields if name not in {"domain", "rate"}}
    return Reading(domain=domain, **questions)  # type: ignore[arg-type]


def _everything(
    client: ManagementClient,
    domain: str,
    token: Token,
    about: Collection[Experience],
    rate: Rate,
) -> Reading:
    guardian, phone = client.guardian, client.branding.phone
    triggers: list[str] = [TRIGGERS[one] for one in about]
    settings = _asked(
        "/tenants/settings", "tenant_settings", lambda: _plain(client.tenants.settings.get())
    )
    if isinstance(settings, Refused) and settings.status == HTTPStatus.UNAUTHORIZED:
        # Every other question would be answered the same.
        what = f"{domain} does not take the token: {settings.what}"
        fix = "another AUTH0_API_TOKEN: they end, after a day unless said otherwise"
        return _nothing(domain, Refused(why=Why.NO_TOKEN, what=what, fix=fix))
    actions = _asked(
        "/actions/actions",
        "actions",
        lambda: {one: _all(client.actions.list(trigger_id=one)) for one in triggers},
    )
    bindings = _asked(
        "/actions/triggers/{id}/bindings",
        "actions",
        lambda: {one: _all(client.actions.triggers.bindings.list(one)) for one in triggers},
    )
    unified = Experience.UNIFIED in about
    return Reading(
        domain=domain,
        token=token,
        settings=settings,
        actions=actions,
        action_count=_asked("/actions/actions", "actions", lambda: _count(client)),
        bindings=bindings,
        provider=_asked(
            "/branding/phone/providers",
            "phone_providers",
            lambda: next(iter(_all(phone.providers.list().providers or ())), None),
        )
        if unified
        else None,
        templates=_asked("/branding/phone/templates", "phone_templates", lambda: _customised(phone))
        if unified
        else (),
        factors=_asked(
            "/guardian/factors", "guardian_factors", lambda: _all(guardian.factors.list())
        ),
        policies=_asked(
            "/guardian/policies", "mfa_policies", lambda: tuple(map(str, guardian.policies.list()))
        ),
        message_types=_asked(
            "/guardian/factors/phone/message-types",
            "guardian_factors",
            lambda: tuple(map(str, guardian.factors.phone.get_message_types().message_types or ())),
        ),
        legacy=_asked(
            "/guardian/factors/phone/selected-provider",
            "guardian_factors",
            lambda: _legacy_delivery(guardian),
        )
        if Experience.LEGACY in about and not _is_on(settings)
        else None,
        mfa_settings=_mfa_settings(guardian),
        rate=rate,
    )


def _mfa_settings(guardian: Any) -> dict[str, Json | Refused]:
    """What Guardian of pulumi-auth0 3.54 and later reads at the end, in its order."""
    factors = guardian.factors
    questions: dict[str, tuple[str, Callable[[], Any]]] = {
        PHONE_SETTINGS: ("guardian_factors", factors.phone.get),
        EMAIL_SETTINGS: ("guardian_factors", factors.email.get),
        GUARDIAN_SETTINGS: ("tenant_settings", guardian.get),
    }
    return {
        path: _asked(path, things, lambda ask=ask: _plain(ask()))  # type: ignore[misc]
        for path, (things, ask) in questions.items()
    }


def _is_on(settings: Json | Refused) -> bool:
    # A unified tenant answers 403 to the questions about legacy delivery.
    return not isinstance(settings, Refused) and bool(settings.get("phone_consolidated_experience"))


def _count(client: ManagementClient) -> int:
    # The total is left out where it is zero.
    return int(getattr(client.actions.list(per_page=1).response, "total", None) or 0)


def _customised(phone: Any) -> tuple[Json, ...]:
    # A default text is listed without an id.
    found = _all(phone.templates.list().templates or ())
    return tuple(one for one in found if one.get("id"))


def _legacy_delivery(guardian: Any) -> LegacyDelivery:
    selected = guardian.factors.phone.get_selected_provider().provider
    twilio = _plain(guardian.factors.sms.get_twilio_provider())
    # A tenant that never had texts answers 204, which auth0-python gives as None.
    texts = guardian.factors.sms.get_templates()
    return LegacyDelivery(
        provider=str(getattr(selected, "value", selected)) if selected else None,
        # Never the auth_token, which the API answers in clear.
        twilio={key: twilio[key] for key in _NOT_SECRET if twilio.get(key)},
        texts=_plain(texts) if texts else {},
    )


def _all(answer: Any) -> tuple[Json, ...]:
    return tuple(_plain(one) for one in answer)


def _plain(answer: Any) -> dict[str, Any]:
    plain: dict[str, Any] = answer.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return plain


def _asked(path: str, things: str, question: Callable[[], T]) -> T | Refused:
    """The answer to a question, or why there is none."""
    import httpx  # noqa: PLC0415
    from auth0.management.core.api_error import ApiError  # noqa: PLC0415
    from auth0.management.core.parse_error import ParsingError  # noqa: PLC0415

    asked, scope = f"GET {path}", f"read:{things}"
    try:
        return question()
    except ApiError as error:
        return _refused(error, asked, scope)
    except httpx.HTTPError as error:
        what = f"no answer to {asked} ({type(error).__name__}: {error})"
    except (ParsingError, ValueError) as error:
        # ValueError: pydantic's and json's own.
        what = f"an answer to {asked} that auth0-python cannot read ({type(error).__name__})"
    return Refused(why=Why.OTHER, what=what, asked=asked, scope=scope)


def _refused(error: Any, asked: str, scope: str) -> Refused:
    body = error.body.model_dump() if hasattr(error.body, "model_dump") else error.body
    said = body if isinstance(body, Mapping) else {}
    code, message = code_of(error), redacted(str(said.get("message") or "no message"))
    why = Why.OTHER
    if is_of_plan(error):
        why = Why.PLAN
    elif error.status_code == HTTPStatus.FORBIDDEN and (
        code == "insufficient_scope" or message.startswith("Insufficient scope")
    ):
        why = Why.SCOPE
    if error.status_code is not None and error.status_code < HTTPStatus.MULTIPLE_CHOICES:
        message = "and that is not JSON"  # auth0-python makes no difference
    tail = f" {code}" if code else ""
    what = f"{asked} was answered {error.status_code}{tail}: {message.rstrip('.')}"
    return Refused(why=why, what=what, asked=asked, scope=scope, status=error.status_code)
