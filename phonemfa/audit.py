"""The audit trail: one line of JSON for each command that writes to a tenant, a state or the CPaaS.

A line is kept from the moment on that somebody agreed, however the command ends. What the caller
says of himself is under `claimed`: the environment of a process is its owner's to set.
"""

import getpass
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

import typer

from components.masking import without_keys
from components.tenant.access import Access
from phonemfa import asking
from phonemfa.asking import Target
from phonemfa.exits import Exit
from phonemfa.files import append_private, why
from phonemfa.output.json_text import as_json
from phonemfa.output.terminal import drop, give_up, say

STREAM: Final = Path("-")
"""As a file's name: standard error, for systems that keep a job's log."""
_STOPPED: Final = 130


@dataclass(kw_only=True)
class Record:
    """What one run of a command does.

    Attributes:
        file: where the line is appended; with `printed` it is on standard output too.
        credential: who asks the tenant, as the tenant knows him; no secret.
        before, after: what was changed, as far as the command knows; None where it does not.
    """

    command: str
    file: Path | None = None
    printed: bool = False
    reason: str = ""
    at: str = ""
    stack: str = ""
    tenant: str = ""
    credential: str = ""
    what: list[str] = field(default_factory=list)
    before: Any = None
    after: Any = None
    exit: int = Exit.FINE

    @classmethod
    def of(cls, context: typer.Context, command: str, file: Path | None) -> Self:
        """The record of a command, kept when typer ends it."""
        return context.with_resource(cls(command=command, file=file).kept())

    @contextmanager
    def kept(self) -> Iterator[Self]:
        """Keep it when the block ends, however that is."""
        try:
            yield self
        except BaseException as error:
            self.exit = _status(error)
            raise
        finally:
            if self.at:
                self._keep()

    def agree(
        self, what: str, *, stack: str, access: Access, yes: bool, by_typing: bool = False
    ) -> None:
        """As `asking.agree`; what was agreed to is in the record from now on."""
        self.prepare()
        target = Target(stack, access.domain)
        asking.agree(what, target, yes=yes, by_typing=by_typing)
        self.begin(what, stack=stack, tenant=access.domain, credential=access.who)

    def prepare(self) -> None:
        """Give up where no record could be kept: before anything is changed."""
        if self.file and self.file != STREAM:
            try:
                append_private(self.file, "")
            except (OSError, ValueError) as error:  # ValueError: a name with NUL
                give_up(f"Nothing was written: no record can be kept in {self.file}: {why(error)}.")

    def begin(self, what: str, *, stack: str, tenant: str, credential: str) -> None:
        """Something is done from now on, of which a record has to be kept."""
        self.at = self.at or _now()
        self.stack, self.tenant, self.credential = stack, tenant, credential
        self.what.append(what)

    def to_json(self) -> str:
        """One line."""
        content = {
            "event": f"phonemfa.{self.command}",
            "at": self.at,
            "ended": _now(),
            "stack": self.stack,
            "tenant": self.tenant,
            "credential": self.credential,
            "what": "; ".join(self.what),
            "before": self.before,
            "after": self.after,
            "exit": int(self.exit),
            "claimed": {"reason": without_keys(self.reason), **caller()},
        }
        return as_json(content, indent=None)

    def _keep(self) -> None:
        line = self.to_json()
        if self.printed:
            try:
                typer.echo(line)
            except OSError as error:
                say(f"The record is not on standard output: {why(error)}. It is:\n{line}")
                drop(sys.stdout)
        if self.file == STREAM:
            say(line)
        elif self.file:
            try:
                append_private(self.file, f"{line}\n")
            except OSError as error:
                # What was done is done: whoever reads this can keep it.
                say(f"The record is not in {self.file}: {why(error)}. It is:\n{line}")


def caller(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Who says to have run the command: the operating system's user, and a CI system's run."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        user = f"uid {os.getuid()}"
    return {"user": user, "host": platform.node(), "ci": _ci(environ)}


def _ci(environ: Mapping[str, str]) -> dict[str, str]:
    if environ.get("GITHUB_ACTIONS"):
        names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
        server, repository, run = (environ.get(name, "") for name in names)
        actor = environ.get("GITHUB_TRIGGERING_ACTOR") or environ.get("GITHUB_ACTOR", "")
        url = f"{server}/{repository}/actions/runs/{run}"
        return {"system": "GitHub", "actor": actor, "run": url}
    if environ.get("GITLAB_CI"):
        actor, url = environ.get("GITLAB_USER_LOGIN", ""), environ.get("CI_JOB_URL", "")
        return {"system": "GitLab", "actor": actor, "run": url}
    return {}


def _status(error: BaseException) -> int:
    """The exit status that a command ends with when this is raised out of it."""
    match error:
        case typer.Exit():
            return error.exit_code
        case SystemExit():
            return error.code if isinstance(error.code, int) else Exit.FAULTY
        case KeyboardInterrupt():
            return _STOPPED
        case OSError():  # told by `run_app`
            return Exit.UNANSWERED
        case _:
            return Exit.FAULTY


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
