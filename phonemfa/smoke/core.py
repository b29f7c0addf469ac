"""One real test message a channel, and what the tenant says became of it.

Owns sending by the tenant's own means, to numbers that the stack allows, and waiting for evidence.
Refuses to ask, to print, and to take silence for success. Also used by `rotate` and `enforce`.

A unified tenant has a route that sends a test message through its provider (`POST
/branding/phone/providers/{id}/try`); the Action that is deployed runs. A legacy tenant has none.
What comes nearest runs the Action's draft in the tenant (`POST /actions/actions/{id}/test`): that
is a real send, by the code and the secrets that are deployed if the tenant says that nothing waits
to be deployed, but no login. So the Action's binding and the tenant's switch are looked at as well.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from components.log_evidence import CHANNELS, PATIENCE, Evidence, find, news, search
from components.masking import masked, redacted
from components.settings import StackSettings
from components.tenant.access import Access
from components.vocabulary import TRIGGERS, DeliveryMethod, Experience
from phonemfa.declared_actions import name_of
from phonemfa.output.terminal import working
from phonemfa.tenant import TenantView, read_tenant, reading
from phonemfa.writing import ONCE, WriteFailedError, plain, writing

if TYPE_CHECKING:
    from auth0.management import ManagementClient

_LEGACY_TRIGGER: Final = TRIGGERS[Experience.LEGACY]
_FIRST_PAUSE: Final = 0.25
_LONGEST_PAUSE: Final = 2.0
_REFUSED_FOR_GOOD: Final = frozenset({404, 409})


class Verdict(StrEnum):
    """What is known about a message."""

    SENT = "sent"
    """The CPaaS took it. Whether a phone got it is not known here."""
    FAILED = "failed"
    UNKNOWN = "unknown"
    """No evidence either way."""


@dataclass(frozen=True, kw_only=True)
class Send:
    """What became of the message of one channel.

    Attributes:
        method: text or voice.
        verdict: what the evidence says.
        why: the evidence, or why there is none, in words; no number, no code.
        evidence: the entry of the tenant's log, if that is where it comes from.
        arrived: what a person at the phone said; None when nobody was asked or answered.
    """

    method: DeliveryMethod
    verdict: Verdict
    why: str
    evidence: Evidence | None = None
    arrived: bool | None = None


@dataclass(frozen=True, kw_only=True)
class SmokeResult:
    """Every declared channel, tried once; `to` is masked."""

    domain: str
    to: str
    sends: tuple[Send, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of the channels: failed before unknown before sent."""
        found = {one.verdict for one in self.sends}
        for worst in (Verdict.FAILED, Verdict.UNKNOWN):
            if worst in found:
                return worst
        return Verdict.SENT


class NumberNotAllowedError(Exception):
    """The number is none of the stack's test numbers; the text does not repeat it in full."""


def test_number(settings: StackSettings, to: str | None) -> str:
    """The number that test messages go to: `to`, or the only one that the stack has.

    Raises:
        NumberNotAllowedError: the stack allows no such number, or several and none was named.
    """
    allowed = settings.test_numbers
    # Without its type, Pulumi writes a number: without quotes, without the plus.
    setting = "pulumi config set --path --type string 'phonemfa:testNumbers[0]'"
    fix = f"{setting} <E.164 number of a phone of yours>"
    if not allowed:
        raise NumberNotAllowedError(
            "The stack has no phonemfa:testNumbers: test messages go to listed numbers only, so "
            f"that no slip reaches a stranger. Fix: {fix}"
        )
    if to is None and len(allowed) == 1:
        return allowed[0]
    known = ", ".join(masked(one) for one in allowed)
    if to is None:
        raise NumberNotAllowedError(f"Which number? Name one with --to: {known}.")
    if to not in allowed:
        raise NumberNotAllowedError(
            f"{masked(to)} is not in phonemfa:testNumbers ({known}): nothing was sent. "
            f"If it is a phone of yours: {fix}"
        )
    return to


test_number.__test__ = False  # type: ignore[attr-defined]  # no test, whatever pytest thinks


def run_smoke(
    access: Access,
    settings: StackSettings,
    *,
    to: str,
    patience: float = PATIENCE,
    pause: Callable[[float], None] = time.sleep,
) -> SmokeResult:
    """Send one test message by each declared channel, one after the other, and look for evidence.

    Args:
        access: the application needs `create:phone_providers` and `read:logs` on a unified
            tenant, `create:actions` on a legacy one, and the read scopes of the checks.
        settings: of the stack: its channels, and the numbers that may get a test message.
        to: one of `settings.test_numbers`.
        patience: seconds to wait for the tenant's log, a channel.
        pause: waits between two looks, seconds.

    Raises:
        NumberNotAllowedError: nothing was sent.
        TenantUnreadableError: the tenant could not be looked at; nothing was sent.
        WriteFailedError: a send was refused for a reason that says nothing about sending, such as
            a missing scope, or got no answer.
    """
    number = test_number(settings, to)
    with working(f"looking at the tenant {access.domain}"):
        tenant = read_tenant(access)
    methods = [one for one in DeliveryMethod if one in settings.delivery_methods]
    with writing(access) as client:
        probe = _Probe(client, tenant, settings, number, patience, pause)
        send = probe.through_provider if tenant.is_unified else probe.through_action
        sends = tuple(send(method) for method in methods)
    return SmokeResult(domain=access.domain, to=masked(number), sends=sends)


def check_access(access: Access) -> None:
    """Make sure, before something is changed that a test message is to prove, that one can.

    Raises:
        TenantUnreadableError: no answer, or the scope `read:logs` is missing.
    """
    with reading(access) as client:
        client.logs.list(per_page=1)


@dataclass(frozen=True)
class _Probe:
    """One tenant and one number."""

    client: ManagementClient
    tenant: TenantView
    settings: StackSettings
    to: str
    patience: float
    pause: Callable[[float], None]

    # -- unified ------------------------------------------------------------------------------

    def through_provider(self, method: DeliveryMethod) -> Send:
        """A test message by the provider's own route."""
        provider = self.tenant.provider
        if provider is None:
            return _failed(method, "the tenant has no phone provider")
        if provider.get("disabled"):
            return _failed(method, "the tenant's phone provider is disabled")
        before = self._log(method)
        with working(f"test message by {method} to {masked(self.to)}"):
            refusal = self._try(str(provider["id"]), method)
            if refusal:
                return _failed(method, refusal)
            return self._wait(method, before)

    def _try(self, provider: str, method: DeliveryMethod) -> str:
        """Ask for the message; answers why there will never be one, if the tenant says so."""
        from auth0.management.core.api_error import ApiError  # noqa: PLC0415 - loaded already

        try:
            self.client.branding.phone.providers.test(
                provider, to=self.to, delivery_method=method.value, request_options=ONCE
            )
        except ApiError as error:
            if error.status_code not in _REFUSED_FOR_GOOD:
                raise
            body = plain(error.body) if hasattr(error.body, "model_dump") else error.body
            said = body.get("message", "") if isinstance(body, dict) else ""
            return f"the tenant refused to send ({error.status_code}): {redacted(str(said))}"
        return ""

    def _wait(self, method: DeliveryMethod, before: list[dict[str, Any]]) -> Send:
        deadline, pause = time.monotonic() + self.patience, _FIRST_PAUSE
        while True:
            new = news(self._log(method), before=before)
            found = find(new, to=self.to, method=method)
            if found:
                return _told(method, found)
            if time.monotonic() + pause > deadline:
                return _unknown(
                    method,
                    "the tenant took the request, and its log says nothing about it within "
                    f"{self.patience:.0f} s",
                )
            self.pause(pause)
            pause = min(_LONGEST_PAUSE, pause * 1.5)

    def _log(self, method: DeliveryMethod) -> list[dict[str, Any]]:
        """The newest entries that could be about a message, newest first."""
        return [plain(one) for one in self.client.logs.list(**search(method)).items or []]

    # -- legacy -------------------------------------------------------------------------------

    def through_action(self, method: DeliveryMethod) -> Send:
        """The Action, run by the tenant with the event of a login."""
        name = name_of(self.settings, Experience.LEGACY)
        ours = [
            one
            for one in self.tenant.actions
            if one.trigger == _LEGACY_TRIGGER and one.name == name
        ]
        if not ours:
            return _failed(method, f"the tenant has no Action {name!r} for {_LEGACY_TRIGGER}")
        bound = {one.action_id for one in self.tenant.bound[_LEGACY_TRIGGER]}
        if ours[0].action_id not in bound:
            return _failed(method, f"the Action {name!r} is not bound: no login runs it")
        selected = self.client.guardian.factors.phone.get_selected_provider().provider
        if selected != "phone-message-hook" and self.settings.adopted:
            return _unknown(method, f"logins send through {selected!r}, which has no test route")
        if selected != "phone-message-hook":
            return _failed(method, f"logins send through {selected!r}, not through an Action")
        action = plain(self.client.actions.get(ours[0].action_id))
        if not action.get("all_changes_deployed"):
            return _unknown(
                method,
                "nothing was sent: the tenant can only run the Action's draft, which differs from "
                "what is deployed (phonemfa drift says in what)",
            )
        with working(f"test message by {method} to {masked(self.to)}"):
            return self._run_action(ours[0].action_id, method)

    def _run_action(self, action_id: str, method: DeliveryMethod) -> Send:
        event = login_event(self.to, method)
        # Whether the payload is the event or has it under `event` is not established.
        answer = self.client.actions.test(
            action_id, payload={**event, "event": event}, request_options=ONCE
        )
        payload = answer.payload
        if not isinstance(payload, dict):
            raise WriteFailedError("The tenant ran the Action and did not say how it ended.")
        error = payload.get("error")
        if error:
            said = error.get("message") if isinstance(error, dict) else error
            return _failed(method, f"the Action said: {redacted(str(said))}")
        return Send(
            method=method,
            verdict=Verdict.SENT,
            why="the tenant ran the Action, which ended as it does when the CPaaS took the message",
        )


def login_event(to: str, method: DeliveryMethod) -> dict[str, Any]:
    """The event of `onExecuteSendPhoneMessage` for a code that no login waits for."""
    code = "000000"
    return {
        "message_options": {
            "action": "second-factor-authentication",
            "code": code,
            "message_type": CHANNELS[method],
            "recipient": to,
            "text": f"Test message, no login: {code}",
        },
        "client": {"client_id": "phonemfa", "name": "phonemfa smoke", "metadata": {}},
        "request": {"method": "POST", "geoip": {}, "language": "ja"},
        "transaction": {"correlation_id": uuid.uuid4().hex},
        "user": {"user_id": "phonemfa|smoke", "app_metadata": {}, "user_metadata": {}},
    }


def _failed(method: DeliveryMethod, why: str) -> Send:
    return Send(method=method, verdict=Verdict.FAILED, why=why)


def _unknown(method: DeliveryMethod, why: str) -> Send:
    return Send(method=method, verdict=Verdict.UNKNOWN, why=why)


def _told(method: DeliveryMethod, found: Evidence) -> Send:
    return Send(
        method=method,
        verdict=Verdict.SENT if found.sent else Verdict.FAILED,
        why="the tenant's log says that it was sent" if found.sent else found.reason,
        evidence=found,
    )
