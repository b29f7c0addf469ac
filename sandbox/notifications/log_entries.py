"""What a phone message leaves in the tenant's log (cpaas-and-actions.md §2.8).

Shapes: Auth0's published schemas of `gd_send_sms`, `gd_send_voice`, their failures, and `fn`. No
entry holds the code or the text. A reason is what the Action said, word for word: on Auth0 nobody
edits it either, so an Action that repeats the code in it should show that here.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.notifications.assumptions import NotificationAssumptions
from sandbox.notifications.content import CLIENT, REQUEST, Order
from sandbox.notifications.delivery import Delivery
from sandbox.notifications.rules import CHANNELS, OTP_TYPES
from sandbox.tenant import Tenant

_NAMES = {"sms": "SMS", "voice": "Voice call"}

Event = tuple[str, str, dict[str, Any]]
"""Type, description and details of an entry."""


def factor_event(
    method: str, number: str, *, failure: Mapping[str, Mapping[str, str]] | None = None
) -> Event:
    """A message for MFA that was sent, or not: then the details hold the failure as well."""
    channel = CHANNELS[method]
    authenticator = {"id": f"{channel}|sandbox", "type": channel, "phone_number": number}
    return (
        f"gd_send_{channel}{'_failure' if failure else ''}",
        f"{_NAMES[channel]} for MFA {'failed' if failure else 'sent'}",
        {"authenticator": authenticator, **(failure or {})},
    )


def failed_notification(method: str, number: str, message_type: str, reason: str) -> Event:
    """An execution that failed, to be repeated (each `retry` is logged: §2.2) or for good."""
    channel = CHANNELS[method]
    details = {
        "email_type": message_type,
        "notification_type": channel,
        "to": number,
        "error": reason,
    }
    return "fn", f"Failed to send {channel} notification", details


def write(
    tenant: Tenant, delivery: Delivery, order: Order, assumptions: NotificationAssumptions
) -> None:
    """Log a delivery that came to its end.

    A message for MFA writes `gd_send_sms` or `gd_send_voice`, with `_failure` where it was not
    sent. What fails under the unified experience also writes `fn`, whatever the message is for;
    a failure of the legacy trigger goes to the login, not to a queue, and writes none. Of a test
    message, success is an assumption's answer and failure is `fn` alone: no factor was asked for.
    """
    failed = delivery.outcome != "success"
    tested = order.test_send and (failed or not assumptions.test_message_logs)
    for_mfa = delivery.message_type in OTP_TYPES and not tested
    wanted = assumptions.failed_message_logs
    if for_mfa and (not failed or wanted != "fn" or tenant.generation == "legacy"):
        # What the tenant's own settings refused never reached a provider.
        key = "failure_details" if delivery.outcome == "not_sent" else "provider_error"
        reason = delivery.reason or delivery.outcome
        failure = {key: {"errorCode": delivery.outcome, "message": reason}}
        event = factor_event(
            delivery.delivery_method, delivery.to, failure=failure if failed else None
        )
        user, common = order.recipient, _common(delivery)
        tenant.logs.add(*event, **common, user_id=user["user_id"], user_name=user["email"])
    if failed and tenant.generation == "unified":
        write_failed_notification(tenant, delivery, assumptions)


def write_failed_notification(
    tenant: Tenant, delivery: Delivery, assumptions: NotificationAssumptions
) -> None:
    """Log an execution that failed, unless such a tenant logs the factor's failure alone."""
    if assumptions.failed_message_logs != "gd_send":
        reason = delivery.reason or delivery.outcome
        event = failed_notification(
            delivery.delivery_method, delivery.to, delivery.message_type, reason
        )
        tenant.logs.add(*event, **_common(delivery))


def write_limit(tenant: Tenant, delivery: Delivery, reset: datetime) -> None:
    """Log that a user had as many messages as a user may have."""
    tenant.logs.add(
        "limit_phone",
        f"Too many phone messages by {delivery.delivery_method}",
        {
            "delivery_method": delivery.delivery_method,
            "reset_at": reset.isoformat(timespec="seconds"),
            "to": delivery.to,
        },
        **_common(delivery),
    )


def _common(delivery: Delivery) -> dict[str, Any]:
    return {
        "client_id": CLIENT["client_id"],
        "client_name": CLIENT["name"],
        "ip": REQUEST["ip"],
        "user_agent": REQUEST["user_agent"],
        "isMobile": False,
        "references": {"correlation_id": delivery.id},
    }
