"""Secrets of this one sandbox, made once and kept in the state folder (0600)."""

import hashlib
import json
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sandbox.machine.files import SECRET_MODE, private_folder, write_atomically

TOKEN_FILE = "control-token"  # noqa: S105 - a file's name


@dataclass(frozen=True)
class SandboxCredentials:
    """Client id and secret of the tenant's API client, and the key the local CPaaS accepts."""

    client_id: str
    client_secret: str = field(repr=False)
    cpaas_api_key: str = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """Tells these credentials from others. They are random and long: it gives nothing away."""
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()[:16]


def ensure_credentials(state_dir: Path) -> SandboxCredentials:
    """The credentials of the sandbox in `state_dir`, made on the first call."""
    path = private_folder(state_dir) / "credentials.json"
    try:
        return SandboxCredentials(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        made = SandboxCredentials(
            # Auth0's client ids and secrets have 32 and 64 characters.
            client_id=secrets.token_hex(16),
            client_secret=secrets.token_hex(32),
            cpaas_api_key=secrets.token_hex(24),
        )
        write_atomically(path, json.dumps(asdict(made), indent=2), mode=SECRET_MODE)
        return made


def control_token(state_dir: Path) -> str:
    """What control routes and pages ask for; in a file of its own, for clients to read (0600)."""
    path = private_folder(state_dir) / TOKEN_FILE
    token = path.read_text().strip() if path.exists() else ""
    if not token:
        token = secrets.token_urlsafe(32)
        write_atomically(path, token, mode=SECRET_MODE)
    return token
