"""Who asks a tenant: the credentials of the auth0 provider, found where the provider finds them.

The stack's config goes before the variables, value by value. An API token goes before a client;
of a client, a signed assertion goes before its secret (provider-traps.md, "Credentials").
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

VARIABLES: Final[Mapping[str, str]] = {
    "domain": "AUTH0_DOMAIN",
    "clientId": "AUTH0_CLIENT_ID",
    "clientSecret": "AUTH0_CLIENT_SECRET",
    "clientAssertionPrivateKey": "AUTH0_CLIENT_ASSERTION_PRIVATE_KEY",
    "clientAssertionSigningAlg": "AUTH0_CLIENT_ASSERTION_SIGNING_ALG",
    "apiToken": "AUTH0_API_TOKEN",
    "audience": "AUTH0_AUDIENCE",
}
"""Each credential: its key in a stack's config (`auth0:<key>`), and its variable."""

FIELDS: Final = {key: name.removeprefix("AUTH0_").lower() for key, name in VARIABLES.items()}
"""The field of `Access` that has it."""

SECRETS: Final = ("clientSecret", "clientAssertionPrivateKey", "apiToken")
"""Those that are secret by nature."""

_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class TenantUnreadableError(Exception):
    """The tenant could not be read; the text says why and what to do, and holds no credential.

    `fix` is its last sentence, where that says what to do.
    """

    def __init__(self, text: str, *, fix: str = "") -> None:
        super().__init__(text)
        self.fix = fix


class NoAccessError(TenantUnreadableError):
    """What was found does not say how to reach a tenant; the text says what is missing."""


class TwoTenantsError(NoAccessError):
    """The stack's file names one tenant, the environment another."""


@dataclass(frozen=True, kw_only=True)
class Access:
    """How to reach a tenant: bare domain (a port is allowed), and one kind of credentials."""

    domain: str
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    client_assertion_private_key: str = field(default="", repr=False)
    client_assertion_signing_alg: str = ""
    api_token: str = field(default="", repr=False)
    audience: str = ""

    @classmethod
    def of(
        cls, *, config: Mapping[str, Any] | None = None, environ: Mapping[str, str] = os.environ
    ) -> Self:
        """Access as the provider has it; a `NoAccessError` names everything that is missing.

        `config` has the stack's `auth0:` keys, without that prefix. An encrypted value is a mapping
        and cannot be read here: its variable has to stand in for it.
        """
        said = config or {}
        check_one_tenant(said.get("domain"), environ.get("AUTH0_DOMAIN", ""))
        plain = {key: value for key, value in said.items() if isinstance(value, str)}
        found = {key: plain.get(key) or environ.get(name, "") for key, name in VARIABLES.items()}
        missing = [] if found["domain"] else [VARIABLES["domain"]]
        if not found["apiToken"]:
            if not found["clientId"]:
                missing.append(VARIABLES["clientId"])
            if not (found["clientSecret"] or found["clientAssertionPrivateKey"]):
                missing.append(
                    f"{VARIABLES['clientSecret']} (or {VARIABLES['clientAssertionPrivateKey']}, or "
                    f"{VARIABLES['apiToken']} alone)"
                )
        if missing:
            also, encrypted = "", said.keys() - plain.keys()
            if hidden := [f"auth0:{key}" for key in found if key in encrypted and not found[key]]:
                also = (
                    f" {', '.join(hidden)} of the stack's file cannot be read by this command, as "
                    "it is encrypted: set the variable to the same value."
                )
            raise NoAccessError(
                f"Not set: {', '.join(missing)}. The tenant is asked with the application that "
                f"Pulumi uses (docs/reference/scopes.md).{also}"
            )
        found["domain"] = bare(found["domain"])
        return cls(**{FIELDS[key]: value for key, value in found.items()})

    @property
    def who(self) -> str:
        """Who asks, for a sentence and a record; no secret."""
        return self.client_id if not self.api_token else "the bearer of AUTH0_API_TOKEN"

    def token_request(self) -> dict[str, str]:
        """The form of a request for a token (client credentials grant, management-api.md §2.1)."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "audience": self.audience or f"https://{self.domain}/api/v2/",
        }
        if not self.client_assertion_private_key:
            return form | {"client_secret": self.client_secret}
        return form | {"client_assertion_type": _ASSERTION, "client_assertion": self._assertion()}

    def _assertion(self) -> str:
        import time  # noqa: PLC0415
        import uuid  # noqa: PLC0415

        import jwt  # noqa: PLC0415 - with cryptography a tenth of a second: only who signs pays

        now = int(time.time())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": f"https://{self.domain}/",
            "iat": now,
            "exp": now + 60,
            "jti": str(uuid.uuid4()),
        }
        algorithm = self.client_assertion_signing_alg or "RS256"
        try:
            return jwt.encode(claims, self.client_assertion_private_key, algorithm=algorithm)
        except (ValueError, TypeError, NotImplementedError, jwt.PyJWTError):
            # Never the library's own words: they may show the key.
            raise NoAccessError(
                f"{VARIABLES['clientAssertionPrivateKey']} is no private key that {algorithm} "
                f"signs with. Set it to the PEM text, and {VARIABLES['clientAssertionSigningAlg']} "
                "to the application's algorithm."
            ) from None

    def without_secrets(self, text: str) -> str:
        """The text, with every credential in it hidden."""
        for secret in filter(None, (getattr(self, FIELDS[key]) for key in SECRETS)):
            text = text.replace(secret, "(secret)")
        return text


def bare(domain: str) -> str:
    """A domain without scheme and slash, as a person may write it."""
    return domain.strip().removeprefix("https://").rstrip("/")


def check_domain(domain: str) -> None:
    """Refuse, by a `NoAccessError`, what `bare` forgives and the provider's go-auth0 does not."""
    host = domain.removeprefix("https://")
    if "/" in host or host != host.strip():
        raise NoAccessError(
            f"auth0:domain, or AUTH0_DOMAIN, is {domain!r}: the auth0 provider would ask for its "
            f"token at {host}/oauth/token, which no tenant has. Write the host alone, such as "
            "example.jp.auth0.com."
        )


def check_one_tenant(of_stack: Any, of_environment: str) -> None:
    """Refuse that a command might read one tenant and Pulumi write another."""
    mine = bare(of_stack) if isinstance(of_stack, str) else ""
    other = bare(of_environment)
    if mine and other and mine.lower() != other.lower():
        raise TwoTenantsError(
            f"The stack's auth0:domain is {mine}, and AUTH0_DOMAIN is {other}: two tenants. Unset "
            "AUTH0_DOMAIN, or set it to the stack's."
        )
