"""Reading the pages' forms.

Owns what a form may be: small, of text fields only. Refuses to know any field.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

_MOST_BYTES: Final = 16_384
_MOST_FIELDS: Final = 20


async def fields(request: Request) -> dict[str, str]:
    """The fields of a posted form; of one that is there twice, the last.

    Raises:
        HTTPException: 413, 415 or 400 for what no form of these pages sends.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(415, "A form is needed.")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise HTTPException(413, "The form is too large.")
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise HTTPException(400, "The form cannot be read.") from error
    return dict(pairs)
