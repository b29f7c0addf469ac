"""The token that Pulumi would get: asked for in the same way, and looked into.

Owns the request and what its refusals mean (management-api.md §2). Refuses to show the secret, and
to decide which scopes are enough.
"""

from __future__ import annotations

import base64
import binascii
import json
from http import HTTPStatus
from typing import TYPE_CHECKING

from components.tenant.access import Access
from components.tenant.token import granted as granted_token
from phonemfa.doctor.answers import Json, Refused, Why

if TYPE_CHECKING:
    import httpx


def ask(http: httpx.Client, access: Access) -> Json | Refused:
    """The tenant's answer with a token in it, or why there is none.

    Args:
        http: what to ask with.
        access: who asks.
    """
    import httpx  # noqa: PLC0415

    if access.api_token:
        return {"access_token": access.api_token}
    try:
        answer = http.post(
            f"https://{access.domain}/oauth/token",
            data=access.token_request(),
        )
        content = answer.json() if answer.content else {}
    except httpx.HTTPError as error:
        return Refused(
            why=Why.NO_TOKEN,
            what=f"No answer from https://{access.domain} ({type(error).__name__}: {error})",
            fix="check AUTH0_DOMAIN or the stack's auth0:domain, the network, and "
            "SSL_CERT_FILE for a tenant with a CA of its own",
        )
    except ValueError:
        content = {}
    if answer.is_success and isinstance(content, dict) and granted_token(content)[0]:
        return content
    return _no_token(access, answer.status_code, content if isinstance(content, dict) else {})


def _no_token(access: Access, status: int, content: Json) -> Refused:
    said = str(content.get("error_description") or content.get("error") or "no reason given")
    kind, said = str(content.get("error", "")), access.without_secrets(said)
    console = "the dashboard"
    if kind == "unauthorized_client":
        fix = f"in {console}: the application > Advanced > Grant Types > Client Credentials"
    elif "Service not " in said:
        fix = (
            "AUTH0_DOMAIN must be the tenant's own domain, not a custom domain; with a custom "
            "one, AUTH0_AUDIENCE=https://<the tenant's own domain>/api/v2/"
        )
    elif "not authorized to access" in said:
        fix = (
            f"in {console}: Applications > APIs > Auth0 Management API > Machine to Machine "
            "Applications: authorise this application"
        )
    elif status == HTTPStatus.TOO_MANY_REQUESTS:
        fix = "wait; the application's quota for tokens, or the tenant's, is used up"
    elif status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        fix = (
            "check AUTH0_CLIENT_ID, and AUTH0_CLIENT_ASSERTION_PRIVATE_KEY"
            if access.assertion_key
            else "check AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET"
        )
    else:
        fix = "check AUTH0_DOMAIN: is that the tenant?"
    return Refused(
        why=Why.NO_TOKEN,
        what=f"{access.domain} refused a token for client {access.client_id} ({status}: {said})",
        fix=fix,
    )


def granted(answer: Json) -> frozenset[str] | None:
    """The scopes of a token: its answer says them, else the token itself may.

    None when neither does: a token need not be one that can be looked into.
    """
    said = answer.get("scope")
    if not isinstance(said, str):
        said = _claims(str(answer.get("access_token", ""))).get("scope")
    return frozenset(said.split()) if isinstance(said, str) else None


def _claims(token: str) -> Json:
    """The claims of a JWT, unchecked: the tenant checks them, and a wrong one fools only us."""
    try:
        part = token.split(".")[1]
        content = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, binascii.Error, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
