"""The sandbox's CA is its own, stays, and never lies about with readable keys."""

import datetime as dt
import re
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from sandbox.server.certificates import CA_FILE, NAMES, SERVER_FILE, ensure_certificates
from sandbox.server.credentials import ensure_credentials

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def leaf(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificates(path.read_bytes())[0]


def test_certificate_is_kept_until_the_same_authority_renews_it(
    tmp_path: Path,
) -> None:
    ensure_certificates(tmp_path, now=NOW)
    authority, old = (tmp_path / CA_FILE).read_bytes(), leaf(tmp_path / SERVER_FILE)
    names = old.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert sorted(str(name.value) for name in names) == sorted(NAMES)
    ensure_certificates(tmp_path, now=NOW + 59 * DAY)
    assert leaf(tmp_path / SERVER_FILE) == old

    ensure_certificates(tmp_path, now=old.not_valid_after_utc - 29 * DAY)

    renewed = leaf(tmp_path / SERVER_FILE)
    assert renewed.not_valid_after_utc > old.not_valid_after_utc
    assert (tmp_path / CA_FILE).read_bytes() == authority
    renewed.verify_directly_issued_by(x509.load_pem_x509_certificate(authority))


@pytest.mark.parametrize("name", ["ca-key.pem", "server.pem", "ca.pem"])
@pytest.mark.parametrize("content", [b"", b"half a key", None])
def test_damaged_or_missing_file_is_replaced_and_everything_fits_again(
    tmp_path: Path, name: str, content: bytes | None
) -> None:
    ensure_certificates(tmp_path, now=NOW)
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(content)

    ensure_certificates(tmp_path, now=NOW)

    certificate = leaf(tmp_path / SERVER_FILE)
    certificate.verify_directly_issued_by(leaf(tmp_path / CA_FILE))
    key = load_pem_private_key((tmp_path / SERVER_FILE).read_bytes(), None)
    assert key.public_key() == certificate.public_key()


def test_private_keys_and_credentials_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    state = tmp_path / "state"
    ensure_certificates(state)
    ensure_credentials(state)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in state.iterdir()}

    assert modes == {
        "ca-key.pem": 0o600,
        "ca.pem": 0o644,
        "credentials.json": 0o600,
        "server.pem": 0o600,
    }
    assert b"PRIVATE" not in (state / "ca.pem").read_bytes()
    assert stat.S_IMODE(state.stat().st_mode) == 0o700


def test_credentials_are_made_once_or_anew_where_unreadable_and_not_shown(tmp_path: Path) -> None:
    made = ensure_credentials(tmp_path)
    assert ensure_credentials(tmp_path) == made
    assert not {made.client_secret, made.cpaas_api_key} & set(re.findall(r"\w+", repr(made)))
    assert made.fingerprint == ensure_credentials(tmp_path).fingerprint
    (tmp_path / "credentials.json").write_text('{"client_id": "x"')
    again = ensure_credentials(tmp_path)
    assert again != made
    assert again.fingerprint != made.fingerprint
