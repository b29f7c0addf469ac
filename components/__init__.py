"""What an Auth0 tenant's phone MFA is declared with."""

from components import lazy_auth0, lazy_sdk

lazy_auth0.install()
lazy_sdk.put_off("auth0")
