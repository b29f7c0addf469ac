"""Puts one sandbox together: tenant, API, Action runner, notifications, CPaaS, inbox and pages."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from sandbox.api.app import build_api
from sandbox.api.limiter import RateLimit
from sandbox.cpaas.app import build_cpaas
from sandbox.cpaas.cpaas import Cpaas
from sandbox.drift.applied import FILE as APPLIED_FILE
from sandbox.drift.applied import Applied
from sandbox.drift.applied import routes as drift_routes
from sandbox.inbox.deliveries import DeliveryJournal
from sandbox.inbox.inbox import Inbox
from sandbox.login.assumptions import LoginAssumptions
from sandbox.login.sessions import LoginDesk
from sandbox.notifications.assumptions import NotificationAssumptions
from sandbox.notifications.routes import routes
from sandbox.notifications.service import NotificationService
from sandbox.pages.app import build_pages
from sandbox.runner.runner import ActionRunner
from sandbox.server import ports
from sandbox.server.certificates import CA_FILE, CPAAS_HOST
from sandbox.server.credentials import SandboxCredentials, control_token
from sandbox.tenant import Credentials, Generation, Tenant
from sandbox.tenant.assumptions import Assumptions
from sandbox.tenant.store import Store
from sandbox.traffic import routes as traffic_routes
from sandbox.web.guard import ApiGuard, PagesGuard


@dataclass
class Parts:
    """The parts of a running sandbox, for those who look inside (tests, the process itself)."""

    tenant: Tenant
    inbox: Inbox
    cpaas: Cpaas
    notifications: NotificationService
    logins: LoginDesk
    applied: Applied
    tenant_app: ApiGuard
    cpaas_app: ApiGuard
    pages_app: PagesGuard


@dataclass(frozen=True)
class ServerConfig:
    """What to start.

    Port 0 lets the system choose. `generation` is of a tenant that does not exist yet; where
    assumptions are None, the defaults answer; where `rate_limit` is, none is enforced.
    """

    state_dir: Path
    tenant_port: int = ports.TENANT.port
    cpaas_port: int = ports.CPAAS.port
    pages_port: int = ports.PAGES.port
    generation: Generation = "unified"
    assumptions: Assumptions | None = None
    notification_assumptions: NotificationAssumptions | None = None
    login_assumptions: LoginAssumptions | None = None
    rate_limit: RateLimit | None = None


def assemble(
    config: ServerConfig,
    credentials: SandboxCredentials,
    resources: ExitStack,
    *,
    instance_id: str,
) -> Parts:
    """The parts of the sandbox whose state is in the config's folder, with the ports it has."""
    state_dir, assumptions = config.state_dir, config.notification_assumptions
    token = control_token(state_dir)
    store = Store(state_dir / "tenant.sqlite")
    resources.callback(store.close)
    tenant = Tenant(
        store,
        domain=f"localhost:{config.tenant_port}",
        generation=config.generation,
        credentials=Credentials(credentials.client_id, credentials.client_secret),
        assumptions=config.assumptions,
    )
    inbox = Inbox(state_dir / "inbox.sqlite", code_length=tenant.otp_length)
    resources.callback(inbox.close)
    cpaas = Cpaas(inbox, [credentials.cpaas_api_key])
    runner = ActionRunner(hosts={CPAAS_HOST: config.cpaas_port}, ca_file=state_dir / CA_FILE)
    resources.callback(runner.close)
    journal = DeliveryJournal(inbox.database)
    notifications = NotificationService(tenant, runner, assumptions=assumptions, journal=journal)
    logins = LoginDesk(tenant, store, notifications, assumptions=config.login_assumptions)
    applied = Applied(tenant, state_dir / APPLIED_FILE)
    tenant_app = build_api(
        tenant,
        notifier=notifications,
        extra_routes=routes(notifications, inbox)
        + drift_routes(applied, tenant)
        + traffic_routes(tenant),
        rate_limit=config.rate_limit,
        instance_id=instance_id,
        on_reset=(notifications.reset, cpaas.reset, logins.reset, applied.forget),
    )
    pages = build_pages(tenant, inbox, notifications, cpaas=cpaas, logins=logins, applied=applied)
    return Parts(
        tenant=tenant,
        inbox=inbox,
        cpaas=cpaas,
        notifications=notifications,
        logins=logins,
        applied=applied,
        tenant_app=ApiGuard(tenant_app, token=token),
        cpaas_app=ApiGuard(build_cpaas(cpaas), token=token, names=frozenset({CPAAS_HOST})),
        pages_app=PagesGuard(pages, token=token, port=config.pages_port),
    )
