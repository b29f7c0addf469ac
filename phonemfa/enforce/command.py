"""`phonemfa enforce`: users are asked for codes, once codes are known to be sent.

The policy is the last step: nothing else may wait to be applied, everything must be ready, and a
test message of each channel must have been sent. Where the step fails, the earlier policy is put
back, in the stack's file and in the tenant.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from components.guards.policy_last import lowering
from components.guards.test_message import PATIENCE, Send, Verdict
from components.masking import masked
from components.settings.raw_config import NAMESPACE
from components.tenant.client import TenantUnreadableError, WriteFailedError, ask, ask_to_write
from components.tenant.guardian import NEVER, TOKEN
from components.tenant.model import seen
from components.tenant.snapshot import SENDING, About, Snapshot, Wanted, lacking, read
from components.vocabulary import Policy, asks_less, policy_word
from phonemfa import options
from phonemfa.answered import NotDoneError, answered
from phonemfa.audit import Record
from phonemfa.exits import Exit
from phonemfa.files import FileNotWrittenError, write_whole
from phonemfa.output.json_text import print_json
from phonemfa.output.terminal import say, working
from phonemfa.pulumi.stack_file import StackFile, keep_endings, or_take_back, read_stack_file
from phonemfa.smoke.command import (
    SmokeResult,
    To,
    Wait,
    allowed_number,
    asked,
    check_access,
    run_smoke,
    show,
    shown,
)

Asking = Literal["always", "adaptive"]
"""Policies that ask users for codes."""


@answered
def enforce(
    context: typer.Context,
    *,
    stack: options.Stack = None,
    policy: Annotated[Asking, typer.Option(help="When users are asked.")] = "always",
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
    number = allowed_number(wanted.settings, to)
    what = f"send test messages to {masked(number)}, and then ask users for codes ({policy})"
    record.agree(what, stack=wanted.stack, access=wanted.access, yes=yes)
    try:
        asking = Policy(policy)
        before = record.before = record.after = _ready(wanted)
        _refuse_to_lower(asking, before)
        smoke = run_smoke(wanted, to=number, patience=wait)
        if not yes and smoke.verdict is not Verdict.FAILED:
            smoke = replace(smoke, sends=tuple(map(_at_the_phone, smoke.sends)))
        _refuse_without_evidence(smoke, accept_unknown=accept_unknown)
        # Not before: while messages are awaited, somebody may edit the file.
        step = _Step(wanted, asking, before, record, file_before=wanted.file.read_bytes())
        after = or_take_back(step.apply, step.back)
    except NotDoneError as error:
        if as_json:
            print_json({"enforced": False, "why": str(error)})
        say(str(error))
        raise typer.Exit(Exit.FAULTY) from None
    if as_json:
        print_json({"enforced": True, "before": before, "after": after, "smoke": shown(smoke)})
    else:
        show(smoke)
    if yes:
        say("Nobody was asked whether the messages arrived (--yes): the tenant's log decided.")
    say(
        f"The policy of {wanted.access.domain} is {policy_word(after)} (it was "
        f"{policy_word(before)}). Commit {wanted.file.name}.\n"
        "Back in an emergency:\n  python -m phonemfa break-glass --reason …"
    )


def _ready(stack: StackFile) -> list[str]:
    """The tenant's policy, once everything but that is applied and could send a code."""
    check_access(stack.access)
    with working("pulumi preview --refresh"):
        changes = stack.cli.preview(refresh=True).changes
    waiting = [
        one.line
        for one in changes
        if not (one.is_only(TOKEN, "policy") or one.keeps_settings(but_for={"policy"}))
    ]
    if waiting:
        raise NotDoneError(
            f"pulumi up would do more than apply the policy: {'; '.join(waiting)}. Apply that "
            "first (pulumi up --refresh), with the policy as it is."
        )
    with working(f"looking at the tenant {stack.access.domain}") as heard:
        tenant = ask(stack.access, lambda client: read(client, SENDING), heard=heard)
    missing = lacking(tenant, Wanted.by(stack.settings))
    if missing:
        raise NotDoneError(
            f"Users could not get a code: {'; '.join(missing)}. Put that right (pulumi up "
            "--refresh) and run this again."
        )
    return _policies(tenant)


def _refuse_to_lower(policy: Policy, before: list[str]) -> None:
    if asks_less([policy.guardian_policy], before):
        refusal = lowering([policy.guardian_policy], before)
        raise NotDoneError(f"{refusal[0].upper()}{refusal[1:]}.")


def _policies(tenant: Snapshot) -> list[str]:
    """A tenant's policy as the API lists it: nothing is "never"."""
    policy = seen(tenant.guardian.policy)
    return [] if policy == NEVER else [policy]


def _at_the_phone(send: Send) -> Send:
    told = asked(send)
    if told.arrived is None:
        why = f"nobody said that it arrived ({send.why})"
        return replace(send, verdict=Verdict.FAILED, why=why)
    return told


def _refuse_without_evidence(smoke: SmokeResult, *, accept_unknown: bool) -> None:
    unknown = smoke.verdict is Verdict.UNKNOWN
    if smoke.verdict is Verdict.FAILED or (unknown and not accept_unknown):
        hint = " --accept-unknown goes on." if unknown else ""
        raise NotDoneError(f"No evidence that codes are sent ({smoke.reasons}).{hint}")


@dataclass
class _Step:
    """The one step that touches the policy, and the way back; `before` is as the API lists it."""

    stack: StackFile
    policy: Policy
    before: list[str]
    record: Record
    file_before: bytes

    def apply(self) -> list[str]:
        """What the tenant's policy is then."""
        self.stack.cli.set_value(f"{NAMESPACE}:policy", self.policy.value)
        keep_endings(self.stack.file, self.file_before)
        self.record.after = None  # until it is read
        with working(f"pulumi up --refresh with the policy {self.policy}"):
            self.stack.cli.up()
        after = self._policies()
        if after != [self.policy.guardian_policy]:
            raise NotDoneError(
                f"pulumi up has ended, and the tenant's policy is {policy_word(after)}."
            )
        return after

    def _policies(self) -> list[str]:
        tenant = ask(self.stack.access, lambda client: read(client, {About.LOGIN}))
        found = self.record.after = _policies(tenant)
        return found

    def back(self) -> str:
        """The earlier policy into file and tenant; answers what came of it."""
        earlier = policy_word(self.before)
        file_trouble = ""
        try:
            write_whole(self.stack.file, self.file_before)
        except FileNotWrittenError as error:
            file_trouble = f"\nThe file still has the new policy, or is cut off: {error}"
        try:
            if self._policies() != self.before:
                self.record.after = None
                self.record.after = ask_to_write(
                    self.stack.access,
                    lambda client: client.guardian.policies.set(request=self.before),
                )
        except (TenantUnreadableError, WriteFailedError, KeyboardInterrupt) as error:
            if isinstance(error, WriteFailedError):
                with suppress(TenantUnreadableError):
                    self._policies()
            why = str(error) or "stopped as asked"
            return (
                f"The policy could not be put back to {earlier}: {why}\nIf users cannot log in: "
                f"python -m phonemfa break-glass --reason …{file_trouble}"
            )
        where = "in the tenant" if file_trouble else f"in {self.stack.file.name} and in the tenant"
        return (
            f"The policy is {earlier} again, {where}. Pulumi's state may say otherwise until the "
            f"next pulumi up --refresh.{file_trouble}"
        )
