"""The resources of one tenant's phone MFA: settings, components, and hooks around their writes."""

from components import lazy_auth0, lazy_sdk

lazy_auth0.install()
lazy_sdk.put_off("auth0")
