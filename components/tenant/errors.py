"""What a tenant's failure says to a person: what came back, and what to do about it.

The words are the same for the hooks of an `up` and for the commands. Nothing is repeated that may
hold a secret or a number: no header, no answer's body.

Loaded where a tenant is asked: with httpx and auth0-python it takes a fifth of a second, which an
`up` without changes need not spend.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from http.client import responses
from typing import Any, Final

import httpx
from auth0.management.core.api_error import ApiError
from auth0.management.core.parse_error import ParsingError

from components.masking import redacted
from components.tenant.model import Refusal, Why
from components.tenant.token import NoTokenError

SCOPES: Final = "docs/reference/scopes.md lists the scopes that the application needs."
PLAN: Final = (
    "The tenant's plan does not have this, or it is switched off for the tenant: another scope "
    "will not help. Ask Auth0 for it, or leave it out of the stack's settings."
)
_PLAN_CODES: Final = frozenset(
    {
        "feature_not_enabled",
        "hooks_not_allowed",
        "insufficient_entitlement",
        "not_entitled",
        "voice_mfa_not_allowed",
    }
)
_OF_PLAN: Final = ("This endpoint is disabled for your tenant", "The requestor is not entitled")
_BAD_HEADER: Final = "Bad HTTP authentication header format"
"""A tenant's 400 for what is no token at all."""
_WORD: Final = re.compile(r"[a-z_]{1,80}")
_WHOSE: Final = (
    "Check auth0:domain or AUTH0_DOMAIN: did a proxy, or a server that is no tenant, answer?"
)
_LATER: Final = "Wait, and run it again: nothing else is known to be wrong."
_FIXES: Final = {
    HTTPStatus.UNAUTHORIZED: "The token has ended or is another tenant's: run it again, with "
    "another AUTH0_API_TOKEN where that is set, and look at this machine's clock.",
    HTTPStatus.FORBIDDEN: SCOPES,
    HTTPStatus.TOO_MANY_REQUESTS: f"The tenant's rate limit is used up. {_LATER}",
}


FAILURES: Final = (ApiError, ParsingError, NoTokenError, httpx.HTTPError)
"""Every exception that a call of auth0-python over a bounded client ends in."""

UNANSWERED: Final = (ApiError, ParsingError, httpx.HTTPError, ValueError)
"""What one question may end in that says nothing of the others; ValueError is pydantic's."""


def refusal_of(error: Exception, asked: str, scope: str) -> Refusal:
    """One of `UNANSWERED`, for a report that goes on with the other questions.

    `asked` is the request, as `GET /path`, and `scope` what it needs.
    """
    why, status = Why.OTHER, None
    if isinstance(error, ApiError):
        status, code = error.status_code, code_of(error)
        message = redacted(str(body_of(error).get("message") or "no message"))
        if is_of_plan(error):
            why = Why.PLAN
        elif status == HTTPStatus.FORBIDDEN and (
            code == "insufficient_scope" or message.startswith("Insufficient scope")
        ):
            why = Why.SCOPE
        if status is not None and status < HTTPStatus.MULTIPLE_CHOICES:
            message = "and that is not JSON"  # auth0-python makes no difference
        said = " ".join(filter(None, [str(status), code]))
        what = f"{asked} was answered {said}: {message.rstrip('.')}"
    elif isinstance(error, httpx.HTTPError):
        what = f"no answer to {asked} ({type(error).__name__}: {error})"
    else:
        what = f"an answer to {asked} that auth0-python cannot read ({type(error).__name__})"
    return Refusal(asked=asked, scope=scope, why=why, what=what, status=status)


def told(domain: str, error: Exception, *, origin: str = "") -> str:
    """One of `FAILURES` in words; holds no credential and no phone number.

    `origin` says where the credentials were found, in a sentence.
    """
    if isinstance(error, NoTokenError):
        return " ".join(filter(None, [f"{error}.", origin, error.fix]))
    if isinstance(error, ApiError):
        refusal = refused(domain, error)
        return f"{refusal} {origin}" if origin and is_of_token(error) else refusal
    if isinstance(error, httpx.HTTPError):
        return silent(domain, error)
    return f"{domain} answered in a form that the Management API does not have. {_WHOSE}"


def refused(domain: str, error: Any) -> str:
    """A status that is none of success."""
    status = error.status_code or 0
    message = body_of(error).get("message")
    good = HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
    unsaid = "with nothing in it" if good else "no message"
    said = redacted(message) if isinstance(message, str) and message else unsaid
    phrase = " ".join(filter(None, [str(status), responses.get(status, ""), code_of(error)]))
    of_status = HTTPStatus.UNAUTHORIZED if is_of_token(error) else status
    fix = PLAN if is_of_plan(error) else _fix(of_status)
    return f"{domain} answered {phrase}: {said}. {fix}".replace("..", ".").rstrip()


def code_of(error: Any) -> str:
    """The error code of a refusal, where it has one that is a word."""
    # auth0-python's own error model calls it error_code.
    code = body_of(error).get("errorCode") or body_of(error).get("error_code")
    return code if isinstance(code, str) and _WORD.fullmatch(code) else ""


def is_of_token(error: Any) -> bool:
    """Whether a refusal is for the token, whatever is asked."""
    said = str(body_of(error).get("message"))
    return error.status_code == HTTPStatus.UNAUTHORIZED or (
        error.status_code == HTTPStatus.BAD_REQUEST and said.startswith(_BAD_HEADER)
    )


def ends_questions(error: Exception) -> bool:
    """Whether every other question would be answered the same, after minutes of waiting perhaps."""
    return isinstance(error, ApiError) and (
        is_of_token(error) or error.status_code == HTTPStatus.TOO_MANY_REQUESTS
    )


def is_of_plan(error: Any) -> bool:
    """Whether a refusal is for what the tenant's plan does not have, whatever the scopes."""
    if error.status_code != HTTPStatus.FORBIDDEN:
        return False
    return code_of(error) in _PLAN_CODES or str(body_of(error).get("message")).startswith(_OF_PLAN)


def body_of(error: Any) -> Mapping[str, Any]:
    """The answer's body as JSON; empty where it is no object."""
    body = error.body.model_dump() if hasattr(error.body, "model_dump") else error.body
    return body if isinstance(body, Mapping) else {}


def _fix(status: int) -> str:
    if status in _FIXES:
        return _FIXES[HTTPStatus(status)]
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return f"That is the tenant's fault, or a proxy's. {_LATER}"
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return "A tenant does not redirect: check auth0:domain or AUTH0_DOMAIN."
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return _WHOSE
    return ""


def silent(domain: str, error: httpx.HTTPError) -> str:
    """No answer, or one that is none."""
    from urllib.request import getproxies, proxy_bypass  # noqa: PLC0415 - httpx has loaded it

    proxy = getproxies().get("https")
    through = "HTTPS_PROXY, which is set, " if proxy and not proxy_bypass(domain) else ""
    return (
        f"No answer from https://{domain} ({type(error).__name__}: {error}). Check auth0:domain or "
        f"AUTH0_DOMAIN, the network, {through}and SSL_CERT_FILE for a tenant with a CA of its own."
    )
