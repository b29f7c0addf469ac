"""A test message of each channel, and its evidence in the tenant's log.

Owns sending through the tenant's own `try` route and finding what became of it. Refuses to claim
more than the log says: that a handset received it, nobody knows here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from components.guards.log_evidence import PATIENCE, find, news, search
from components.vocabulary import DeliveryMethod

if TYPE_CHECKING:
    from auth0.management import AsyncManagementClient

_PAUSE: Final = 2.0
"""Seconds between two looks: a free tenant answers two requests a second."""

_RATE_LIMIT_PAUSES: Final = (1.0, 3.0)
"""Seconds before a test message that the tenant had no room for is asked for again."""


class NotSentError(Exception):
    """The tenant's log says that a test message was not sent, or says nothing."""


class TrialMessages:
    """One message a channel to one number that may be tested with.

    Args:
        to: E.164 number of a handset that belongs to the team.
        methods: the channels, each of which must work.
        patience: seconds to wait for evidence.
    """

    def __init__(
        self, to: str, methods: Sequence[DeliveryMethod], *, patience: float = PATIENCE
    ) -> None:
        self._to = to
        self._methods = methods
        self._patience = patience

    async def arrive(self, tenant: AsyncManagementClient) -> None:
        """Send one of each channel and wait until the tenant's log has all of them.

        Raises:
            NotSentError: one failed, or left no trace; with the Action's own reason.
        """
        answer = await tenant.branding.phone.providers.list()
        provider = next(iter(answer.providers or []), None)
        if provider is None:
            raise NotSentError(
                "The tenant has no phone provider any more. The policy stays as it was"
            )
        for method in self._methods:
            before = await _entries(tenant, method)
            await self._send(tenant, str(provider.id), method)
            await self._evidence(tenant, method, before)

    async def _send(
        self, tenant: AsyncManagementClient, provider: str, method: DeliveryMethod
    ) -> None:
        from auth0.management.core.api_error import ApiError  # noqa: PLC0415 - loaded already

        for pause in (*_RATE_LIMIT_PAUSES, None):
            try:
                await tenant.branding.phone.providers.test(
                    provider,
                    to=self._to,
                    delivery_method=method.value,
                    # Where an answer gets lost, the message may not be: no second one.
                    request_options={"max_retries": 0},
                )
            except ApiError as error:
                if error.status_code != HTTPStatus.TOO_MANY_REQUESTS or pause is None:
                    raise
                await asyncio.sleep(pause)
            else:
                return

    async def _evidence(
        self,
        tenant: AsyncManagementClient,
        method: DeliveryMethod,
        before: Sequence[dict[str, Any]],
    ) -> None:
        end = time.monotonic() + self._patience
        while True:
            new = news(await _entries(tenant, method), before=before)
            # Others log in meanwhile: only an entry about this number counts.
            found = find(new, to=self._to, method=method)
            if found and found.sent:
                return
            if found:
                raise NotSentError(
                    f"The test message by {method} was not sent: {found.reason}. The policy stays "
                    "as it was"
                )
            if time.monotonic() >= end:
                raise NotSentError(
                    f"The tenant's log says nothing of the test message by {method} after "
                    f"{self._patience:.0f} s: whether it was sent is not known. The policy stays "
                    "as it was; phonemfa:gate ready applies it without a test message"
                )
            await asyncio.sleep(min(_PAUSE, self._patience))


async def _entries(tenant: AsyncManagementClient, method: DeliveryMethod) -> list[dict[str, Any]]:
    pager = await tenant.logs.list(**search(method))
    return [one.model_dump(mode="json", by_alias=True) for one in pager.items or []]
