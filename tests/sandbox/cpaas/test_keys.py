"""Keys come and go while the account works, as in the portal."""

from __future__ import annotations

from typing import Any

import httpx

from tests.sandbox.cpaas.test_app import SMS, talk

KEYS = "/_sandbox/keys"


async def status(
    client: httpx.AsyncClient, key: str, *, path: str = "/sms/3/messages", body: Any = SMS
) -> int:
    answer = await client.post(path, json=body, headers={"authorization": f"App {key}"})
    return answer.status_code


async def revoke(client: httpx.AsyncClient, key: str) -> int:
    return (await client.request("DELETE", KEYS, json={"key": key})).status_code


def test_a_further_key_works_beside_the_first_and_a_revoked_one_no_more() -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        assert (await client.post(KEYS, json={"key": "key-2"})).status_code == 204
        assert [await status(client, key) for key in ("key-1", "key-2")] == [200, 200]
        assert await revoke(client, "key-1") == 204
        assert [await status(client, key) for key in ("key-1", "key-2")] == [401, 200]
        assert await revoke(client, "key-1") == 404

    talk(conversation)


def test_a_keys_scopes_are_those_that_it_was_given() -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        await client.post(KEYS, json={"key": "text-only", "scopes": ["sms:message:send"]})
        assert await status(client, "text-only") == 200
        assert await status(client, "text-only", path="/tts/3/advanced") == 403

    talk(conversation)


def test_a_reset_gives_back_the_keys_of_the_beginning() -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        await client.post(KEYS, json={"key": "key-2"})
        await revoke(client, "key-1")
        await client.post("/_sandbox/reset")
        assert [await status(client, key) for key in ("key-1", "key-2")] == [200, 401]

    talk(conversation)


def test_what_is_no_key_is_refused_without_being_repeated() -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        bodies: list[Any] = [{"key": ""}, {"key": 7}, [], {"key": "canary", "scopes": "all"}]
        for body in bodies:
            refused = await client.post(KEYS, json=body)
            assert refused.status_code == 400
            assert "canary" not in refused.text

    talk(conversation)


def test_a_key_is_looked_at_before_the_request() -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        nothing: dict[str, Any] = {"messages": []}
        assert await status(client, "no-key", body=nothing) == 401
        assert await status(client, "key-1", body=nothing) == 400

    talk(conversation)
