"""Keys come and go while the account works, as in the portal."""

from __future__ import annotations

from typing import Any

import httpx

from tests.sandbox.cpaas.test_app import SMS, client_of

KEYS = "/_sandbox/keys"


def status(
    client: httpx.Client, key: str, *, path: str = "/sms/3/messages", body: Any = SMS
) -> int:
    answer = client.post(path, json=body, headers={"authorization": f"App {key}"})
    return answer.status_code


def revoke(client: httpx.Client, key: str) -> int:
    return client.request("DELETE", KEYS, json={"key": key}).status_code


def test_a_further_key_works_beside_the_first_and_a_revoked_one_no_more() -> None:
    client = client_of()
    assert client.post(KEYS, json={"key": "key-2"}).status_code == 204
    assert [status(client, key) for key in ("key-1", "key-2")] == [200, 200]
    assert revoke(client, "key-1") == 204
    assert [status(client, key) for key in ("key-1", "key-2")] == [401, 200]
    assert revoke(client, "key-1") == 404


def test_a_keys_scopes_are_those_that_it_was_given() -> None:
    client = client_of()
    client.post(KEYS, json={"key": "text-only", "scopes": ["sms:message:send"]})
    assert status(client, "text-only") == 200
    assert status(client, "text-only", path="/tts/3/advanced") == 403


def test_a_reset_gives_back_the_keys_of_the_beginning() -> None:
    client = client_of()
    client.post(KEYS, json={"key": "key-2"})
    revoke(client, "key-1")
    client.post("/_sandbox/reset")
    assert [status(client, key) for key in ("key-1", "key-2")] == [200, 401]


def test_what_is_no_key_is_refused_without_being_repeated() -> None:
    client = client_of()
    bodies: list[Any] = [{"key": ""}, {"key": 7}, [], {"key": "canary", "scopes": "all"}]
    bodies += ["canary", ["canary"], {"key": ["canary"]}, {"key": {"canary": 1}}]
    for body in bodies:
        refused = client.post(KEYS, json=body)
        assert refused.status_code == 400
        assert "canary" not in refused.text


def test_a_key_is_looked_at_before_the_request() -> None:
    client = client_of()
    nothing: dict[str, Any] = {"messages": []}
    assert status(client, "no-key", body=nothing) == 401
    assert status(client, "key-1", body=nothing) == 400
