"""Stacks through Pulumi's Automation API, as a fleet needs it.

Nobody's selected stack is changed, and every engine can be asked to stop. The program stays the one
in the checkout, run by the engine as for `pulumi up`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pulumi.automation import (
    CommandResult,
    LocalWorkspace,
    OutputMap,
    PulumiCommand,
    Stack,
)
from pulumi.automation.errors import create_command_error

from phonemfa.fleet.selection import Member
from phonemfa.pulumi.engine import EngineFailedError
from phonemfa.pulumi.processes import Engines, Line


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
