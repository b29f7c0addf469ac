"""One stack through the Pulumi CLI on PATH, for commands that need what the engine knows.

Its own failure is told apart from its findings, and no secret is taken as an argument.
"""

import copy
import os
import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import nullcontext
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, TypeVar

from components.masking import redacted_code
from phonemfa.pulumi.preview import (
    Preview,
    PreviewError,
    Step,
    before_json,
    json_in,
    read_preview,
    read_refresh,
)
from phonemfa.pulumi.processes import PATIENCE, Engines, Line, Ran, stopped_by_signals
from phonemfa.pulumi.state import STACK, Checkout, State, name_in

T = TypeVar("T")

# Exit statuses, measured with 3.259.
CHANGES_FOUND: Final = 7
"""`--expect-no-changes`, and there are some."""
NO_SUCH_STACK: Final = 6
"""The backend has no such stack."""

_CUT_OFF: Final = (
    "The state is cut off, or is none. A local or bucket backend keeps earlier ones beside it "
    "(.pulumi/stacks/…/STACK.json.bak, .pulumi/history, .pulumi/backups): take the newest that is "
    "whole, then pulumi refresh."
)


class EngineFailedError(Exception):
    """The engine gave no answer; the text is its own (`said`), with what was run.

    `exit` is its exit status, where it had one.
    """

    def __init__(self, text: str, *, status: int | None = None, said: str = "") -> None:
        super().__init__(text)
        self.exit, self.said = status, said or text


class NoEngineError(EngineFailedError):
    """There is no engine on PATH."""


class SlowEngineError(EngineFailedError):
    """The engine did not end in time, and was ended."""


class PulumiCli:
    """One stack of one project. Where the engine gives no answer, all raise EngineFailedError.

    `stack` is as `pulumi --stack` takes it, None for what is said of no stack; among `engines` are
    its processes where somebody else stops them.
    """

    def __init__(
        self,
        project: Path,
        stack: str | None,
        *,
        config_file: Path | None = None,
        environ: Mapping[str, str] = os.environ,
        engines: Engines | None = None,
    ) -> None:
        self.project = project
        self._engines = engines
        named = [] if stack is None else ["--stack", stack]
        self._options = [*named, "--non-interactive", "--color", "never"]
        self._config = ["--config-file", str(config_file.resolve())] if config_file else []
        # The engine reads UTF-8 from plugins and programs, whatever this terminal shows.
        own = {"PULUMI_SKIP_UPDATE_CHECK": "true", "PYTHONIOENCODING": "utf-8"}
        self.environ = dict(environ) | own
        self.patience = PATIENCE

    def within(self, seconds: float) -> "PulumiCli":
        """The same stack, each command of which may take so long."""
        hasty = copy.copy(self)
        hasty.patience = seconds
        return hasty

    def run(
        self,
        *arguments: str,
        allowed: Collection[int] = (0,),
        stdin: str = "",
        hear: Line | None = None,
    ) -> Ran:
        """Run one command to its end; exit statuses that are `allowed` are answers.

        Others on this machine can read its arguments; standard input is the place for a secret.
        """
        executable = shutil.which("pulumi", path=self.environ.get("PATH"))
        if executable is None:
            raise NoEngineError(
                "There is no `pulumi` on PATH. Install it (https://www.pulumi.com/docs/install/), "
                "or for the sandbox: python -m sandbox phonemfa -- COMMAND."
            )
        ran = self.spawn([executable, *arguments, *self._options], stdin=stdin, hear=hear)
        if ran.exit not in allowed:
            said = redacted_code(_failure("" if hear else ran.out, ran.err))
            hint = f"\n{_CUT_OFF}" if "failed to load checkpoint" in said else ""
            raise EngineFailedError(
                f"pulumi {' '.join(arguments)} ended with {ran.exit}:\n{said}{hint}",
                status=ran.exit,
                said=said,
            )
        return ran

    def spawn(self, command: Sequence[str], *, stdin: str, hear: Line | None = None) -> Ran:
        """Run a process to its end.

        Raises:
            EngineFailedError: it cannot be run, or did not end in time.
            KeyboardInterrupt: Ctrl-C, or a signal to end; the engine has ended.
        """
        engines = self._engines or Engines()
        try:
            with nullcontext() if self._engines else stopped_by_signals(engines):
                ran = engines.run(
                    command,
                    cwd=self.project,
                    environ=self.environ,
                    stdin=stdin,
                    on_out=hear,
                    seconds=self.patience,
                )
        except (OSError, ValueError) as error:  # no such folder; a name with a character like NUL
            raise EngineFailedError(f"pulumi {command[1]} cannot be run: {error}") from None
        if engines.stopping and not self._engines:
            raise KeyboardInterrupt
        if ran.late:
            raise SlowEngineError(
                f"pulumi {command[1]} did not end within {self.patience:.0f} s and was ended. The "
                "auth0 plugin waits for a tenant's rate limit as long as that says: look at the "
                "tenant, then at what is there (pulumi refresh), and run it again."
            )
        return ran

    def watch(self, command: str, *options: str, hear: Line) -> None:
        """`pulumi preview` or `pulumi up`, each event of which is heard as it comes."""
        streaming = copy.copy(self)
        streaming.environ = self.environ | {"PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "true"}
        streaming.run(command, "--json", *options, *self._config, hear=hear)

    def preview(self, *, refresh: bool = False) -> Preview:
        """What `pulumi up` would do; `refresh` compares with the tenant instead of the state."""
        refreshing = ["--refresh"] if refresh else []
        command = ("preview", "--json", "--show-sames", *refreshing)
        return _understood(read_preview, self.json_of(*command, *self._config)[1])

    def refresh_preview(self) -> tuple[Step, ...]:
        """What `pulumi refresh` would change in the state, without changing anything."""
        command = ("refresh", "--preview-only", "--expect-no-changes", "--json")
        status, answer = self.json_of(*command, *self._config, allowed=(0, CHANGES_FOUND))
        steps = _understood(read_refresh, answer)
        if status == CHANGES_FOUND and not any(one.is_change for one in steps):
            raise EngineFailedError("pulumi refresh says that there are changes, and names none.")
        return steps

    def up(self) -> Ran:
        """`pulumi up --refresh`, without asking.

        With its preview: an organisation's required policy packs, which no option names, may
        find a broken rule of the whole stack only when other resources are written already.
        """
        return self.run("up", "--refresh", "--yes", *self._config)

    def selected(self) -> str:
        """The name of the selected stack (`pulumi stack select`, PULUMI_STACK)."""
        return self.run("stack", "--show-name").out.strip()

    def config(self) -> dict[str, Any]:
        """The config by `namespace:name`, with the values of project and environments.

        Of each: `value` as the program gets it, and `secret`; a secret has no value.
        """
        answer = self.json_of("config", "--json", *self._config)[1]
        return _understood(lambda told: {key: {**one} for key, one in told.items()}, answer)

    def value(self, key: str) -> str:
        """A value of the config, decrypted."""
        return self.run("config", "get", key, *self._config).out

    def set_value(self, key: str, value: str) -> None:
        self.run("config", "set", key, value, *self._config)

    def set_secret(self, key: str, value: str) -> None:
        """Encrypt a value into the stack's file; it travels over standard input."""
        self.run("config", "set", "--secret", key, *self._config, stdin=value)

    def import_resources(self, file: Path) -> None:
        """`pulumi import --file`: into the state, unprotected; the tenant is only read."""
        given = ("--file", str(file), "--yes", "--skip-preview")
        self.run("import", *given, "--protect=false", "--generate-code=false", *self._config)

    def touch(self, *options: str) -> None:
        """Take the stack's lock and give it back; where another run has it, the error says who.

        `--clear-pending-creates` removes the marks of unfinished operations from the state.
        """
        # Of a stack's resources, the stack itself is the one that no provider is asked about.
        roots = [one.urn for one in self.state().all(STACK)]
        target = ["--target", *roots] if roots else []
        self.run("refresh", "--yes", "--skip-preview", *options, *target, *self._config)

    def cancel(self) -> None:
        """`pulumi cancel`: remove every lock of the stack, whoever holds it."""
        self.run("cancel", "--yes")

    def state(self) -> State:
        answer = self.json_of("stack", "export")[1]
        return _understood(lambda told: State.of(told.get("deployment") or {}), answer)

    def backend(self) -> str:
        """The address of the backend that the engine is logged in to; asked about no stack."""
        answer = self.json_of("whoami", "--verbose", "--json")[1]
        return _understood(lambda told: str(told.get("url") or ""), answer)

    def last_update(self) -> Checkout:
        """What the newest `pulumi up` of the stack's history was run from."""
        history = self.json_of("stack", "history", "--json", "--page-size", "50")[1]
        return _understood(Checkout.of, history)

    def json_of(self, *arguments: str, allowed: Collection[int] = (0,)) -> tuple[int, Any]:
        """The exit status of a command, and the JSON that it prints."""
        ran = self.run(*arguments, allowed=allowed)
        try:
            return ran.exit, json_in(ran.out)
        except ValueError:
            said = redacted_code(before_json(ran.out)[:200])
            raise EngineFailedError(
                f"pulumi {' '.join(arguments)} printed no JSON, or half of it: {said!r}"
            ) from None


def to_import(token: str, name: str, identifier: str = "", parent: str = "") -> dict[str, Any]:
    """An entry of the file that `pulumi import --file` reads.

    Without an id it is a component, without a parent the stack's.
    """
    # The program's own version, so that the import reads with the plugin that previews use.
    own = {"id": identifier, "version": version("pulumi_auth0")} if identifier else {}
    place = {"parent": parent} if parent else {}
    return {"type": token, "name": name, **(own or {"component": True}), **place}


def _understood(read: Callable[[Any], T], answer: Any) -> T:
    try:
        return read(answer)
    except (AttributeError, KeyError, PreviewError, TypeError) as error:
        raise EngineFailedError(f"What pulumi printed was not understood. {error}") from None


def said_of(diagnostic: Mapping[str, Any]) -> str:
    """What a diagnostic says, and of which resource."""
    resource = name_in(diagnostic.get("urn") or "")
    message = str(diagnostic["message"]).strip()
    return f"{resource}: {message}" if resource else message


def _failure(out: str, err: str) -> str:
    """What a failed command said. Of `--json` only the errors: the rest holds the config."""
    try:
        diagnostics = json_in(out).get("diagnostics") or []
        said = [said_of(one) for one in diagnostics if one.get("severity") == "error"]
    except (AttributeError, KeyError, ValueError):
        said = [before_json(out).strip()]
    return "\n".join([*dict.fromkeys(said), err.strip()]).strip() or "It told no error."
