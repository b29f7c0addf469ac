"""Starts the sandbox inside this process, and stops it: `python -m sandbox serve`, and tests.

A failed start leaves nothing behind.
"""

import datetime as dt
import os
import uuid
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from filelock import FileLock, Timeout

from sandbox.machine.errors import ServerError
from sandbox.machine.files import private_folder
from sandbox.runner.runner import find_node
from sandbox.server import ports
from sandbox.server.assembly import Parts, ServerConfig, assemble
from sandbox.server.certificates import CA_FILE, SERVER_FILE, ensure_certificates
from sandbox.server.credentials import SandboxCredentials, control_token, ensure_credentials
from sandbox.server.record import (
    ServerRecord,
    answers,
    read_record,
    remove_record,
    source,
    write_record,
)
from sandbox.server.serving import ServerThread
from sandbox.tenant.store import StoreError
from sandbox.web.guard import TOKEN_HEADER


@dataclass
class RunningSandbox:
    """A sandbox that answers on its ports until `stop`; `parts` are behind them, for tests."""

    state_dir: Path
    record: ServerRecord
    credentials: SandboxCredentials
    parts: Parts
    _resources: ExitStack

    @property
    def tenant_url(self) -> str:
        """`https://localhost:<port>` of the Management API and the control routes."""
        return self.record.tenant_url

    @property
    def cpaas_url(self) -> str:
        return self.record.cpaas_url

    @property
    def pages_url(self) -> str:
        return self.record.pages_url

    @property
    def control_headers(self) -> dict[str, str]:
        """What control routes and pages ask of a client that is no browser."""
        return {TOKEN_HEADER: control_token(self.state_dir)}

    @property
    def ca_file(self) -> Path:
        """The CA a client has to trust (PEM)."""
        return self.state_dir / CA_FILE

    @property
    def client_id(self) -> str:
        return self.credentials.client_id

    @property
    def client_secret(self) -> str:
        return self.credentials.client_secret

    def stop(self) -> None:
        """End every listener and everything behind them. Safe to call twice."""
        self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start(config: ServerConfig) -> RunningSandbox:
    """Start the sandbox in threads of this process; returns when its ports answer."""
    state_dir = private_folder(config.state_dir.absolute())
    with ExitStack() as resources:
        _hold(state_dir, resources)
        find_node()
        ensure_certificates(state_dir)
        credentials = ensure_credentials(state_dir)
        listeners = {
            what: resources.enter_context(ports.take_port(getattr(config, what.key), what))
            for what in ports.LISTENERS
        }
        taken = {what.key: one.getsockname()[1] for what, one in listeners.items()}
        config = replace(config, state_dir=state_dir, **taken)
        instance_id = str(uuid.uuid4())
        try:
            parts = assemble(config, credentials, resources, instance_id=instance_id)
        except StoreError as error:
            raise ServerError(
                f"The sandbox's databases in {state_dir} cannot be opened or written ({error}).",
                "Is the disk full or read-only, or another user's? `make clean` starts anew.",
            ) from error
        certificate = state_dir / SERVER_FILE
        tenant = (parts.tenant_app, listeners[ports.TENANT], certificate)
        cpaas = (parts.cpaas_app, listeners[ports.CPAAS], certificate)
        pages = (parts.pages_app, listeners[ports.PAGES], None)
        for server in (ServerThread("CPaaS", cpaas), ServerThread("tenant", tenant, pages)):
            resources.callback(server.stop)
            server.start()
        # First of all when it ends: a page that waits for news would keep its listener open.
        resources.callback(parts.inbox.database.end_waiting)
        record = ServerRecord(
            pid=os.getpid(),
            instance_id=instance_id,
            **taken,
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
        return RunningSandbox(state_dir, record, credentials, parts, resources.pop_all())
    raise AssertionError  # the with block returns or raises


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
