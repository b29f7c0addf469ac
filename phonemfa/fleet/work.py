"""What is done at one stack: a preview, an `up`, or a look for drift, told as an outcome.

What was changed, how far it came and why it ended are read from the engine's events and errors.
When it runs is the conductor's.
"""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
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

from components.masking import redacted
from components.tenant.access import SECRETS, Access, NoAccessError, TwoTenantsError
from components.tenant.client import TenantUnreadableError, access_of
from phonemfa.drift.findings import is_drift
from phonemfa.drift.look import NothingAppliedError, Subject, look
from phonemfa.engine import EngineFailedError
from phonemfa.fleet.engine import Engines, FleetCli, open_stack
from phonemfa.fleet.members import Member
from phonemfa.fleet.outcome import Outcome, State
from phonemfa.fleet.record import Options
from phonemfa.stack_file import StackFileError, read_stack_file

Tell = Callable[[str], None]

_DONE: Final = {
    "create": "created",
    "update": "updated",
    "delete": "deleted",
    "replace": "replaced",
    "import": "imported",
    "read": "read",
}
_WOULD: Final = {
    "create": "to create",
    "update": "to update",
    "delete": "to delete",
    "replace": "to replace",
    "import": "to import",
    "read": "to read",
}
_SILENT: Final = {"same", "refresh"}
_STEPS: Final = _SILENT | {"read"}
_RATE_LIMITED: Final = re.compile(r"\b429\b|too_many_requests|Global limit has been reached")
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
        options: of the run.
        engines, cli: run and stop Pulumi.
        log: where a stack's log goes.
        seconds: that one engine may take.
    """

    project: Path
    command: str
    options: Options
    engines: Engines
    cli: PulumiCommand
    log: Callable[[str], Path]
    seconds: float | None = None


@dataclass
class _Heard:
    """What the engine said of one run."""

    tell: Tell
    secrets: list[str]
    changes: Mapping[str, int] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    steps: int = 0
    violated: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def event(self, event: EngineEvent) -> None:
        """One event; several threads bring them."""
        with self._lock:
            if event.resource_pre_event and event.resource_pre_event.metadata.op not in _STEPS:
                self.steps += 1
                name = event.resource_pre_event.metadata.urn.rpartition("::")[2]
                self.tell(f"{event.resource_pre_event.metadata.op.value} {name}")
            if event.diagnostic_event and event.diagnostic_event.severity == "error":
                resource = (event.diagnostic_event.urn or "").rpartition("::")[2]
                said = event.diagnostic_event.message.strip()
                self.errors.append(f"{resource}: {said}" if resource else said)
            if event.policy_event and event.policy_event.enforcement_level == "mandatory":
                self.violated = True
                self.errors.append(f"policy {event.policy_event.policy_name}")
            if event.summary_event:
                found = event.summary_event.resource_changes
                self.changes = {str(getattr(op, "value", op)): n for op, n in found.items()}

    def counts(self, words: Mapping[str, str]) -> dict[str, int]:
        """Changed resources by what was done to them."""
        kept = Counter[str]()
        for op, number in self.changes.items():
            if op not in _SILENT and number:
                kept[words.get(op, op)] += number
        return dict(kept)

    def why(self, error: Exception) -> str:
        """The errors, or else what the CLI wrote, redacted and cut."""
        said = list(dict.fromkeys(self.errors)) or [_written(error)]
        text = redacted("\n".join(said), self.secrets)
        lines = [line for line in text.splitlines() if line.strip()]
        return "\n".join(lines[:_MOST_LINES])


class Worker:
    """Does the run's command at one stack after another; safe to call from several threads."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def credentials(self, member: Member) -> Access | None:
        """How the stack's provider reaches its tenant; None when nothing says.

        The file's client wins over the variables, as with the provider.

        Raises:
            EngineFailedError: a secret of the file cannot be decrypted, or file and environment
                name two tenants.
        """
        config = dict(member.auth0)
        for key in SECRETS:
            if isinstance(config.get(key), Mapping):
                config[key] = self._decrypted(member, f"auth0:{key}")
        try:
            return Access.of(member.environ, config)
        except TwoTenantsError as error:
            raise EngineFailedError(str(error)) from None
        except NoAccessError:
            return None

    def _decrypted(self, member: Member, key: str) -> str:
        try:
            return str(self._open(member).get_config(key).value)
        except CommandError as error:
            raise EngineFailedError(
                f"{key} of {member.file.name} cannot be read: {redacted(_written(error))}"
            ) from None

    def work(self, member: Member, access: Access | None, tell: Tell) -> Outcome:
        """The command at one stack, to its end; never raises for what is the stack's own fault.

        Args:
            member: the stack.
            access: from `credentials`.
            tell: is given a word about every step.
        """
        began = time.monotonic()
        if member.fault:
            return Outcome(state=State.UNANSWERED, why=member.fault)
        outcome = self._looked(member, access, tell)
        if outcome is None:
            outcome = self._driven(member, access, tell)
        if self._site.engines.stopping and not outcome.settled:
            why = _HURRIED if self._site.engines.hurried else _STOPPED
            outcome = replace(outcome, state=State.CANCELLED, why=why, limited=False)
        seconds = round(time.monotonic() - began, 1)
        if self._site.seconds and seconds >= self._site.seconds and not outcome.settled:
            why = f"stopped after {seconds:.0f} s (--stack-timeout). {outcome.why}"
            outcome = replace(outcome, why=why, limited=False)
        return replace(outcome, seconds=seconds)

    # --- preview and up ---

    def _driven(self, member: Member, access: Access | None, tell: Tell) -> Outcome:
        heard = _Heard(tell, _secrets_of(member, access))
        with self._log(member, heard.secrets) as (log, name):
            try:
                self._drive(member, heard, log)
            except (CommandError, EngineFailedError, RuntimeError) as error:
                return replace(self._ended(member, heard, error), log=name)
        words = _DONE if self._site.command == "up" else _WOULD
        return Outcome(state=State.DONE, changes=heard.counts(words), log=name)

    def _drive(self, member: Member, heard: _Heard, log: Tell) -> None:
        stack = self._open(member)
        options = self._site.options
        packs = list(options.policy_packs) or None
        configs = self._levels(member) if packs else None
        common: dict[str, Any] = {
            "refresh": options.refresh,
            "policy_packs": packs,
            "policy_pack_configs": configs,
            "color": "never",
            "suppress_progress": True,
            "on_output": log,
            "on_error": log,
            "on_event": heard.event,
        }
        if self._site.command == "preview":
            stack.preview(**common)
        else:
            if packs:
                self._judge(stack, heard, common)
            message = "phonemfa fleet up"
            stack.up(message=message, suppress_outputs=True, show_secrets=False, **common)

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

    def _levels(self, member: Member) -> list[str] | None:
        """The stack's own levels of the rules, for each pack, where it has any."""
        file = self._site.project / "policy" / "stacks" / f"{member.stack}.json"
        return [str(file)] * len(self._site.options.policy_packs) if file.is_file() else None

    def _ended(self, member: Member, heard: _Heard, error: Exception) -> Outcome:
        why = heard.why(error)
        words = _DONE if self._site.command == "up" else _WOULD
        match error:
            case ConcurrentUpdateError():
                return Outcome(state=State.LOCKED, why=_holder(str(error)))
            case StackNotFoundError():
                return Outcome(
                    state=State.UNANSWERED,
                    why=f"the backend has no such stack: pulumi stack init {member.stack}",
                )
            case _ if heard.violated or (self._site.command == "up" and heard.steps):
                state = State.FAILED
            case _:
                state = State.UNANSWERED
        limited = bool(_RATE_LIMITED.search(f"{why}\n{_written(error)}"))
        return Outcome(state=state, changes=heard.counts(words), why=why, limited=limited)

    def _open(self, member: Member) -> Stack:
        site = self._site
        return open_stack(site.project, member, site.engines, site.cli, seconds=site.seconds)

    @contextmanager
    def _log(self, member: Member, secrets: list[str]) -> Iterator[tuple[Tell, str]]:
        path = self._site.log(member.stack)
        lock = threading.Lock()
        with _private_file(path) as file:

            def write(line: str) -> None:
                with lock:
                    file.write(f"{redacted(line, secrets)}\n")
                    file.flush()

            write(f"--- fleet {self._site.command} of {member.stack}")
            yield write, path.name

    # --- drift ---

    def _looked(self, member: Member, access: Access | None, tell: Tell) -> Outcome | None:
        """A look for drift; None when the command is another one."""
        if self._site.command != "drift":
            return None
        site = self._site
        try:
            settings = read_stack_file(site.project, member.stack).settings
            if access is None:
                # Says which variable is missing.
                access = access_of(member.auth0, environ=member.environ)
            cli = FleetCli(site.project, member, site.engines, seconds=site.seconds)
            subject = Subject(stack=member.stack, settings=settings, access=access, cli=cli)
            seen = look(subject, _telling(tell))
        except (
            EngineFailedError,
            NothingAppliedError,
            RunError,
            StackFileError,
            TenantUnreadableError,
        ) as error:
            text = redacted(str(error), _secrets_of(member, access))
            lines = [line for line in text.splitlines() if line.strip()]
            return Outcome(
                state=State.UNANSWERED,
                why="\n".join(lines[:_MOST_LINES]),
                limited=bool(_RATE_LIMITED.search(text)),
            )
        drifted = is_drift(seen.findings)
        return Outcome(
            state=State.DRIFTED if drifted else State.DONE,
            nothing="no drift",
            findings=tuple(one.id for one in seen.findings if is_drift([one])),
            why=f"phonemfa drift --stack {member.stack} says what" if drifted else "",
        )


def _telling(tell: Tell) -> Callable[[str], nullcontext[None]]:
    def working(what: str) -> nullcontext[None]:
        tell(what)
        return nullcontext()

    return working


def _secrets_of(member: Member, access: Access | None) -> list[str]:
    environ = member.environ
    known = [environ.get(name, "") for name in _SECRETS]
    return [one for one in [*known, access.client_secret if access else ""] if one]


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
        f"locked {who}. Run again with --resume when it has ended; `pulumi cancel` only when it "
        "is certain that nobody works on it"
    )


@contextmanager
def _private_file(path: Path) -> Iterator[IO[str]]:
    path.touch(mode=0o600, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        yield file
