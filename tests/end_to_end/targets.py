"""The tenant that a test drives: one of the sandbox, or a real one that was made for it.

The guard in front of a real one has two keys. The credentials have names of their own
(`PHONEMFA_LIVE_…`), so that those of a `pulumi up` in the same shell are never taken; and the
tenant itself must say that it is for tests, by `OPT_IN` in its friendly name, so that no slip of a
variable reaches a tenant that people log in to. A tenant that already has what the tests would
overwrite is refused too.
"""

import os
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, Literal, Self

import httpx

Generation = Literal["unified", "legacy"]

OPT_IN: Final = "phonemfa-tests"
"""What the friendly name of a real tenant must contain."""

_CREDENTIALS: Final = ("DOMAIN", "CLIENT_ID", "CLIENT_SECRET")
_SENDING: Final = ("CPAAS_HOST", "CPAAS_KEY", "SMS_SENDER", "VOICE_SENDER", "PHONE")


class TargetRefusedError(Exception):
    """The tenant is not one that tests may write to; nothing was written."""


@dataclass(frozen=True)
class Sending:
    """What it takes to send a message for real, and to whom; as `_SENDING` has it."""

    host: str
    key: str = field(repr=False)
    sms_sender: str
    voice_sender: str
    phone: str


@dataclass(kw_only=True)
class Target:
    """A tenant's Management API, called as a client that is not a stack."""

    domain: str
    client_id: str
    client_secret: str = field(repr=False)
    ca_file: Path | None
    sending: Sending | None = None
    _token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        trust = ssl.create_default_context(cafile=self.ca_file)
        self.http = httpx.Client(base_url=self.url, verify=trust, timeout=30)

    @property
    def url(self) -> str:
        return f"https://{self.domain}"

    @property
    def token(self) -> str:
        """A bearer token for the Management API."""
        if not self._token:
            answer = self.http.post(
                "/oauth/token",
                json={
                    "grant_type": "client_credentials",
                    "client_id": self.client_id,
                    "client_secret": self.client_secret,
                    "audience": f"{self.url}/api/v2/",
                },
            )
            self._token = answer.raise_for_status().json()["access_token"]
        return self._token

    def api(self, method: str, path: str, body: Any = None, *, expect: int | None = None) -> Any:
        """One Management API call; its status must be `expect` (None: any of 2xx)."""
        answer = self._ask(method, path, body)
        if answer.status_code == HTTPStatus.UNAUTHORIZED and expect is None:
            self._token = ""  # It may have ended meanwhile, as tests ask a tenant to do.
            answer = self._ask(method, path, body)
        if expect is None:
            answer.raise_for_status()
        else:
            assert answer.status_code == expect, answer.text
        return answer.json() if answer.content else None

    def _ask(self, method: str, path: str, body: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.http.request(method, f"/api/v2{path}", json=body, headers=headers)

    @property
    def actions(self) -> list[dict[str, Any]]:
        """Every Action."""
        found: list[dict[str, Any]] = self.api("GET", "/actions/actions")["actions"]
        return found

    @property
    def providers(self) -> list[dict[str, Any]]:
        """Its phone provider, or none."""
        found: list[dict[str, Any]] = self.api("GET", "/branding/phone/providers")["providers"]
        return found

    @property
    def policies(self) -> list[str]:
        """Its MFA policy, or none."""
        found: list[str] = self.api("GET", "/guardian/policies")
        return found

    @property
    def generation(self) -> Generation:
        """Which phone experience the tenant has."""
        settings = self.api("GET", "/tenants/settings")
        return "unified" if settings.get("phone_consolidated_experience") else "legacy"

    def secrets(self) -> dict[str, str]:
        """What no report may show, with what stands in its place."""
        hidden = {self.client_secret: "CLIENT_SECRET", self._token: "TOKEN"}
        if self.sending:
            hidden |= {self.sending.key: "CPAAS_KEY", self.sending.phone: "PHONE"}
            hidden[self.sending.phone.removeprefix("+")] = "PHONE"
        hidden |= {self.domain: "TENANT", self.client_id: "CLIENT_ID"}
        return {value: name for value, name in hidden.items() if value}


class LiveTarget(Target):
    """A real tenant; nothing but `guard` may be called before `guard` let it through."""

    @classmethod
    def asked_for(cls, environ: Mapping[str, str] = os.environ) -> bool:
        """Whether the environment names a real tenant, be it only in part."""
        return any(environ.get(f"PHONEMFA_LIVE_{name}") for name in _CREDENTIALS)

    @classmethod
    def of(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """The tenant that the environment names, not yet asked anything.

        Raises:
            TargetRefusedError: credentials are incomplete.
        """
        domain, client_id, client_secret = _all_of(_CREDENTIALS, environ)
        sends = any(environ.get(f"PHONEMFA_LIVE_{name}") for name in _SENDING)
        return cls(
            domain=domain,
            client_id=client_id,
            client_secret=client_secret,
            ca_file=Path(environ["SSL_CERT_FILE"]) if environ.get("SSL_CERT_FILE") else None,
            sending=Sending(*_all_of(_SENDING, environ)) if sends else None,
        )

    def guard(self) -> None:
        """Let only a tenant through that says it is for tests and has nothing to lose.

        Raises:
            TargetRefusedError: it does not; only GETs were sent.
        """
        name = self.api("GET", "/tenants/settings").get("friendly_name") or ""
        if OPT_IN not in name:
            raise TargetRefusedError(
                f"The tenant {self.domain} is called {name!r}. Tests write to a real tenant only "
                f"when its friendly name contains {OPT_IN!r} (Dashboard, Settings, General)."
            )
        there = [one["name"] for one in (*self.actions, *self.providers)]
        templates = self.api("GET", "/branding/phone/templates")["templates"]
        there += [one["type"] for one in templates if "id" in one]
        if there:
            raise TargetRefusedError(
                f"The tenant {self.domain} has things that the tests would overwrite or remove: "
                f"{', '.join(there)}. Empty it, or name another one."
            )


def _all_of(names: tuple[str, ...], environ: Mapping[str, str]) -> list[str]:
    values = {f"PHONEMFA_LIVE_{name}": environ.get(f"PHONEMFA_LIVE_{name}", "") for name in names}
    if missing := [name for name, value in values.items() if not value]:
        raise TargetRefusedError(f"Not set: {', '.join(missing)}.")
    return list(values.values())


_NUMBER: Final = re.compile(r"\+?\d{10,15}\b")
_TOKEN: Final = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*")


def redacted(text: str, hidden: Mapping[str, str]) -> str:
    """`text` with a name in place of each hidden value, of each token and each phone number."""
    for value in sorted(hidden, key=len, reverse=True):
        text = text.replace(value, f"<{hidden[value]}>")
    return _NUMBER.sub("<NUMBER>", _TOKEN.sub("<TOKEN>", text))
