"""Settings of the other MFA factors: push notifications, Duo, WebAuthn.

Clients that manage a whole tenant ask for them. Each is a document that is read, replaced and
(where published) merged; nothing in the sandbox acts on it.

What is answered follows the recordings of go-auth0 (`TestGuardian/MultiFactor` in its module):
a write is echoed, a read adds what was left out, and each leaves out other secrets. Unset push
notification settings answer `{}`: recorded for `sns` in auth0-deploy-cli's own end-to-end
recordings (`should-dump-without-throwing-an-error`, 2026-07), assumed for the others.
"""

from dataclasses import dataclass, field
from typing import Any

from sandbox.json_schemas import BOOLEAN, STRING, Schema, complete, nullable, obj, one_of, text
from sandbox.tenant.context import Rules
from sandbox.tenant.operation import Evidence, Routes
from sandbox.tenant.settings import SINGLETONS

Document = dict[str, Any]

_GO = "by go-auth0 v1.45.0, replayed from its module in `make fidelity`"
_GO_RECORDED = Evidence("recorded", f"{_GO}; what is unset is assumed")
_DEPLOY_CLI = Evidence("recorded", "auth0-deploy-cli: `{}` where nothing is set")
_SELECTED = Evidence("recorded", f"{_GO}; `guardian` assumed as unset")
_SCHEMA_ONLY = Evidence("published", "schema only; what is unset is assumed to be `{}`")

_OR_NULL = nullable(STRING)
_SECRET_TEXT = nullable(text(1, 1000))
_RELYING_PARTY = {"overrideRelyingParty": BOOLEAN, "relyingPartyIdentifier": STRING}


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """One document.

    Attributes:
        unset: what a read answers before anything was written.
        defaults: what a read adds to what was written.
        unread: keys that a read leaves out.
        unechoed: keys that the answer to a write leaves out as well.
        known, read_known: where writes and reads are from.
    """

    body: Schema
    unset: Document = field(default_factory=dict)
    defaults: Document = field(default_factory=dict)
    unread: frozenset[str] = frozenset()
    unechoed: frozenset[str] = frozenset()
    published: tuple[str, ...] = ("GET", "PUT")
    known: Evidence = _GO_RECORDED
    read_known: Evidence = _GO_RECORDED


def _secret(name: str, body: dict[str, Schema], *published: str) -> _Kind:
    secret = frozenset({name})
    return _Kind(body=obj(body), unread=secret, unechoed=secret, published=published)


_APNS = "push-notification/providers/apns"
CUSTOM_APP = "push-notification/custom-app"
"""The app of a tenant's own; its path is /prompts/mfa-push, not below /guardian/factors."""

_ROAMING: Document = {"userVerification": "preferred", "overrideRelyingParty": False}
_KINDS: dict[str, _Kind] = {
    "push-notification/providers/sns": _Kind(
        body=obj(
            {
                "aws_access_key_id": _SECRET_TEXT,
                "aws_secret_access_key": _SECRET_TEXT,
                "aws_region": _SECRET_TEXT,
                "sns_apns_platform_application_arn": _SECRET_TEXT,
                "sns_gcm_platform_application_arn": _SECRET_TEXT,
            }
        ),
        # The one secret that the answer to its write repeats.
        unread=frozenset({"aws_secret_access_key"}),
        published=("GET", "PUT", "PATCH"),
        read_known=_DEPLOY_CLI,
    ),
    _APNS: _secret(
        "p12", {"sandbox": BOOLEAN, "bundle_id": _OR_NULL, "p12": _OR_NULL}, "GET", "PUT", "PATCH"
    ),
    # Without a published GET: they are one secret.
    "push-notification/providers/fcm": _secret(
        "server_key", {"server_key": _OR_NULL}, "PUT", "PATCH"
    ),
    "push-notification/providers/fcmv1": _secret(
        "server_credentials", {"server_credentials": _OR_NULL}, "PUT", "PATCH"
    ),
    "push-notification/selected-provider": _Kind(
        body=complete({"provider": one_of("guardian", "sns", "direct")}),
        unset={"provider": "guardian"},
        known=_SELECTED,
        read_known=_SELECTED,
    ),
    "duo/settings": _Kind(
        body=obj({"ikey": _OR_NULL, "skey": _OR_NULL, "host": _OR_NULL}),
        published=("GET", "PUT", "PATCH"),
    ),
    "webauthn-roaming/settings": _Kind(
        body=obj(
            {"userVerification": one_of("discouraged", "preferred", "required"), **_RELYING_PARTY}
        ),
        unset=_ROAMING,
        defaults=_ROAMING,
    ),
    "webauthn-platform/settings": _Kind(
        body=obj(_RELYING_PARTY),
        unset={"overrideRelyingParty": False},
        defaults={"overrideRelyingParty": False},
    ),
    # The fields are go-auth0's, their limits are not known.
    CUSTOM_APP: _Kind(
        body=obj({"app_name": STRING, "apple_app_link": STRING, "google_app_link": STRING}),
        published=("GET", "PATCH"),
    ),
}

NAMES = tuple(_KINDS)
"""Each document's path below /guardian/factors, and `CUSTOM_APP`."""


class FactorSettings(Rules):
    """The documents of one tenant."""

    def get(self, name: str) -> Document:
        """What was written and what goes without saying, else what is there before that."""
        kind, stored = _KINDS[name], self._store.get(SINGLETONS, f"factor {name}")
        if stored is None:
            return dict(kind.unset)
        document = {**kind.defaults, **stored}
        if name == _APNS:
            # Recorded as true where a certificate is; nobody can send the key itself.
            document["enabled"] = bool(stored.get("p12"))
        return {key: value for key, value in document.items() if key not in kind.unread}

    def replace(self, name: str, document: Document) -> Document:
        self._store.put(SINGLETONS, f"factor {name}", document)
        return {key: one for key, one in document.items() if key not in _KINDS[name].unechoed}

    def merge(self, name: str, changes: Document) -> Document:
        """PATCH: the named keys; answers the whole document, as a write shows it."""
        with self._store.transaction():
            stored = self._store.get(SINGLETONS, f"factor {name}") or _KINDS[name].unset
            return self.replace(name, {**stored, **changes})


_RULES = {"PUT": FactorSettings.replace, "PATCH": FactorSettings.merge}
ROUTES = Routes("factor_settings")

for _name, _kind in _KINDS.items():
    _path, _scope = f"/guardian/factors/{_name}", "guardian_factors"
    if _name == CUSTOM_APP:
        _path, _scope = "/prompts/mfa-push", "prompts"
    for _method in _kind.published:
        if _method == "GET":
            _reads = ROUTES("GET", _path, f"read:{_scope}", _name, known=_kind.read_known)
            _reads(FactorSettings.get)
            continue
        _merges = _method == "PATCH" and "PUT" in _kind.published
        _known = _SCHEMA_ONLY if _merges else _kind.known
        _writes = ROUTES(_method, _path, f"update:{_scope}", _name, body=_kind.body, known=_known)
        _writes(_RULES[_method])
