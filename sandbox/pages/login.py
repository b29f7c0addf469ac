"""A login at the sandbox tenant: what the person sees, and beside it what the tenant did."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.inbox.inbox import Inbox
from sandbox.inbox.timeline import Timeline
from sandbox.login.numbers import national
from sandbox.login.policy import CONFIDENCES, Confidence, policy_of
from sandbox.login.refusals import LoginRefusedError, lasting
from sandbox.login.sessions import Login, LoginDesk
from sandbox.notifications.delivery import Delivery
from sandbox.pages.views import Views, fields
from sandbox.pages.wording import Shown, language_of
from sandbox.tenant import Tenant

LOCALES: Final = {"": "as the tenant has it", "ja": "ja: Japanese", "en": "en: English"}
WAYS: Final = {"text": "SMS", "voice": "Voice call"}
_REFUSED: Final = 422
_GONE: Final = 404
_COOKIE_SECONDS: Final = 7_776_000
"""As long as a tenant can remember a browser at most."""
_LONGEST_COOKIE: Final = 64

Step = Callable[[str, dict[str, str], str], Awaitable[Login]]
"""Takes the login's id, what was typed, and the browser that it was typed in."""


def routes(tenant: Tenant, desk: LoginDesk, inbox: Inbox, views: Views) -> list[BaseRoute]:
    """GET /login and /login/{id}; POST for every step. A step that is refused answers 422."""
    timeline = Timeline(inbox.database)

    def start(request: Request, status: int = 200, **values: Any) -> Response:
        given = {"name": "", "locale": "", "confidence": "low", "fault": None} | values
        return views.page(
            request,
            "login_start.html.j2",
            active="login",
            status=status,
            users=desk.users.all(),
            locales=LOCALES,
            confidences=CONFIDENCES,
            **_of_tenant(tenant, desk),
            **given,
        )

    def at(
        request: Request,
        login: Login,
        status: int = 200,
        *,
        ticked: bool | None = None,
        **values: Any,
    ) -> Response:
        given = {"fault": None, "number": "", "method": login.method} | values
        return views.page(
            request,
            "login_step.html.j2",
            active="login",
            status=status,
            login=login,
            messages=[_message(desk, timeline, one) for one in reversed(login.deliveries)],
            told=bool(login.last and desk.is_told(login.last)),
            code_lasts=lasting(desk.seconds_left(login)),
            tries=desk.tries_left(login),
            left={way: desk.codes_left(login, way) for way in WAYS},
            remember_me=desk.remember_me(login) if ticked is None else ticked,
            **_of_tenant(tenant, desk),
            **given,
        )

    async def first(request: Request) -> Response:
        return start(request)

    async def begin(request: Request) -> Response:
        typed = await fields(request)
        name, locale = typed.get("name", ""), typed.get("locale", "")
        confidence = typed.get("confidence", "low")
        try:
            login = desk.begin(
                name,
                confidence=cast("Confidence", confidence) if confidence in CONFIDENCES else "low",
                locale=locale if locale and locale in LOCALES else None,
                browser=_browser(request),
            )
        except LoginRefusedError as fault:
            given = {"name": name, "locale": locale, "confidence": confidence}
            return start(request, _REFUSED, fault=fault, **given)
        return _to(login)

    async def show(request: Request) -> Response:
        try:
            return at(request, desk.get(request.path_params["login"]))
        except LoginRefusedError as fault:
            return start(request, _GONE, fault=fault)

    def step(act: Step) -> Callable[[Request], Awaitable[Response]]:
        async def handler(request: Request) -> Response:
            login_id, given = request.path_params["login"], await fields(request)
            browser = _browser(request) or secrets.token_urlsafe(24)
            try:
                return _marked(request, browser, await act(login_id, given, browser))
            except LoginRefusedError as fault:
                if fault.kind == "unknown":
                    return start(request, _GONE, fault=fault)
                login = desk.get(login_id)
                if fault.kind == "sending":
                    # A second click: it ends where the first one does.
                    await login.sent.wait()
                    return _to(login)
                typed = {key: given[key] for key in ("number", "method") if key in given}
                shown = "code" in given and desk.remember_me(login) is not None
                ticked = "remember" in given if shown else None
                return at(request, login, _REFUSED, fault=fault, ticked=ticked, **typed)

        return handler

    async def enrol(login_id: str, given: dict[str, str], _: str) -> Login:
        number, method = given.get("number", ""), given.get("method", "")
        return await desk.enrol(login_id, number=number, method=method)

    async def send(login_id: str, given: dict[str, str], _: str) -> Login:
        return await desk.send(login_id, method=given.get("method", ""))

    async def code(login_id: str, given: dict[str, str], browser: str) -> Login:
        typed, remember = given.get("code", ""), "remember" in given
        return desk.enter(login_id, typed, browser=browser, remember=remember)

    async def phone(login_id: str, _: dict[str, str], __: str) -> Login:
        return desk.another_phone(login_id)

    async def forget(request: Request) -> Response:
        desk.forget_phone((await fields(request)).get("user", ""))
        return RedirectResponse("/login", 303)

    steps = {"enrol": enrol, "send": send, "code": code, "phone": phone}
    return [
        Route("/login", first, methods=["GET"]),
        Route("/login", begin, methods=["POST"]),
        Route("/login/forget", forget, methods=["POST"]),
        Route("/login/{login}", show, methods=["GET"]),
        *(
            Route(f"/login/{{login}}/{name}", step(act), methods=["POST"])
            for name, act in steps.items()
        ),
    ]


def _to(login: Login) -> Response:
    return RedirectResponse(f"/login/{login.id}", 303)


def _cookie(request: Request) -> str:
    # Every sandbox of this machine has the same host, and a browser keeps cookies by host alone.
    return f"phonemfa-browser-{request.url.port}"


def _browser(request: Request) -> str:
    """What the browser is known by; empty where it was never remembered."""
    return request.cookies.get(_cookie(request), "")[:_LONGEST_COOKIE]


def _marked(request: Request, browser: str, login: Login) -> Response:
    """To the login's page, with the cookie where its browser is remembered."""
    answer = _to(login)
    if login.is_remembered:
        answer.set_cookie(
            _cookie(request),
            browser,
            max_age=_COOKIE_SECONDS,
            path="/login",
            httponly=True,
            samesite="strict",
        )
    return answer


def _of_tenant(tenant: Tenant, desk: LoginDesk) -> dict[str, Any]:
    return {
        "policy": policy_of(tenant),
        "generation": tenant.generation,
        "friendly_name": tenant.settings().get("friendly_name") or tenant.context.name,
        "factor": tenant.factor_enabled("sms"),
        "codes": _codes(tenant),
        "browsers": _browsers(tenant),
        "channels": desk.channels(),
        "ways": WAYS,
        "national": national,
        "language_of": language_of,
        "phone_page": lambda number: f"/phones/{quote(number, safe='')}",
    }


def _codes(tenant: Tenant) -> str:
    codes = tenant.mfa_settings.codes("phone")
    return f"{codes['otp_length']} digits, valid for {lasting(codes['otp_expiration_time'])}"


def _browsers(tenant: Tenant) -> str:
    settings = tenant.mfa_settings.remembering()
    if not settings["display_remember_me_checkbox"]:
        return "no checkbox to remember one"
    overall = lasting(settings["mfa_session_overall_timeout"])
    unused = lasting(settings["mfa_session_inactivity_timeout"])
    at_first = "ticked" if settings["remember_me_default_value"] else "not ticked"
    return (
        f"remembered for {overall}, {unused} without a login; the checkbox is {at_first} at first"
    )


_OUTCOMES: Final = {
    "success": ("good", "sent"),
    "drop": ("bad", "dropped by the Action"),
    "retry": ("bad", "given up after retries"),
    "error": ("bad", "the Action failed"),
    "not_sent": ("warn", "not sent by the tenant"),
}


def _message(desk: LoginDesk, timeline: Timeline, delivery: Delivery) -> dict[str, Any]:
    colour, words = _OUTCOMES[delivery.outcome]
    runs, arrived = delivery.attempts, timeline.arrived(delivery.id)
    return {
        "delivery": delivery,
        "arrived": arrived and Shown(arrived),
        "colour": colour,
        "words": words,
        "runs": f"{runs} execution{'' if runs == 1 else 's'}",
        "told": desk.is_told(delivery),
    }
