"""Sandboxes that a client of somebody else's is tried against."""

from typing import Any

from sandbox.server.record import client
from sandbox.server.running import RunningSandbox


def control(running: RunningSandbox, method: str, path: str, body: Any = None) -> Any:
    """Call a control route; answers its decoded body."""
    with client(running.state_dir, running.record) as http:
        answer = http.request(method, f"/_sandbox{path}", json=body).raise_for_status()
    return answer.json() if answer.content else None


def assert_nothing_was_missing(running: RunningSandbox) -> None:
    """No request met an unknown route or an error of the sandbox's own."""
    counters = control(running, "GET", "/health")["counters"]
    assert (counters["unknown_routes"], counters["errors"]) == (0, 0)
