"""Settings of the other MFA factors: push notifications, Duo, WebAuthn.

Clients that manage a whole tenant ask for them. Each is a document that is read, replaced and
(where published) merged; nothing in the sandbox acts on it.

What is answered follows the recordings of go-auth0 (`TestGuardian/MultiFactor` in its module):
a write is echoed, a read adds what was left out, and each leaves out other secrets. Unset push
notification settings answer `{}`: recorded for `sns` in auth0-deploy-cli's own end-to-end
recordings (`should-dump-without-throwing-an-error`, 2026-07), assumed for the others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.tenant.context import Context
from sandbox.tenant.operation import Evidence, Routes
from sandbox.tenant.schemas import BOOLEAN, STRING, Schema, nullable, obj, one_of, text
from sandbox.tenant.settings import SINGLETONS

Document = dict[str, Any]


@dataclass(frozen=True)
class _Kind:
    """One document's behaviour.

    Attributes:
        unset: what a read answers before anything was written.
        defaults: what a read adds to what was written.
        unread: keys that a read leaves out.
        unechoed: keys that the answer to a write leaves out as well.
    """

    unset: Document = field(default_factory=dict)
    defaults: Document = field(default_factory=dict)
    unread: frozenset[str] = frozenset()
    unechoed: frozenset[str] = frozenset()


def _always(defaults: Document) -> _Kind:
    return _Kind(unset=defaults, defaults=defaults)


def _secret(name: str) -> _Kind:
    return _Kind(unread=frozenset({name}), unechoed=frozenset({name}))


_APNS = "push-notification/providers/apns"
CUSTOM_APP = "push-notification/custom-app"
"""The app of a tenant's own; its path is /prompts/mfa-push, not below /guardian/factors."""

_KINDS: dict[str, _Kind] = {
    # The one secret that the answer to its write repeats.
    "push-notification/providers/sns": _Kind(unread=frozenset({"aws_secret_access_key"})),
    _APNS: _secret("p12"),
    "push-notification/providers/fcm": _secret("server_key"),
    "push-notification/providers/fcmv1": _secret("server_credentials"),
    "push-notification/selected-provider": _Kind(unset={"provider": "guardian"}),
    CUSTOM_APP: _Kind(),
    "duo/settings": _Kind(),
    "webauthn-roaming/settings": _always(
        {"userVerification": "preferred", "overrideRelyingParty": False}
    ),
    "webauthn-platform/settings": _always({"overrideRelyingParty": False}),
}

NAMES = tuple(_KINDS)
"""Each document's path below /guardian/factors, and `CUSTOM_APP`."""


class FactorSettings:
    """The documents of one tenant."""

    def __init__(self, context: Context) -> None:
        self._store = context.store

    def get(self, name: str) -> Document:
        """GET: what was written and what goes without saying, else what is there before that."""
        kind, stored = _KINDS[name], self._store.get(SINGLETONS, f"factor {name}")
        if stored is None:
            return dict(kind.unset)
        document = {**kind.defaults, **stored}
        if name == _APNS:
            # Recorded as true where a certificate is; nobody can send the key itself.
            document["enabled"] = bool(stored.get("p12"))
        return {key: value for key, value in document.items() if key not in kind.unread}

    def replace(self, name: str, document: Document) -> Document:
        """PUT: the whole document; answers it."""
        self._store.put(SINGLETONS, f"factor {name}", document)
        return self._answer(name, document)

    def merge(self, name: str, changes: Document) -> Document:
        """PATCH: the named keys; answers the whole document, as a write shows it."""
        kind = _KINDS[name]
        with self._store.transaction():
            stored = self._store.get(SINGLETONS, f"factor {name}") or kind.unset
            merged = {**stored, **changes}
            self._store.put(SINGLETONS, f"factor {name}", merged)
        return self._answer(name, merged)

    @staticmethod
    def _answer(name: str, written: Document) -> Document:
        return {key: one for key, one in written.items() if key not in _KINDS[name].unechoed}


# -- schema and routes ------------------------------------------------------------------------

_SECRET_TEXT = nullable(text(1, 1000))
_SCHEMAS: dict[str, Schema] = {
    "push-notification/providers/sns": obj(
        {
            "aws_access_key_id": _SECRET_TEXT,
            "aws_secret_access_key": _SECRET_TEXT,
            "aws_region": nullable(text(1, 1000)),
            "sns_apns_platform_application_arn": nullable(text(1, 1000)),
            "sns_gcm_platform_application_arn": nullable(text(1, 1000)),
        }
    ),
    "push-notification/providers/apns": obj(
        {"sandbox": BOOLEAN, "bundle_id": nullable(STRING), "p12": nullable(STRING)}
    ),
    "push-notification/providers/fcm": obj({"server_key": nullable(STRING)}),
    "push-notification/providers/fcmv1": obj({"server_credentials": nullable(STRING)}),
    "push-notification/selected-provider": obj(
        {"provider": one_of("guardian", "sns", "direct")}, required=("provider",)
    ),
    "duo/settings": obj(
        {"ikey": nullable(STRING), "skey": nullable(STRING), "host": nullable(STRING)}
    ),
    "webauthn-roaming/settings": obj(
        {
            "userVerification": one_of("discouraged", "preferred", "required"),
            "overrideRelyingParty": BOOLEAN,
            "relyingPartyIdentifier": STRING,
        }
    ),
    "webauthn-platform/settings": obj(
        {"overrideRelyingParty": BOOLEAN, "relyingPartyIdentifier": STRING}
    ),
}
"""Bodies of the other factors' settings, by their path below /guardian/factors."""
_CUSTOM_APP = obj({"app_name": STRING, "apple_app_link": STRING, "google_app_link": STRING})
"""Body of PATCH /prompts/mfa-push; the fields are go-auth0's, their limits are not known."""

_MERGED = (
    *(f"push-notification/providers/{one}" for one in ("sns", "apns", "fcm", "fcmv1")),
    "duo/settings",
)
"""Settings with a published PATCH."""

_WRITTEN_ONLY = ("push-notification/providers/fcm", "push-notification/providers/fcmv1")
"""Settings without a published GET: they are one secret."""

_SCHEMA_ONLY = Evidence("published", "schema only; what is unset is assumed to be `{}`")
_GO = "by go-auth0 v1.45.0, replayed from its module in `make fidelity`"
_GO_RECORDED = Evidence("recorded", f"{_GO}; what is unset is assumed")
_READS = {
    "push-notification/providers/sns": Evidence(
        "recorded", "auth0-deploy-cli: `{}` where nothing is set"
    )
}
_SELECTED = Evidence("recorded", f"{_GO}; `guardian` assumed as unset")

ROUTES = Routes[FactorSettings]()
ROUTES.add(
    "GET",
    "/prompts/mfa-push",
    "read:prompts",
    lambda settings, _: settings.get(CUSTOM_APP),
    known=_GO_RECORDED,
)
ROUTES.add(
    "PATCH",
    "/prompts/mfa-push",
    "update:prompts",
    lambda settings, call: settings.merge(CUSTOM_APP, call.body),
    body=_CUSTOM_APP,
    known=_GO_RECORDED,
)


def _add(name: str, body: Schema) -> None:
    path, write = f"/guardian/factors/{name}", "update:guardian_factors"
    known = _SELECTED if name.endswith("selected-provider") else _GO_RECORDED
    if name not in _WRITTEN_ONLY:
        ROUTES.add(
            "GET",
            path,
            "read:guardian_factors",
            lambda settings, _: settings.get(name),
            known=_READS.get(name, known),
        )
    ROUTES.add(
        "PUT",
        path,
        write,
        lambda settings, call: settings.replace(name, call.body),
        body=body,
        known=known,
    )
    if name in _MERGED:
        ROUTES.add(
            "PATCH",
            path,
            write,
            lambda settings, call: settings.merge(name, call.body),
            body=body,
            known=_SCHEMA_ONLY,
        )


for _name, _body in _SCHEMAS.items():
    _add(_name, _body)
