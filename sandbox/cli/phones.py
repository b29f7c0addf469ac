"""Sends a code to a phone of the sandbox and shows what the phone received.

The code goes the real way: tenant rules, template, the deployed Action under Node, the local CPaaS
over TLS; what is shown is read back from the phone.
"""

from __future__ import annotations

from typing import Any

import httpx

from sandbox.cli.workplace import Workplace
from sandbox.machine.errors import SandboxError
from sandbox.server.record import ServerRecord, client

# In the range for mobile phones, of a form every rule accepts. Nothing leaves this machine.
TEST_NUMBER = "+819012345678"
_SEND_SECONDS = 60.0
_ARRIVE_SECONDS = 10
_SHOWN = {"text": ("sms", "SMS"), "voice": ("voice", "voice call")}


class DeliveryError(SandboxError):
    """A code did not reach the phone."""


def send_code(workplace: Workplace, record: ServerRecord, delivery_method: str) -> dict[str, Any]:
    """Send one code by `text` or `voice` to the test number; returns the message as received.

    Raises:
        DeliveryError: it was not sent, or did not arrive.
    """
    channel, says = _SHOWN[delivery_method]
    workplace.progress.tick(f"sending a code by {says} to {TEST_NUMBER}")
    try:
        with client(workplace.state_dir, record, timeout=_SEND_SECONDS) as sandbox:
            before = _messages(sandbox)
            order = {"to": TEST_NUMBER, "delivery_method": delivery_method}
            delivery = sandbox.post("/_sandbox/challenge", json=order).raise_for_status().json()
            if delivery.get("outcome") != "success":
                raise _not_sent(workplace, says, delivery)
            last = before[-1]["received_at"] if before else None
            received = [
                message
                for message in _messages(sandbox, after=last, wait=_ARRIVE_SECONDS)
                if message["channel"] == channel
            ]
    except (httpx.HTTPError, ValueError, KeyError) as error:
        raise DeliveryError(
            f"The sandbox did not answer while a code was sent by {says}: {error}",
            f"Look into {workplace.state_dir / 'server.log'}, then: make down && make up",
        ) from error
    if not received:
        raise DeliveryError(
            f"The Action reported success, but no {says} reached {TEST_NUMBER}.",
            f"Look into {workplace.state_dir / 'server.log'} and at "
            f"{record.cpaas_url}/_sandbox/requests",
        )
    return dict(received[-1])


def show_message(workplace: Workplace, message: dict[str, Any]) -> None:
    """Show what the phone received. Not wrapped: a code cut in two would read as two."""
    voice = message["channel"] == "voice"
    how = f"voice call, {message['language']}, {message['gender']}" if voice else "SMS"
    workplace.say(f"  {how} to {message['to']} from {message['sender']}:")
    workplace.say(f"  {message['text']}")


def _messages(
    sandbox: httpx.Client, *, after: str | None = None, wait: int = 0
) -> list[dict[str, Any]]:
    asked = {"to": TEST_NUMBER, "wait": str(wait)} | ({"after": after} if after else {})
    answer = sandbox.get("/_sandbox/messages", params=asked).raise_for_status()
    messages: list[dict[str, Any]] = answer.json()["messages"]
    return messages


def _not_sent(workplace: Workplace, says: str, delivery: dict[str, Any]) -> DeliveryError:
    console = "\n".join(f"  {line}" for line in delivery.get("console") or [])
    return DeliveryError(
        f"No code was sent by {says} to {TEST_NUMBER}: {delivery.get('outcome')}: "
        f"{delivery.get('reason')}" + (f"\nThe Action's log:\n{console}" if console else ""),
        "Correct the stack's configuration (Pulumi.sandbox.yaml) or the Action (actions/), then: "
        f"make up. The server's log is {workplace.state_dir / 'server.log'}",
    )
