"""A test message by one channel, and what the tenant says became of it.

A unified tenant has a route that sends one through its provider; the Action that is deployed runs.
What is claimed is what the tenant's log says: that a handset received it, nobody knows here, and
silence is no success. `phonemfa smoke` and the gate in front of the policy send by this.

Codes and shapes of the log: Auth0's published schemas (`gd_send_sms`, `gd_send_voice`, their
`_failure`, `fn`); that `gd_send_*` may show a masked number is the tenant's setting.
"""

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final

from components.guards.hooks import RefusedError
from components.masking import redacted
from components.tenant.client import ONCE
from components.tenant.model import Client, plain, seen
from components.tenant.phone_provider import PhoneProvider
from components.tenant.phone_provider import read as read_providers
from components.vocabulary import CHANNELS, DeliveryMethod

PATIENCE: Final = 60.0
"""Seconds in which a tenant's log shows what was sent."""

_FAILED_NOTIFICATION: Final = "fn"
_LOOKED_AT: Final = 50
"""Entries of the log a look; failures and sends of one channel alone are among them."""

_LAST_DIGITS: Final = 4
"""As many as a masked number must show for an entry to count as ours."""
_HIDDEN: Final = re.compile(r"[Xx*•]")

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
class Evidence:
    """One entry of the log about the message.

    `event` is its code, `log_id` and `at` are as the tenant has them; `reason` is what a failure
    says, without numbers and codes.
    """

    sent: bool
    event: str
    log_id: str
    at: str
    reason: str = ""


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

        A `RefusedError` says that one failed, with the Action's own reason, or left no trace.
        """
        provider = next(iter(await read_providers(tenant)), None)
        for method in self.methods:
            done = await self.send(tenant, provider, method)
            if done.verdict is not Verdict.SENT:
                is_unknown = done.verdict is Verdict.UNKNOWN
                what = "has no evidence" if is_unknown else "was not sent"
                way_out = "; phonemfa:gate ready applies it without a test message"
                raise RefusedError(
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

        from components.tenant.errors import body_of  # noqa: PLC0415

        for pause in (*_RATE_LIMIT_PAUSES, None):
            try:
                await tenant.branding.phone.providers.test(
                    provider, to=self.to, delivery_method=method.value, request_options=ONCE
                )
            except ApiError as error:
                if error.status_code in _REFUSED_FOR_GOOD:
                    said = redacted(str(body_of(error).get("message", "")))
                    return f"the tenant refused to send ({error.status_code}): {said}"
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
            found = find(await _entries(tenant, method), before, self.to, method)
            if found:
                return Send(
                    method=method,
                    verdict=Verdict.SENT if found.sent else Verdict.FAILED,
                    why=found.reason or "the tenant's log says that it was sent",
                    evidence=found,
                )
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
    query = " OR ".join(f"type:{one}" for one in (*_factor_events(method), _FAILED_NOTIFICATION))
    pager = await tenant.logs.list(
        per_page=_LOOKED_AT,
        sort="date:-1",
        # The SDK names the outdated `search` only.
        request_options={"additional_query_parameters": {"q": query}},
    )
    return [plain(one) for one in pager.items or []]


def failed(method: DeliveryMethod, why: str) -> Send:
    """A message that was not sent."""
    return Send(method=method, verdict=Verdict.FAILED, why=why)


def unknown(method: DeliveryMethod, why: str) -> Send:
    """A message of which nothing is known."""
    return Send(method=method, verdict=Verdict.UNKNOWN, why=why)


def find(
    entries: list[dict[str, Any]], before: list[dict[str, Any]], to: str, method: DeliveryMethod
) -> Evidence | None:
    """The newest of `entries` (newest first) about a message sent after the log was `before`."""
    known = {one.get("log_id") for one in before}
    since = str(before[0].get("date") or "") if before else ""
    for one in entries:
        # Others log in meanwhile, and the log may show an earlier message's entry late.
        is_new = one.get("log_id") not in known and str(one.get("date") or "") >= since
        if is_new and _is_about(one, to, method):
            return _evidence(one, method)
    return None


def _is_about(entry: Mapping[str, Any], to: str, method: DeliveryMethod) -> bool:
    details = entry.get("details") or {}
    if entry.get("type") == _FAILED_NOTIFICATION:
        kind = str(details.get("notification_type") or CHANNELS[method])
        return kind == CHANNELS[method] and _same_number(details.get("to"), to)
    if entry.get("type") in _factor_events(method):
        authenticator = details.get("authenticator") or {}
        return _same_number(authenticator.get("phone_number"), to)
    return False


def _factor_events(method: DeliveryMethod) -> tuple[str, str]:
    sent = f"gd_send_{CHANNELS[method]}"
    return sent, f"{sent}_failure"


def _same_number(shown: Any, to: str) -> bool:
    """Whether a number, masked perhaps, can be `to`: every digit that is shown agrees."""
    if not isinstance(shown, str):
        return False
    have, want = shown.replace(" ", "")[::-1], to[::-1]
    if not have[:_LAST_DIGITS].isdigit():
        return False
    if not _HIDDEN.search(have):
        return have.rstrip("+") == want.rstrip("+")
    return all(a == b or _HIDDEN.match(a) for a, b in zip(have, want, strict=False))


def _evidence(entry: Mapping[str, Any], method: DeliveryMethod) -> Evidence:
    event = str(entry["type"])
    sent = event == f"gd_send_{CHANNELS[method]}"
    return Evidence(
        sent=sent,
        event=event,
        log_id=str(entry.get("log_id") or ""),
        at=str(entry.get("date") or ""),
        reason="" if sent else redacted(_reason(entry.get("details") or {})),
    )


def _reason(details: Mapping[str, Any]) -> str:
    for key in ("error", "provider_error", "failure_details"):
        said = details.get(key)
        if isinstance(said, Mapping):
            said = said.get("message") or said.get("errorCode")
        if said:
            return str(said)
    return "the log gives no reason"
