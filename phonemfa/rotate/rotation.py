"""A new CPaaS key in the tenant, or the old one back.

It does not begin where `pulumi up` would do anything but change the key, and calls an old key
dispensable only on evidence that the new one sends. Until that is said, both keys are accepted by
the CPaaS, so that whichever the Action has is a good one.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from components.guards.finish_failed_writes import ways_out
from components.guards.log_evidence import PATIENCE
from components.guards.test_message import Verdict
from components.masking import redacted_code
from components.settings.raw_config import API_KEY, NAMESPACE
from components.tenant.action import KEY_SECRET, TOKEN, Action, configuration, name_of, read
from components.tenant.client import TenantUnreadableError, WriteFailedError, ask
from components.tenant.model import seen
from components.vocabulary import TRIGGERS
from phonemfa.answered import RefusedError
from phonemfa.files import FileNotWrittenError, write_whole
from phonemfa.output.terminal import working
from phonemfa.pulumi.edit import keep_endings, or_take_back
from phonemfa.pulumi.engine import EngineFailedError
from phonemfa.pulumi.stack_file import StackFile
from phonemfa.smoke.core import SmokeResult, check_access, run_smoke

DEPLOY_PATIENCE: Final = 60.0
"""Seconds from the end of `pulumi up` until the tenant runs the new version."""

_PAUSE: Final = 0.25


class NotRotatedError(Exception):
    """The new key is not in use; the text says why and which key the tenant has now."""


class _NotSendingError(Exception):
    """The tenant does not run what was deployed, or sends nothing with it."""


@dataclass(frozen=True, kw_only=True)
class Rotated:
    """A new key that the tenant runs with.

    Attributes:
        smoke: what became of the test messages; only `sent` makes the old key dispensable.
        written: when each Action's key was written, by the Action's name, as the tenant has it.
        was_there: the tenant had this very key before.
    """

    smoke: SmokeResult
    written: Mapping[str, str]
    was_there: bool

    @property
    def old_key_is_dispensable(self) -> bool:
        """Whether every channel was seen to send with the new key."""
        return self.smoke.verdict is Verdict.SENT and not self.was_there


def rotate_key(stack: StackFile, key: str, *, to: str, patience: float = PATIENCE) -> Rotated:
    """Set a key, deploy it, and send test messages with it; take it back if they fail.

    Args:
        stack: whose key; `pulumi` must be able to update it.
        key: the new key; it travels over standard input alone.
        to: one of the stack's test numbers.
        patience: seconds to wait for evidence of a test message, a channel.

    Raises:
        RefusedError: the stack has other changes waiting, or its Action has secrets that
            nobody declared; nothing was written.
        NotRotatedError: the old key is back in the stack's file and in the tenant, or the text says
            what is not.
        EngineFailedError, TenantUnreadableError: before anything was written.
    """
    check_access(stack.access)
    with working("pulumi preview --refresh"):
        waiting = [one.line for one in stack.cli.preview(refresh=True).changes]
    if waiting:
        raise RefusedError(
            "Nothing was written: pulumi up would do more than change the key.\n"
            + "\n".join(f"  {line}" for line in waiting)
            + "\nApply or undo that first (pulumi up --refresh, or git checkout of the stack's "
            "file after a rotation that was cut off), so that taking the key back stays simple."
        )
    undeclared = undeclared_secrets(stack)
    if undeclared:
        raise RefusedError(
            f"Nothing was written: the Action has secrets that the stack does not declare "
            f"({', '.join(map(redacted_code, undeclared))}), and every change of its secrets is "
            f"refused while it has. {ways_out([redacted_code(one) for one in undeclared])}."
        )
    attempt = _Attempt(stack, to, patience, key_times(stack), stack.file.read_bytes())
    return attempt.run(key)


def key_times(stack: StackFile) -> dict[str, str]:
    """When the key of each of the stack's Actions was written, as the running version has it.

    Raises:
        TenantUnreadableError: no answer, or a missing scope.
    """
    return {
        seen(one.name): one.running.secrets.get(KEY_SECRET, "") if one.running else ""
        for one in _actions(stack)
    }


def undeclared_secrets(stack: StackFile) -> list[str]:
    """Names of secrets that the stack's Actions have and its settings do not ask for.

    Raises:
        TenantUnreadableError: no answer, or a missing scope.
    """
    declared = {KEY_SECRET, *configuration(stack.settings)}
    there = {name for one in _actions(stack) for name in seen(one.secret_names)}
    return sorted(there - declared)


def _actions(stack: StackFile) -> list[Action]:
    settings = stack.settings
    names: dict[str, str | None] = {
        TRIGGERS[one]: name_of(settings, one) for one in settings.experiences
    }
    found = ask(stack.access, lambda client: read(client, names))
    return [one for one in found if one.name == names[one.trigger]]


@dataclass(frozen=True)
class _Attempt:
    """One rotation under way, and how to get out of it."""

    stack: StackFile
    to: str
    patience: float
    before: Mapping[str, str]
    file_before: bytes

    def run(self, key: str) -> Rotated:
        changes = or_take_back(
            lambda: self._set(key),
            lambda: f"{self._file_back()}.",
            RefusedError,
            *(EngineFailedError, RefusedError),
        )
        if not changes:
            # A rotation that was cut off after its `pulumi up`, or the same key once more: what
            # the file had was that key too, in another encryption.
            write_whole(self.stack.file, self.file_before)
            return Rotated(smoke=self._smoke(), written=self.before, was_there=True)
        # Whatever the tenant has when this is broken off, the old key is a good one.
        return or_take_back(
            self._deploy,
            self._take_back,
            NotRotatedError,
            *(EngineFailedError, TenantUnreadableError, WriteFailedError, _NotSendingError),
        )

    def _deploy(self) -> Rotated:
        with working("pulumi up --refresh with the new key"):
            self.stack.cli.up()
        written = self._wait_until_written(self.before)
        smoke = self._smoke()
        if smoke.verdict is Verdict.FAILED:
            raise _NotSendingError(f"No code is sent with the new key ({smoke.reasons}).")
        return Rotated(smoke=smoke, written=written, was_there=False)

    def _set(self, key: str) -> bool:
        """Put the key into the stack's file; answers whether that changes the tenant."""
        with working("pulumi config set --secret, and pulumi preview"):
            self.stack.cli.set_secret(f"{NAMESPACE}:{API_KEY}", key)
            keep_endings(self.stack.file, self.file_before)
            changes = self.stack.cli.preview().changes
        others = [one.line for one in changes if not one.is_only(TOKEN, "secrets")]
        if others:
            raise RefusedError(
                f"With the new key, pulumi up would do more than change it: {'; '.join(others)}."
            )
        return bool(changes)

    def _smoke(self) -> SmokeResult:
        return run_smoke(self.stack, to=self.to, patience=self.patience)

    def _wait_until_written(self, before: Mapping[str, str]) -> dict[str, str]:
        deadline = time.monotonic() + DEPLOY_PATIENCE
        with working("the tenant deploys the Action"):
            while True:
                now = key_times(self.stack)
                if now and all(now[name] != before.get(name) for name in now):
                    return now
                if time.monotonic() > deadline:
                    raise _NotSendingError(
                        "pulumi up has ended, and the tenant does not run a version with another "
                        f"key within {DEPLOY_PATIENCE:.0f} s."
                    )
                time.sleep(_PAUSE)

    def _file_back(self) -> str:
        """The old key into the file; answers what came of it."""
        try:
            write_whole(self.stack.file, self.file_before)
        except FileNotWrittenError as error:
            return f"The old key is not back in the stack's file ({error})"
        return f"The old key is back in {self.stack.file.name}"

    def _take_back(self) -> str:
        """The old key into file and tenant; answers what came of it."""
        try:
            before = key_times(self.stack)
            write_whole(self.stack.file, self.file_before)
            with working("pulumi up --refresh with the old key"):
                self.stack.cli.up()
            if before != self.before:  # The new key had reached the tenant.
                self._wait_until_written(before)
        except (
            EngineFailedError,
            KeyboardInterrupt,
            TenantUnreadableError,
            OSError,
            _NotSendingError,
        ) as error:
            why = str(error) or "stopped as asked"
            return (
                f"{self._file_back()}, and could not be deployed: {why}\nRevoke no key. Which "
                "one the tenant has is not known: run pulumi up --refresh, then python -m phonemfa "
                "smoke."
            )
        return (
            f"The old key is back in {self.stack.file.name} and in the tenant. Do not revoke it; "
            "the new one is not in use."
        )
