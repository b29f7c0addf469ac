"""What a tenant's failure says to a person: what came back, and what to do about it.

Owns the words, for the hooks of an `up` and for the commands alike. Refuses to catch anything, and
to repeat what may hold a secret or a number: a header, an answer's body.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from http.client import responses
from typing import TYPE_CHECKING, Any, Final

from components.masking import redacted
from components.tenant_token import NoTokenError

if TYPE_CHECKING:
    import httpx

SCOPES: Final = "The README lists the scopes that the application needs."
CREDENTIALS: Final = (
    "Check AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET, and that the application is authorised for "
    "the Management API."
)
_LATER: Final = "Wait, and run it again: nothing else is known to be wrong."
_FIXES: Final = {
    HTTPStatus.UNAUTHORIZED: "The token has ended or is another tenant's: run it again, with "
    "another AUTH0_API_TOKEN where that is set, and look at this machine's clock.",
    HTTPStatus.FORBIDDEN: SCOPES,
    HTTPStatus.TOO_MANY_REQUESTS: f"The tenant's rate limit is used up. {_LATER}",
}


def failures() -> tuple[type[Exception], ...]:
    """Every exception that a call of auth0-python over a bounded client ends in.

    A function, as the imports take a fifth of a second that an `up` without changes need not spend.
    """
    import httpx  # noqa: PLC0415
    from auth0.management.core.api_error import ApiError  # noqa: PLC0415
    from auth0.management.core.parse_error import ParsingError  # noqa: PLC0415

    return ApiError, ParsingError, NoTokenError, httpx.HTTPError


def told(domain: str, error: Exception) -> str:
    """One of `failures` in words; holds no credential and no phone number."""
    import httpx  # noqa: PLC0415
    from auth0.management.core.api_error import ApiError  # noqa: PLC0415

    if isinstance(error, NoTokenError):
        return f"{error}. {CREDENTIALS}"
    if isinstance(error, ApiError):
        return refused(domain, error)
    if isinstance(error, httpx.HTTPError):
        return silent(domain, error)
    return (
        f"{domain} answered in a form that the Management API does not have. Check AUTH0_DOMAIN: "
        "did a proxy, or a server that is no tenant, answer?"
    )


def refused(domain: str, error: Any) -> str:
    """A status that is none of success."""
    status = error.status_code or 0
    body = error.body.model_dump() if hasattr(error.body, "model_dump") else error.body
    message = body.get("message") if isinstance(body, Mapping) else None
    said = redacted(message) if isinstance(message, str) and message else _unsaid(status)
    phrase = f"{status} {responses.get(status, '')}".rstrip()
    return f"{domain} answered {phrase}: {said}. {_fix(status)}".replace("..", ".").rstrip()


def _unsaid(status: int) -> str:
    good = HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
    return "with nothing in it" if good else "no message"


def _fix(status: int) -> str:
    if status in _FIXES:
        return _FIXES[HTTPStatus(status)]
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return f"That is the tenant's fault, or a proxy's. {_LATER}"
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return "A tenant does not redirect: check AUTH0_DOMAIN."
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return "Check AUTH0_DOMAIN: did a proxy, or a server that is no tenant, answer?"
    return ""


def silent(domain: str, error: httpx.HTTPError) -> str:
    """No answer, or one that is none."""
    return (
        f"No answer from https://{domain} ({type(error).__name__}: {error}). Check AUTH0_DOMAIN, "
        "the network, and SSL_CERT_FILE for a tenant with a CA of its own."
    )
