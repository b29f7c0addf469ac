"""The CPaaS over HTTP: two send endpoints and the control routes.

The rules of sending are in `cpaas.py`. Control routes, which the real service does not have:
    GET  /_sandbox/health
    POST /_sandbox/answers   {"answers": [ScriptedAnswer, ...]}: what to say next
    GET  /_sandbox/answers   what is still scripted
    GET  /_sandbox/requests  the last requests, without keys
    POST /_sandbox/keys      {"key", "scopes"?}: a further key, as if made in the portal
    DELETE /_sandbox/keys    {"key"}: revoked from now on; 404 where there is no such key
    POST /_sandbox/reset
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict
from typing import Any

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from sandbox.cpaas import errors
from sandbox.cpaas.cpaas import SEND_SCOPES, Answer, Cpaas
from sandbox.cpaas.script import Channel, ScriptedAnswer
from sandbox.cpaas.statuses import STATUSES
from sandbox.web import connection
from sandbox.web.bodies import TooLargeError, json_body

logger = logging.getLogger(__name__)

DELIVERY_HEADER = "x-sandbox-delivery"
"""Set by the Action runner, not by the Action: sandbox/runner/deliveries.cjs."""
# Over what a careful reader takes, and little enough for a careless one to survive.
HUGE_BODY_BYTES = 64 * 1024 * 1024
TRICKLE_SECONDS = 1.0
WITHOUT_BODY = (204, 304)


class _CpaasApp(Starlette):
    """Starlette that lets scripted answers find the connection; see `sandbox.web.connection`."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Remember the server's own `send`, then go on as usual."""
        scope.setdefault(connection.SERVERS_SEND, send)  # or what serves it did already
        await super().__call__(scope, receive, send)


def build_cpaas(cpaas: Cpaas) -> Starlette:
    """The ASGI application of one CPaaS account."""

    def endpoint(channel: Channel) -> Callable[[Request], Awaitable[Response]]:
        async def send(request: Request) -> Response:
            return await _send(cpaas, channel, request)

        return send

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok", "stand_in": "NTT CPaaS (Infobip API)"})

    async def add_answers(request: Request) -> Response:
        try:
            entries = (await json_body(request))["answers"]
            cpaas.script.add([ScriptedAnswer.from_json(entry) for entry in entries])
        except (ValueError, KeyError, TypeError) as error:
            return JSONResponse({"error": f"answers: {error}"}, 400)
        return JSONResponse(_pending(cpaas), 201)

    async def list_answers(_: Request) -> Response:
        return JSONResponse(_pending(cpaas))

    async def list_requests(_: Request) -> Response:
        return JSONResponse({"requests": [asdict(seen) for seen in cpaas.requests()]})

    async def change_keys(request: Request) -> Response:
        try:
            key, scopes = _key(await json_body(request))
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        if request.method == "POST":
            cpaas.accept_key(key, scopes)
        elif not cpaas.revoke_key(key):
            return JSONResponse({"error": "key: the account has no such key"}, 404)
        return Response(status_code=204)

    async def reset(_: Request) -> Response:
        cpaas.reset()
        return Response(status_code=204)

    routes = [
        Route("/sms/3/messages", endpoint("sms"), methods=["POST"]),
        Route("/tts/3/advanced", endpoint("voice"), methods=["POST"]),
        Route("/_sandbox/health", health, methods=["GET"]),
        Route("/_sandbox/answers", add_answers, methods=["POST"]),
        Route("/_sandbox/answers", list_answers, methods=["GET"]),
        Route("/_sandbox/requests", list_requests, methods=["GET"]),
        Route("/_sandbox/keys", change_keys, methods=["POST", "DELETE"]),
        Route("/_sandbox/reset", reset, methods=["POST"]),
    ]
    return _CpaasApp(
        routes=routes, exception_handlers={HTTPException: _refused, sqlite3.Error: _no_inbox}
    )


async def _send(cpaas: Cpaas, channel: Channel, request: Request) -> Response:
    try:
        body: object = await json_body(request)
    except ClientDisconnect:
        return Response(status_code=499)
    except TooLargeError:
        return JSONResponse(errors.body(channel, 413), 413)
    except ValueError:
        body = None
    # A form, or XML, which the vendor reads too and this stand-in does not: refused like no JSON.
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        body = None
    scripted = cpaas.script.take(channel) or ScriptedAnswer()
    if scripted.delay:
        await anyio.sleep(scripted.delay)
    authorization = request.headers.get("authorization")
    delivery_id = request.headers.get(DELIVERY_HEADER)
    if delivery_id is not None:
        cpaas.remember(delivery_id, body)
    answer: Answer | None = None
    if (scripted.fault is None and scripted.status is None) or scripted.accept:
        forced = STATUSES[scripted.refusal] if scripted.refusal else None
        answer = cpaas.send(
            channel,
            authorization=authorization,
            body=body,
            forced=forced,
            delivery_id=delivery_id,
        )
    if scripted.fault is not None:
        return _broken(scripted, answer, request)
    if scripted.status in WITHOUT_BODY:
        return Response(None, scripted.status, dict(scripted.headers))
    if scripted.status is not None:
        content = scripted.body
        if content is None:
            content = errors.body(channel, scripted.status)
        return JSONResponse(content, scripted.status, dict(scripted.headers))
    assert answer is not None  # noqa: S101 - neither fault nor status was scripted
    return JSONResponse(answer.body, answer.status)


def _broken(scripted: ScriptedAnswer, answer: Answer | None, request: Request) -> Response:
    text = json.dumps(answer.body if answer else {"messages": [{"status": {"groupId": 1}}]})
    json_type = "application/json"
    faults: dict[str, Callable[[], Response]] = {
        "html": lambda: HTMLResponse("<!doctype html><title>502 Bad Gateway</title>"),
        "truncated": lambda: Response(text[: len(text) // 2], media_type=json_type),
        "empty": lambda: Response(b"", media_type=json_type),
        "not_utf8": lambda: Response(b'{"messages": "\xff\xfe"}', media_type=json_type),
        "redirect": lambda: Response(
            status_code=307, headers={"location": str(request.url.replace(path="/elsewhere"))}
        ),
        "huge": lambda: StreamingResponse(_huge(request), media_type=json_type),
        "trickle": lambda: _Broken("trickle", Response(text, media_type=json_type)),
        "cut": lambda: _Broken("cut", Response(text, media_type=json_type)),
        "trickle_head": lambda: _Broken("trickle_head"),
        "half_closed": lambda: _Broken("half_closed"),
        "silent": lambda: _Broken("silent"),
        "reset": lambda: _Broken("reset"),
    }
    return faults[scripted.fault or "reset"]()


async def _huge(request: Request) -> AsyncIterator[bytes]:
    block = b" " * 65536
    for _ in range(HUGE_BODY_BYTES // len(block)):
        if await request.is_disconnected():
            return
        yield block


class _Broken(Response):
    """An answer of which `connection` makes less, or nothing."""

    def __init__(self, how: str, whole: Response | None = None) -> None:
        super().__init__()
        self._how = how
        self._whole = whole or Response()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._act(scope, receive, send)
        except connection.ConnectionCutError:
            message = {"error": f"fault {self._how}: this server does not show its connections"}
            await JSONResponse(message, 501)(scope, receive, send)

    async def _act(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._how == "trickle":
            await connection.trickle(scope, receive, send, self._whole, TRICKLE_SECONDS)
        elif self._how == "trickle_head":
            await connection.trickle_head(scope, receive, TRICKLE_SECONDS)
        elif self._how == "half_closed":
            await connection.half_close(scope, receive)
        elif self._how == "silent":
            await connection.silence(receive)
        else:
            part = self._whole if self._how == "cut" else None
            await connection.cut(scope, receive, send, part, len(self._whole.body) // 2)


def _pending(cpaas: Cpaas) -> dict[str, Any]:
    return {"answers": [asdict(answer) for answer in cpaas.script.pending()]}


def _key(body: Any) -> tuple[str, list[str]]:
    """A key and its scopes; no answer ever repeats the key."""
    if not isinstance(body, dict) or not isinstance(body.get("key"), str) or not body["key"]:
        raise ValueError("key: a text is needed")
    scopes = body.get("scopes", sorted(SEND_SCOPES))
    if not isinstance(scopes, list) or not all(isinstance(one, str) for one in scopes):
        raise ValueError("scopes: a list of texts is needed")
    return body["key"], scopes


async def _no_inbox(request: Request, error: Exception) -> Response:
    logger.error("The sandbox's inbox cannot be read or written: %s", error)
    channel = "voice" if request.url.path.startswith("/tts/") else "sms"
    return JSONResponse(errors.body(channel, 500), 500)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - the handler of no other
    channel = "voice" if request.url.path.startswith("/tts/") else "sms"
    return JSONResponse(errors.body(channel, error.status_code), error.status_code, error.headers)
