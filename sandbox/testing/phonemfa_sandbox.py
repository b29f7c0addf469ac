"""A pytest plugin: another project's login tests read their codes from the sandbox's phones.

    def test_login(phone, browser):
        ...                                               # the login asks for a code
        code = phone.wait_for_code("+819012345678")       # what the phone shows
        ...

Two fixtures: `phonemfa_sandbox` (session) is the running sandbox: one that runs already is
used and left running; else the one of the state folder is started for the session, with what its
tenant was set up with. `phone` (each test) waits for messages that come after the test began.

It imports httpx and pytest alone, so that it fits into any environment; the sandbox itself runs in
that of its checkout.

    SANDBOX_STATE_DIR   the sandbox to use; default: .sandbox in the checkout
    SANDBOX_CHECKOUT    the checkout, where this file is not in it (an install without -e)
"""

import json
import os
import re
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest

Channel = Literal["sms", "voice"]
_LONGEST_WAIT = 30.0
"""Of one request; a longer wait is several."""


class NoMessageError(AssertionError):
    """No message, or no code, came; says what became of it, where that is known."""


class SandboxUnavailableError(Exception):
    """The sandbox neither runs nor can be started; says what to do."""


@dataclass(frozen=True)
class Message:
    """What a phone received.

    `to` is E.164, `received_at` RFC 3339 in UTC. `codes` are the different codes in the text, of
    as many digits as the tenant's have; `language` and `gender` are of a call's voice; `raw` is the
    message object of the request to the CPaaS.
    """

    channel: Channel
    to: str
    sender: str
    text: str
    codes: list[str]
    received_at: str
    language: str | None = None
    gender: str | None = None
    message_id: str = ""
    delivery_id: str | None = None
    raw: dict[str, Any] | None = None


@dataclass(frozen=True)
class PhonemfaSandbox:
    """A running sandbox: the Auth0 stand-in, where a person sees the phones, and control routes."""

    state_dir: Path
    tenant_url: str
    pages_url: str
    client: httpx.Client = field(repr=False)

    @property
    def ca_file(self) -> Path:
        """The CA that clients of the tenant have to trust (PEM)."""
        return self.state_dir / "ca.pem"

    @property
    def environment(self) -> dict[str, str]:
        """Variables for an application under test: which tenant, and whom to trust."""
        ca = str(self.ca_file)
        return {
            "AUTH0_DOMAIN": self.tenant_url.removeprefix("https://"),
            **dict.fromkeys(("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE"), ca),
        }

    def challenge(self, to: str, **order: str) -> dict[str, Any]:
        """Have a code sent as a login would; the delivery with its outcome.

        `order` has `delivery_method` (text, voice), `message_type` and `locale`.
        """
        answer = self.client.post("/_sandbox/challenge", json={"to": to, **order}, timeout=180)
        return dict(answer.raise_for_status().json())

    def messages(
        self,
        to: str | None = None,
        *,
        channel: Channel | None = None,
        after: str | None = None,
        newest: int | None = None,
        wait: float = 0,
    ) -> list[Message]:
        """What phones received, oldest first, or only the `newest` so many of it.

        Waits up to `wait` seconds for the first.
        """
        asked: dict[str, Any] = {"to": to, "channel": channel, "after": after, "newest": newest}
        params = {name: value for name, value in asked.items() if value is not None}
        params |= {"wait": wait} if wait else {}
        answer = self.client.get("/_sandbox/messages", params=params, timeout=wait + 10)
        found = answer.raise_for_status().json()["messages"]
        known = [one.name for one in fields(Message)]
        return [Message(**{name: one[name] for name in known if name in one}) for one in found]

    def deliveries(self, to: str) -> list[dict[str, Any]]:
        """What became of what was sent to a phone, oldest first."""
        answer = self.client.get("/_sandbox/deliveries", params={"to": to}).raise_for_status()
        return list(answer.json()["deliveries"])

    def clear(self, to: str | None = None) -> None:
        """Forget what this phone, or every phone, received."""
        self.client.delete("/_sandbox/messages", params={"to": to} if to else {}).raise_for_status()


class Phone:
    """The phones as one test sees them: what came before the test is not there."""

    def __init__(self, sandbox: PhonemfaSandbox) -> None:
        self._sandbox = sandbox
        earlier = sandbox.messages(newest=1)
        self._begun = earlier[-1].received_at if earlier else None
        self._returned: set[str] = set()

    def messages(self, to: str, *, channel: Channel | None = None) -> list[Message]:
        """What this phone received since the test began, oldest first."""
        return self._sandbox.messages(to, channel=channel, after=self._begun)

    def wait_for_message(
        self, to: str, timeout: float = 10, *, channel: Channel | None = None
    ) -> Message:
        """The next message to this phone that no earlier call of the test returned.

        Separators of the number do not matter; the timeout is in seconds.

        Raises:
            NoMessageError: none came in time; says what became of the last delivery.
        """
        after = self._begun
        end = time.monotonic() + timeout
        while True:
            left = max(0.0, end - time.monotonic())
            found = self._sandbox.messages(
                to, channel=channel, after=after, wait=min(left, _LONGEST_WAIT)
            )
            for message in found:
                # No two messages of a sandbox have the same time.
                after = message.received_at
                if after not in self._returned:
                    self._returned.add(after)
                    return message
            if time.monotonic() >= end:
                raise NoMessageError(self._none_came(to, timeout, channel))

    def wait_for_code(
        self,
        to: str,
        timeout: float = 10,
        *,
        channel: Channel | None = None,
        pattern: str | None = None,
    ) -> str:
        """The code in the next message to this phone.

        `pattern` is a regular expression for texts in which the number of digits alone does not
        tell; its first group, else all of it, is the code.

        Raises:
            NoMessageError: no message came, or its text does not show exactly one code.
        """
        message = self.wait_for_message(to, timeout, channel=channel)
        if pattern is not None:
            match = re.search(pattern, message.text)
            found = [match[1] if match.lastindex else match[0]] if match else []
        else:
            found = message.codes
        if len(found) != 1:
            raise NoMessageError(
                f"{len(found)} codes instead of one in what {to} received: {message.text!r}"
            )
        return found[0]

    def _none_came(self, to: str, timeout: float, channel: Channel | None) -> str:
        deliveries = self._sandbox.deliveries(to)
        told = "nothing was sent to it at all"
        if deliveries:
            last = deliveries[-1]
            reason = f": {last['reason']}" if last["reason"] else ""
            told = f"the last delivery to it, at {last['at']}, ended with {last['outcome']}{reason}"
        return (
            f"no {channel or 'message'} for {to} within {timeout:g} s; {told}. "
            f"See {self._sandbox.pages_url}/phones/{to}"
        )


@pytest.fixture(scope="session")
def phonemfa_sandbox() -> Iterator[PhonemfaSandbox]:
    """The sandbox that runs, else the one of the state folder, started for this session."""
    checkout = Path(os.environ.get("SANDBOX_CHECKOUT") or Path(__file__).resolve().parents[2])
    state_dir = Path(os.environ.get("SANDBOX_STATE_DIR") or checkout / ".sandbox").absolute()
    with ExitStack() as resources:
        running = _running(state_dir)
        if running is None:
            _start(checkout, state_dir)
            resources.callback(_sandbox, checkout, "stop", "--state-dir", state_dir)
            running = _running(state_dir)
        if running is None:
            raise SandboxUnavailableError(f"the sandbox of {state_dir} ended as it was started")
        resources.callback(running.client.close)
        yield running


@pytest.fixture
def phone(phonemfa_sandbox: PhonemfaSandbox) -> Phone:
    """The phones of the sandbox, as this test sees them."""
    return Phone(phonemfa_sandbox)


def _running(state_dir: Path) -> PhonemfaSandbox | None:
    """The sandbox that serves this state folder, when it proves to be that one."""
    try:
        record = json.loads((state_dir / "server.json").read_text())
        trust = ssl.create_default_context(cafile=str(state_dir / "ca.pem"))
        url = f"https://localhost:{record['tenant_port']}"
        # trust_env: a proxy configured for the internet is not for loopback.
        token = (state_dir / "control-token").read_text().strip()
        headers = {"x-sandbox-token": token}
        client = httpx.Client(base_url=url, headers=headers, verify=trust, trust_env=False)
        health = client.get("/_sandbox/health").raise_for_status().json()
        if health["instance_id"] != record["instance_id"]:
            return None
        pages = f"http://localhost:{record['pages_port']}"
        return PhonemfaSandbox(state_dir, url, pages, client)
    except (OSError, ValueError, KeyError, httpx.HTTPError):
        return None


def _start(checkout: Path, state_dir: Path) -> None:
    """Start a server of this state folder on free ports."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        raise SandboxUnavailableError(
            "the workers of pytest-xdist share one sandbox: start it first (make up in "
            f"{checkout}, or python -m sandbox start)"
        )
    there = (checkout / ".venv" / "bin" / "python").exists()
    if not there or not (state_dir / "tenant.sqlite").exists():
        raise SandboxUnavailableError(
            f"no sandbox runs on {state_dir}, and none was ever set up there: run `make up` in "
            "the checkout of phonemfa, or set SANDBOX_STATE_DIR and SANDBOX_CHECKOUT"
        )
    ports = [f"--{name}-port=0" for name in ("tenant", "cpaas", "pages")]
    _sandbox(checkout, "start", "--state-dir", state_dir, *ports)


def _sandbox(checkout: Path, *arguments: str | Path) -> None:
    command = [checkout / ".venv" / "bin" / "python", "-m", "sandbox", *arguments]
    ended = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SandboxUnavailableError(ended.stderr.strip())
