"""Answers as bytes, and the API's shape of errors (§1.3)."""

from collections.abc import Mapping
from http import HTTPStatus
from http.client import responses
from typing import Any

from starlette.responses import JSONResponse, Response

from sandbox.tenant.errors import ApiError


class JsonAnswer(JSONResponse):
    """A JSON body under the media type that every recorded answer has."""

    media_type = "application/json; charset=utf-8"


def answer(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Response:
    """A body under a status; a 204 has none, and the media type all the same (recorded)."""
    if status == HTTPStatus.NO_CONTENT:
        media_type = JsonAnswer.media_type
        return Response(status_code=status, headers=dict(headers or {}), media_type=media_type)
    return JsonAnswer(body, status_code=status, headers=dict(headers or {}))


def error_answer(error: ApiError, headers: Mapping[str, str] | None = None) -> Response:
    """The Management API's error object; keys that the real answer lacks are left out."""
    body: dict[str, Any] = {
        "statusCode": error.status,
        # A scripted fault may have a status that has no phrase, such as Cloudflare's 524.
        "error": responses.get(error.status, "Unknown"),
        "message": error.message,
    }
    if error.error_code is not None:
        body["errorCode"] = error.error_code
    if error.attributes is not None:
        body["attributes"] = error.attributes
    return answer(error.status, body, headers)
