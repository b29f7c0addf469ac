"""Every command, hook and the provider ask a tenant as the same client."""

from __future__ import annotations

from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from components.tenant.access import VARIABLES, Access, NoAccessError, TwoTenantsError

CLIENT = {
    "AUTH0_DOMAIN": "https://t.example.com/",
    "AUTH0_CLIENT_ID": "id",
    "AUTH0_CLIENT_SECRET": "canary-secret",
}


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def test_the_config_goes_before_the_variables_value_by_value() -> None:
    access = Access.of(CLIENT, {"clientId": "stack-id", "audience": "https://aud/"})
    assert (access.domain, access.client_id) == ("t.example.com", "stack-id")
    assert access.token_request() == {
        "grant_type": "client_credentials",
        "client_id": "stack-id",
        "client_secret": "canary-secret",
        "audience": "https://aud/",
    }


def test_an_api_token_alone_is_enough() -> None:
    access = Access.of({"AUTH0_DOMAIN": "t.example.com", "AUTH0_API_TOKEN": "canary-token"})
    assert access.api_token == "canary-token"
    assert "canary" not in access.who


def test_a_signed_assertion_goes_before_the_secret_and_proves_the_client(
    key: rsa.RSAPrivateKey,
) -> None:
    access = Access.of(
        CLIENT
        | {
            "AUTH0_CLIENT_ASSERTION_PRIVATE_KEY": pem(key),
            "AUTH0_CLIENT_ASSERTION_SIGNING_ALG": "RS384",
        }
    )
    form = access.token_request()
    assert "client_secret" not in form
    assert form["client_assertion_type"].endswith(":jwt-bearer")
    claims = jwt.decode(
        form["client_assertion"],
        key.public_key(),
        algorithms=["RS384"],
        audience="https://t.example.com/",
    )
    assert (claims["iss"], claims["sub"]) == ("id", "id")
    assert form["client_assertion"] != access.token_request()["client_assertion"], "used once"


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "made-up"])
def test_a_key_that_does_not_sign_is_told_without_showing_it(algorithm: str) -> None:
    access = Access(
        domain="t", client_id="c", assertion_key="canary-key", assertion_algorithm=algorithm
    )
    with pytest.raises(NoAccessError) as caught:
        access.token_request()
    assert "canary" not in str(caught.value)
    assert "AUTH0_CLIENT_ASSERTION_PRIVATE_KEY" in str(caught.value)


@pytest.mark.parametrize("left_out", CLIENT)
def test_what_is_missing_is_named(left_out: str) -> None:
    environ = {name: value for name, value in CLIENT.items() if name != left_out}
    with pytest.raises(NoAccessError, match=left_out):
        Access.of(environ)


def test_everything_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(NoAccessError) as caught:
        Access.of({})
    for name in (*CLIENT, "AUTH0_API_TOKEN"):
        assert name in str(caught.value)


def test_an_encrypted_value_is_asked_for_as_its_variable() -> None:
    config: dict[str, Any] = {"domain": "t.example.com", "clientId": "id"}
    config["clientSecret"] = {"secure": "v1:canary"}
    with pytest.raises(NoAccessError) as caught:
        Access.of({}, config)
    assert "auth0:clientSecret" in str(caught.value)
    assert "canary" not in str(caught.value)
    assert Access.of({"AUTH0_CLIENT_SECRET": "s"}, config).client_secret == "s"


def test_two_tenants_are_an_error_that_shows_both() -> None:
    with pytest.raises(TwoTenantsError) as caught:
        Access.of(CLIENT, {"domain": "other.example.com"})
    assert "t.example.com" in str(caught.value)
    assert "other.example.com" in str(caught.value)
    assert Access.of(CLIENT, {"domain": "T.example.com"}).domain == "T.example.com"


def test_no_secret_is_in_what_is_printed() -> None:
    environ = {name: f"canary-{name}" for name in VARIABLES.values()}
    shown = repr(Access.of(environ))
    for name in ("SECRET", "PRIVATE_KEY", "API_TOKEN"):
        assert not [part for part in shown.split("canary-") if name in part], shown
