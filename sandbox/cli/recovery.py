"""Settles what a killed `pulumi up` had begun in the sandbox tenant, without asking.

The rule is the product's (`phonemfa recover`): every `make up` after a killed one tries what an
operator does with a real tenant.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

import httpx

from components.tenant import snapshot
from phonemfa.pulumi.engine import EngineFailedError, PulumiCli
from phonemfa.pulumi.state import State
from phonemfa.recover.recovery import ABOUT, AmbiguousError, Plan, settle
from sandbox.cli.workplace import Workplace
from sandbox.engine.stack import STACK, SandboxStack
from sandbox.machine.errors import ServerError
from sandbox.server.record import ServerRecord, client

if TYPE_CHECKING:
    from components.tenant.snapshot import Snapshot


def settle_pending_operations(
    workplace: Workplace, record: ServerRecord, stack: SandboxStack
) -> None:
    """Put into the state what a killed run had created without recording it.

    Raises:
        ServerError: tenant or engine refuse.
    """
    deployment = stack.deployment()
    if not deployment.get("pending_operations"):
        return
    # With auth0-python half a second: only after a killed run.
    from auth0.management.core.api_error import ApiError  # noqa: PLC0415

    try:
        plan = Plan.of(asyncio.run(_read(workplace, record)), State.of(deployment))
        begun = [one.resource for one in plan.found] + [one.resource for one in plan.repeated]
        names = ", ".join(one.name for one in (*begun, *plan.absent))
        workplace.say(f"stack: an earlier run was killed while it worked on {names}")
        for one in plan.found:
            workplace.say(f"stack: {one.called} was made and not recorded; it is in the state now")
        settle(_cli(stack), plan)
    except (AmbiguousError, ApiError, EngineFailedError, httpx.HTTPError, KeyError) as error:
        raise ServerError(
            f"What a killed run left in the sandbox could not be settled: {error}",
            "Start over with an empty sandbox: make down && make clean && make up",
        ) from error


def _cli(stack: SandboxStack) -> PulumiCli:
    return PulumiCli(stack.project, STACK, config_file=stack.config_file, environ=stack.environment)


async def _read(workplace: Workplace, record: ServerRecord) -> Snapshot:
    from auth0.management import AsyncManagementClient  # noqa: PLC0415 - as above

    # Not the product's own client: that one fetches its token with the CAs of this process.
    domain = record.tenant_url.removeprefix("https://")
    with client(workplace.state_dir, record) as http:
        request = {
            "grant_type": "client_credentials",
            "client_id": workplace.credentials.client_id,
            "client_secret": workplace.credentials.client_secret,
            "audience": f"https://{domain}/api/v2/",
        }
        token = http.post("/oauth/token", json=request).raise_for_status().json()["access_token"]
    trust = ssl.create_default_context(cafile=str(workplace.state_dir / "ca.pem"))
    async with httpx.AsyncClient(verify=trust, timeout=30, trust_env=False) as http:
        tenant = AsyncManagementClient(domain=domain, token=token, httpx_client=http)
        return await snapshot.read(tenant, ABOUT)
