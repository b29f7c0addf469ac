"""Stacks through Pulumi's Automation API, as a fleet needs it.

Nobody's selected stack is changed, and every engine can be asked to stop. The program stays the one
in the checkout, run by the engine as for `pulumi up`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final

from pulumi.automation import (
    CommandResult,
    LocalWorkspace,
    OutputMap,
    PulumiCommand,
    Stack,
)
from pulumi.automation.errors import create_command_error

from phonemfa.fleet.selection import Member
from phonemfa.pulumi.engine import EngineFailedError, PulumiCli, Ran, begun

GRACE: Final = 60.0
"""Seconds that an engine has to end what it is doing after it was asked to stop."""

Line = Callable[[str], Any]


class Engines:
    """Every engine process that a run has begun, so that all can be asked to stop.

    Each is in a session of its own: Ctrl-C at a terminal reaches this process alone, which then
    asks each engine once. (Twice means "at once" to Pulumi, and leaves resources behind.)
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self._stopping = self._hurried = False

    @property
    def stopping(self) -> bool:
        """Whether engines were asked to stop; none begins any more."""
        return self._stopping

    @property
    def hurried(self) -> bool:
        """Whether they were asked twice, and ended in the middle of a step."""
        return self._hurried

    def stop(self) -> None:
        """Ask all to stop: they end the step they are at, and write the state. Again: at once."""
        with self._lock:
            self._hurried = self._stopping
            self._stopping = True
            running = list(self._running)
        for process in running:
            _interrupt(process)

    def run(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        environ: Mapping[str, str],
        on_out: Line | None = None,
        on_err: Line | None = None,
        seconds: float | None = None,
    ) -> Ran:
        """Run one command to its end.

        Args:
            command: the words; others on this machine can read them.
            cwd: where.
            environ: all of its environment.
            on_out, on_err: are given each line as it comes.
            seconds: after which it is asked to stop, and after `GRACE` more ended.

        Raises:
            EngineFailedError: the engines were asked to stop before this one began.
            FileNotFoundError: there is no such program.
        """
        with self._begun(command, cwd, environ) as process:
            timers = _timers(process, seconds)
            lines: dict[str, list[str]] = {"out": [], "err": []}
            readers = [
                threading.Thread(target=_read, args=(stream, hear, lines[name]), daemon=True)
                for name, stream, hear in (
                    ("out", process.stdout, on_out),
                    ("err", process.stderr, on_err),
                )
            ]
            for one in readers:
                one.start()
            for one in readers:
                one.join()
            status = process.wait()
            for timer in timers:
                timer.cancel()
        return Ran(status, "\n".join(lines["out"]), "\n".join(lines["err"]))

    @contextmanager
    def _begun(
        self, command: Sequence[str], cwd: Path, environ: Mapping[str, str]
    ) -> Iterator[subprocess.Popen[str]]:
        with self._lock:
            if self._stopping:
                raise EngineFailedError("Stopped before it began.")
            process = begun(command, cwd=cwd, environ=environ, stdin=subprocess.DEVNULL)
            self._running.add(process)
        try:
            with process:
                yield process
        finally:
            with self._lock:
                self._running.discard(process)


class _Command(PulumiCommand):
    """The CLI, one process of `Engines` a command."""

    def __init__(self, engines: Engines, version_of: PulumiCommand, seconds: float | None) -> None:
        # Not of the base: it asks the CLI for its version, which is the same for every stack.
        self.command, self.version = version_of.command, version_of.version
        self._engines = engines
        self._seconds = seconds

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: Line | None = None,
        on_error: Line | None = None,
    ) -> CommandResult:
        ran = self._engines.run(
            [self.command, "--non-interactive", *args],
            cwd=Path(cwd),
            environ={**os.environ, **additional_env, "PULUMI_AUTOMATION_API": "true"},
            on_out=on_output,
            on_err=on_error,
            seconds=self._seconds,
        )
        result = CommandResult(stdout=ran.out, stderr=ran.err, code=ran.exit)
        if ran.exit != 0:
            raise create_command_error(result)
        return result


class _Workspace(LocalWorkspace):
    """A checkout, without what an operator would not expect of a look at many stacks."""

    def select_stack(self, stack_name: str) -> None:
        """Nothing: each command names its stack. The one that a person selected stays so."""

    def stack_outputs(self, stack_name: str) -> OutputMap:  # noqa: ARG002
        """Nothing: nobody reads them here, and some may be secrets."""
        return {}


def find_cli() -> PulumiCommand:
    """The CLI on PATH, its version checked once for all stacks.

    Raises:
        EngineFailedError: there is none, or its version does not fit the SDK's.
    """
    try:
        return PulumiCommand()
    except FileNotFoundError:
        raise EngineFailedError(
            "There is no `pulumi` on PATH. Install it (https://www.pulumi.com/docs/install/), "
            'or for the sandbox: eval "$(python -m sandbox env --pulumi --secrets)".'
        ) from None
    except Exception as error:  # noqa: BLE001 - InvalidVersionError, or a CLI that fails to start
        raise EngineFailedError(f"The `pulumi` on PATH cannot be used: {error}") from None


def open_stack(
    project: Path, member: Member, engines: Engines, cli: PulumiCommand, *, seconds: float | None
) -> Stack:
    """A stack of the checkout.

    Args:
        project: the folder with Pulumi.yaml.
        member: the stack.
        engines: run its commands.
        cli: from `find_cli`.
        seconds: that a command may take.
    """
    workspace = _Workspace(
        work_dir=str(project),
        env_vars={**member.variables, "PULUMI_SKIP_UPDATE_CHECK": "true"},
        pulumi_command=_Command(engines, cli, seconds),
    )
    return Stack.select(member.stack, workspace)


class FleetCli(PulumiCli):
    """The CLI for the drift check: as ever, but among the engines that can be stopped."""

    def __init__(
        self, project: Path, member: Member, engines: Engines, *, seconds: float | None
    ) -> None:
        self._engines = engines
        self._seconds = seconds
        super().__init__(project, member.stack, environ=member.environ)

    def spawn(self, command: Sequence[str], *, stdin: str) -> Ran:
        if stdin:
            raise ValueError("a look writes nothing")
        return self._engines.run(
            command, cwd=self.project, environ=self.environ, seconds=self._seconds
        )


def _read(stream: IO[str], hear: Line | None, lines: list[str]) -> None:
    for line in stream:
        stripped = line.rstrip()
        lines.append(stripped)
        if hear:
            # Whatever befalls the listener: an engine whose pipe nobody empties stands still.
            with suppress(Exception):
                hear(stripped)


def _timers(process: subprocess.Popen[str], seconds: float | None) -> Collection[threading.Timer]:
    if seconds is None:
        return ()
    timers = (
        threading.Timer(seconds, _interrupt, [process]),
        threading.Timer(seconds + GRACE, _end, [process]),
    )
    for timer in timers:
        timer.daemon = True
        timer.start()
    return timers


def _interrupt(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)


def _end(process: subprocess.Popen[str]) -> None:
    # Its plugins and language host are of its session, and hold its pipes: also when it has ended.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
