"""Settings of the other MFA factors: push notifications, Duo, WebAuthn.

Owns what clients that manage a whole tenant ask for beside the phone factor. Each is a document
that is read, replaced and (where published) merged; nothing in the sandbox acts on it. Refuses
switching factors on and off (`guardian`).

What is answered follows the recordings of go-auth0 (`TestGuardian/MultiFactor` in its module):
a write is echoed, a read adds what was left out, and each leaves out other secrets. Unset push
notification settings answer `{}`: recorded for `sns` in auth0-deploy-cli's own end-to-end
recordings (`should-dump-without-throwing-an-error`, 2026-07), assumed for the others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.tenant.context import Context
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
        """Keep them in this tenant's store."""
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
