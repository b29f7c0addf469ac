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

import json
import logging
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import asdict
from functools import partial
from typing import Any

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from sandbox.cpaas.cpaas import SEND_SCOPES, Answer, Cpaas
from sandbox.cpaas.script import ENTRY, ScriptedAnswer
from sandbox.cpaas.statuses import STATUSES, error_body
from sandbox.inbox.inbox import Channel
from sandbox.json_schemas import STRING, array, complete, obj, text
from sandbox.web.bodies import TooLargeError, json_body
from sandbox.web.connection import Application, Broken, ConnectionCutError
from sandbox.web.control import RefusedError, control_route

logger = logging.getLogger(__name__)

DELIVERY_HEADER = "x-sandbox-delivery"
"""Set by the Action runner, not by the Action: sandbox/runner/deliveries.cjs."""
# Over what a careful reader takes, and little enough for a careless one to survive.
HUGE_BODY_BYTES = 64 * 1024 * 1024
WITHOUT_BODY = (204, 304)


def build_cpaas(cpaas: Cpaas) -> Starlette:
    """The ASGI application of one CPaaS account."""

    async def health(_: Request) -> Any:
        return {"status": "ok", "stand_in": "NTT CPaaS (Infobip API)"}

    async def add_answers(given: dict[str, Any]) -> Any:
        try:
            cpaas.script.add([ScriptedAnswer(**entry) for entry in given["answers"]])
        except ValueError as error:
            raise RefusedError(f"answers: {error}") from error
        return await list_answers(None)

    async def list_answers(_: object) -> Any:
        return {"answers": [asdict(answer) for answer in cpaas.script.pending()]}

    async def list_requests(_: Request) -> Any:
        return {"requests": [asdict(seen) for seen in cpaas.requests()]}

    # No answer ever repeats a key.
    async def add_key(given: dict[str, Any]) -> None:
        cpaas.accept_key(given["key"], given.get("scopes", SEND_SCOPES))

    async def remove_key(given: dict[str, Any]) -> None:
        if not cpaas.revoke_key(given["key"]):
            raise RefusedError("key: the account has no such key", 404)

    async def reset(_: Request) -> None:
        cpaas.reset()

    key = obj(
        {"key": {**text(1), "writeOnly": True}, "scopes": array(STRING)},
        required=("key",),
        extra=True,
        writeOnly=True,
    )
    routes = [
        Route("/sms/3/messages", partial(_send, cpaas, "sms"), methods=["POST"]),
        Route("/tts/3/advanced", partial(_send, cpaas, "voice"), methods=["POST"]),
        control_route("GET", "/health", health),
        control_route(
            "POST", "/answers", add_answers, complete({"answers": array(ENTRY)}), status=201
        ),
        control_route("GET", "/answers", list_answers),
        control_route("GET", "/requests", list_requests),
        control_route("POST", "/keys", add_key, key),
        control_route("DELETE", "/keys", remove_key, key),
        control_route("POST", "/reset", reset),
    ]
    return Application(
        routes=routes,
        exception_handlers={
            HTTPException: _refused,
            sqlite3.Error: _no_inbox,
            ConnectionCutError: _no_connection,
        },
    )


async def _send(cpaas: Cpaas, channel: Channel, request: Request) -> Response:
    try:
        body: object = await json_body(request)
    except ClientDisconnect:
        return Response(status_code=499)
    except TooLargeError:
        return JSONResponse(error_body(channel, 413), 413)
    except ValueError:
        body = None
    # A form, or XML, which the vendor reads too and this stand-in does not: refused like no JSON.
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        body = None
    scripted = cpaas.script.take(channel) or ScriptedAnswer()
    if scripted.delay:
        await anyio.sleep(scripted.delay)
    delivery_id = request.headers.get(DELIVERY_HEADER)
    if delivery_id is not None:
        cpaas.remember(delivery_id, body)
    answer: Answer | None = None
    if (scripted.fault is None and scripted.status is None) or scripted.accept:
        forced = STATUSES[scripted.refusal] if scripted.refusal else None
        key = request.headers.get("authorization")
        answer = cpaas.send(
            channel, authorization=key, body=body, forced=forced, delivery_id=delivery_id
        )
    if scripted.fault is not None:
        return _broken(scripted, answer, request)
    if scripted.status in WITHOUT_BODY:
        return Response(None, scripted.status, dict(scripted.headers))
    if scripted.status is not None:
        own = scripted.body is not None
        content = scripted.body if own else error_body(channel, scripted.status)
        return JSONResponse(content, scripted.status, dict(scripted.headers))
    assert answer is not None  # noqa: S101 - neither fault nor status was scripted
    return JSONResponse(answer.body, answer.status)


def _broken(scripted: ScriptedAnswer, answer: Answer | None, request: Request) -> Response:
    text = json.dumps(answer.body if answer else {"messages": [{"status": {"groupId": 1}}]})
    json_type = "application/json"
    whole, elsewhere = Response(text, media_type=json_type), request.url.replace(path="/elsewhere")
    faults = {
        "html": HTMLResponse("<!doctype html><title>502 Bad Gateway</title>"),
        "truncated": Response(text[: len(text) // 2], media_type=json_type),
        "empty": Response(b"", media_type=json_type),
        "not_utf8": Response(b'{"messages": "\xff\xfe"}', media_type=json_type),
        "redirect": Response(status_code=307, headers={"location": str(elsewhere)}),
        "huge": StreamingResponse(_huge(request), media_type=json_type),
        "trickle": Broken("trickle", whole),
        "cut": Broken("cut", whole, body_bytes=len(text.encode()) // 2),
    }
    how = scripted.fault or "reset"
    return faults.get(how) or Broken(how)


async def _huge(request: Request) -> AsyncIterator[bytes]:
    block = b" " * 65536
    for _ in range(HUGE_BODY_BYTES // len(block)):
        if await request.is_disconnected():
            return
        yield block


async def _no_connection(request: Request, _: Exception) -> Response:
    message = f"{request.url.path}: this server does not show its connections to a scripted fault"
    return JSONResponse({"error": message}, 501)


async def _no_inbox(request: Request, error: Exception) -> Response:
    logger.error("The sandbox's inbox cannot be read or written: %s", error)
    return await _refused(request, HTTPException(500))


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - the handler of no other
    channel = "voice" if request.url.path.startswith("/tts/") else "sms"
    return JSONResponse(error_body(channel, error.status_code), error.status_code, error.headers)
