"""The sandbox's own certificate authority and the one certificate its servers show.

Nothing goes into the system's trust store: a client trusts the sandbox only when it is given
`ca.pem`. Each private key lies in one file with its certificate (0600), so that a killed writer can
never leave a key beside another key's certificate.
"""

import datetime as dt
from pathlib import Path

import trustme
from cryptography import x509

from sandbox.machine.files import SECRET_MODE, private_folder, write_atomically

CA_FILE = "ca.pem"
"""What a client has to trust."""

SERVER_FILE = "server.pem"
"""Key and chain of the servers."""

CPAAS_HOST = "cpaas.sandbox.test"
NAMES = ("localhost", "127.0.0.1", CPAAS_HOST)
_LEAF_DAYS = 90
_RENEW_DAYS = 30


def ensure_certificates(state_dir: Path, *, now: dt.datetime | None = None) -> None:
    """Make the certificates in `state_dir`, or renew them 30 days before they end."""
    private_folder(state_dir)
    now = dt.datetime.now(dt.UTC) if now is None else now
    authority_file = state_dir / "ca-key.pem"
    ca_file, server_file = state_dir / CA_FILE, state_dir / SERVER_FILE
    authority = _load_authority(authority_file, now)
    if authority is None:
        authority = trustme.CA(organization_name="phonemfa sandbox")
        content = authority.private_key_pem.bytes() + authority.cert_pem.bytes()
        write_atomically(authority_file, content, mode=SECRET_MODE)
        server_file.unlink(missing_ok=True)
    if not ca_file.exists() or ca_file.read_bytes() != authority.cert_pem.bytes():
        write_atomically(ca_file, authority.cert_pem.bytes())
        server_file.unlink(missing_ok=True)
    if not _lasts(server_file, now):
        leaf = authority.issue_cert(
            *NAMES,
            organization_name="phonemfa sandbox",
            not_before=now - dt.timedelta(days=1),
            not_after=now + dt.timedelta(days=_LEAF_DAYS),
        )
        write_atomically(server_file, leaf.private_key_and_cert_chain_pem.bytes(), mode=SECRET_MODE)


def _load_authority(path: Path, now: dt.datetime) -> trustme.CA | None:
    if not _lasts(path, now):
        return None
    content = path.read_bytes()
    certificate = content.index(b"-----BEGIN CERTIFICATE-----")
    return trustme.CA.from_pem(content[certificate:], content[:certificate])


def _lasts(path: Path, now: dt.datetime) -> bool:
    """Whether the first certificate in `path` is readable and far from its end."""
    try:
        certificate = x509.load_pem_x509_certificates(path.read_bytes())[0]
    except (OSError, ValueError):
        return False
    return certificate.not_valid_after_utc - now > dt.timedelta(days=_RENEW_DAYS)
