"""Puts one sandbox together: tenant, API, Action runner, notifications, CPaaS, inbox and pages.

Owns which part gets which other part. Refuses ports, TLS and processes, and has no rule of any
part: a question about behaviour is answered elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.types import ASGIApp

from sandbox.api import RateLimit, build_api
from sandbox.cpaas import Cpaas, build_cpaas
from sandbox.drift import APPLIED_FILE, Applied
from sandbox.drift import routes as drift_routes
from sandbox.inbox import DeliveryJournal, Inbox
from sandbox.login import LoginAssumptions, LoginDesk
from sandbox.notifications import (
    NotificationAssumptions,
    NotificationService,
    RunnerActionTester,
    routes,
)
from sandbox.pages import Behind, build_pages
from sandbox.runner import ActionRunner
from sandbox.server.certificates import CPAAS_HOST
from sandbox.server.credentials import SandboxCredentials
from sandbox.tenant import Assumptions, Credentials, Store, Tenant
from sandbox.tenant.tenant import Generation
from sandbox.traffic import routes as traffic_routes


@dataclass
class Parts:
    """The parts of a running sandbox, for those who look inside (tests, the process itself)."""

    store: Store
    tenant: Tenant
    inbox: Inbox
    cpaas: Cpaas
    runner: ActionRunner
    notifications: NotificationService
    logins: LoginDesk
    applied: Applied
    tenant_app: Starlette
    cpaas_app: Starlette
    pages_app: ASGIApp

    def close(self) -> None:
        """End the Action process and close the databases."""
        self.runner.close()
        self.inbox.close()
        self.store.close()


def assemble(
    state_dir: Path,
    *,
    domain: str,
    cpaas_port: int,
    pages_port: int,
    ca_file: Path,
    credentials: SandboxCredentials,
    generation: Generation,
    instance_id: str,
    assumptions: Assumptions | None = None,
    notification_assumptions: NotificationAssumptions | None = None,
    login_assumptions: LoginAssumptions | None = None,
    rate_limit: RateLimit | None = None,
) -> Parts:
    """The parts of the sandbox whose state is in `state_dir`.

    Args:
        state_dir: where `tenant.sqlite`, `inbox.sqlite` and `applied.json` are or will be.
        domain: `host:port` under which clients reach the tenant.
        cpaas_port: the port on loopback that Actions reach as cpaas.sandbox.test.
        pages_port: the port on loopback of the pages; they answer to no other.
        ca_file: the CA that Actions trust.
        credentials: the tenant's client and the CPaaS key.
        generation: the experience of a tenant that does not exist yet.
        instance_id: tells this process from others in /_sandbox/health.
        assumptions, notification_assumptions, login_assumptions: answers to what the contract
            leaves open; default: those of the tenant, of the pipeline and of the login page.
        rate_limit: rate limit headers, and whether it is enforced.
    """
    store = Store(state_dir / "tenant.sqlite")
    tenant = Tenant(
        store,
        domain=domain,
        generation=generation,
        credentials=Credentials(credentials.client_id, credentials.client_secret),
        assumptions=assumptions,
    )
    inbox = Inbox(state_dir / "inbox.sqlite", code_length=tenant.otp_length)
    cpaas = Cpaas(inbox, [credentials.cpaas_api_key])
    runner = ActionRunner(hosts={CPAAS_HOST: cpaas_port}, ca_file=ca_file)
    notifications = NotificationService(
        tenant,
        runner,
        assumptions=notification_assumptions,
        journal=DeliveryJournal(inbox.database),
    )
    logins = LoginDesk(tenant, store, notifications, assumptions=login_assumptions)
    applied = Applied(tenant, state_dir / APPLIED_FILE)
    return Parts(
        store=store,
        tenant=tenant,
        inbox=inbox,
        cpaas=cpaas,
        runner=runner,
        notifications=notifications,
        logins=logins,
        applied=applied,
        tenant_app=build_api(
            tenant,
            notifier=notifications,
            extra_routes=[
                *routes(notifications, inbox),
                *drift_routes(applied),
                *traffic_routes(tenant),
            ],
            tester=RunnerActionTester(runner, notification_assumptions),
            rate_limit=rate_limit,
            instance_id=instance_id,
            on_reset=(notifications.reset, cpaas.reset, logins.reset, applied.forget),
        ),
        cpaas_app=build_cpaas(cpaas),
        pages_app=build_pages(
            Behind(
                tenant=tenant,
                inbox=inbox,
                notifications=notifications,
                cpaas=cpaas,
                logins=logins,
                applied=applied,
            ),
            port=pages_port,
        ),
    )
