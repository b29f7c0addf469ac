"""The policy as the last step, and the way back when the step fails.

Nothing else may wait to be applied, everything must be ready, and a test message of each channel
must have been sent; then the policy goes into the stack's file and into the tenant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from components.guards.log_evidence import PATIENCE
from components.guards.policy_last import lowering
from components.guards.test_message import Send, Verdict
from components.settings.raw_config import NAMESPACE
from components.tenant.client import TenantUnreadableError, WriteFailedError, ask, ask_to_write
from components.tenant.guardian import NEVER, TOKEN
from components.tenant.model import seen
from components.tenant.snapshot import SENDING, About, Snapshot, Wanted, deliverable, read
from components.vocabulary import Policy, asks_less, policy_word
from phonemfa.files import FileNotWrittenError, write_whole
from phonemfa.output.terminal import working
from phonemfa.pulumi.engine import EngineFailedError, is_change, keeps_settings
from phonemfa.pulumi.stack import Stack
from phonemfa.smoke.core import SmokeResult, check_access, run_smoke


class EnforcementRefusedError(Exception):
    """The policy was not touched; the text says what stands in the way."""


class NotEnforcedError(Exception):
    """The step failed half-way; the text says what the tenant has now."""


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
    stack: Stack,
    policy: Policy,
    *,
    at_the_phone: Callable[[Send], Send] | None = None,
    accept_unknown: bool = False,
    patience: float = PATIENCE,
) -> Enforced:
    """Apply a policy once codes are known to be sent; take it back if applying fails.

    Args:
        stack: whose policy; applied, but for the policy.
        policy: always or adaptive.
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
        waiting = list(_other_changes(stack.cli.preview(refresh=True)["steps"]))
    if waiting:
        raise EnforcementRefusedError(
            "pulumi up would do more than apply the policy: "
            + "; ".join(waiting)
            + ". Apply that first (pulumi up --refresh), with the policy as it is."
        )
    with working(f"looking at the tenant {stack.access.domain}"):
        tenant = ask(stack.access, lambda client: read(client, SENDING))
    lacking = [*deliverable(tenant, Wanted.by(stack.settings)).missing.values()]
    if lacking:
        raise EnforcementRefusedError(
            f"Users could not get a code: {'; '.join(lacking)}. Put that right (pulumi up "
            "--refresh) and run this again."
        )
    before = policies_of(tenant)
    if asks_less((policy.guardian_policy,), before):
        refusal = lowering((policy.guardian_policy,), before)
        raise EnforcementRefusedError(f"{refusal[0].upper()}{refusal[1:]}.")
    smoke = run_smoke(stack.access, stack.settings, to=stack.to, patience=patience)
    if at_the_phone and smoke.verdict is not Verdict.FAILED:
        smoke = replace(smoke, sends=tuple(map(at_the_phone, smoke.sends)))
    if smoke.verdict is Verdict.FAILED or (smoke.verdict is Verdict.UNKNOWN and not accept_unknown):
        said = "; ".join(f"{one.method}: {one.why}" for one in smoke.sends)
        hint = " --accept-unknown goes on." if smoke.verdict is Verdict.UNKNOWN else ""
        raise EnforcementRefusedError(f"No evidence that codes are sent ({said}).{hint}")
    return Enforced(before=before, after=_Step(stack, before).take(policy), smoke=smoke)


@dataclass(frozen=True)
class _Step:
    """The one step that touches the policy, and the way back."""

    stack: Stack
    before: tuple[str, ...]

    def take(self, policy: Policy) -> tuple[str, ...]:
        file_before = self.stack.file.read_bytes()
        try:
            after = self._apply(policy, file_before)
        except (EngineFailedError, TenantUnreadableError, FileNotWrittenError) as error:
            raise NotEnforcedError(f"{error}\n{self._back(file_before)}") from None
        except KeyboardInterrupt:
            # The engine has ended by now: a step that did not end is taken back.
            raise NotEnforcedError(f"Stopped as asked.\n{self._back(file_before)}") from None
        except BaseException:
            self._back(file_before)
            raise
        if after != (policy.guardian_policy,):
            raise NotEnforcedError(
                f"pulumi up has ended, and the tenant's policy is {policy_word(after)}.\n"
                + self._back(file_before)
            )
        return after

    def _apply(self, policy: Policy, file_before: bytes) -> tuple[str, ...]:
        self.stack.cli.set_value(f"{NAMESPACE}:policy", policy.value)
        self.stack.keep_endings(file_before)
        with working(f"pulumi up --refresh with the policy {policy}"):
            self.stack.cli.up()
        return self._policies()

    def _policies(self) -> tuple[str, ...]:
        return policies_of(ask(self.stack.access, lambda client: read(client, {About.LOGIN})))

    def _back(self, file_before: bytes) -> str:
        """The earlier policy into file and tenant; answers what came of it."""
        earlier = policy_word(self.before)
        file_trouble = ""
        try:
            write_whole(self.stack.file, file_before)
        except FileNotWrittenError as error:
            file_trouble = f"\nThe file still has the new policy, or is cut off: {error}"
        try:
            if self._policies() != self.before:
                ask_to_write(
                    self.stack.access,
                    lambda client: client.guardian.policies.set(request=list(self.before)),
                )
        except (TenantUnreadableError, WriteFailedError, KeyboardInterrupt) as error:
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


def _other_changes(steps: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for step in steps:
        paths = sorted(step.get("detailedDiff") or step.get("diffReasons") or ())
        policy_alone = (f"{TOKEN}::" in str(step["urn"]) and paths == ["policy"]) or keeps_settings(
            step, but_for={"policy"}
        )
        if is_change(step) and not policy_alone:
            yield f"{step['op']} {str(step['urn']).rpartition('::')[2]}"


def policies_of(tenant: Snapshot) -> tuple[str, ...]:
    """The tenant's policy as the API lists it: nothing is "never"."""
    policy = seen(tenant.guardian.policy)
    return () if policy == NEVER else (policy,)
