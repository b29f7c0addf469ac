"""Access tokens for the Management API.

Owns their form (signed JWTs), issuing and checking. Refuses to know clients' secrets and which
operation needs which scope.
"""

from __future__ import annotations

import re
import secrets
from typing import Any

import jwt

from sandbox.tenant import ApiError, Tenant
from sandbox.tenant.clock import NANOS_PER_SECOND

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
