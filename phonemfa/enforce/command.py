"""`phonemfa enforce`: users are asked for codes, once codes are known to be sent.

Owns the arguments, the question and the output. Refuses to take the steps (`enforcement`).
"""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from components.guards.log_evidence import PATIENCE
from components.masking import masked
from components.settings.faults import SettingsError
from components.tenant.client import TenantUnreadableError, WriteFailedError
from components.vocabulary import Policy
from phonemfa import options
from phonemfa.asking import agree
from phonemfa.console import give_up, notes
from phonemfa.enforce.enforcement import (
    Enforced,
    EnforcementRefusedError,
    NotEnforcedError,
    enforce_policy,
)
from phonemfa.engine import EngineFailedError
from phonemfa.exits import Exit
from phonemfa.smoke.command import To, Wait, show, shown
from phonemfa.smoke.core import NumberNotAllowedError, test_number
from phonemfa.stack import Stack
from phonemfa.stack_file import StackFileError, read_stack_file


class Asking(StrEnum):
    """Policies that ask users for codes."""

    ALWAYS = "always"
    ADAPTIVE = "adaptive"


def enforce(
    *,
    stack: options.Stack,
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
    yes: options.Yes = False,
) -> None:
    """Apply the policy as the last step: everything ready, test messages sent, then "always".

    The stack must be applied with its present policy, and have phonemfa:testNumbers. If applying
    the policy fails, the earlier one is put back, in the stack's file and in the tenant.

    Exit status: 0 applied, 1 not applied and the earlier policy is there, 2 no answer.

    Example: python -m phonemfa enforce --stack prod --to +819012345678
    """
    wanted_policy = Policy(policy.value)
    try:
        wanted = read_stack_file(project, stack, file=config_file)
        number = test_number(wanted.settings, to)
        subject = Stack.of(project, stack, wanted, config_file=config_file, to=number)
        agree(
            f"Send test messages to {masked(number)}, and then ask the users of "
            f"{subject.access.domain} for codes ({policy})?",
            yes=yes,
        )
        done = enforce_policy(subject, wanted_policy, accept_unknown=accept_unknown, patience=wait)
    except (EnforcementRefusedError, NotEnforcedError) as error:
        if as_json:
            answer = {"enforced": False, "why": str(error)}
            typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))
        typer.echo(str(error), err=True)
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
    _tell(done, subject, as_json=as_json)


def _tell(done: Enforced, subject: Stack, *, as_json: bool) -> None:
    if as_json:
        answer = {
            "enforced": True,
            "before": list(done.before),
            "after": list(done.after),
            "smoke": shown(done.smoke),
        }
        typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))
    else:
        show(done.smoke)
    before, after = (", ".join(one) or "never" for one in (done.before, done.after))
    notes().print(
        Text(
            f"The policy of {subject.access.domain} is {after} (it was {before}). Commit "
            f"{subject.file.name}. Back in an emergency: python -m phonemfa break-glass"
        ),
        soft_wrap=True,
    )
