"""The application behind a real server with TLS on loopback, for what ASGI alone cannot show."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme
import uvicorn

from sandbox.api.app import build_api
from sandbox.tenant import Tenant
from sandbox.tenant.operation import Notifier
from sandbox.tenant.settings import Generation
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
def serve(
    folder: Path,
    *,
    generation: Generation = "unified",
    notifier: Notifier | None = None,
) -> Iterator[Live]:
    """Serve a new tenant until the block ends."""
    ca = trustme.CA()
    ca_file, key_file = folder / "ca.pem", folder / "server.pem"
    ca.cert_pem.write_to_path(ca_file)
    ca.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(key_file)
    # Only for a socket that says it is TCP does asyncio switch Nagle's algorithm off; with it on,
    # every answer waits 40 ms for the client's delayed acknowledgement.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    domain = f"localhost:{listening.getsockname()[1]}"
    tenant = Tenant(Store(folder / "tenant.sqlite"), domain=domain, generation=generation)
    server = uvicorn.Server(
        uvicorn.Config(
            build_api(tenant, notifier=notifier),
            ssl_certfile=str(key_file),
            log_level="critical",
            lifespan="off",
            # Else a client that keeps its TLS connection open holds the test up for 30 s.
            timeout_graceful_shutdown=1,
        )
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield Live(tenant, domain, ca_file)
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
