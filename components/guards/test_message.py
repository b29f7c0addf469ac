"""A test message by one channel, and what the tenant says became of it.

A unified tenant has a route that sends one through its provider; the Action that is deployed runs.
What is claimed is what the tenant's log says: that a handset received it, nobody knows here, and
silence is no success. `phonemfa smoke` and the gate in front of the policy send by this.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final

from components.guards.log_evidence import PATIENCE, Evidence, find, news, search
from components.masking import redacted
from components.tenant.client import ONCE
from components.tenant.model import Client, plain, seen
from components.tenant.phone_provider import PhoneProvider
from components.tenant.phone_provider import read as read_providers
from components.vocabulary import DeliveryMethod

_FIRST_PAUSE: Final = 0.25
_LONGEST_PAUSE: Final = 2.0
"""Seconds between two looks: a free tenant answers two requests a second."""

_RATE_LIMIT_PAUSES: Final = (1.0, 3.0)
"""Seconds before a test message that the tenant had no room for is asked for again."""

_REFUSED_FOR_GOOD: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT})


class Verdict(StrEnum):
    """What is known about a message."""

    SENT = "sent"
    """The CPaaS took it. Whether a phone got it is not known here."""
    FAILED = "failed"
    UNKNOWN = "unknown"
    """No evidence either way."""


@dataclass(frozen=True, kw_only=True)
class Send:
    """What became of the message of one channel.

    `why` is the evidence, or why there is none, without number and code; `arrived` what a person at
    the phone said, None when nobody was asked or answered.
    """

    method: DeliveryMethod
    verdict: Verdict
    why: str
    evidence: Evidence | None = None
    arrived: bool | None = None


class NotSentError(Exception):
    """The tenant's log says that a test message was not sent, or says nothing."""


@dataclass(frozen=True, kw_only=True)
class Messages:
    """Test messages to one number (E.164), of a handset that belongs to the team.

    Each of the channels must work; `patience` is in seconds a channel.
    """

    to: str
    methods: Sequence[DeliveryMethod]
    patience: float = PATIENCE

    async def arrive(self, tenant: Client) -> None:
        """Send one of each channel and wait until the tenant's log has all of them.

        A `NotSentError` says that one failed, with the Action's own reason, or left no trace.
        """
        provider = next(iter(await read_providers(tenant)), None)
        for method in self.methods:
            done = await self.send(tenant, provider, method)
            if done.verdict is not Verdict.SENT:
                is_unknown = done.verdict is Verdict.UNKNOWN
                what = "has no evidence" if is_unknown else "was not sent"
                way_out = "; phonemfa:gate ready applies it without a test message"
                raise NotSentError(
                    f"The test message by {method} {what}: {done.why}. The policy stays as it was"
                    f"{way_out if is_unknown else ''}"
                )

    async def send(
        self, tenant: Client, provider: PhoneProvider | None, method: DeliveryMethod
    ) -> Send:
        """Send one message through the tenant's provider, and look for the evidence."""
        if provider is None:
            return failed(method, "the tenant has no phone provider")
        if seen(provider.disabled):
            return failed(method, "the tenant's phone provider is disabled")
        before = await _entries(tenant, method)
        refusal = await self._try(tenant, provider.id, method)
        return failed(method, refusal) if refusal else await self._wait(tenant, method, before)

    async def _try(self, tenant: Client, provider: str, method: DeliveryMethod) -> str:
        """Ask for the message; answers why there will never be one, if the tenant says so."""
        from auth0.management.core.api_error import ApiError  # noqa: PLC0415 - loaded already

        for pause in (*_RATE_LIMIT_PAUSES, None):
            try:
                await tenant.branding.phone.providers.test(
                    provider, to=self.to, delivery_method=method.value, request_options=ONCE
                )
            except ApiError as error:
                if error.status_code in _REFUSED_FOR_GOOD:
                    body = plain(error.body) if hasattr(error.body, "model_dump") else error.body
                    said = body.get("message", "") if isinstance(body, dict) else ""
                    return (
                        f"the tenant refused to send ({error.status_code}): {redacted(str(said))}"
                    )
                if error.status_code != HTTPStatus.TOO_MANY_REQUESTS or pause is None:
                    raise
                await asyncio.sleep(pause)
            else:
                break
        return ""

    async def _wait(
        self, tenant: Client, method: DeliveryMethod, before: list[dict[str, Any]]
    ) -> Send:
        deadline, pause = time.monotonic() + self.patience, _FIRST_PAUSE
        while True:
            # Others log in meanwhile: only an entry about this number counts.
            new = news(await _entries(tenant, method), before=before)
            found = find(new, to=self.to, method=method)
            if found:
                return _told(method, found)
            if time.monotonic() + pause > deadline:
                return unknown(
                    method,
                    "the tenant took the request, and its log says nothing about it within "
                    f"{self.patience:.0f} s: whether it was sent is not known",
                )
            await asyncio.sleep(pause)
            pause = min(_LONGEST_PAUSE, pause * 1.5)


async def _entries(tenant: Client, method: DeliveryMethod) -> list[dict[str, Any]]:
    """The newest entries that could be about a message, newest first."""
    pager = await tenant.logs.list(**search(method))
    return [plain(one) for one in pager.items or []]


def failed(method: DeliveryMethod, why: str) -> Send:
    """A message that was not sent."""
    return Send(method=method, verdict=Verdict.FAILED, why=why)


def unknown(method: DeliveryMethod, why: str) -> Send:
    """A message of which nothing is known."""
    return Send(method=method, verdict=Verdict.UNKNOWN, why=why)


def _told(method: DeliveryMethod, found: Evidence) -> Send:
    return Send(
        method=method,
        verdict=Verdict.SENT if found.sent else Verdict.FAILED,
        why="the tenant's log says that it was sent" if found.sent else found.reason,
        evidence=found,
    )
