"""The policy as the last step, and the way back when the step fails.

Nothing else may wait to be applied, everything must be ready, and a test message of each channel
must have been sent; then the policy goes into the stack's file and into the tenant.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from components.guards.log_evidence import PATIENCE
from components.guards.policy_last import lowering
from components.guards.test_message import Send, Verdict
from components.settings.raw_config import NAMESPACE
from components.tenant.client import TenantUnreadableError, WriteFailedError, ask, ask_to_write
from components.tenant.guardian import NEVER, TOKEN
from components.tenant.model import seen
from components.tenant.snapshot import SENDING, About, Snapshot, Wanted, lacking, read
from components.vocabulary import Policy, asks_less, policy_word
from phonemfa.audit import Record
from phonemfa.files import FileNotWrittenError, write_whole
from phonemfa.output.terminal import working
from phonemfa.pulumi.edit import keep_endings, or_take_back
from phonemfa.pulumi.engine import EngineFailedError
from phonemfa.pulumi.preview import Step
from phonemfa.pulumi.stack_file import StackFile
from phonemfa.smoke.core import SmokeResult, check_access, run_smoke


class EnforcementRefusedError(Exception):
    """The policy was not touched; the text says what stands in the way."""


class NotEnforcedError(Exception):
    """The step failed half-way; the text says what the tenant has now."""


class _NotThereError(Exception):
    """The tenant does not have the policy that was applied."""


@dataclass(frozen=True, kw_only=True)
class Enforced:
    """A policy that the tenant applies.

    Attributes:
        before, after: Guardian's words; an empty tuple is "never".
        smoke: what became of the test messages.
    """

    before: tuple[str, ...]
    after: tuple[str, ...]
    smoke: SmokeResult


def enforce_policy(
    stack: StackFile,
    policy: Policy,
    record: Record,
    *,
    to: str,
    at_the_phone: Callable[[Send], Send] | None = None,
    accept_unknown: bool = False,
    patience: float = PATIENCE,
) -> Enforced:
    """Apply a policy once codes are known to be sent; take it back if applying fails.

    Args:
        stack: whose policy; applied, but for the policy.
        policy: always or adaptive.
        record: gets the tenant's policy before and after, however this ends.
        to: one of the stack's test numbers.
        at_the_phone: asks a person what became of a message; by the tenant's log alone without.
        accept_unknown: go on when the tenant's log says nothing either way.
        patience: seconds to wait for evidence of a test message, a channel.

    Raises:
        EnforcementRefusedError: the policy was not touched.
        NotEnforcedError: it was, and is back; or the text says what is not.
        EngineFailedError, TenantUnreadableError, WriteFailedError: before it was touched.
    """
    check_access(stack.access)
    with working("pulumi preview --refresh"):
        changes = stack.cli.preview(refresh=True).changes
    waiting = [one.line for one in changes if not _is_the_policy(one)]
    if waiting:
        raise EnforcementRefusedError(
            "pulumi up would do more than apply the policy: "
            + "; ".join(waiting)
            + ". Apply that first (pulumi up --refresh), with the policy as it is."
        )
    with working(f"looking at the tenant {stack.access.domain}") as heard:
        tenant = ask(stack.access, lambda client: read(client, SENDING), heard=heard)
    missing = lacking(tenant, Wanted.by(stack.settings))
    if missing:
        raise EnforcementRefusedError(
            f"Users could not get a code: {'; '.join(missing)}. Put that right (pulumi up "
            "--refresh) and run this again."
        )
    before = policies_of(tenant)
    record.before = record.after = list(before)
    if asks_less((policy.guardian_policy,), before):
        refusal = lowering((policy.guardian_policy,), before)
        raise EnforcementRefusedError(f"{refusal[0].upper()}{refusal[1:]}.")
    smoke = run_smoke(stack, to=to, patience=patience)
    if at_the_phone and smoke.verdict is not Verdict.FAILED:
        smoke = replace(smoke, sends=tuple(map(at_the_phone, smoke.sends)))
    if smoke.verdict is Verdict.FAILED or (smoke.verdict is Verdict.UNKNOWN and not accept_unknown):
        hint = " --accept-unknown goes on." if smoke.verdict is Verdict.UNKNOWN else ""
        raise EnforcementRefusedError(f"No evidence that codes are sent ({smoke.reasons}).{hint}")
    after = _Step(stack, before, stack.file.read_bytes(), record).take(policy)
    return Enforced(before=before, after=after, smoke=smoke)


@dataclass(frozen=True)
class _Step:
    """The one step that touches the policy, and the way back."""

    stack: StackFile
    before: tuple[str, ...]
    file_before: bytes
    record: Record

    def take(self, policy: Policy) -> tuple[str, ...]:
        return or_take_back(
            lambda: self._apply(policy),
            self._back,
            NotEnforcedError,
            *(EngineFailedError, TenantUnreadableError, FileNotWrittenError, _NotThereError),
        )

    def _apply(self, policy: Policy) -> tuple[str, ...]:
        self.stack.cli.set_value(f"{NAMESPACE}:policy", policy.value)
        keep_endings(self.stack.file, self.file_before)
        self.record.after = None  # until it is read
        with working(f"pulumi up --refresh with the policy {policy}"):
            self.stack.cli.up()
        after = self._policies()
        if after != (policy.guardian_policy,):
            raise _NotThereError(
                f"pulumi up has ended, and the tenant's policy is {policy_word(after)}."
            )
        return after

    def _policies(self) -> tuple[str, ...]:
        found = policies_of(ask(self.stack.access, lambda client: read(client, {About.LOGIN})))
        self.record.after = list(found)
        return found

    def _back(self) -> str:
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
                    lambda client: client.guardian.policies.set(request=list(self.before)),
                )
        except (TenantUnreadableError, WriteFailedError, KeyboardInterrupt) as error:
            if isinstance(error, WriteFailedError):
                with suppress(TenantUnreadableError):
                    self._policies()
            return (
                f"The policy could not be put back to {earlier}: {error or 'stopped as asked'}\n"
                "If users cannot log in: "
                f"python -m phonemfa break-glass --reason …{file_trouble}"
            )
        where = "in the tenant" if file_trouble else f"in {self.stack.file.name} and in the tenant"
        return (
            f"The policy is {earlier} again, {where}. Pulumi's state may say otherwise until the "
            f"next pulumi up --refresh.{file_trouble}"
        )


def _is_the_policy(step: Step) -> bool:
    return step.is_only(TOKEN, "policy") or step.keeps_settings(but_for={"policy"})


def policies_of(tenant: Snapshot) -> tuple[str, ...]:
    """The tenant's policy as the API lists it: nothing is "never"."""
    policy = seen(tenant.guardian.policy)
    return () if policy == NEVER else (policy,)
