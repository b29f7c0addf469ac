"""`phonemfa enforce`: users are asked for codes, once codes are known to be sent."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from components.config_files import StackFileError
from components.guards.log_evidence import PATIENCE
from components.guards.test_message import Send, Verdict
from components.masking import masked
from components.settings.faults import SettingsError
from components.tenant.client import TenantUnreadableError, WriteFailedError
from components.vocabulary import Policy, policy_word
from phonemfa import options
from phonemfa.audit import Record
from phonemfa.enforce.enforcement import (
    Enforced,
    EnforcementRefusedError,
    NotEnforcedError,
    enforce_policy,
)
from phonemfa.exits import Exit
from phonemfa.output.json_text import print_json
from phonemfa.output.terminal import give_up, say
from phonemfa.pulumi.engine import EngineFailedError
from phonemfa.pulumi.stack import Stack
from phonemfa.pulumi.stack_file import read_stack_file
from phonemfa.smoke.command import To, Wait, asked, show, shown
from phonemfa.smoke.core import NumberNotAllowedError, test_number


class Asking(StrEnum):
    """Policies that ask users for codes."""

    ALWAYS = "always"
    ADAPTIVE = "adaptive"


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
    wanted_policy = Policy(policy.value)
    record = Record.of(context, "enforce", audit_file)
    try:
        wanted = read_stack_file(project, stack, file=config_file)
        number = test_number(wanted.settings, to)
        subject = Stack.of(wanted, to=number)
        record.agree(
            f"send test messages to {masked(number)}, and then ask users for codes ({policy})",
            stack=wanted.stack,
            access=subject.access,
            yes=yes,
        )
        done = enforce_policy(
            subject,
            wanted_policy,
            at_the_phone=None if yes else _at_the_phone,
            accept_unknown=accept_unknown,
            patience=wait,
        )
        record.before, record.after = list(done.before), list(done.after)
    except (EnforcementRefusedError, NotEnforcedError) as error:
        if as_json:
            answer = {"enforced": False, "why": str(error)}
            print_json(answer)
        say(str(error))
        raise typer.Exit(Exit.FAULTY) from None
    except (
        EngineFailedError,
        NumberNotAllowedError,
        SettingsError,
        StackFileError,
        TenantUnreadableError,
        WriteFailedError,
    ) as error:
        give_up(str(error))
    if yes:
        say(
            "Nobody was asked whether the messages arrived: --yes goes by the tenant's log, which "
            "knows that the CPaaS took them and no more."
        )
    _tell(done, subject, as_json=as_json)


def _at_the_phone(send: Send) -> Send:
    told = asked(send)
    if told.arrived is None:
        why = f"nobody said that it arrived ({send.why})"
        return replace(send, verdict=Verdict.FAILED, why=why)
    return told


def _tell(done: Enforced, subject: Stack, *, as_json: bool) -> None:
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
    before, after = policy_word(done.before), policy_word(done.after)
    say(
        f"The policy of {subject.access.domain} is {after} (it was {before}). Commit "
        f"{subject.file.name}. Back in an emergency: python -m phonemfa break-glass"
    )
