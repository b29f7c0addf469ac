"""Control routes of the pipeline, beside the Management API under /_sandbox/.

    POST   /_sandbox/challenge   {"to", "delivery_method"?, "message_type"?, "locale"?}: a Delivery
    GET    /_sandbox/messages    ?to=&channel=&after=&newest=COUNT&wait=SECONDS: what phones
                                 received, oldest first, or only the newest of it; each has
                                 `codes`, the one-time codes in its text
    DELETE /_sandbox/messages    ?to=: 204; forgets what this phone, or every phone, received
    GET    /_sandbox/deliveries  ?to=: the last deliveries, oldest first

Phones keep the last 10,000 messages of all together; the oldest go first.
Nothing like this exists in Auth0.
"""

from __future__ import annotations

import re
from typing import Any, cast, get_args

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute
from starlette.routing import Route as HttpRoute

from sandbox.inbox import Channel
from sandbox.inbox.inbox import Inbox
from sandbox.inbox.numbers import e164
from sandbox.notifications.rules import MESSAGE_TYPES, DeliveryMethod
from sandbox.notifications.service import NotificationService
from sandbox.web.bodies import json_body

MAX_WAIT = 30.0
_KEYS = {"to", "delivery_method", "message_type", "locale"}


class _BadRequestError(ValueError):
    pass


def routes(service: NotificationService, inbox: Inbox) -> list[BaseRoute]:
    """The routes, to be given to `build_api` as `extra_routes`."""

    async def challenge(request: Request) -> Response:
        try:
            order = _order(await json_body(request))
        except ValueError as error:
            return _refused(error)
        delivery = await service.challenge(**order)
        return JSONResponse(delivery.to_json())

    async def messages(request: Request) -> Response:
        query = request.query_params
        to, after = query.get("to"), query.get("after")
        try:
            channel = _channel(query.get("channel"))
            wait, newest = _wait(query.get("wait"), to), _newest(query.get("newest"))
            found = inbox.messages(to, after, channel=channel, newest=newest)
            if not found and wait and to is not None:
                found = [await inbox.wait_for(to, wait, after, channel=channel)]
        except ValueError as error:
            return _refused(error)
        except TimeoutError:
            found = []
        shown = [{**message.to_json(), "codes": message.codes} for message in found]
        return JSONResponse({"messages": shown})

    async def forget(request: Request) -> Response:
        inbox.clear(request.query_params.get("to"))
        return Response(status_code=204)

    async def deliveries(request: Request) -> Response:
        to = request.query_params.get("to")
        found = [one for one in service.deliveries() if to is None or e164(one.to) == e164(to)]
        return JSONResponse({"deliveries": [one.to_json() for one in found]})

    return [
        HttpRoute("/_sandbox/challenge", challenge, methods=["POST"]),
        HttpRoute("/_sandbox/messages", messages, methods=["GET"]),
        HttpRoute("/_sandbox/messages", forget, methods=["DELETE"]),
        HttpRoute("/_sandbox/deliveries", deliveries, methods=["GET"]),
    ]


def _order(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise _BadRequestError("body: a JSON object is needed")
    if unknown := sorted(set(body) - _KEYS):
        raise _BadRequestError(f"{unknown[0]}: unknown key; known are {', '.join(sorted(_KEYS))}")
    order = {"delivery_method": "text", "message_type": "otp_verify", "locale": None, **body}
    if not isinstance(order.get("to"), str) or not order["to"]:
        raise _BadRequestError("to: the phone number is needed, as E.164 text")
    for key, known in (
        ("delivery_method", get_args(DeliveryMethod)),
        ("message_type", MESSAGE_TYPES),
    ):
        if order[key] not in known:
            raise _BadRequestError(f"{key}: {order[key]!r} unknown; one of {', '.join(known)}")
    if not isinstance(order["locale"], str | None):
        raise _BadRequestError("locale: text or null is needed")
    return order


def _channel(text: str | None) -> Channel | None:
    if text is None or text in get_args(Channel):
        return cast("Channel | None", text)
    raise _BadRequestError(f"channel: {text!r} unknown; one of {', '.join(get_args(Channel))}")


def _wait(text: str | None, to: str | None) -> float:
    if text is None:
        return 0.0
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= MAX_WAIT:
        raise _BadRequestError(f"wait: {text!r} is not a number of seconds from 0 to {MAX_WAIT:g}")
    if to is None:
        raise _BadRequestError("wait: needs `to`, the phone to wait at")
    return seconds


def _newest(text: str | None) -> int | None:
    if text is None:
        return None
    if re.fullmatch(r"[1-9][0-9]{0,8}", text):
        return int(text)
    raise _BadRequestError(f"newest: {text!r} is not a number of messages from 1 on")


def _refused(error: ValueError) -> Response:
    return JSONResponse({"error": str(error)}, 400)
