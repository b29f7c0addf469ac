"""POST /oauth/token, and the access tokens that it gives (management-api.md §2).

In the forms in which real clients ask: form or JSON, HTTP Basic or credentials in the body.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from typing import Any
from urllib.parse import unquote_plus

import jwt
from starlette.responses import Response

from sandbox.api.encoding import answer, oauth_error
from sandbox.tenant import Tenant
from sandbox.tenant.clock import NANOS_PER_SECOND
from sandbox.tenant.errors import ApiError

_JWT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
_ALGORITHM = "HS256"  # clients never look inside a Management API token, so no key pair is needed


def issue(tenant: Tenant, client: dict[str, Any], scopes: list[str]) -> str:
    """A token for this client with these scopes."""
    now = tenant.clock.now_ns() // NANOS_PER_SECOND
    claims = {
        "iss": tenant.issuer,
        "sub": f"{client['client_id']}@clients",
        "aud": tenant.audience,
        "iat": now,
        "exp": now + client["token_seconds"],
        "scope": " ".join(scopes),
        "gty": "client-credentials",
        "azp": client["client_id"],
        # Two tokens of one second must differ, as real ones do.
        "jti": secrets.token_hex(8),
    }
    return jwt.encode(claims, tenant.clients.signing_key(), algorithm=_ALGORITHM)


def _refused(message: str) -> ApiError:
    return ApiError(401, message, attributes={"error": message})


def scopes_of(tenant: Tenant, token: str) -> frozenset[str]:
    """The scopes that a token grants.

    Raises:
        ApiError: 401 when the token is not this tenant's, not for this API, or has expired.
    """
    try:
        claims = jwt.decode(
            token,
            tenant.clients.signing_key(),
            algorithms=[_ALGORITHM],
            audience=tenant.audience,
            issuer=tenant.issuer,
            # Expiry is judged by the tenant's clock below, not by the machine's.
            options={"verify_exp": False, "verify_iat": False, "require": ["exp", "scope"]},
        )
    except jwt.InvalidSignatureError:
        raise _refused("Invalid signature received for JSON Web Token validation") from None
    except jwt.InvalidAudienceError:
        raise _refused(f"Bad audience; expected {tenant.audience}") from None
    except (jwt.InvalidTokenError, ValueError):
        raise _refused("Invalid token") from None
    if not isinstance(claims["exp"], int):
        raise _refused("Invalid token")
    if claims["exp"] <= tenant.clock.now_ns() // NANOS_PER_SECOND:
        raise _refused("Expired token received for JSON Web Token validation")
    return frozenset(str(claims["scope"]).split())


def authorize(tenant: Tenant, authorization: str | None, scopes: tuple[str, ...]) -> None:
    """Check the `Authorization` header of an API call against an operation's scopes.

    Raises:
        ApiError: 401 without or with a bad token, 400 for a malformed header, 403 without scope.
    """
    if authorization is None:
        raise ApiError(401, tenant.assumptions.unauthenticated_message)
    scheme, _, token = authorization.partition(" ")
    # A token that is no JWT by its form is already refused as a malformed header (reported).
    if scheme.lower() != "bearer" or not _JWT.fullmatch(token.strip()):
        raise ApiError(400, "Bad HTTP authentication header format", "Bearer")
    granted = scopes_of(tenant, token.strip())
    if not granted.intersection(scopes):
        raise ApiError(
            403,
            f"Insufficient scope, expected any of: {','.join(scopes)}",
            "insufficient_scope",
        )


GRANT = "client_credentials"


def _basic(authorization: str | None) -> tuple[str, str] | None:
    """Credentials of an HTTP Basic header; both parts are query-escaped inside (RFC 6749)."""
    if authorization is None:
        return None
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    client_id, colon, secret = decoded.partition(":")
    if not colon:
        return None
    return unquote_plus(client_id), unquote_plus(secret)


def _missing(body: dict[str, Any], key: str) -> Response | None:
    value = body.get(key)
    if value is None or value == "":
        return oauth_error(400, "invalid_request", f"Missing required parameter: {key}")
    if not isinstance(value, str):
        return oauth_error(400, "invalid_request", f"Parameter {key} must be a string")
    return None


def token(tenant: Tenant, body: dict[str, Any], authorization: str | None) -> Response:
    """Answer a token request whose body was decoded already."""
    if refused := _missing(body, "grant_type"):
        return refused
    if body["grant_type"] != GRANT:
        return oauth_error(
            400, "unsupported_grant_type", f"Unsupported grant type: {body['grant_type']}"
        )
    if "client_assertion" in body:
        return oauth_error(
            400, "invalid_request", "The sandbox takes client_secret, not client_assertion"
        )
    credentials = _basic(authorization)
    if credentials is None:
        for key in ("client_id", "client_secret"):
            if refused := _missing(body, key):
                return refused
        credentials = (body["client_id"], body["client_secret"])
    client = tenant.clients.authenticate(*credentials)
    if client is None:
        return _wrong_client(tenant)
    return _grant(tenant, client, body)


def _wrong_client(tenant: Tenant) -> Response:
    if tenant.assumptions.wrong_client_error == "invalid_client":
        return oauth_error(401, "invalid_client", "Client authentication failed")
    return oauth_error(401, "access_denied", "Unauthorized")


def _grant(tenant: Tenant, client: dict[str, Any], body: dict[str, Any]) -> Response:
    if GRANT not in client["grant_types"]:
        message = f"Grant type '{GRANT}' not allowed for the client."
        return oauth_error(403, "unauthorized_client", message)
    audience = body.get("audience") or tenant.settings().get("default_audience")
    message = ""
    if not audience:
        message = "No audience parameter was provided, and no default audience has been configured"
    elif audience != tenant.audience:
        message = f"Service not found: {audience}"
    elif not client["authorized"]:
        message = (
            f'Client is not authorized to access "{audience}". You need to create a '
            '"client-grant" associated to this API. See: '
            "https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants"
        )
    if message:
        return oauth_error(403, "access_denied", message)
    scopes = list(client["scopes"])
    if isinstance(body.get("scope"), str) and body["scope"].strip():
        wanted = set(body["scope"].split())
        scopes = [one for one in scopes if one in wanted]
    headers = {"Cache-Control": "no-store"} if tenant.assumptions.token_answers_no_store else {}
    return answer(
        200,
        {
            "access_token": issue(tenant, client, scopes),
            "scope": " ".join(scopes),
            "expires_in": client["token_seconds"],
            "token_type": "Bearer",
        },
        headers,
    )
