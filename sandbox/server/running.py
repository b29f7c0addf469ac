"""Starts the sandbox inside this process, and stops it.

Owns the order of starting (lock, secrets, ports, parts, listeners, health) and that a failed
start leaves nothing behind. Used by `python -m sandbox serve` and by tests alike. Refuses to
detach from the terminal (`daemon`).
"""

from __future__ import annotations

import datetime as dt
import os
import uuid
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout

from sandbox.api import RateLimit
from sandbox.engine.environment import TenantAccess
from sandbox.login import LoginAssumptions
from sandbox.machine.errors import ServerError
from sandbox.machine.files import private_folder
from sandbox.notifications import NotificationAssumptions
from sandbox.server import ports
from sandbox.server.assembly import Parts, assemble
from sandbox.server.certificates import ensure_certificates
from sandbox.server.credentials import SandboxCredentials, ensure_credentials
from sandbox.server.node import check_node
from sandbox.server.record import (
    ServerRecord,
    answers,
    read_record,
    remove_record,
    source,
    write_record,
)
from sandbox.server.serving import HttpsServer, Plain
from sandbox.tenant import Assumptions
from sandbox.tenant.store import StoreError
from sandbox.tenant.tenant import Generation


@dataclass(frozen=True)
class ServerConfig:
    """What to start.

    Attributes:
        state_dir: everything that outlives the process: databases, CA, credentials.
        tenant_port, cpaas_port, pages_port: ports on 127.0.0.1; 0 lets the system choose.
        generation: the experience of a tenant that does not exist yet.
        assumptions, notification_assumptions, login_assumptions: answers to what the contract
            leaves open; None: the defaults.
        rate_limit: rate limit headers, and whether it is enforced; None: not enforced.
    """

    state_dir: Path
    tenant_port: int = ports.TENANT_PORT
    cpaas_port: int = ports.CPAAS_PORT
    pages_port: int = ports.PAGES_PORT
    generation: Generation = "unified"
    assumptions: Assumptions | None = None
    notification_assumptions: NotificationAssumptions | None = None
    login_assumptions: LoginAssumptions | None = None
    rate_limit: RateLimit | None = None


class RunningSandbox:
    """A sandbox that answers on its ports until `stop`; also a context manager.

    Attributes:
        record: pid, ports and instance id, as written to `server.json`.
        credentials: the tenant's client and the CPaaS key.
        parts: the objects behind the ports, for tests.
    """

    def __init__(
        self,
        config: ServerConfig,
        record: ServerRecord,
        credentials: SandboxCredentials,
        parts: Parts,
        resources: ExitStack,
    ) -> None:
        self.state_dir = config.state_dir
        self.record = record
        self.credentials = credentials
        self.parts = parts
        self._resources = resources

    @property
    def tenant_url(self) -> str:
        """`https://localhost:<port>` of the Management API and the control routes."""
        return self.record.tenant_url

    @property
    def cpaas_url(self) -> str:
        """`https://localhost:<port>` of the CPaaS."""
        return self.record.cpaas_url

    @property
    def pages_url(self) -> str:
        """`http://localhost:<port>` of the pages for people."""
        return self.record.pages_url

    @property
    def ca_file(self) -> Path:
        """The CA a client has to trust (PEM)."""
        return self.state_dir / "ca.pem"

    @property
    def client_id(self) -> str:
        """The id of the tenant's API client."""
        return self.credentials.client_id

    @property
    def client_secret(self) -> str:
        """The secret of the tenant's API client."""
        return self.credentials.client_secret

    @property
    def access(self) -> TenantAccess:
        """What `engine_environment` needs to know of the tenant."""
        return TenantAccess(
            domain=f"localhost:{self.record.tenant_port}",
            client_id=self.client_id,
            client_secret=self.client_secret,
            ca_file=self.ca_file,
        )

    def stop(self) -> None:
        """End every listener and everything behind them. Safe to call twice."""
        self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start(config: ServerConfig) -> RunningSandbox:
    """Start the sandbox in threads of this process; returns when its ports answer.

    Raises:
        ServerError: the state folder is in use, a port is taken, or Node is missing or too old.
    """
    state_dir = private_folder(config.state_dir.absolute())
    with ExitStack() as resources:
        _hold(state_dir, resources)
        check_node()
        certificates = ensure_certificates(state_dir)
        credentials = ensure_credentials(state_dir)
        tenant_listener = resources.enter_context(
            ports.take_port(config.tenant_port, what="tenant", variable=ports.TENANT_VARIABLE)
        )
        cpaas_listener = resources.enter_context(
            ports.take_port(config.cpaas_port, what="CPaaS", variable=ports.CPAAS_VARIABLE)
        )
        pages_listener = resources.enter_context(
            ports.take_port(config.pages_port, what="pages", variable=ports.PAGES_VARIABLE)
        )
        tenant_port = int(tenant_listener.getsockname()[1])
        cpaas_port = int(cpaas_listener.getsockname()[1])
        pages_port = int(pages_listener.getsockname()[1])
        instance_id = str(uuid.uuid4())
        parts = _assembled(
            state_dir,
            domain=f"localhost:{tenant_port}",
            cpaas_port=cpaas_port,
            pages_port=pages_port,
            ca_file=certificates.ca_file,
            credentials=credentials,
            generation=config.generation,
            instance_id=instance_id,
            assumptions=config.assumptions,
            notification_assumptions=config.notification_assumptions,
            login_assumptions=config.login_assumptions,
            rate_limit=config.rate_limit,
        )
        resources.callback(parts.close)
        pages = Plain(parts.pages_app, pages_listener)
        for application, listener, name, beside in (
            (parts.cpaas_app, cpaas_listener, "CPaaS", ()),
            (parts.tenant_app, tenant_listener, "tenant", (pages,)),
        ):
            server = HttpsServer(
                application,
                listener,
                certificate=certificates.server_file,
                name=name,
                beside=beside,
            )
            resources.callback(server.stop)
            server.start()
        # First of all when it ends: a page that waits for news would keep its listener open.
        resources.callback(parts.inbox.database.end_waiting)
        record = ServerRecord(
            pid=os.getpid(),
            instance_id=instance_id,
            tenant_port=tenant_port,
            cpaas_port=cpaas_port,
            pages_port=pages_port,
            generation=parts.tenant.generation,
            started_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            source=source(),
            credentials=credentials.fingerprint,
        )
        if not answers(state_dir, record):
            raise ServerError(
                f"The sandbox listens on {record.tenant_url}, but does not answer there.",
                "Look into the sandbox's log, and whether `localhost` is 127.0.0.1 here.",
            )
        write_record(state_dir, record)
        resources.callback(remove_record, state_dir, record)
        return RunningSandbox(config, record, credentials, parts, resources.pop_all())
    raise AssertionError  # the with block returns or raises


def _assembled(state_dir: Path, **options: Any) -> Parts:
    try:
        return assemble(state_dir, **options)
    except StoreError as error:
        raise ServerError(
            f"The sandbox's databases in {state_dir} cannot be opened or written ({error}).",
            "Is the disk full or read-only, or are they another user's? `make clean` starts anew.",
        ) from error


def _hold(state_dir: Path, resources: ExitStack) -> None:
    """Keep other servers off this state folder for as long as this one runs."""
    lock = FileLock(state_dir / "server.lock", thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        record = read_record(state_dir)
        who = f"pid {record.pid}, {record.tenant_url}" if record else "which is just starting"
        raise ServerError(
            f"Another sandbox server ({who}) uses {state_dir}.",
            "End it with `make down`, or give this one another state folder: SANDBOX_STATE_DIR.",
        ) from error
    resources.callback(lock.release)
