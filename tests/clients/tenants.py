"""Sandboxes that a client of somebody else's is tried against."""

from __future__ import annotations

import ssl
from typing import Any

import httpx

from sandbox.server.running import RunningSandbox

PHONE_ACTION = {
    "name": "sender",
    "supported_triggers": [{"id": "custom-phone-provider", "version": "v1"}],
    "code": "exports.onExecuteCustomPhoneProvider = async () => {};\n",
    "deploy": True,
}


def control(running: RunningSandbox, method: str, path: str, body: Any = None) -> Any:
    """Call a control route; answers its decoded body."""
    trust = ssl.create_default_context(cafile=running.ca_file)
    headers = running.control_headers
    with httpx.Client(base_url=running.tenant_url, headers=headers, verify=trust) as http:
        answer = http.request(method, f"/_sandbox{path}", json=body).raise_for_status()
    return answer.json() if answer.content else None


def assert_nothing_was_missing(running: RunningSandbox) -> None:
    """No request met an unknown route or an error of the sandbox's own."""
    counters = control(running, "GET", "/health")["counters"]
    assert (counters["unknown_routes"], counters["errors"]) == (0, 0)
