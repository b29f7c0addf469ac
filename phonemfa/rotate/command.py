"""`phonemfa rotate`: a new CPaaS key, and no moment without a working one.

The key comes from standard input or a prompt, never from an argument or a variable. It does not
begin where `pulumi up` would do anything but change the key, and calls an old key dispensable only
on evidence that the new one sends. Until that is said, both keys are accepted by the CPaaS, so that
whichever the Action has is a good one.
"""

import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from components.guards.finish_failed_writes import ways_out
from components.guards.test_message import PATIENCE, Verdict
from components.masking import masked, redacted_code
from components.settings.raw_config import API_KEY, NAMESPACE, NO_KEY, is_key
from components.tenant.action import KEY_SECRET, TOKEN, Action, configuration, name_of, read
from components.tenant.client import TenantUnreadableError, ask
from components.tenant.model import seen
from components.vocabulary import TRIGGERS
from phonemfa import options
from phonemfa.answered import NO_ANSWER, NotDoneError, RefusedError, answered
from phonemfa.asking import Target, hidden_answer, on_terminal
from phonemfa.audit import Record
from phonemfa.doctor.cpaas import Probe, host_checks, key_checks, probe
from phonemfa.doctor.findings import Level
from phonemfa.exits import Exit
from phonemfa.files import FileNotWrittenError, write_whole
from phonemfa.output.json_text import print_json
from phonemfa.output.terminal import give_up, say, working
from phonemfa.pulumi.stack_file import StackFile, keep_endings, or_take_back, read_stack_file
from phonemfa.smoke.command import (
    SmokeResult,
    To,
    Wait,
    allowed_number,
    check_access,
    run_smoke,
    show,
    shown,
)

DEPLOY_PATIENCE: Final = 60.0
"""Seconds from the end of `pulumi up` until the tenant runs the new version."""

_PAUSE: Final = 0.25


@dataclass(frozen=True, kw_only=True)
class Rotated:
    """A new key that the tenant runs with; `was_there`: it had this very key before.

    `written` says when each Action's key was written, by the Action's name, as the tenant has it.
    """

    smoke: SmokeResult
    written: Mapping[str, str]
    was_there: bool

    @property
    def old_key_is_dispensable(self) -> bool:
        """Whether every channel was seen to send with the new key."""
        return self.smoke.verdict is Verdict.SENT and not self.was_there


@answered
def rotate(
    context: typer.Context,
    *,
    stack: options.Stack = None,
    to: To = None,
    unchecked: Annotated[
        bool,
        typer.Option(
            "--unchecked",
            help="Go on with a key that the CPaaS could not be asked about from this machine.",
        ),
    ] = False,
    cpaas_address: Annotated[
        str,
        typer.Option(
            envvar="PHONEMFA_CPAAS_ADDRESS",
            help="Ask this host:port about the key; the certificate must still be the CPaaS "
            "host's. For the sandbox and private links.",
        ),
    ] = "",
    wait: Wait = PATIENCE,
    config_file: options.ConfigFile = None,
    project: options.Project = Path(),
    as_json: options.AsJson = False,
    audit_file: options.AuditFile = None,
    yes: options.Yes = False,
) -> None:
    """Deploy a new CPaaS key, try it, and say when the old one may be revoked.

    The key is asked for, or read from standard input.
    Both keys must be valid at the CPaaS until the old one is called dispensable.
    If the new one does not send, the old one is put back.

    Exit status: 0 the old key may be revoked, 1 the old key is back, 2 not known.

    Example: python -m phonemfa rotate --stack prod --yes < new-key
    """
    record = Record.of(context, "rotate", audit_file)
    wanted = read_stack_file(project, stack, file=config_file)
    host = _host(wanted)
    number = allowed_number(wanted.settings, to)
    access = wanted.access
    key = read_key(Target(wanted.stack, access.domain))
    checked = _checked(wanted, host, key, address=cpaas_address, unchecked=unchecked)
    what = (
        f"set this CPaaS key in {wanted.file.name}, deploy it, and send test messages to "
        f"{masked(number)}"
    )
    record.agree(what, stack=wanted.stack, access=access, yes=yes)
    record.before = key_times(wanted)
    try:
        done = rotate_key(wanted, key, to=number, patience=wait)
    except NotDoneError as error:
        if as_json:
            print_json({"rotated": False, "why": str(error)})
        say(str(error))
        with suppress(TenantUnreadableError):
            record.after = key_times(wanted)
        raise typer.Exit(Exit.FAULTY) from None
    record.after = dict(done.written)
    _tell(done, checked, wanted.file, as_json=as_json)


def read_key(target: Target) -> str:
    """The new key for a stack and its tenant, from a hidden prompt or standard input.

    Ends with `Exit.UNANSWERED` for a text that can be no key; it is not repeated.
    """
    if on_terminal():
        key = hidden_answer("New CPaaS key", "take a new CPaaS key", target)
    else:
        key = sys.stdin.read()
    key = key.strip()
    if not is_key(key):
        give_up(f"Nothing was written: the key {NO_KEY}. Pipe it in: … rotate --yes < file")
    return key


def _host(wanted: StackFile) -> str:
    host = wanted.settings.cpaas_base_host
    if host is None or wanted.settings.adopted:
        give_up(
            "Nothing was written: the stack adopts an Action of another's making, whose key is not "
            "the stack's (phonemfa:adopted). Rotate it where it was set."
        )
    return host


_ANSWERS: Final = {Level.FAULT: "refused", Level.UNKNOWN: "unknown", Level.OK: "accepted"}
"""What the CPaaS's answers make of a key, the worst first."""


def judge(asked: Probe) -> tuple[Level, str]:
    """The worst that a channel says of the key, and why; the text never holds it.

    A host that does not refuse callers without a key is not shown it, and says nothing about it.
    """
    told = [(one.level, one.what) for one in key_checks(asked)]
    hosts = [one.what for one in host_checks(asked) if one.level is not Level.OK]
    told += [(Level.UNKNOWN, what) for what in hosts]
    worst = next(one for one in _ANSWERS if one in {level for level, _ in told})
    return worst, "; ".join(what for level, what in told if level is worst)


def _checked(wanted: StackFile, host: str, key: str, *, address: str, unchecked: bool) -> str:
    methods = sorted(wanted.settings.delivery_methods)
    with working(f"asking {host} about the key"):
        level, why = judge(probe(host, methods, key=key, address=address))
    if level is Level.FAULT:
        give_up(f"Nothing was written: the new key is no good: {why}.")
    if level is Level.UNKNOWN and not unchecked:
        give_up(
            f"Nothing was written: the new key could not be checked: {why}. A bad key would "
            "cost every login between its deploy and the way back. Run this where the CPaaS can "
            "be reached, or take that risk with --unchecked."
        )
    say(f"The new key: {why}; nothing was sent for it.")
    return _ANSWERS[level]


def _tell(done: Rotated, checked: str, file: Path, *, as_json: bool) -> None:
    """What may be done with the old key, and what is left to do."""
    if as_json:
        print_json(
            {
                "rotated": not done.was_there,
                "old_key_may_be_revoked": done.old_key_is_dispensable,
                "key_checked": checked,
                "key_written": dict(done.written),
                "smoke": shown(done.smoke),
            }
        )
    else:
        show(done.smoke)
    if done.was_there:
        say(
            "The tenant had this key already: nothing was deployed. If an earlier run of this "
            "command was cut off, its old key may be revoked once the test messages are sent."
        )
    elif done.old_key_is_dispensable:
        say(
            "The tenant sends with the new key. The old one may be revoked at NTT CPaaS, if no "
            "other stack or program uses it; give messages that are being retried ten minutes "
            "first. Versions of the Action from before still hold the old one (python -m phonemfa "
            "rollback: --secrets current)."
        )
    else:
        say(
            "The tenant runs with the new key, and whether it sends is NOT known: revoke nothing. "
            "Look at the phone, or at the CPaaS's own log; python -m phonemfa smoke tries again. "
            f"Back to the old key: git checkout {file.name} && pulumi up --refresh"
        )
    say(
        f"Commit {file.name}: it holds the new key, encrypted. Until then a deploy from the "
        "repository would bring the old one back."
    )
    if done.smoke.verdict is not Verdict.SENT:
        raise typer.Exit(Exit.FAULTY if done.smoke.verdict is Verdict.FAILED else Exit.UNANSWERED)


def rotate_key(stack: StackFile, key: str, *, to: str, patience: float) -> Rotated:
    """Set a key, deploy it, and send test messages with it; take it back if they fail.

    Raises:
        RefusedError: the stack has other changes waiting, or its Action has secrets that
            nobody declared; nothing was written.
        NotDoneError: the old key is back in the stack's file and in the tenant, or the text says
            what is not.
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
    there = {name for one in _actions(stack) for name in seen(one.secret_names)}
    undeclared = sorted(there - {KEY_SECRET, *configuration(stack.settings)})
    if undeclared:
        named = [redacted_code(one) for one in undeclared]
        raise RefusedError(
            f"Nothing was written: the Action has secrets that the stack does not declare "
            f"({', '.join(named)}), and every change of its secrets is refused while it has. "
            f"{ways_out(named)}."
        )
    attempt = _Attempt(stack, to, patience, key_times(stack), stack.file.read_bytes())
    return attempt.run(key)


def key_times(stack: StackFile) -> dict[str, str]:
    """When the key of each of the stack's Actions was written, as the running version has it."""
    return {
        seen(one.name): one.running.secrets.get(KEY_SECRET, "") if one.running else ""
        for one in _actions(stack)
    }


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
            lambda: self._set(key), lambda: f"{self._file_back()}.", RefusedError
        )
        if not changes:
            # A rotation that was cut off after its `pulumi up`, or the same key once more: what
            # the file had was that key too, in another encryption.
            write_whole(self.stack.file, self.file_before)
            return Rotated(smoke=self._smoke(), written=self.before, was_there=True)
        # Whatever the tenant has when this is broken off, the old key is a good one.
        return or_take_back(self._deploy, self._take_back)

    def _deploy(self) -> Rotated:
        with working("pulumi up --refresh with the new key"):
            self.stack.cli.up()
        written = self._wait_until_written(self.before)
        smoke = self._smoke()
        if smoke.verdict is Verdict.FAILED:
            raise NotDoneError(f"No code is sent with the new key ({smoke.reasons}).")
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
                    raise NotDoneError(
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
        except (*NO_ANSWER, KeyboardInterrupt, NotDoneError, OSError) as error:
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
