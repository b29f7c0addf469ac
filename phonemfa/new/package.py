"""The wheels that a repository depends on, and their hashes."""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from phonemfa.answered import RefusedError
from phonemfa.files import why


@dataclass(frozen=True, kw_only=True)
class Package:
    """An address that pip takes, and the SHA-256 of what is there.

    `first_use` says that nobody named the hash: it is that of what was found now.
    """

    address: str
    sha256: str
    first_use: bool


def package_at(address: str, sha256: str = "") -> Package:
    """Look at the wheel at `https://….whl`, or in a file of this machine.

    Without the hash that it must have, that of what is found counts (trust on first use). No such
    wheel, or another hash, is a `RefusedError`.
    """
    if sha256 and not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise RefusedError("The hash is no SHA-256: 64 digits of 0-9a-f.")
    given = address
    if "://" not in address:
        address = Path(address).resolve().as_uri()
    try:
        parts = urlsplit(address)
    except ValueError:  # such as https://[x/
        parts = urlsplit("")
    if not parts.path.endswith(".whl") or re.search(r"\s", address):  # it is a word of a lock
        raise RefusedError(f"{given!r} is no wheel: give the address of phonemfa-….whl.")
    if parts.scheme not in {"https", "file"}:
        raise RefusedError(f"{given!r}: a wheel comes by https, or from a file.")
    content = _downloaded(address) if parts.scheme == "https" else _read(address)
    found = hashlib.sha256(content).hexdigest()
    if sha256 and found != sha256:
        raise RefusedError(
            f"{address} has the hash {found}, not the named {sha256}. Find out why before anything "
            "else; nothing was written."
        )
    return Package(address=address, sha256=found, first_use=not sha256)


def sandbox_beside(address: str) -> str:
    """Where a release has the sandbox's wheel: beside the product's, or `RefusedError`."""
    place, slash, name = address.rpartition("/")
    if not name.startswith("phonemfa-"):
        raise RefusedError(
            f"{address!r} is not named phonemfa-….whl, so the sandbox's wheel is not found beside "
            "it: give --sandbox-package."
        )
    return f"{place}{slash}{name.replace('phonemfa-', 'phonemfa_sandbox_server-', 1)}"


def _read(address: str) -> bytes:
    try:
        return Path(os.fsdecode(unquote_to_bytes(urlsplit(address).path))).read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a name with NUL
        raise RefusedError(f"{address} cannot be read: {why(error)}.") from None


def _downloaded(address: str) -> bytes:
    import httpx  # noqa: PLC0415 - a tenth of a second, for those alone who download

    from components.tenant.bounded_http import BoundedClient  # noqa: PLC0415

    try:
        with BoundedClient(total=120.0, follow_redirects=True, timeout=30.0) as http:
            content: bytes = http.get(address).raise_for_status().content
    except httpx.HTTPError as error:
        raise RefusedError(f"{address} cannot be downloaded: {error}.") from None
    return content
