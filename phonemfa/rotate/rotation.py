"""A new CPaaS key in the tenant, or the old one back.

It does not begin where `pulumi up` would do anything but change the key, and calls an old key
dispensable only on evidence that the new one sends. Until that is said, both keys are accepted by
the CPaaS, so that whichever the Action has is a good one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from components.guards.finish_failed_writes import ways_out
from components.guards.log_evidence import PATIENCE
from components.guards.test_message import Verdict
from components.masking import redacted_code
from components.settings.raw_config import API_KEY, NAMESPACE
from components.tenant.action import KEY_SECRET, TOKEN, Action, configuration, name_of, read
from components.tenant.client import TenantUnreadableError, WriteFailedError, ask
from components.tenant.model import seen
from components.vocabulary import TRIGGERS
from phonemfa.files import FileNotWrittenError, write_whole
from phonemfa.output.terminal import working
from phonemfa.pulumi.engine import EngineFailedError, is_change
from phonemfa.pulumi.stack import Stack
from phonemfa.smoke.core import SmokeResult, check_access, run_smoke

DEPLOY_PATIENCE: Final = 60.0
"""Seconds from the end of `pulumi up` until the tenant runs the new version."""

_PAUSE: Final = 0.25

Pause = Callable[[float], None]


class RotationRefusedError(Exception):
    """Nothing was written; the text says what stands in the way."""


class NotRotatedError(Exception):
    """The new key is not in use; the text says why and which key the tenant has now."""


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


def rotate_key(
    stack: Stack, key: str, *, patience: float = PATIENCE, pause: Pause = time.sleep
) -> Rotated:
    """Set a key, deploy it, and send test messages with it; take it back if they fail.

    Args:
        stack: whose key; `pulumi` must be able to update it.
        key: the new key; it travels over standard input alone.
        patience: seconds to wait for evidence of a test message, a channel.
        pause: waits between two looks at the tenant, seconds.

    Raises:
        RotationRefusedError: the stack has other changes waiting, or its Action has secrets that
            nobody declared; nothing was written.
        NotRotatedError: the old key is back in the stack's file and in the tenant, or the text says
            what is not.
        EngineFailedError, TenantUnreadableError: before anything was written.
    """
    check_access(stack.access)
    with working("pulumi preview --refresh"):
        waiting = list(other_changes(stack.cli.preview(refresh=True)["steps"], key_too=False))
    if waiting:
        raise RotationRefusedError(
            "Nothing was written: pulumi up would do more than change the key.\n"
            + "\n".join(f"  {line}" for line in waiting)
            + "\nApply or undo that first (pulumi up --refresh, or git checkout of the stack's "
            "file after a rotation that was cut off), so that taking the key back stays simple."
        )
    undeclared = undeclared_secrets(stack)
    if undeclared:
        raise RotationRefusedError(
            f"Nothing was written: the Action has secrets that the stack does not declare "
            f"({', '.join(map(redacted_code, undeclared))}), and every change of its secrets is "
            f"refused while it has. {ways_out([redacted_code(one) for one in undeclared])}."
        )
    before = key_times(stack)
    attempt = _Attempt(stack, before, stack.file.read_bytes(), pause)
    return attempt.run(key, patience)


def other_changes(steps: Sequence[Mapping[str, Any]], *, key_too: bool) -> Iterator[str]:
    """A line for each step that changes something; with `key_too`, the key's change is none."""
    for step in steps:
        if is_change(step) and not (key_too and _changes_secrets_alone(step)):
            name = str(step["urn"]).rpartition("::")[2]
            paths = ", ".join(_paths(step))
            yield f"{step['op']} {name}{f' ({paths})' if paths else ''}"


def key_times(stack: Stack) -> dict[str, str]:
    """When the key of each of the stack's Actions was written, as the running version has it.

    Raises:
        TenantUnreadableError: no answer, or a missing scope.
    """
    return {
        seen(one.name): one.running.secrets.get(KEY_SECRET, "") if one.running else ""
        for one in _actions(stack)
    }


def undeclared_secrets(stack: Stack) -> list[str]:
    """Names of secrets that the stack's Actions have and its settings do not ask for.

    Raises:
        TenantUnreadableError: no answer, or a missing scope.
    """
    declared = {KEY_SECRET, *configuration(stack.settings)}
    there = {name for one in _actions(stack) for name in seen(one.secret_names)}
    return sorted(there - declared)


def _actions(stack: Stack) -> list[Action]:
    settings = stack.settings
    names: dict[str, str | None] = {
        TRIGGERS[one]: name_of(settings, one) for one in settings.experiences
    }
    found = ask(stack.access, lambda client: read(client, names))
    return [one for one in found if one.name == names[one.trigger]]


@dataclass(frozen=True)
class _Attempt:
    """One rotation under way, and how to get out of it."""

    stack: Stack
    before: Mapping[str, str]
    file_before: bytes
    pause: Pause

    def run(self, key: str, patience: float) -> Rotated:
        try:
            changes = self._set(key)
        except KeyboardInterrupt:
            raise RotationRefusedError(f"Stopped as asked. {self._file_back()}.") from None
        except BaseException:
            write_whole(self.stack.file, self.file_before)
            raise
        if not changes:
            # A rotation that was cut off after its `pulumi up`, or the same key once more: what
            # the file had was that key too, in another encryption.
            write_whole(self.stack.file, self.file_before)
            return Rotated(smoke=self._smoke(patience), written=self.before, was_there=True)
        try:
            with working("pulumi up --refresh with the new key"):
                self.stack.cli.up()
            written = self._wait_until_written(self.before)
            smoke = self._smoke(patience)
        except (EngineFailedError, TenantUnreadableError, WriteFailedError, _NotLiveError) as error:
            raise NotRotatedError(f"{error}\n{self._take_back()}") from None
        except KeyboardInterrupt:
            # The engine has ended by now; whatever the tenant has, the old key is a good one.
            raise NotRotatedError(f"Stopped as asked.\n{self._take_back()}") from None
        except BaseException:
            self._take_back()
            raise
        if smoke.verdict is Verdict.FAILED:
            said = "; ".join(f"{one.method}: {one.why}" for one in smoke.sends)
            raise NotRotatedError(
                f"No code is sent with the new key ({said}).\n{self._take_back()}"
            )
        return Rotated(smoke=smoke, written=written, was_there=False)

    def _set(self, key: str) -> bool:
        """Put the key into the stack's file; answers whether that changes the tenant."""
        with working("pulumi config set --secret, and pulumi preview"):
            self.stack.cli.set_secret(f"{NAMESPACE}:{API_KEY}", key)
            self.stack.keep_endings(self.file_before)
            steps = self.stack.cli.preview()["steps"]
        others = list(other_changes(steps, key_too=True))
        if others:
            raise RotationRefusedError(
                "Nothing was written: with the new key, pulumi up would do more than change it: "
                + "; ".join(others)
            )
        return any(is_change(one) for one in steps)

    def _smoke(self, patience: float) -> SmokeResult:
        stack = self.stack
        return run_smoke(stack.access, stack.settings, to=stack.to, patience=patience)

    def _wait_until_written(self, before: Mapping[str, str]) -> dict[str, str]:
        deadline = time.monotonic() + DEPLOY_PATIENCE
        with working("the tenant deploys the Action"):
            while True:
                now = key_times(self.stack)
                if now and all(now[name] != before.get(name) for name in now):
                    return now
                if time.monotonic() > deadline:
                    raise _NotLiveError(
                        "pulumi up has ended, and the tenant does not run a version with another "
                        f"key within {DEPLOY_PATIENCE:.0f} s."
                    )
                self.pause(_PAUSE)

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
            _NotLiveError,
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


class _NotLiveError(Exception):
    """The tenant does not run what was deployed."""


def _changes_secrets_alone(step: Mapping[str, Any]) -> bool:
    paths = _paths(step)
    return (
        step["op"] == "update"
        and f"{TOKEN}::" in f"{step['urn']}"
        and bool(paths)
        and all(one == "secrets" or one.startswith("secrets[") for one in paths)
    )


def _paths(step: Mapping[str, Any]) -> list[str]:
    return sorted(step.get("detailedDiff") or step.get("diffReasons") or ())
