"""The two error bodies of the CPaaS: the new one of SMS, the old one of voice (§1.2, §1.3)."""

from collections.abc import Sequence
from typing import Any

_SERVER_ERROR = 500
_NEW = {
    400: ("E400", "Request cannot be processed.", "Check the request."),
    401: ("E401", "The request lacks valid authentication credentials.", "Check the API key."),
    403: ("E403", "The API key is not allowed to do this.", "Check the scopes of the key."),
    404: ("E404", "Not found.", "Check the path."),
    429: ("E429", "Too many requests.", "Send more slowly."),
    500: ("E500", "Something went wrong.", "Try again later."),
}
_OLD = {
    400: ("BAD_REQUEST", "Bad Request"),
    401: ("UNAUTHORIZED", "Invalid login details"),
    403: ("FORBIDDEN", "Unauthorized access"),
    404: ("NOT_FOUND", "Requested URL not found"),
    429: ("TOO_MANY_REQUESTS", "Too many requests"),
    500: ("GENERAL_ERROR", "Something went wrong"),
}


def body(channel: str, status: int, violations: Sequence[tuple[str, str]] = ()) -> dict[str, Any]:
    """The error body of an endpoint; a status without one of its own speaks as its class does."""
    known = status if status in _NEW else _SERVER_ERROR if status >= _SERVER_ERROR else 400
    if channel == "sms":
        code, description, action = _NEW[known]
        return {
            "errorCode": code,
            "description": description,
            "action": action,
            "violations": [
                {"property": field, "violation": sentence} for field, sentence in violations
            ],
            "resources": [],
        }
    message_id, text = _OLD[known]
    exception: dict[str, Any] = {"messageId": message_id, "text": text}
    if violations:
        fields: dict[str, list[str]] = {}
        for field, sentence in violations:
            fields.setdefault(field, []).append(sentence)
        exception["validationErrors"] = fields
    return {"requestError": {"serviceException": exception}}
