"""The policy as the last step, and the way back when the step fails.

Owns the order: nothing else waiting, everything ready, a test message of each channel sent, then
the policy in the stack's file and in the tenant. Refuses to apply anything but the policy, and to
go on without evidence that codes are sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from components.log_evidence import PATIENCE
from components.raw_config import NAMESPACE
from components.vocabulary import Policy
from phonemfa.enforce.ready import look, missing, read_login
from phonemfa.engine import EngineFailedError, is_change, keeps_settings
from phonemfa.files import FileNotWrittenError, write_whole
from phonemfa.output.terminal import working
from phonemfa.smoke.core import SmokeResult, Verdict, check_access, run_smoke
from phonemfa.stack import Stack
from phonemfa.tenant import TenantUnreadableError, reading
from phonemfa.writing import WriteFailedError, writing

_GUARDIAN: Final = "auth0:index/guardian:Guardian"


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
    accept_unknown: bool = False,
    patience: float = PATIENCE,
    pause: Callable[[float], None] = time.sleep,
) -> Enforced:
    """Apply a policy once codes are known to be sent; take it back if applying fails.

    Args:
        stack: whose policy; applied, but for the policy.
        policy: always or adaptive.
        accept_unknown: go on when the tenant's log says nothing either way.
        patience: seconds to wait for evidence of a test message, a channel.
        pause: waits between two looks at the tenant, seconds.

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
        tenant, login = look(stack.access)
    lacking = list(missing(tenant, login, stack.settings))
    if lacking:
        raise EnforcementRefusedError(
            f"Users could not get a code: {'; '.join(lacking)}. Put that right (pulumi up "
            "--refresh) and run this again."
        )
    smoke = run_smoke(stack.access, stack.settings, to=stack.to, patience=patience, pause=pause)
    if smoke.verdict is Verdict.FAILED or (smoke.verdict is Verdict.UNKNOWN and not accept_unknown):
        said = "; ".join(f"{one.method}: {one.why}" for one in smoke.sends)
        hint = " --accept-unknown goes on." if smoke.verdict is Verdict.UNKNOWN else ""
        raise EnforcementRefusedError(f"No evidence that codes are sent ({said}).{hint}")
    return Enforced(
        before=login.policies, after=_Step(stack, login.policies).take(policy), smoke=smoke
    )


@dataclass(frozen=True)
class _Step:
    """The one step that touches the policy, and the way back."""

    stack: Stack
    before: tuple[str, ...]

    def take(self, policy: Policy) -> tuple[str, ...]:
        file_before = self.stack.file.read_bytes()
        try:
            after = self._apply(policy)
        except (EngineFailedError, TenantUnreadableError) as error:
            raise NotEnforcedError(f"{error}\n{self._back(file_before)}") from None
        except BaseException:
            # A person's Ctrl-C too: a step that did not end is taken back.
            self._back(file_before)
            raise
        if after != (policy.guardian_policy,):
            raise NotEnforcedError(
                f"pulumi up has ended, and the tenant's policy is {_word(after)}.\n"
                + self._back(file_before)
            )
        return after

    def _apply(self, policy: Policy) -> tuple[str, ...]:
        self.stack.cli.set_value(f"{NAMESPACE}:policy", policy.value)
        with working(f"pulumi up --refresh with the policy {policy}"):
            self.stack.cli.up()
        return self._policies()

    def _policies(self) -> tuple[str, ...]:
        with reading(self.stack.access) as client:
            return read_login(client).policies

    def _back(self, file_before: bytes) -> str:
        """The earlier policy into file and tenant; answers what came of it."""
        earlier = _word(self.before)
        file_trouble = ""
        try:
            write_whole(self.stack.file, file_before)
        except FileNotWrittenError as error:
            file_trouble = f"\nThe file still has the new policy, or is cut off: {error}"
        try:
            if self._policies() != self.before:
                with writing(self.stack.access) as client:
                    client.guardian.policies.set(request=list(self.before))
        except (TenantUnreadableError, WriteFailedError) as error:
            return (
                f"The policy could not be put back to {earlier}: {error}\nIf users cannot log in: "
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
        policy_alone = (
            f"{_GUARDIAN}::" in str(step["urn"]) and paths == ["policy"]
        ) or keeps_settings(step, but_for={"policy"})
        if is_change(step) and not policy_alone:
            yield f"{step['op']} {str(step['urn']).rpartition('::')[2]}"


def _word(policies: Sequence[str]) -> str:
    return ", ".join(policies) or "never"
