"""The application behind a real server with TLS on loopback, for what ASGI alone cannot show."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.api.app import build_api
from sandbox.server.certificates import CA_FILE, SERVER_FILE, ensure_certificates
from sandbox.server.ports import TENANT, take_port
from sandbox.server.serving import ServerThread
from sandbox.tenant import Tenant
from sandbox.tenant.operation import Notifier
from sandbox.tenant.store import Store


@dataclass
class Live:
    """A running tenant, under host and port; `ca_file` is what a client has to trust."""

    tenant: Tenant
    domain: str
    ca_file: Path

    @property
    def url(self) -> str:
        return f"https://{self.domain}"

    @contextmanager
    def connection(self) -> Iterator[ssl.SSLSocket]:
        """A connection over TLS, for requests that no client makes."""
        port = int(self.domain.partition(":")[2])
        with (
            socket.create_connection(("127.0.0.1", port)) as plain,
            self.context().wrap_socket(plain, server_hostname="localhost") as secured,
        ):
            yield secured

    def context(self) -> ssl.SSLContext:
        """A TLS context for clients."""
        return ssl.create_default_context(cafile=str(self.ca_file))


@contextmanager
def serve(folder: Path, *, notifier: Notifier | None = None) -> Iterator[Live]:
    """Serve a new tenant until the block ends."""
    ensure_certificates(folder)
    listening = take_port(0, TENANT)
    domain = f"localhost:{listening.getsockname()[1]}"
    tenant = Tenant(Store(folder / "tenant.sqlite"), domain=domain)
    api = build_api(tenant, notifier=notifier)
    server = ServerThread("tenant", (api, listening, folder / SERVER_FILE))
    server.start()
    try:
        yield Live(tenant, domain, folder / CA_FILE)
    finally:
        server.stop()
