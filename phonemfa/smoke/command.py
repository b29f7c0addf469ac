"""`phonemfa smoke`: a real test message by each declared channel, and what came of it.

By the tenant's own means, and to numbers alone that the stack allows. A unified tenant has a route
for it (`components/guards/test_message.py`). A legacy tenant has none. What comes nearest runs the
Action's draft in the tenant (`POST /actions/actions/{id}/test`): that is a real send, by the code
and the secrets that are deployed if the tenant says that nothing waits to be deployed, but no
login. So the Action's binding and the tenant's switch are looked at as well. Also used by `rotate`
and `enforce`.
"""

import uuid
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from components.guards.test_message import PATIENCE, Messages, Send, Verdict, failed, unknown
from components.masking import masked, redacted
from components.settings.model import StackSettings
from components.tenant.access import Access
from components.tenant.action import find, name_of, read_one
from components.tenant.client import ONCE, WriteFailedError, ask_to_write
from components.tenant.client import ask as ask_tenant
from components.tenant.guardian import HOOK
from components.tenant.model import Client, seen
from components.tenant.snapshot import SENDING, Snapshot, read
from components.vocabulary import CHANNELS, TRIGGERS, DeliveryMethod, Experience
from phonemfa import options
from phonemfa.answered import RefusedError, answered
from phonemfa.asking import answer_of
from phonemfa.audit import Record
from phonemfa.exits import Exit
from phonemfa.output import terminal
from phonemfa.output.document import Document, Entries, Entry, Mark, Strong
from phonemfa.output.json_text import print_json
from phonemfa.output.terminal import say, working
from phonemfa.pulumi.stack_file import StackFile, read_stack_file

_LEGACY_TRIGGER: Final = TRIGGERS[Experience.LEGACY]
_ENDS: Final = {
    Verdict.FAILED: (Exit.FAULTY, Mark.BAD),
    Verdict.UNKNOWN: (Exit.UNANSWERED, Mark.UNKNOWN),
    Verdict.SENT: (Exit.FINE, Mark.GOOD),
}
"""Exit status and mark of each verdict, the worst first."""

_WHAT_IT_IS: Final = {"text": "an SMS", "voice": "a voice call"}

To = Annotated[
    str | None,
    typer.Option(
        help="One of the stack's phonemfa:testNumbers, in E.164; may be left out when "
        "there is one.",
        show_default=False,
    ),
]
Wait = Annotated[
    float, typer.Option(min=1, max=600, help="Seconds to wait for the tenant's log, a channel.")
]


@dataclass(frozen=True, kw_only=True)
class SmokeResult:
    """Every declared channel, tried once; `to` is masked."""

    domain: str
    to: str
    sends: tuple[Send, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of the channels: failed before unknown before sent."""
        return min((one.verdict for one in self.sends), key=list(_ENDS).index)

    @property
    def reasons(self) -> str:
        """Why, a channel after the other."""
        return "; ".join(f"{one.method}: {one.why}" for one in self.sends)


@answered
def smoke(
    context: typer.Context,
    *,
    stack: options.Stack = None,
    to: To = None,
    wait: Wait = PATIENCE,
    ask: Annotated[
        bool, typer.Option("--ask", help="Ask whether each message arrived; on a terminal only.")
    ] = False,
    config_file: options.ConfigFile = None,
    project: options.Project = Path(),
    as_json: options.AsJson = False,
    audit_file: options.AuditFile = None,
    yes: options.Yes = False,
) -> None:
    """Send a real test message by each declared channel, and find the evidence.

    Exit status: 0 every channel's message was sent, 1 one was not, 2 not known.

    Example: python -m phonemfa smoke --stack dev --to +819012345678
    """
    record = Record.of(context, "smoke", audit_file)
    wanted = read_stack_file(project, stack, file=config_file)
    number = allowed_number(wanted.settings, to)
    methods = [_WHAT_IT_IS[one.value] for one in sorted(wanted.settings.delivery_methods)]
    what = f"send {' and '.join(methods)} to {masked(number)} for real"
    record.agree(what, stack=wanted.stack, access=wanted.access, yes=yes)
    result = run_smoke(wanted, to=number, patience=wait)
    record.after = {one.method.value: one.verdict.value for one in result.sends}
    if ask:
        result = replace(result, sends=tuple(asked(one) for one in result.sends))
    if as_json:
        print_json(shown(result))
    else:
        show(result)
    raise typer.Exit(_ENDS[result.verdict][0])


def asked(send: Send) -> Send:
    """The same with what a person at the phone says: that is evidence too, of more than the log's.

    Without an answer nothing changes. A failure stays one: it was the tenant that said so.
    """
    if send.verdict is Verdict.FAILED:
        return send
    arrived = answer_of(f"Did the message by {send.method} arrive?")
    if arrived is None:
        return send
    why = f"it {'arrived' if arrived else 'did not arrive'}, says the person at the phone"
    verdict = Verdict.SENT if arrived else Verdict.FAILED
    return replace(send, arrived=arrived, verdict=verdict, why=f"{why} ({send.why})")


def shown(result: SmokeResult) -> dict[str, Any]:
    """The result as JSON."""
    return {"verdict": result.verdict.value, **asdict(result)}


def show(result: SmokeResult) -> None:
    """The result for a person."""
    entries = []
    for one in result.sends:
        found = one.evidence
        where = f"{found.event} {found.log_id} of {found.at}" if found else ""
        entries.append(
            Entry(
                mark=_ENDS[one.verdict][1],
                line=(Strong(f"{one.method.value}: {one.verdict.value}"), f", {one.why}"),
                facts=(("log entry", (where,)),) if where else (),
            )
        )
    title = f"tenant {result.domain}, to {result.to}"
    terminal.show(Document(title, (Entries(tuple(entries)),)))
    if all(one.arrived is None for one in result.sends):
        say(
            "Sent means that the CPaaS took it. Whether a phone got it, nothing here can tell: "
            "look at the phone.",
            style="dim",
        )


def allowed_number(settings: StackSettings, to: str | None) -> str:
    """The number that test messages go to: `to`, or the only one that the stack has.

    `RefusedError` where the stack allows no such number, or several and none was named.
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


def run_smoke(stack: StackFile, *, to: str, patience: float = PATIENCE) -> SmokeResult:
    """Send one test message by each declared channel, one after the other, and look for evidence.

    `to` is what `allowed_number` answered; `patience` in seconds a channel.

    Raises:
        TenantUnreadableError: the tenant could not be looked at; nothing was sent.
        WriteFailedError: a send was refused for a reason that says nothing about sending, such as
            a missing scope, or got no answer.
    """
    access, settings = stack.access, stack.settings
    with working(f"looking at the tenant {access.domain}") as heard:
        tenant = ask_tenant(access, lambda client: read(client, SENDING), heard=heard)
    methods = [one for one in DeliveryMethod if one in settings.delivery_methods]
    messages = Messages(to=to, methods=methods, patience=patience)

    async def send_all(client: Client) -> tuple[Send, ...]:
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

    A `TenantUnreadableError`: no answer, or the scope `read:logs` is missing.
    """
    ask_tenant(access, lambda client: client.logs.list(per_page=1))


async def _through_action(  # noqa: PLR0911 - one a reason
    client: Client,
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
