"""POST /oauth/token, and the access tokens that it gives (management-api.md §2).

In the forms in which real clients ask: form or JSON, HTTP Basic or credentials in the body.
"""

import base64
import binascii
import re
import secrets
from typing import Any
from urllib.parse import unquote_plus

import jwt
from starlette.responses import Response

from sandbox.api.encoding import answer
from sandbox.tenant import Tenant
from sandbox.tenant.clock import NANOS_PER_SECOND
from sandbox.tenant.errors import ApiError

_JWT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
_ALGORITHM = "HS256"  # clients never look inside a Management API token, so no key pair is needed


def issue(tenant: Tenant, client: dict[str, Any], scopes: list[str]) -> str:
    """A token for this client with these scopes."""
    now = tenant.clock() // NANOS_PER_SECOND
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
    """The scopes of a token. Raises ApiError: 401 if it has expired, or is not for this API."""
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
    if claims["exp"] <= tenant.clock() // NANOS_PER_SECOND:
        raise _refused("Expired token received for JSON Web Token validation")
    return frozenset(str(claims["scope"]).split())


def authorize(tenant: Tenant, authorization: str | None, scopes: tuple[str, ...]) -> None:
    """Check the `Authorization` header of an API call against an operation's scopes.

    Raises ApiError: 401 without or with a bad token, 400 for a malformed header, 403 without scope.
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
    scheme, _, encoded = (authorization or "").partition(" ")
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


def _text(body: dict[str, Any], key: str) -> str:
    value = body.get(key)
    if value is None or value == "":
        raise ApiError(400, f"Missing required parameter: {key}", "invalid_request")
    if not isinstance(value, str):
        raise ApiError(400, f"Parameter {key} must be a string", "invalid_request")
    return value


def token(tenant: Tenant, body: dict[str, Any], authorization: str | None) -> Response:
    """Answer a token request whose body was decoded already.

    Code and message of the ApiError that it raises are `error` and `error_description`.
    """
    grant = _text(body, "grant_type")
    if grant != GRANT:
        raise ApiError(400, f"Unsupported grant type: {grant}", "unsupported_grant_type")
    if "client_assertion" in body:
        message = "The sandbox takes client_secret, not client_assertion"
        raise ApiError(400, message, "invalid_request")
    credentials = _basic(authorization) or (_text(body, "client_id"), _text(body, "client_secret"))
    client = tenant.clients.authenticate(*credentials)
    if client is None:
        error = tenant.assumptions.wrong_client_error
        known = {"invalid_client": "Client authentication failed", "access_denied": "Unauthorized"}
        raise ApiError(401, known[error], error)
    if GRANT not in client["grant_types"]:
        message = f"Grant type '{GRANT}' not allowed for the client."
        raise ApiError(403, message, "unauthorized_client")
    _check_audience(tenant, client, body)
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


def _check_audience(tenant: Tenant, client: dict[str, Any], body: dict[str, Any]) -> None:
    audience = body.get("audience") or tenant.settings.get().get("default_audience")
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
    else:
        return
    raise ApiError(403, message, "access_denied")
