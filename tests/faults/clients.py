"""Each client of a tenant, asking for the policies once, with a clock that does not wait."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Final

import pulumi
import pytest
from auth0.management.core import http_client

from components.tenant import client as door
from components.tenant import token as tenant_token
from components.tenant.access import Access
from components.tenant.client import Heard, TenantUnreadableError
from components.tenant.model import Unseen
from components.tenant.stack_access import TenantAccess, TenantCallError
from phonemfa.doctor import reading as doctor
from sandbox.plugin import client as plugin
from sandbox.plugin.client import Management, ManagementError
from tests.faults.table import Client
from tests.stacks import stack_settings

SHORT: Final = 0.8
"""Seconds for one request whose answer never ends, in these tests."""

LONG: Final = 20.0
"""The same where an answer ends: a busy machine may take its time."""


@dataclass(frozen=True)
class Reached:
    """A tenant, and what reaches it."""

    domain: str
    client_id: str
    client_secret: str


@dataclass
class Said:
    """How a client ended: without an error when it got what it asked for."""

    error: str = ""
    waited: float = 0.0


@dataclass
class Clock:
    """Waits that are only counted."""

    waited: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)

    async def sleep_async(self, seconds: float) -> None:
        self.waited.append(seconds)


@contextmanager
def limited(total: float, clock: Clock) -> Iterator[None]:
    """Every client with this limit for a request, and this clock."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(http_client, "time", SimpleNamespace(sleep=clock.sleep, time=time.time))
        patched.setattr(http_client, "asyncio", SimpleNamespace(sleep=clock.sleep_async))
        unwaiting = SimpleNamespace(sleep=clock.sleep, monotonic=time.monotonic)
        patched.setattr(tenant_token, "time", unwaiting)
        for module, name in (
            (door, "TOTAL"),
            (tenant_token, "TOKEN_TIME"),
            (plugin, "LONGEST_REQUEST"),
        ):
            patched.setattr(module, name, total)
        yield


def ask(client: Client, at: Reached, *, total: float = LONG) -> Said:
    """Let a client read the policies, with `total` s for a request, and tell how it ended."""
    clock, error = Clock(), ""
    with limited(total, clock):
        try:
            policies = _ASKED[client](at, clock)
        except (TenantCallError, TenantUnreadableError, ManagementError) as failed:
            error = str(failed)
        else:
            unseen = isinstance(policies, Unseen) and policies.refusal
            assert unseen or policies in (["all-applications"], "all-applications")
            error = unseen.what if unseen else ""
    return Said(error, sum(clock.waited))


def _hooks(at: Reached, _clock: Clock) -> Any:
    async def read() -> list[str]:
        access = TenantAccess(
            access=Access(domain=at.domain, client_id=at.client_id),
            secrets={"client_secret": pulumi.Output.secret(at.client_secret)},
        )
        async with access.connect() as tenant:
            return list(await tenant.guardian.policies.list())

    return asyncio.run(read())


def _commands(at: Reached, _clock: Clock) -> Any:
    access = Access(domain=at.domain, client_id=at.client_id, client_secret=at.client_secret)
    return list(door.ask(access, lambda tenant: tenant.guardian.policies.list()))


def _doctor(at: Reached, _clock: Clock) -> Any:
    environ = {"AUTH0_CLIENT_ID": at.client_id, "AUTH0_CLIENT_SECRET": at.client_secret}
    found = doctor.read({"domain": at.domain}, stack_settings(), Heard(), environ)
    if found.unreachable:
        raise found.unreachable
    return found.tenant.guardian.policy


def _plugin(at: Reached, clock: Clock) -> Any:
    audience = f"https://{at.domain}/api/v2/"
    api = Management(**vars(at), audience=audience, sleep=clock.sleep_async)
    return asyncio.run(api.get("guardian/policies", list))


_ASKED: Final[dict[Client, Callable[[Reached, Clock], Any]]] = {
    Client.HOOKS: _hooks,
    Client.COMMANDS: _commands,
    Client.DOCTOR: _doctor,
    Client.PLUGIN: _plugin,
}
