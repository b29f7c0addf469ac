"""Which channels a tenant offers to somebody who logs in.

Owns the choice: message types of the factor, and what the phone provider delivers by. Refuses to
send; whether a message would come through is `sandbox.notifications`' to say, and is asked there.
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.login.assumptions import LoginAssumptions
from sandbox.notifications.rules import CHANNELS, NotSentError, route_for
from sandbox.tenant import Tenant


@dataclass(frozen=True, kw_only=True)
class Channel:
    """A way to get a code.

    `why_not` says what keeps it from being offered, `obstacle` what keeps a message from being
    sent through it; each is None where nothing does.
    """

    method: str
    why_not: str | None
    obstacle: str | None

    @property
    def is_offered(self) -> bool:
        """Whether the person is given the choice."""
        return self.why_not is None


def channels(tenant: Tenant, assumptions: LoginAssumptions) -> list[Channel]:
    """Text and voice, offered or not."""
    return [
        Channel(
            method=method,
            why_not=_why_not(tenant, method, message_type, assumptions),
            obstacle=_obstacle(tenant, method),
        )
        for method, message_type in CHANNELS.items()
    ]


def _why_not(
    tenant: Tenant, method: str, message_type: str, assumptions: LoginAssumptions
) -> str | None:
    if not tenant.factor_enabled("sms"):
        return "the phone factor (sms) is not enabled"
    if message_type not in tenant.message_types():
        return f"the message type {message_type} is not enabled for the phone factor"
    provider = tenant.phone_provider() if tenant.generation == "unified" else None
    hidden = assumptions.unsendable_channel == "hidden"
    if hidden and provider and method not in provider["configuration"].get("delivery_methods", []):
        return f"the phone provider does not deliver by {method}"
    return None


def _obstacle(tenant: Tenant, method: str) -> str | None:
    try:
        route_for(tenant, delivery_method=method, message_type="otp_verify")
    except NotSentError as error:
        return str(error)
    return None
