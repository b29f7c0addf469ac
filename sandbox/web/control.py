"""Control routes, under /_sandbox/: what no real service has. Their bodies are read by a schema."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.validators import extend
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.json_schemas import pointer
from sandbox.tenant.errors import ApiError
from sandbox.web.bodies import json_body
from sandbox.web.guard import PREFIX

Handler = Callable[[Any], Awaitable[Any]]
_NUMBER: Final = re.compile(r"-?[0-9]{1,18}(\.[0-9]+)?")
# JSON Schema takes 2.0 for an integer, and what counts with it does not.
_Validator: Final = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    ),
)


class RefusedError(Exception):
    """A request that is refused; the text says what is wrong, and what is possible."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def control_route(
    method: str,
    path: str,
    handler: Handler,
    schema: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
) -> Route:
    """One route below `PREFIX`; a refusal answers `{"error": …}`.

    The handler gets the body where there is a schema, else the request. Answers what is shown as
    JSON; None for 204.
    """

    async def answer(request: Request) -> Response:
        try:
            given = request if schema is None else _checked(await _read(request), schema)
            result = await handler(given)
        except (RefusedError, ApiError) as refused:
            return JSONResponse({"error": str(refused)}, refused.status)
        return Response(status_code=204) if result is None else JSONResponse(result, status)

    return Route(PREFIX + path, answer, methods=[method])


def query_of(request: Request, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The query, its numbers as numbers; a key that the schema does not have is left out.

    Raises RefusedError: it is not what the schema says.
    """
    known = schema["properties"]
    found: dict[str, Any] = {
        key: text for key, text in request.query_params.items() if key in known
    }
    for key, text in found.items():
        if known[key]["type"] != "string" and _NUMBER.fullmatch(text):
            found[key] = float(text) if "." in text else int(text)
    _checked(found, schema, "query")
    return found


async def _read(request: Request) -> Any:
    try:
        return await json_body(request)
    except ValueError as error:
        raise RefusedError(str(error)) from error
    except ClientDisconnect:
        raise RefusedError("the client went away before its request was complete") from None


def _checked(value: Any, schema: Mapping[str, Any], what: str = "body") -> Any:
    for fault in _Validator(schema).iter_errors(value):
        said = fault.message
        # A secret is not repeated, nor what may have one in it.
        if isinstance(fault.instance, dict | list) or fault.schema.get("writeOnly"):
            said = said.replace(repr(fault.instance), "what was sent")
        raise RefusedError(f"{pointer(fault.absolute_path) or what}: {said}")
    return value
