"""Reading requests of the Management API, so that no malformed one becomes a server error."""

import json
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from sandbox.tenant.errors import ApiError
from sandbox.web import bodies

_FORM = "application/x-www-form-urlencoded"


async def read(request: Request) -> bytes:
    """The raw body. Raises ApiError: 413 over 1 MB, without reading on; 400 if the client left."""
    try:
        return await bodies.read(request)
    except bodies.TooLargeError:
        message = f"Payload content length greater than maximum allowed: {bodies.MAX_BYTES}"
        raise ApiError(413, message) from None
    except ClientDisconnect:
        raise ApiError(400, "The client went away before its request was complete") from None


def decode_json(raw: bytes) -> Any:
    """The JSON value. Raises ApiError: 400 if it is not JSON in UTF-8, as with a NaN."""
    try:
        value = bodies.loads(raw)
        if b"\\ud" in raw.lower():
            # A lone surrogate is valid JSON text that no answer could be encoded with.
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise ApiError(400, "Invalid request payload JSON format") from None
    return value


def decode_form(raw: bytes) -> dict[str, str]:
    """The fields of a form body; the first of a repeated field counts."""
    try:
        fields = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict")
    except (UnicodeDecodeError, ValueError):
        raise ApiError(400, "Invalid request payload format") from None
    return dict(reversed(fields))


def decode(request: Request, raw: bytes) -> Any:
    """The decoded body, None when there is none; without a content type it is taken for JSON.

    Raises ApiError: 400 for a malformed body, 415 for another content type.
    """
    if not raw.strip():
        return None
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == _FORM:
        return decode_form(raw)
    if kind in {"", "application/json"} or kind.endswith("+json"):
        return decode_json(raw)
    raise ApiError(415, "Unsupported Media Type")


def query(request: Request) -> list[tuple[str, str]]:
    """The query's keys and values in order. Raises ApiError: 400 for bytes that are not UTF-8."""
    try:
        raw: bytes = request.scope.get("query_string", b"")
        return parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict")
    except (UnicodeDecodeError, ValueError):
        raise ApiError(
            400, "Query validation error: 'Malformed query string'.", "invalid_query_string"
        ) from None
