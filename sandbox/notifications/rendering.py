"""Liquid texts to what Auth0 hands to an Action.

Owns the variables of phone templates (Auth0's "Supported Liquid Syntax for Phone Templates" and,
for a legacy tenant, "Customize SMS or Voice Messages"; management-api.md §5.2, §6.5) and rendering
with python-liquid. Refuses to choose a template.
Auth0 renders with LiquidJS: what the two differ in is not modelled.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from liquid import Environment
from liquid.exceptions import LiquidError

from sandbox.notifications.assumptions import NotificationAssumptions
from sandbox.notifications.rules import CHANNELS, NotSentError


class _Bounded(Environment):
    """Lenient, as Auth0 is: an unknown variable is empty text, not an error.

    A text that would run for ever is one: what Auth0 does with it, nobody established.
    """

    loop_iteration_limit = 10_000
    output_stream_limit = 100_000


_ENVIRONMENT = _Bounded()


def variables(
    *,
    code: str | None,
    locale: str | None,
    settings: Mapping[str, Any],
    tenant_name: str,
    user: Mapping[str, Any],
    client: Mapping[str, Any],
    request: Mapping[str, Any],
) -> dict[str, Any]:
    """What a unified phone template may use."""
    geoip = request["geoip"]
    return {
        "code": code or "",
        "locale": locale or "",
        "tenant": tenant_name,
        "friendly_name": settings.get("friendly_name") or tenant_name,
        "support_email": settings.get("support_email", ""),
        "support_url": settings.get("support_url", ""),
        "logo_url": settings.get("picture_url", ""),
        "home_url": settings.get("home_url", ""),
        "region": "sandbox",
        "connection": "Username-Password-Authentication",
        # Where the login comes from is the user's here, and in the event the request's.
        "user": {
            **user,
            "source_ip": request["ip"],
            "city": geoip["cityName"],
            "country": geoip["countryName"],
        },
        "client": {
            "name": client["name"],
            "clientID": client["client_id"],
            "metadata": client["metadata"],
        },
        "application": {"name": client["name"], "client_metadata": client["metadata"]},
    }


def legacy_variables(given: Mapping[str, Any], delivery_method: str) -> dict[str, Any]:
    """What a Guardian template may use: there, `tenant` is an object.

    Its name is `friendlyName` in Auth0's page and `friendly_name` in its default texts.
    """
    name = given["friendly_name"]
    return {
        **given,
        "tenant": {"name": given["tenant"], "friendly_name": name, "friendlyName": name},
        "message_type": CHANNELS[delivery_method],
        "requestInfo": {"lang": given["locale"]},
    }


def for_voice(given: Mapping[str, Any], assumptions: NotificationAssumptions) -> dict[str, Any]:
    """The variables as a voice text sees them."""
    code = given["code"]
    if assumptions.voice_code == "dotted" and code:
        code = ". ".join(code) + "."
    return {**given, "code": code, "pause": assumptions.pause}


def render(source: str, given: Mapping[str, Any]) -> str:
    """The text of a template.

    Raises:
        NotSentError: when it is not Liquid; the API takes any text, so this shows only here.
    """
    try:
        return _ENVIRONMENT.from_string(source).render(**given)
    except LiquidError as error:
        raise NotSentError(f"the template does not render: {error}") from error
