"""What a message says: Liquid texts rendered, and the events that Actions of both triggers get.

Events: cpaas-and-actions.md §2.1, §2.3, Auth0's published types and sample events; user, client and
request of a sandbox login are made up. Variables: Auth0's "Supported Liquid Syntax for Phone
Templates" and, for a legacy tenant, "Customize SMS or Voice Messages" (management-api.md §5.2,
§6.5). Auth0 renders with LiquidJS: what it and python-liquid differ in is not modelled.
"""

from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, kw_only=True)
class Order:
    """A message that is wanted.

    `locale` is what the login asked for with `ui_locales`; `user` who logs in, as Actions see them;
    without one, a made-up user of this number. `code` is one to send again; without one, a new one.
    `transaction` is the login that it is part of, one for all its messages; without one, the
    delivery is a transaction of its own. `limited` counts it against the user's limit whatever
    `user_limits` says. `template` stands in for the tenant's; `test_send` is a `try`.
    """

    to: str
    delivery_method: str
    message_type: str = "otp_verify"
    locale: str | None = None
    user: Mapping[str, Any] | None = None
    code: str | None = None
    transaction: str | None = None
    limited: bool = False
    template: Mapping[str, Any] | None = None
    test_send: bool = False

    @property
    def recipient(self) -> Mapping[str, Any]:
        return self.user or user_for(self.to)


@dataclass(frozen=True)
class Sending:
    """An order at a tenant (its short name, and its settings), with its code and locale."""

    order: Order
    tenant: str
    settings: Mapping[str, Any]

    def unified_event(self, as_text: str, as_voice: str, sender: str | None) -> dict[str, Any]:
        """The event of `onExecuteCustomPhoneProvider`; absent values are absent keys."""
        given, order = self.variables(), self.order
        told = ("friendly_name", "home_url", "logo_url", "support_email", "support_url")
        notification = {
            "as_text": as_text,
            "as_voice": as_voice,
            "code": order.code,
            "delivery_method": order.delivery_method,
            "from": sender,
            "locale": order.locale,
            "message_type": order.message_type,
            "recipient": order.to,
        }
        return self._event(
            tenant={"id": self.tenant, **{key: given[key] for key in told if given[key]}},
            request=REQUEST,
            notification={key: one for key, one in notification.items() if one is not None},
        )

    def legacy_event(self, text: str) -> dict[str, Any]:
        """The event of `onExecuteSendPhoneMessage`."""
        order = self.order
        enrolling = order.message_type == "otp_enroll"
        return self._event(
            tenant={"id": self.tenant},
            request=REQUEST | ({"language": order.locale} if order.locale else {}),
            message_options={
                "action": "enrollment" if enrolling else "second-factor-authentication",
                "code": order.code or "",
                "message_type": CHANNELS[order.delivery_method],
                "recipient": order.to,
                "text": text,
            },
        )

    def _event(self, **own: Any) -> dict[str, Any]:
        transaction = {"correlation_id": self.order.transaction or ""}
        user = dict(self.order.recipient)
        return {"client": CLIENT, "transaction": transaction, "user": user, **own}

    def variables(self) -> dict[str, Any]:
        """What a unified phone template may use."""
        geoip, metadata = REQUEST["geoip"], CLIENT["metadata"]
        return {
            "code": self.order.code or "",
            "locale": self.order.locale or "",
            "tenant": self.tenant,
            "friendly_name": self.settings.get("friendly_name") or self.tenant,
            "support_email": self.settings.get("support_email", ""),
            "support_url": self.settings.get("support_url", ""),
            "logo_url": self.settings.get("picture_url", ""),
            "home_url": self.settings.get("home_url", ""),
            "region": "sandbox",
            "connection": "Username-Password-Authentication",
            # Where the login comes from is the user's here, and in the event the request's.
            "user": {
                **self.order.recipient,
                "source_ip": REQUEST["ip"],
                "city": geoip["cityName"],
                "country": geoip["countryName"],
            },
            "client": {
                "name": CLIENT["name"],
                "clientID": CLIENT["client_id"],
                "metadata": metadata,
            },
            "application": {"name": CLIENT["name"], "client_metadata": metadata},
        }

    def legacy_variables(self) -> dict[str, Any]:
        """What a Guardian template may use: there, `tenant` is an object.

        Its name is `friendlyName` in Auth0's page and `friendly_name` in its default texts.
        """
        given = self.variables()
        name = given["friendly_name"]
        return {
            **given,
            "tenant": {"name": self.tenant, "friendly_name": name, "friendlyName": name},
            "message_type": CHANNELS[self.order.delivery_method],
            "requestInfo": {"lang": given["locale"]},
        }


class _Bounded(Environment):
    """Lenient, as Auth0 is: an unknown variable is empty text, not an error.

    A text that would run for ever is one: what Auth0 does with it, nobody established.
    """

    loop_iteration_limit = 10_000
    output_stream_limit = 100_000


_ENVIRONMENT = _Bounded()


def for_voice(given: Mapping[str, Any], assumptions: NotificationAssumptions) -> dict[str, Any]:
    """The variables as a voice text sees them."""
    code = given["code"]
    if assumptions.voice_code == "dotted" and code:
        code = ". ".join(code) + "."
    return {**given, "code": code, "pause": assumptions.pause}


def render(source: str, given: Mapping[str, Any]) -> str:
    """The text of a template.

    Raises NotSentError: it is not Liquid; the API takes any text, so this shows only here.
    """
    try:
        return _ENVIRONMENT.from_string(source).render(**given)
    except LiquidError as error:
        raise NotSentError(f"the template does not render: {error}") from error
