"""A login at the sandbox tenant: what the person sees, and beside it what the tenant did."""

import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from components.vocabulary import policy_word
from sandbox.inbox.inbox import Inbox
from sandbox.inbox.timeline import Entry, Timeline
from sandbox.login.policy import CONFIDENCES, Confidence
from sandbox.login.refusals import LoginRefusedError
from sandbox.login.sessions import Login, LoginDesk
from sandbox.notifications.delivery import Delivery
from sandbox.pages import views
from sandbox.pages.wording import Shown
from sandbox.tenant import Tenant

LOCALES: Final = {"": "as the tenant has it", "ja": "ja: Japanese", "en": "en: English"}
WAYS: Final = {"text": "SMS", "voice": "Voice call"}
_REFUSED: Final = 422
_GONE: Final = 404
_COOKIE_SECONDS: Final = 7_776_000
"""As long as a tenant can remember a browser at most."""
_LONGEST_COOKIE: Final = 64

Given = dict[str, str]
Step = Callable[[str, Given, str], Awaitable[Login]]
"""Takes the login's id, what was typed, and the browser that it was typed in."""


def routes(tenant: Tenant, desk: LoginDesk, inbox: Inbox) -> list[BaseRoute]:
    """GET /login and /login/{id}; POST for every step. A step that is refused answers 422."""
    timeline = Timeline(inbox.database)

    def page(request: Request, template: str, status: int, **values: Any) -> Response:
        return views.page(
            request,
            template,
            active="login",
            status=status,
            policy=policy_word(tenant.policies()),
            generation=tenant.generation,
            friendly_name=tenant.settings.get().get("friendly_name") or tenant.context.name,
            factor=tenant.factor_enabled("sms"),
            codes=tenant.mfa_settings.codes("phone"),
            browsers=tenant.mfa_settings.remembering(),
            channels=desk.channels(),
            ways=WAYS,
            **values,
        )

    def start(request: Request, status: int = 200, **values: Any) -> Response:
        known = {"users": desk.users.all(), "locales": LOCALES, "confidences": CONFIDENCES}
        given = {"name": "", "locale": "", "confidence": "low", "fault": None} | values
        return page(request, "login_start.html.j2", status, **known, **given)

    def at(request: Request, login: Login, status: int = 200, **values: Any) -> Response:
        given = {
            "fault": None,
            "number": "",
            "method": login.method,
            "remember_me": desk.remember_me(login),
        }
        return page(
            request,
            "login_step.html.j2",
            status,
            login=login,
            messages=[_message(desk, timeline, one) for one in reversed(login.deliveries)],
            told=bool(login.last and desk.is_told(login.last)),
            seconds_left=desk.seconds_left(login),
            tries=desk.tries_left(login),
            left={way: desk.codes_left(login, way) for way in WAYS},
            **(given | values),
        )

    async def first(request: Request) -> Response:
        return start(request)

    async def begin(request: Request) -> Response:
        given = await views.fields(request)
        name, locale = given.get("name", ""), given.get("locale", "")
        confidence = given.get("confidence", "low")
        try:
            login = desk.begin(
                name,
                confidence=cast("Confidence", confidence) if confidence in CONFIDENCES else "low",
                locale=locale if locale in LOCALES else None,
                browser=_browser(request),
            )
        except LoginRefusedError as fault:
            asked = {"name": name, "locale": locale, "confidence": confidence}
            return start(request, _REFUSED, fault=fault, **asked)
        return _to(login)

    async def show(request: Request) -> Response:
        try:
            return at(request, desk.get(request.path_params["login"]))
        except LoginRefusedError as fault:
            return start(request, _GONE, fault=fault)

    def step(act: Step) -> Callable[[Request], Awaitable[Response]]:
        async def handler(request: Request) -> Response:
            login_id, given = request.path_params["login"], await views.fields(request)
            browser = _browser(request) or secrets.token_urlsafe(24)
            try:
                return _marked(request, browser, await act(login_id, given, browser))
            except LoginRefusedError as fault:
                if fault.kind == "unknown":
                    return start(request, _GONE, fault=fault)
                login = desk.get(login_id)
                if fault.kind == "sending":
                    # A second click: it ends where the first one does.
                    async with login.sending:
                        return _to(login)
                typed: dict[str, Any] = {
                    key: given[key] for key in ("number", "method") if key in given
                }
                if "code" in given and desk.remember_me(login) is not None:
                    typed["remember_me"] = "remember" in given
                return at(request, login, _REFUSED, fault=fault, **typed)

        return handler

    async def enrol(login_id: str, given: Given, _: str) -> Login:
        number, method = given.get("number", ""), given.get("method", "")
        return await desk.enrol(login_id, number=number, method=method)

    async def send(login_id: str, given: Given, _: str) -> Login:
        return await desk.send(login_id, method=given.get("method", ""))

    async def code(login_id: str, given: Given, browser: str) -> Login:
        typed, remember = given.get("code", ""), "remember" in given
        return desk.enter(login_id, typed, browser=browser, remember=remember)

    async def phone(login_id: str, _: Given, __: str) -> Login:
        return desk.another_phone(login_id)

    async def forget(request: Request) -> Response:
        desk.forget_phone((await views.fields(request)).get("user", ""))
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


def _message(desk: LoginDesk, timeline: Timeline, delivery: Delivery) -> dict[str, Any]:
    entry = Entry(delivery.at, 0, timeline.arrived(delivery.id), delivery.to_json())
    return {"entry": Shown(entry), "delivery": delivery, "told": desk.is_told(delivery)}
