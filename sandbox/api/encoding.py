"""Answers as bytes, and both error shapes: the API's (§1.3) and the token endpoint's (§2.3)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from sandbox.tenant.errors import ApiError


class JsonAnswer(Response):
    """A JSON body under the media type that every recorded answer has."""

    media_type = "application/json; charset=utf-8"

    def render(self, content: Any) -> bytes:
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def answer(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Response:
    """A body under a status; a 204 has none, and the media type all the same (recorded)."""
    if status == HTTPStatus.NO_CONTENT:
        media_type = JsonAnswer.media_type
        return Response(status_code=status, headers=dict(headers or {}), media_type=media_type)
    return JsonAnswer(body, status_code=status, headers=dict(headers or {}))


def envelope(error: ApiError) -> dict[str, Any]:
    """The Management API's error object; keys that the real answer lacks are left out."""
    body: dict[str, Any] = {
        "statusCode": error.status,
        "error": HTTPStatus(error.status).phrase,
        "message": error.message,
    }
    if error.error_code is not None:
        body["errorCode"] = error.error_code
    if error.attributes is not None:
        body["attributes"] = error.attributes
    return body


def error_answer(error: ApiError, headers: Mapping[str, str] | None = None) -> Response:
    """An error of the Management API."""
    return answer(error.status, envelope(error), headers)


def oauth_error(status: int, error: str, description: str) -> Response:
    """An error of the token endpoint."""
    return answer(status, {"error": error, "error_description": description})
