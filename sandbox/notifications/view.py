"""What the notification pipeline needs to know of a tenant.

Owns the protocol only, so that the pipeline can be tested without a tenant. Refuses to change
anything but the log: the pipeline reads.
"""

from __future__ import annotations

from typing import Any, Literal, Protocol


class Deployed(Protocol):
    """A deployed Action version with the secrets it was deployed with."""

    @property
    def version_id(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def secrets(self) -> dict[str, str]: ...


class LegacyDelivery(Protocol):
    """The legacy part of Guardian; readable on a legacy tenant only."""

    def selected_provider(self) -> dict[str, Any]:
        """`{"provider": "auth0" | "twilio" | "phone-message-hook"}`."""
        ...

    def templates(self, family: Literal["sms", "phone"], /) -> dict[str, Any] | None:
        """`enrollment_message` and `verification_message`; empty or None while never written."""
        ...


class LogWriter(Protocol):
    """The tenant's log, to be written to."""

    def add(self, code: str, description: str, details: dict[str, Any], **more: Any) -> str:
        """Write an entry."""
        ...


class TenantView(Protocol):
    """A tenant as `sandbox.tenant.Tenant` shows itself to the pipeline."""

    @property
    def generation(self) -> Literal["unified", "legacy"]: ...
    @property
    def guardian(self) -> LegacyDelivery: ...
    @property
    def logs(self) -> LogWriter: ...
    def deployed_action(self, trigger_id: str, /) -> Deployed | None: ...
    def phone_provider(self) -> dict[str, Any] | None: ...
    def phone_template(self, message_type: str, /) -> dict[str, Any]: ...
    def settings(self) -> dict[str, Any]: ...
    def factor_enabled(self, name: str, /) -> bool: ...
    def message_types(self) -> list[str]: ...
    def otp_length(self) -> int: ...
