"""`server.json`: which process serves the sandbox of a state folder, and where.

A record is believed only when the process it names answers /_sandbox/health with the same instance
id over the sandbox's own TLS: a pid may be another program's by now, a port another sandbox's.
"""

import hashlib
import json
import ssl
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx

from sandbox.machine.files import write_atomically
from sandbox.server.certificates import CA_FILE
from sandbox.server.credentials import SandboxCredentials, control_token
from sandbox.server.ports import Listener
from sandbox.web.guard import TOKEN_HEADER

NAME = "server.json"
_ASK_SECONDS = 3.0
_SOURCES = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class ServerRecord:
    """One server process.

    `started_at` is RFC 3339; `source` is the fingerprint of the code it runs (`source()`),
    `credentials` that of the secrets it accepts.
    """

    pid: int
    instance_id: str
    tenant_port: int
    cpaas_port: int
    generation: str
    started_at: str
    source: str
    credentials: str
    pages_port: int

    def port(self, what: Listener) -> int:
        return int(getattr(self, what.key))

    @property
    def tenant_url(self) -> str:
        return f"https://localhost:{self.tenant_port}"

    @property
    def cpaas_url(self) -> str:
        """The CPaaS's address for people; Actions reach it as https://cpaas.sandbox.test."""
        return f"https://localhost:{self.cpaas_port}"

    @property
    def pages_url(self) -> str:
        """The pages that people look at. Plain HTTP: no browser trusts the sandbox's CA."""
        return f"http://localhost:{self.pages_port}"

    def variables(self, state_dir: Path, credentials: SandboxCredentials) -> dict[str, str]:
        """The variables by which the plugin reaches the tenant."""
        return {
            "AUTH0_DOMAIN": f"localhost:{self.tenant_port}",
            "AUTH0_CLIENT_ID": credentials.client_id,
            "AUTH0_CLIENT_SECRET": credentials.client_secret,
            "SSL_CERT_FILE": str(state_dir.absolute() / CA_FILE),
        }


def source() -> str:
    """A fingerprint of the sandbox's code as it is now: changes when a file is edited."""
    digest = hashlib.sha256()
    for path in sorted(_SOURCES.rglob("*")):
        if path.suffix in {".py", ".cjs", ".json", ".j2", ".css", ".js", ".yaml"}:
            facts = path.stat()
            digest.update(
                f"{path.relative_to(_SOURCES)} {facts.st_mtime_ns} {facts.st_size}\n".encode()
            )
    return digest.hexdigest()[:16]


def write_record(state_dir: Path, record: ServerRecord) -> None:
    """Say that `record` serves the sandbox of `state_dir`."""
    write_atomically(state_dir / NAME, json.dumps(asdict(record), indent=2) + "\n")


def read_record(state_dir: Path) -> ServerRecord | None:
    """What was last written, believed or not; None when there is nothing readable."""
    try:
        return ServerRecord(**json.loads((state_dir / NAME).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def remove_record(state_dir: Path, record: ServerRecord) -> None:
    """Take `record` back; another one that replaced it stays."""
    if read_record(state_dir) == record:
        (state_dir / NAME).unlink(missing_ok=True)


def running_record(state_dir: Path) -> ServerRecord | None:
    """The record of the server that runs now, or None when there is none or it is stale."""
    record = read_record(state_dir)
    return record if record and answers(state_dir, record) else None


def answers(state_dir: Path, record: ServerRecord) -> bool:
    """Whether the server that `record` names answers with its instance id."""
    try:
        with client(state_dir, record) as asking:
            health = asking.get("/_sandbox/health").raise_for_status().json()
            return bool(health["instance_id"] == record.instance_id)
    except (httpx.HTTPError, ValueError, KeyError, OSError):
        return False


def client(
    state_dir: Path, record: ServerRecord, *, timeout: float = _ASK_SECONDS, cpaas: bool = False
) -> httpx.Client:
    """An HTTP client for the tenant's port, control routes too, that trusts the sandbox's CA alone.

    Raises OSError: there is no CA in the state folder.
    """
    return httpx.Client(
        base_url=record.cpaas_url if cpaas else record.tenant_url,
        headers={TOKEN_HEADER: control_token(state_dir)},
        verify=ssl.create_default_context(cafile=state_dir / CA_FILE),
        timeout=timeout,
        trust_env=False,  # a proxy configured for the internet is not for loopback
    )


def pages_address(state_dir: Path, record: ServerRecord) -> str:
    """The pages' address for a person: it has the token once, and the browser a cookie then."""
    return f"{record.pages_url}/?token={control_token(state_dir)}"
