"""Reading bodies of a size that fits, and JSON for the parts that are not Auth0's API."""

import json
import math
from typing import Any

from starlette.requests import Request

from sandbox.inbox.numbers import storable

MAX_BYTES = 1_048_576


class TooLargeError(ValueError):
    """The body is over the limit; the rest of it was not read."""


async def read(request: Request, most: int = MAX_BYTES) -> bytes:
    """The raw body. Raises TooLargeError: it is longer, or says so.

    Raises starlette's ClientDisconnect: the client went away meanwhile.
    """
    declared = request.headers.get("content-length", "")
    body = bytearray()
    if declared.isdigit() and int(declared[:20]) > most:
        raise TooLargeError(f"a body of over {most} bytes")
    async for part in request.stream():
        body += part
        if len(body) > most:
            raise TooLargeError(f"a body of over {most} bytes")
    return bytes(body)


async def json_body(request: Request) -> Any:
    """The decoded body, None when there is none. Raises what `read` and `loads` do.

    Half a surrogate pair, which no answer could repeat, becomes U+FFFD.
    """
    raw = await read(request)
    value = loads(raw) if raw.strip() else None
    try:
        if b"\\ud" in raw.lower():
            return json.loads(storable(json.dumps(value, ensure_ascii=False)))
    except RecursionError:
        raise ValueError("JSON that is nested too deep") from None
    return value


def loads(raw: bytes) -> Any:
    """The JSON value. Raises ValueError: not JSON in UTF-8, too deep, or a number has no value."""
    try:
        return json.loads(
            raw.decode(), parse_constant=_finite, parse_float=_finite, parse_int=_whole
        )
    except RecursionError:
        raise ValueError("JSON that is nested too deep") from None


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is no JSON number with a value")
    return number


def _whole(text: str) -> int:
    _finite(text)  # one that no double holds would fail where something counts with it
    return int(text)
