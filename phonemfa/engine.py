"""One stack through the Pulumi CLI on PATH, for commands that need what the engine knows.

Owns calling the CLI and telling apart its own failure from its findings. Refuses to judge what it
answers, to log in anywhere, and to take a secret as an argument.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

CHANGES_FOUND: Final = 7
"""What `--expect-no-changes` exits with when there are some (measured with 3.259)."""


class EngineFailedError(Exception):
    """The engine gave no answer; the text is its own, with what was run."""


@dataclass(frozen=True)
class Ran:
    """One finished command of the CLI."""

    exit: int
    out: str
    err: str


class PulumiCli:
    """One stack of one project.

    Args:
        project: the folder with Pulumi.yaml.
        stack: as `pulumi --stack` takes it.
        config_file: the stack's file when it is not Pulumi.<stack>.yaml.
        environ: what the CLI runs in; it finds backend, passphrase and credentials there.
    """

    def __init__(
        self,
        project: Path,
        stack: str,
        *,
        config_file: Path | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._project = project
        self._options = ["--stack", stack, "--non-interactive", "--color", "never"]
        self._config = ["--config-file", str(config_file.resolve())] if config_file else []
        self._environ = dict(environ) | {"PULUMI_SKIP_UPDATE_CHECK": "true"}

    def run(self, *arguments: str, allowed: Collection[int] = (0,)) -> Ran:
        """Run one command to its end.

        Raises:
            EngineFailedError: no CLI on PATH, or an exit status that is not in `allowed`.
        """
        executable = shutil.which("pulumi", path=self._environ.get("PATH"))
        if executable is None:
            raise EngineFailedError(
                "There is no `pulumi` on PATH. Install it (https://www.pulumi.com/docs/install/), "
                'or for the sandbox: eval "$(python -m sandbox env)".'
            )
        ended = subprocess.run(
            [executable, *arguments, *self._options],
            cwd=self._project,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode not in allowed:
            said = "\n".join(part.strip() for part in (ended.stdout, ended.stderr) if part.strip())
            raise EngineFailedError(
                f"pulumi {' '.join(arguments)} ended with {ended.returncode}:\n{said}"
            )
        return Ran(ended.returncode, ended.stdout, ended.stderr)

    def preview(self) -> dict[str, Any]:
        """What `pulumi preview --json` prints: `steps`, `changeSummary`, `diagnostics`, …

        Every resource is among the steps, the unchanged ones too.

        Raises:
            EngineFailedError: with what the engine calls errors, and nothing else of its answer.
        """
        arguments = ("preview", "--json", "--show-sames")
        ran = self.run(*arguments, *self._config, allowed=range(256))
        if ran.exit:
            raise EngineFailedError(
                f"pulumi {' '.join(arguments)} ended with {ran.exit}:\n{_errors(ran)}"
            )
        return _decoded(ran, *arguments)

    def state(self) -> dict[str, Any]:
        """The stack's state, secrets encrypted, as `pulumi stack export` prints it."""
        return self._json("stack", "export")

    def _json(self, *arguments: str) -> dict[str, Any]:
        return _decoded(self.run(*arguments), *arguments)


def _decoded(ran: Ran, *arguments: str) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = json.loads(ran.out)
    except json.JSONDecodeError:
        raise EngineFailedError(
            f"pulumi {' '.join(arguments)} printed no JSON: {ran.out[:200]!r}"
        ) from None
    return answer


def _errors(ran: Ran) -> str:
    # A failed preview prints its errors inside of JSON, among the whole state of the stack.
    try:
        told = json.loads(ran.out)["diagnostics"]
        errors = [one["message"].strip() for one in told if one["severity"] == "error"]
    except (ValueError, KeyError, TypeError):
        errors = []
    return "\n".join(dict.fromkeys(errors)) or "\n".join((ran.out.strip(), ran.err.strip()))
