"""`phonemfa smoke`: a real test message by each declared channel, and what came of it."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from components.guards.log_evidence import PATIENCE
from components.guards.test_message import Send, Verdict
from components.masking import masked
from phonemfa import options
from phonemfa.answered import answered
from phonemfa.asking import answer_of
from phonemfa.audit import Record
from phonemfa.exits import Exit
from phonemfa.output import terminal
from phonemfa.output.document import Document, Entries, Entry, Mark, Strong
from phonemfa.output.json_text import print_json
from phonemfa.output.terminal import say
from phonemfa.pulumi.stack_file import read_stack_file
from phonemfa.smoke.core import SmokeResult, run_smoke, test_number

_EXITS: Final = {
    Verdict.SENT: Exit.FINE,
    Verdict.FAILED: Exit.FAULTY,
    Verdict.UNKNOWN: Exit.UNANSWERED,
}
_MARKS: Final = {
    Verdict.SENT: Mark.GOOD,
    Verdict.FAILED: Mark.BAD,
    Verdict.UNKNOWN: Mark.UNKNOWN,
}
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
    number = test_number(wanted.settings, to)
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
    raise typer.Exit(_EXITS[result.verdict])


def asked(send: Send) -> Send:
    """The same with what a person at the phone says: that is evidence too, of more than the log's.

    Without an answer nothing changes. A failure stays one: it was the tenant that said so.
    """
    if send.verdict is Verdict.FAILED:
        return send
    arrived = answer_of(f"Did the message by {send.method} arrive?")
    if arrived is None:
        return send
    if arrived:
        why = f"it arrived, says the person at the phone ({send.why})"
        return replace(send, arrived=True, verdict=Verdict.SENT, why=why)
    why = f"it did not arrive, says the person at the phone ({send.why})"
    return replace(send, arrived=False, verdict=Verdict.FAILED, why=why)


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
                mark=_MARKS[one.verdict],
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
