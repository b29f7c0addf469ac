"""What the API needs from the rest of the sandbox to do more than remember.

Owns two protocols only. Refuses implementations: `sandbox.notifications` sends messages,
`sandbox.runner` runs code.
"""

from __future__ import annotations

from typing import Any, Protocol


class Notifier(Protocol):
    """Sends test messages; called after the API has answered 202."""

    async def try_provider(self, *, to: str, delivery_method: str | None) -> None:
        """Send a test message through the tenant's phone provider."""
        ...

    async def try_template(
        self, *, template: dict[str, Any], to: str, delivery_method: str | None
    ) -> None:
        """Send a test message with this template (API object)."""
        ...


class ActionTester(Protocol):
    """Runs an Action's draft for POST /actions/actions/{id}/test."""

    async def test_action(
        self, *, code: str, runtime: str, trigger_id: str, secrets: dict[str, str], event: Any
    ) -> dict[str, Any]:
        """The `payload` of the answer: `stats`, and `error` when the code threw."""
        ...
