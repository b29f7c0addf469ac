"""`phonemfa enforce`: users are asked for codes, once codes are known to be sent."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from components.guards.log_evidence import PATIENCE
from components.guards.test_message import Send, Verdict
from components.masking import masked
from components.vocabulary import Policy, policy_word
from phonemfa import options
from phonemfa.answered import answered
from phonemfa.audit import Record
from phonemfa.enforce.enforcement import (
    EnforcementRefusedError,
    NotEnforcedError,
    enforce_policy,
)
from phonemfa.exits import Exit
from phonemfa.output.json_text import print_json
from phonemfa.output.terminal import say
from phonemfa.pulumi.stack_file import read_stack_file
from phonemfa.smoke.command import To, Wait, asked, show, shown
from phonemfa.smoke.core import test_number


class Asking(StrEnum):
    """Policies that ask users for codes."""

    ALWAYS = "always"
    ADAPTIVE = "adaptive"


@answered
def enforce(
    context: typer.Context,
    *,
    stack: options.Stack = None,
    policy: Annotated[Asking, typer.Option(help="When users are asked.")] = Asking.ALWAYS,
    to: To = None,
    accept_unknown: Annotated[
        bool,
        typer.Option(
            "--accept-unknown",
            help="Go on when the tenant's log says nothing of the test messages.",
        ),
    ] = False,
    wait: Wait = PATIENCE,
    config_file: options.ConfigFile = None,
    project: options.Project = Path(),
    as_json: options.AsJson = False,
    audit_file: options.AuditFile = None,
    yes: options.Yes = False,
) -> None:
    """Apply the policy as the last step: everything ready, test messages there, then "always".

    At a terminal it asks of each channel's message whether it arrived, and a "no" stops it; with
    --yes it goes by the tenant's log, which knows that the CPaaS took the message and no more.
    The stack must be applied with its present policy, and have phonemfa:testNumbers. If applying
    the policy fails, the earlier one is put back, in the stack's file and in the tenant.

    Exit status: 0 applied, 1 not applied and the earlier policy is there, 2 no answer.

    Example: python -m phonemfa enforce --stack prod --to +819012345678
    """
    record = Record.of(context, "enforce", audit_file)
    wanted = read_stack_file(project, stack, file=config_file)
    number = test_number(wanted.settings, to)
    record.agree(
        f"send test messages to {masked(number)}, and then ask users for codes ({policy})",
        stack=wanted.stack,
        access=wanted.access,
        yes=yes,
    )
    try:
        done = enforce_policy(
            wanted,
            Policy(policy.value),
            record,
            to=number,
            at_the_phone=None if yes else _at_the_phone,
            accept_unknown=accept_unknown,
            patience=wait,
        )
    except (EnforcementRefusedError, NotEnforcedError) as error:
        if as_json:
            print_json({"enforced": False, "why": str(error)})
        say(str(error))
        raise typer.Exit(Exit.FAULTY) from None
    if as_json:
        answer = {
            "enforced": True,
            "before": list(done.before),
            "after": list(done.after),
            "smoke": shown(done.smoke),
        }
        print_json(answer)
    else:
        show(done.smoke)
    if yes:
        say("Nobody was asked whether the messages arrived (--yes): the tenant's log decided.")
    before, after = policy_word(done.before), policy_word(done.after)
    say(
        f"The policy of {wanted.access.domain} is {after} (it was {before}). Commit "
        f"{wanted.file.name}.\nBack in an emergency:\n  python -m phonemfa break-glass --reason …"
    )


def _at_the_phone(send: Send) -> Send:
    told = asked(send)
    if told.arrived is None:
        why = f"nobody said that it arrived ({send.why})"
        return replace(send, verdict=Verdict.FAILED, why=why)
    return told
