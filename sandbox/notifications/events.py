"""The event objects that Actions of the two phone triggers get.

Owns their shapes (cpaas-and-actions.md §2.1, §2.3; Auth0's published types and sample events)
and the made-up user, client and request of a sandbox login. Refuses secrets: the runner adds
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
