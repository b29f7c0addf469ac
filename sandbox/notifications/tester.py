"""Runs an Action's draft for `POST /actions/actions/{id}/test` (§4.9): both phone triggers."""

import hashlib
import time
from dataclasses import dataclass
from typing import Any

from sandbox.notifications.assumptions import NotificationAssumptions
from sandbox.notifications.rules import HANDLERS
from sandbox.runner.runner import ActionRunner


@dataclass(frozen=True)
class RunnerActionTester:
    """Implements the API's `ActionTester` with the Action runner."""

    runner: ActionRunner
    assumptions: NotificationAssumptions

    async def test_action(
        self, *, code: str, trigger_id: str, secrets: dict[str, str], event: Any
    ) -> dict[str, Any]:
        """`stats` in milliseconds, and `error` when the code threw or could not run."""
        if trigger_id not in HANDLERS:
            reason = f"Error: The sandbox runs only {', '.join(HANDLERS)}, not {trigger_id}."
            return _told(0, 0, reason)
        if self.assumptions.test_run_event == "under_event" and isinstance(event, dict):
            event = event.get("event")
        started = time.monotonic()
        outcome = await self.runner.execute(
            code=code,
            version_id=f"draft {hashlib.sha256(code.encode()).hexdigest()}",
            handler=HANDLERS[trigger_id],
            event=event if isinstance(event, dict) else {},
            secrets=secrets,
        )
        error = (outcome.reason or "Error") if outcome.kind == "error" else None
        return _told((time.monotonic() - started) * 1000, outcome.duration_ms, error)


def _told(total: float, execution: float, error: str | None) -> dict[str, Any]:
    # The sandbox has no network between its parts: what is not execution is processing.
    stats = {
        "total_request_duration_ms": round(total),
        "total_runtime_execution_duration_ms": round(execution),
        "runtime_processing_duration_ms": round(max(0, total - execution)),
        "action_duration_ms": round(execution),
        "runtime_external_call_duration_ms": 0,
        "boot_duration_ms": 0,
        "network_duration_ms": 0,
    }
    if error is None:
        return {"stats": stats}
    name, _, message = error.partition(": ")
    return {"error": {"message": message, "name": name, "stack": ""}, "stats": stats}
