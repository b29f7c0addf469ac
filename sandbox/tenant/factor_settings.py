"""Settings of the other MFA factors: push notifications, Duo, WebAuthn.

Owns what clients that manage a whole tenant ask for beside the phone factor. Each is a document
that is read, replaced and (where published) merged; nothing in the sandbox acts on it. Refuses
switching factors on and off (`guardian`).

Unset push notification settings answer `{}`: recorded for `sns` in auth0-deploy-cli's own
end-to-end recordings (`should-dump-without-throwing-an-error`, 2026-07), assumed for the others.
The keys are those of Auth0's published OpenAPI; WebAuthn's are not in it and follow go-auth0.
"""

from __future__ import annotations

from typing import Any

from sandbox.tenant.context import Context
from sandbox.tenant.settings import SINGLETONS

Document = dict[str, Any]

UNSET: dict[str, Document] = {
    "push-notification/providers/sns": {},
    "push-notification/providers/apns": {},
    "push-notification/providers/fcm": {},
    "push-notification/providers/fcmv1": {},
    "push-notification/selected-provider": {"provider": "guardian"},
    "duo/settings": {},
    "webauthn-roaming/settings": {"userVerification": "preferred", "overrideRelyingParty": False},
    "webauthn-platform/settings": {"overrideRelyingParty": False},
}
"""Each document's path below /guardian/factors, and what it is before anything was written."""

_NEVER_SHOWN = frozenset({"p12"})
"""A certificate goes in and does not come out: GET's published answer has no such key."""


class FactorSettings:
    """The documents of one tenant."""

    def __init__(self, context: Context) -> None:
        """Keep them in this tenant's store."""
        self._store = context.store

    def get(self, name: str) -> Document:
        """GET: what was written, else what is there before that."""
        found = self._store.get(SINGLETONS, f"factor {name}")
        document = dict(UNSET[name] if found is None else found)
        return {key: value for key, value in document.items() if key not in _NEVER_SHOWN}

    def replace(self, name: str, document: Document) -> Document:
        """PUT: the whole document; answers it."""
        self._store.put(SINGLETONS, f"factor {name}", document)
        return self.get(name)

    def merge(self, name: str, changes: Document) -> Document:
        """PATCH: the named keys; answers the whole document."""
        with self._store.transaction():
            stored = self._store.get(SINGLETONS, f"factor {name}") or UNSET[name]
            return self.replace(name, {**stored, **changes})
