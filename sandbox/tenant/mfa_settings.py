"""What a tenant's MFA asks how often, and what its codes look like (management-api.md §6.7).

Three documents that are read and replaced whole: remembering a browser, and length and lifetime
of the codes that go by phone and by email.
"""

from typing import Any, Final, Literal

from sandbox.json_schemas import BOOLEAN, complete, described, whole
from sandbox.tenant.context import Rules
from sandbox.tenant.errors import ApiError, invalid_body
from sandbox.tenant.operation import Routes
from sandbox.tenant.settings import SINGLETONS

Document = dict[str, Any]
Channel = Literal["phone", "email"]

REMEMBERING: Final[Document] = {
    "display_remember_me_checkbox": True,
    "remember_me_default_value": False,
    "mfa_session_inactivity_timeout": 604_800,
    "mfa_session_overall_timeout": 2_592_000,
}
"""A tenant's own before anything was written: recorded in TestAccGuardianSettings."""

CODES: Final[Document] = {"otp_length": 6, "otp_expiration_time": 300}
"""Of both channels, before anything was written: recorded as well."""

FACTORS: Final[dict[str, Channel]] = {"sms": "phone", "email": "email"}
"""The factors that have settings of their codes, by their name in the list of factors."""


_REMEMBERING = complete(
    {
        "display_remember_me_checkbox": BOOLEAN,
        "remember_me_default_value": BOOLEAN,
        "mfa_session_inactivity_timeout": described(
            whole(3_600, 2_592_000), "Seconds without a login after which a browser is forgotten"
        ),
        "mfa_session_overall_timeout": described(
            whole(3_600, 7_776_000), "Seconds after which a browser is forgotten"
        ),
    }
)
_CODES = complete(
    {
        "otp_length": described(whole(4, 10), "Characters of a code"),
        "otp_expiration_time": described(whole(30, 3_600), "Seconds for which a code is valid"),
    }
)
_PATH = "/guardian/settings"
_PHONE, _EMAIL = (f"/guardian/factors/{one}/settings" for one in ("phone", "email"))
_READ, _WRITE = "read:guardian_factors", "update:guardian_factors"
ROUTES = Routes("mfa_settings")


class MfaSettings(Rules):
    """The three documents of one tenant."""

    def remembering(self) -> Document:
        """Whether a browser is remembered, and for how many seconds."""
        return self._document("remembering", REMEMBERING)

    def codes(self, channel: Channel) -> Document:
        """Length of a code in characters, and its lifetime in seconds."""
        return self._document(f"{channel} codes", CODES)

    @ROUTES("GET", _PATH, "read:tenant_settings")
    def read_remembering(self) -> Document:
        self._check_entitled()
        return self.remembering()

    @ROUTES("PUT", _PATH, "update:tenant_settings", body=_REMEMBERING)
    def write_remembering(self, document: Document) -> Document:
        """Refused where a browser would be forgotten for inactivity only after it is anyway."""
        self._check_entitled()
        inactivity = document["mfa_session_inactivity_timeout"]
        if inactivity > document["mfa_session_overall_timeout"]:
            detail = "Value is over mfa_session_overall_timeout"
            raise invalid_body(detail, "mfa_session_inactivity_timeout")
        return self._write("remembering", document)

    @ROUTES("GET", _PHONE, _READ, "phone")
    @ROUTES("GET", _EMAIL, _READ, "email")
    def read_codes(self, channel: Channel) -> Document:
        self._check_entitled()
        return self.codes(channel)

    @ROUTES("PUT", _PHONE, _WRITE, "phone", body=_CODES)
    @ROUTES("PUT", _EMAIL, _WRITE, "email", body=_CODES)
    def write_codes(self, channel: Channel, document: Document) -> Document:
        self._check_entitled()
        return self._write(f"{channel} codes", document)

    def beside(self, factors: list[Document]) -> list[Document]:
        """GET /guardian/factors?include_settings=true: those of the factors that have some."""
        self._check_entitled()
        return [
            {**one, "settings": self.codes(FACTORS[one["name"]])} if one["name"] in FACTORS else one
            for one in factors
        ]

    def _check_entitled(self) -> None:
        if not self._context.assumptions.entitled_to_mfa_settings:
            raise ApiError(
                403, "The requestor is not entitled to perform this operation.", "not_entitled"
            )

    def _document(self, name: str, unset: Document) -> Document:
        found = self._store.get(SINGLETONS, f"mfa {name}")
        return dict(unset if found is None else found)

    def _write(self, name: str, document: Document) -> Document:
        self._store.put(SINGLETONS, f"mfa {name}", document)
        return document
