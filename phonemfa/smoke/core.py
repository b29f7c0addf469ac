"""One real test message a channel, and what the tenant says became of it.

By the tenant's own means, and to numbers alone that the stack allows. A unified tenant has a route
for it (`components/guards/test_message.py`). A legacy tenant has none. What comes nearest runs the
Action's draft in the tenant (`POST /actions/actions/{id}/test`): that is a real send, by the code
and the secrets that are deployed if the tenant says that nothing waits to be deployed, but no
login. So the Action's binding and the tenant's switch are looked at as well. Also used by `rotate`
and `enforce`.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from components.guards.log_evidence import CHANNELS, PATIENCE
from components.guards.test_message import Messages, Send, Verdict, failed, unknown
from components.masking import masked, redacted
from components.settings.model import StackSettings
from components.tenant.access import Access
from components.tenant.action import find, name_of, read_one
from components.tenant.client import ONCE, WriteFailedError, ask, ask_to_write
from components.tenant.guardian import HOOK
from components.tenant.model import seen
from components.tenant.snapshot import SENDING, Snapshot, read
from components.vocabulary import TRIGGERS, DeliveryMethod, Experience
from phonemfa.answered import RefusedError
from phonemfa.output.terminal import working
from phonemfa.pulumi.stack_file import StackFile

if TYPE_CHECKING:
    from auth0.management import AsyncManagementClient

_LEGACY_TRIGGER: Final = TRIGGERS[Experience.LEGACY]


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

    @property
    def reasons(self) -> str:
        """Why, a channel after the other."""
        return "; ".join(f"{one.method}: {one.why}" for one in self.sends)


def test_number(settings: StackSettings, to: str | None) -> str:
    """The number that test messages go to: `to`, or the only one that the stack has.

    Raises:
        RefusedError: the stack allows no such number, or several and none was named.
    """
    allowed = settings.test_numbers
    # Without its type, Pulumi writes a number: without quotes, without the plus.
    setting = "pulumi config set --path --type string 'phonemfa:testNumbers[0]'"
    fix = f"{setting} <E.164 number of a phone of yours>"
    if not allowed:
        raise RefusedError(
            "The stack has no phonemfa:testNumbers: test messages go to listed numbers only, so "
            f"that no slip reaches a stranger. Fix: {fix}"
        )
    if to is None and len(allowed) == 1:
        return allowed[0]
    known = ", ".join(masked(one) for one in allowed)
    if to is None:
        raise RefusedError(f"Which number? Name one with --to: {known}.")
    if to not in allowed:
        raise RefusedError(
            f"{masked(to)} is not in phonemfa:testNumbers ({known}): nothing was sent. "
            f"If it is a phone of yours: {fix}"
        )
    return to


test_number.__test__ = False  # type: ignore[attr-defined]  # no test, whatever pytest thinks


def run_smoke(stack: StackFile, *, to: str, patience: float = PATIENCE) -> SmokeResult:
    """Send one test message by each declared channel, one after the other, and look for evidence.

    Args:
        stack: its channels, and the numbers that may get a test message. The application needs
            `create:phone_providers` and `read:logs` on a unified tenant, `create:actions` on a
            legacy one, and the read scopes of the checks.
        to: what `test_number` answered.
        patience: seconds to wait for the tenant's log, a channel.

    Raises:
        TenantUnreadableError: the tenant could not be looked at; nothing was sent.
        WriteFailedError: a send was refused for a reason that says nothing about sending, such as
            a missing scope, or got no answer.
    """
    access, settings = stack.access, stack.settings
    with working(f"looking at the tenant {access.domain}") as heard:
        tenant = ask(access, lambda client: read(client, SENDING), heard=heard)
    methods = [one for one in DeliveryMethod if one in settings.delivery_methods]
    messages = Messages(to=to, methods=methods, patience=patience)

    async def send_all(client: AsyncManagementClient) -> tuple[Send, ...]:
        sends = []
        for method in methods:
            with working(f"test message by {method} to {masked(to)}"):
                if tenant.experience is Experience.UNIFIED:
                    sends.append(await messages.send(client, seen(tenant.provider), method))
                else:
                    sends.append(await _through_action(client, tenant, settings, to, method))
        return tuple(sends)

    sends = ask_to_write(access, send_all)
    return SmokeResult(domain=access.domain, to=masked(to), sends=sends)


def check_access(access: Access) -> None:
    """Make sure, before something is changed that a test message is to prove, that one can.

    Raises:
        TenantUnreadableError: no answer, or the scope `read:logs` is missing.
    """
    ask(access, lambda client: client.logs.list(per_page=1))


async def _through_action(  # noqa: PLR0911 - one a reason
    client: AsyncManagementClient,
    tenant: Snapshot,
    settings: StackSettings,
    to: str,
    method: DeliveryMethod,
) -> Send:
    """The Action of a legacy tenant, run by the tenant with the event of a login."""
    name = name_of(settings, Experience.LEGACY) or ""
    ours = find(seen(tenant.actions), name, _LEGACY_TRIGGER)
    if not ours:
        return failed(method, f"the tenant has no Action {name!r} for {_LEGACY_TRIGGER}")
    if ours.id not in {one.action_id for one in tenant.bindings_of(_LEGACY_TRIGGER)}:
        return failed(method, f"the Action {name!r} is not bound: no login runs it")
    selected = seen(tenant.guardian.selected_provider)
    if selected != HOOK and settings.adopted:
        return unknown(method, f"logins send through {selected!r}, which has no test route")
    if selected != HOOK:
        return failed(method, f"logins send through {selected!r}, not through an Action")
    if not (await read_one(client, ours.id, _LEGACY_TRIGGER)).all_changes_deployed:
        return unknown(
            method,
            "nothing was sent: the tenant can only run the Action's draft, which differs from "
            "what is deployed (python -m phonemfa drift says in what)",
        )
    event = login_event(to, method)
    # Whether the payload is the event or has it under `event` is not established.
    answer = await client.actions.test(
        ours.id, payload={**event, "event": event}, request_options=ONCE
    )
    payload = answer.payload
    if not isinstance(payload, dict):
        raise WriteFailedError("The tenant ran the Action and did not say how it ended.")
    error = payload.get("error")
    if error:
        said = error.get("message") if isinstance(error, dict) else error
        return failed(method, f"the Action said: {redacted(str(said))}")
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
