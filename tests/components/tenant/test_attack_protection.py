"""Auth0's own controls are read one by one, each with the state that it has."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from auth0.management import AsyncManagementClient

from components.tenant import attack_protection
from components.tenant.attack_protection import ADDRESSES, BOTS, BREACHES, GUESSES, State
from components.tenant.model import Unseen, Why
from components.tenant.snapshot import asked

ANSWERS: dict[str, Any] = {
    BOTS: {
        "bot_detection_level": "medium",
        "challenge_password_policy": "when_risky",
        "challenge_passwordless_policy": "never",
        "challenge_password_reset_policy": "never",
        "allowlist": [],
        "monitoring_mode_enabled": False,
    },
    ADDRESSES: {"enabled": True, "shields": ["admin_notification"], "allowlist": []},
    GUESSES: {"enabled": True, "shields": ["block", "user_notification"], "mode": "count_per_ip"},
}
"""What a tenant answers, in the form that auth0-python knows; the fourth is refused."""


def test_each_control_is_one_question_and_one_that_is_refused_hides_no_other() -> None:
    paths: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path.removeprefix("/api/v2"))
        body = ANSWERS.get(paths[-1])
        no = {"message": "Insufficient scope", "errorCode": "insufficient_scope"}
        return httpx.Response(200 if body else 403, json=body or no)

    async def read() -> attack_protection.AttackProtection:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
            client = AsyncManagementClient(domain="t.example.com", token="t", httpx_client=http)
            return await attack_protection.read(client, asked)

    found = asyncio.run(read())
    assert paths == [BOTS, ADDRESSES, GUESSES, BREACHES]
    assert found.bot_detection is State.ON
    assert found.suspicious_ip_throttling is State.ONLY_WATCHING
    assert found.brute_force_protection is State.ON
    refused = found.breached_password_detection
    assert isinstance(refused, Unseen)
    assert refused.refusal
    assert (refused.refusal.why, refused.refusal.scope) == (Why.SCOPE, "read:attack_protection")
