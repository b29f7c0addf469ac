"""What is done at one stack: a preview, an `up`, or a look for drift, told as an outcome.

What was changed, how far it came and why it ended are read from the engine's events and errors.
"""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, Final

from pulumi import RunError
from pulumi.automation import (
    CommandError,
    ConcurrentUpdateError,
    EngineEvent,
    PulumiCommand,
    Stack,
    StackNotFoundError,
)

from components.config_files import StackFileError
from components.masking import redacted
from components.tenant.access import (
    SECRETS,
    Access,
    TwoTenantsError,
    check_one_tenant,
)
from components.tenant.client import TenantUnreadableError, access_of
from phonemfa.drift.findings import is_drift
from phonemfa.drift.look import NothingAppliedError, Subject, look
from phonemfa.fleet.engine import open_stack
from phonemfa.fleet.run import Outcome, State
from phonemfa.fleet.selection import Member
from phonemfa.pulumi.engine import EngineFailedError, PulumiCli
from phonemfa.pulumi.processes import Engines
from phonemfa.pulumi.stack_file import read_stack_file
from policy.levels import file_of

Tell = Callable[[str], None]

_WORDS: Final = {
    "create": ("to create", "created"),
    "update": ("to update", "updated"),
    "delete": ("to delete", "deleted"),
    "replace": ("to replace", "replaced"),
    "import": ("to import", "imported"),
    "read": ("to read", "read"),
}
"""What would be done, and what was."""
_SILENT: Final = {"same", "refresh"}
_STEPS: Final = _SILENT | {"read"}
_HOLDER: Final = re.compile(r"created by (\S+) \(pid (\d+)\) at (\S+)")
_SECRETS: Final = (
    "AUTH0_CLIENT_SECRET",
    "AUTH0_CLIENT_ASSERTION_PRIVATE_KEY",
    "AUTH0_API_TOKEN",
    "PULUMI_CONFIG_PASSPHRASE",
    "PULUMI_ACCESS_TOKEN",
)
_STOPPED: Final = "stopped as asked; the state is whole, and the next run takes it from there"
_HURRIED: Final = (
    "ended at once, as asked twice: the next `up` says what was not recorded (pending operations)"
)
_MOST_LINES: Final = 6
"""Of a reason in a table; the log has them all."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """What every stack of a run has in common.

    Attributes:
        project: the folder with Pulumi.yaml.
        command: preview, up or drift.
        engines, cli: run and stop Pulumi.
        logs: the folder for the stacks' logs.
        seconds: that one engine may take.
        refresh, policy_packs: as for pulumi.
    """

    project: Path
    command: str
    engines: Engines
    cli: PulumiCommand
    logs: Path
    seconds: float
    refresh: bool = False
    policy_packs: tuple[str, ...] = ()


_GROUPING: Final = ("pulumi:pulumi:", "phonemfa:index:")
"""Stack and components: the engine counts them, and no tenant has them."""


@dataclass
class _Heard:
    """What the engine said of one run."""

    tell: Tell
    secrets: list[str]
    changes: Mapping[str, int] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    steps: int = 0
    grouping: Counter[str] = field(default_factory=Counter)
    violated: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def event(self, event: EngineEvent) -> None:
        """One event; several threads bring them."""
        with self._lock:
            if event.resource_pre_event and event.resource_pre_event.metadata.op not in _STEPS:
                step = event.resource_pre_event.metadata
                self.steps += 1
                self.grouping[step.op.value] += step.type.startswith(_GROUPING)
                self.tell(f"{step.op.value} {step.urn.rpartition('::')[2]}")
            if event.diagnostic_event and event.diagnostic_event.severity == "error":
                resource = (event.diagnostic_event.urn or "").rpartition("::")[2]
                said = event.diagnostic_event.message.strip()
                self.errors.append(f"{resource}: {said}" if resource else said)
            if event.policy_event and event.policy_event.enforcement_level == "mandatory":
                self.violated = True
                self.errors.append(f"policy {event.policy_event.policy_name}")
            if event.summary_event:
                found = event.summary_event.resource_changes
                named = {str(getattr(op, "value", op)): n for op, n in found.items()}
                self.changes = {op: n - self.grouping[op] for op, n in named.items()}

    def counts(self, *, done: bool) -> dict[str, int]:
        """Changed resources by what was done, or would be, to them."""
        return {
            _WORDS.get(op, (op, op))[done]: number
            for op, number in self.changes.items()
            if op not in _SILENT and number
        }

    def why(self, error: Exception) -> str:
        """The errors, or else what the CLI wrote, redacted and cut."""
        said = list(dict.fromkeys(self.errors)) or [_written(error)]
        return _in_short("\n".join(said), self.secrets)


class Worker:
    """Does the run's command at one stack after another; safe to call from several threads."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def work(self, member: Member, tell: Tell) -> Outcome:
        """The command at one stack, to its end; never raises for what is the stack's own fault.

        Args:
            member: the stack.
            tell: is given a word about every step.
        """
        if member.fault:
            return Outcome(state=State.UNANSWERED, why=member.fault)
        began = time.monotonic()
        try:
            check_one_tenant(member.auth0.get("domain"), member.environ.get("AUTH0_DOMAIN", ""))
        except TwoTenantsError as error:
            return Outcome(state=State.UNANSWERED, why=str(error))
        work = self._look if self._site.command == "drift" else self._drive
        outcome = work(member, tell)
        if self._site.engines.stopping and not outcome.settled:
            why = _HURRIED if self._site.engines.hurried else _STOPPED
            outcome = replace(outcome, state=State.CANCELLED, why=why)
        seconds = round(time.monotonic() - began, 1)
        if seconds >= self._site.seconds and not outcome.settled:
            why = f"stopped after {seconds:.0f} s (--stack-timeout). {outcome.why}"
            outcome = replace(outcome, why=why)
        return replace(outcome, seconds=seconds)

    def _drive(self, member: Member, tell: Tell) -> Outcome:
        heard = _Heard(tell, _secrets_of(member))
        with self._log(member, heard.secrets) as (log, name):
            try:
                self._run(member, heard, log)
            except (CommandError, EngineFailedError, RuntimeError) as error:
                return replace(self._ended(member, heard, error), log=name)
        return Outcome(state=State.DONE, changes=heard.counts(done=self._writes), log=name)

    def _run(self, member: Member, heard: _Heard, log: Tell) -> None:
        stack = self._open(member)
        packs = [_in_a_list(one) for one in self._site.policy_packs] or None
        levels = file_of(member.stack, self._site.project) if packs else None
        common: dict[str, Any] = {
            "refresh": self._site.refresh,
            "policy_packs": packs,
            # The stack's own levels of the rules, for each pack.
            "policy_pack_configs": [str(levels)] * len(packs) if packs and levels else None,
            "color": "never",
            "suppress_progress": True,
            "on_output": log,
            "on_error": log,
            "on_event": heard.event,
        }
        if not self._writes:
            stack.preview(**common)
            return
        if packs:
            self._judge(stack, heard, common)
        message = "phonemfa fleet up"
        stack.up(message=message, suppress_outputs=True, show_secrets=False, **common)

    @property
    def _writes(self) -> bool:
        return self._site.command == "up"

    def _judge(self, stack: Stack, heard: _Heard, common: Mapping[str, Any]) -> None:
        """A preview with the rules: the Automation API applies with --skip-preview.

        A broken rule over the whole stack would then be found when other resources are written.
        """
        heard.tell("preview with the policy pack")
        before = _Heard(lambda _step: None, heard.secrets)
        try:
            stack.preview(**{**common, "on_event": before.event})
        except (CommandError, EngineFailedError, RuntimeError):
            heard.errors += before.errors
            heard.violated = before.violated
            raise

    def _ended(self, member: Member, heard: _Heard, error: Exception) -> Outcome:
        why = heard.why(error)
        match error:
            case ConcurrentUpdateError():
                return Outcome(state=State.LOCKED, why=_holder(str(error)))
            case StackNotFoundError():
                return Outcome(
                    state=State.UNANSWERED,
                    why=f"the backend has no such stack: pulumi stack init {member.stack}",
                )
            case _ if heard.violated or (self._writes and heard.steps):
                state = State.FAILED
            case _:
                state = State.UNANSWERED
        return Outcome(state=state, changes=heard.counts(done=self._writes), why=why)

    def _open(self, member: Member) -> Stack:
        site = self._site
        return open_stack(site.project, member, site.engines, site.cli, seconds=site.seconds)

    @contextmanager
    def _log(self, member: Member, secrets: list[str]) -> Iterator[tuple[Tell, str]]:
        path = self._site.logs / f"{member.stack}.log"
        lock = threading.Lock()
        with _private_file(path) as file:

            def write(line: str) -> None:
                with lock:
                    file.write(f"{redacted(line, secrets)}\n")
                    file.flush()

            write(f"--- fleet {self._site.command} of {member.stack}")
            yield write, path.name

    def _look(self, member: Member, tell: Tell) -> Outcome:
        site = self._site
        secrets = _secrets_of(member)
        try:
            settings = read_stack_file(site.project, member.stack).settings
            access = self.access(member)
            secrets = [*secrets, access.client_secret]
            cli = PulumiCli(
                site.project, member.stack, environ=member.environ, engines=site.engines
            )
            subject = Subject(
                stack=member.stack,
                settings=settings,
                access=access,
                cli=cli.within(site.seconds),
            )
            seen = look(subject, _telling(tell))
        except (
            EngineFailedError,
            NothingAppliedError,
            RunError,
            StackFileError,
            TenantUnreadableError,
        ) as error:
            return Outcome(state=State.UNANSWERED, why=_in_short(str(error), secrets))
        drifted = is_drift(seen.findings)
        return Outcome(
            state=State.DRIFTED if drifted else State.DONE,
            nothing="no drift",
            findings=tuple(one.id for one in seen.findings if is_drift([one])),
            why=f"python -m phonemfa drift --stack {member.stack} says what" if drifted else "",
        )

    def access(self, member: Member) -> Access:
        """How the stack's provider reaches its tenant; secrets of its file through the engine.

        Raises:
            EngineFailedError: a secret of the file cannot be decrypted.
            TenantUnreadableError: naming what is missing.
        """
        config = dict(member.auth0)
        for key in SECRETS:
            if isinstance(config.get(key), Mapping):
                config[key] = self._decrypted(member, f"auth0:{key}")
        return access_of(config, environ=member.environ)

    def _decrypted(self, member: Member, key: str) -> str:
        try:
            return str(self._open(member).get_config(key).value)
        except CommandError as error:
            raise EngineFailedError(
                f"{key} of {member.file.name} cannot be read: {redacted(_written(error))}"
            ) from None


def _telling(tell: Tell) -> Callable[[str], nullcontext[None]]:
    def working(what: str) -> nullcontext[None]:
        tell(what)
        return nullcontext()

    return working


def _in_a_list(path: str) -> str:
    """A path as an option of the engine takes it that is a list, written as CSV."""
    doubled = path.replace('"', '""')
    return f'"{doubled}"' if set(path) & set(',"') else path


def _secrets_of(member: Member) -> list[str]:
    environ = member.environ
    return [environ[name] for name in _SECRETS if environ.get(name)]


def _in_short(text: str, secrets: Iterable[str]) -> str:
    lines = [line for line in redacted(text, secrets).splitlines() if line.strip()]
    return "\n".join(lines[:_MOST_LINES])


def _written(error: Exception) -> str:
    """What the CLI wrote: its errors, or else its output."""
    if not isinstance(error, CommandError) or not error.args:
        return str(error)
    _, _, rest = str(error).partition("\n stdout: ")
    out, _, err = rest.partition("\n stderr: ")
    return (err.strip() or out.strip()) or "the engine ended without a word"


def _holder(text: str) -> str:
    """Who has the stack, as the backend tells it."""
    found = _HOLDER.search(text)
    who = f"by {found[1]} (pid {found[2]}, since {found[3]})" if found else "by another update"
    return (
        f"locked {who}. Run again when it has ended; `pulumi cancel` only when it "
        "is certain that nobody works on it"
    )


@contextmanager
def _private_file(path: Path) -> Iterator[IO[str]]:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600, exist_ok=False)
    with path.open("w", encoding="utf-8") as file:
        yield file
