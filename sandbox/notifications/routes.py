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

from typing import Any, Final, get_args

from starlette.requests import Request
from starlette.routing import BaseRoute

from sandbox.inbox.inbox import Channel, Inbox
from sandbox.inbox.numbers import e164
from sandbox.json_schemas import STRING, nullable, obj, one_of, text, whole
from sandbox.notifications.content import Order
from sandbox.notifications.rules import MESSAGE_TYPES, DeliveryMethod
from sandbox.notifications.service import NotificationService
from sandbox.web.control import RefusedError, control_route, query_of

_ORDER: Final = obj(
    {
        "to": text(1),
        "delivery_method": one_of(*get_args(DeliveryMethod)),
        "message_type": one_of(*MESSAGE_TYPES),
        "locale": nullable(STRING),
    },
    required=("to",),
)
_QUERY: Final = obj(
    {
        "to": STRING,
        "after": STRING,
        "channel": one_of(*get_args(Channel)),
        "newest": whole(1, 999_999_999),
        "wait": {"type": "number", "minimum": 0, "maximum": 30},
    },
    dependentRequired={"wait": ["to"]},
)


def routes(service: NotificationService, inbox: Inbox) -> list[BaseRoute]:
    """The routes, to be given to `build_api` as `extra_routes`."""

    async def challenge(order: dict[str, Any]) -> Any:
        wanted = Order(**{"delivery_method": "text", **order})
        return (await service.challenge(wanted)).to_json()

    async def messages(request: Request) -> Any:
        wanted = query_of(request, _QUERY)
        wait = wanted.pop("wait", 0)
        try:
            found = inbox.messages(**wanted)
            if not found and wait:
                wanted.pop("newest", None)
                found = [await inbox.wait_for(timeout=wait, **wanted)]
        except ValueError as error:
            raise RefusedError(str(error)) from error
        except TimeoutError:
            found = []
        return {"messages": [{**one.to_json(), "codes": one.codes} for one in found]}

    async def forget(request: Request) -> None:
        inbox.clear(request.query_params.get("to"))

    async def deliveries(request: Request) -> Any:
        to = request.query_params.get("to")
        found = [one for one in service.deliveries() if to is None or e164(one.to) == e164(to)]
        return {"deliveries": [one.to_json() for one in found]}

    return [
        control_route("POST", "/challenge", challenge, _ORDER),
        control_route("GET", "/messages", messages),
        control_route("DELETE", "/messages", forget),
        control_route("GET", "/deliveries", deliveries),
    ]
