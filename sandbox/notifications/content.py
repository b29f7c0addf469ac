"""What a message says: Liquid texts rendered, and the events that Actions of both triggers get.

Events: cpaas-and-actions.md §2.1, §2.3, Auth0's published types and sample events; user, client and
request of a sandbox login are made up. Variables: Auth0's "Supported Liquid Syntax for Phone
Templates" and, for a legacy tenant, "Customize SMS or Voice Messages" (management-api.md §5.2,
§6.5). Auth0 renders with LiquidJS: what it and python-liquid differ in is not modelled.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from liquid import Environment
from liquid.exceptions import LiquidError

from sandbox.notifications.assumptions import NotificationAssumptions
from sandbox.notifications.rules import CHANNELS, NotSentError

CREATED_AT = "2026-01-01T00:00:00.000Z"

CLIENT: dict[str, Any] = {
    "client_id": "sandboxsandboxsandboxsandbox0000",
    "name": "Sandbox application",
    "metadata": {},
}

REQUEST: dict[str, Any] = {
    "geoip": {
        "cityName": "Tokyo",
        "continentCode": "AS",
        "countryCode": "JP",
        "countryCode3": "JPN",
        "countryName": "Japan",
        "timeZone": "Asia/Tokyo",
    },
    # 192.0.2.0/24 is for documentation: nobody's address.
    "ip": "192.0.2.1",
    "method": "POST",
    "language": "ja",
    "user_agent": "phonemfa sandbox",
}


def user_for(phone_number: str) -> dict[str, Any]:
    """The user who logs in with this phone."""
    return {
        "user_id": "auth0|sandbox",
        "name": "Sandbox User",
        "nickname": "sandbox",
        "email": "user@example.com",
        "email_verified": True,
        "phone_number": phone_number,
        "phone_verified": True,
        "created_at": CREATED_AT,
        "updated_at": CREATED_AT,
        "app_metadata": {},
        "user_metadata": {},
    }


def tenant_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """The unified event's `tenant`, from a template's variables: what is not set is not there."""
    told = ("friendly_name", "home_url", "logo_url", "support_email", "support_url")
    return {"id": given["tenant"], **{key: given[key] for key in told if given[key]}}


def unified_event(
    *,
    as_text: str,
    as_voice: str,
    code: str | None,
    delivery_method: str,
    message_type: str,
    recipient: str,
    sender: str | None,
    locale: str | None,
    tenant: Mapping[str, Any],
    user: Mapping[str, Any],
    correlation_id: str,
) -> dict[str, Any]:
    """The event of `onExecuteCustomPhoneProvider`; absent values are absent keys."""
    notification = {
        "as_text": as_text,
        "as_voice": as_voice,
        "code": code,
        "delivery_method": delivery_method,
        "from": sender,
        "locale": locale,
        "message_type": message_type,
        "recipient": recipient,
    }
    return {
        "notification": {key: value for key, value in notification.items() if value is not None},
        "client": CLIENT,
        "request": REQUEST,
        "tenant": dict(tenant),
        "transaction": {"correlation_id": correlation_id},
        "user": dict(user),
    }


def legacy_event(
    *,
    text: str,
    code: str,
    delivery_method: str,
    message_type: str,
    recipient: str,
    language: str | None,
    tenant_name: str,
    user: Mapping[str, Any],
    correlation_id: str,
) -> dict[str, Any]:
    """The event of `onExecuteSendPhoneMessage`."""
    enrolling = message_type == "otp_enroll"
    return {
        "message_options": {
            "action": "enrollment" if enrolling else "second-factor-authentication",
            "code": code,
            "message_type": "sms" if delivery_method == "text" else "voice",
            "recipient": recipient,
            "text": text,
        },
        "client": CLIENT,
        "request": {**REQUEST, "language": language} if language else REQUEST,
        "tenant": {"id": tenant_name},
        "transaction": {"correlation_id": correlation_id},
        "user": dict(user),
    }


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
