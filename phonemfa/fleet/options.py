"""What `phonemfa fleet` can be told.

Owns the names and help of its options, and which of them do not go together. Refuses to act.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Command(StrEnum):
    """What is done at each stack."""

    PREVIEW = "preview"
    UP = "up"
    DRIFT = "drift"
    LIST = "list"


What = Annotated[Command, typer.Argument(help="What to do at each stack.")]
Stacks = Annotated[
    list[str] | None,
    typer.Option("--stack", help="A stack, or a glob in quotes; repeat it for several."),
]
Every = Annotated[bool, typer.Option("--all", help="Every stack with a file.")]
StacksFrom = Annotated[
    Path | None, typer.Option("--stacks-from", help="A file with one stack name a line.")
]
Exclude = Annotated[
    list[str] | None, typer.Option(help="A stack or glob to leave out. Repeatable.")
]
IncludeProtected = Annotated[
    bool,
    typer.Option(
        "--include-protected",
        help="Let --all and globs take production and phonemfa:protect along, for `up`.",
    ),
]
ShardText = Annotated[
    str, typer.Option("--shard", help="Only part K of N, such as 3/8, for a machine each.")
]
Canary = Annotated[
    list[str] | None,
    typer.Option(
        help="`up` these first (name or glob; repeat for more waves), and stop if one fails."
    ),
]
Parallel = Annotated[
    int | None, typer.Option(min=1, help="Stacks at once. Default: from cores and memory.")
]
Refresh = Annotated[
    bool, typer.Option("--refresh", help="Compare with the tenant instead of with the state.")
]
PolicyPack = Annotated[
    list[str] | None, typer.Option(help="A policy pack, as for pulumi. Repeatable.")
]
EnvDir = Annotated[
    Path | None,
    typer.Option(
        help="Folder with <stack>.env: variables of single stacks, such as AUTH0_CLIENT_ID."
    ),
]
Timeout = Annotated[
    float, typer.Option("--stack-timeout", min=1, help="Seconds that one stack may take.")
]
Patience = Annotated[
    float, typer.Option(min=0, help="Seconds that a stack waits for its tenant's rate limit.")
]
NoAsking = Annotated[
    bool, typer.Option("--ignore-rate-limit", help="Begin without asking tenants for their limits.")
]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on with the last run: only what is left of it.")
]
RunId = Annotated[str | None, typer.Option("--run", help="With --resume: another than the last.")]
RunDir = Annotated[
    Path | None, typer.Option(help="Where runs are kept. Default: .phonemfa/fleet of the project.")
]


class OptionsError(Exception):
    """Options that do not go together, or mean nothing; the text says which."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is asked for, once."""

    command: Command
    stacks: list[str]
    every: bool
    stacks_from: Path | None
    exclude: list[str]
    include_protected: bool
    shard: str
    canary: list[str]
    refresh: bool
    policy_packs: list[str]
    env_dir: Path | None
    resume: bool
    run: str | None
    yes: bool

    def check(self) -> None:
        """See that the options go together.

        Raises:
            OptionsError: naming all that do not; or a folder that is none.
        """
        wrong = [*self._with_resume(), *self._with_command()]
        if self.canary and self.shard:
            wrong.append(
                "--canary with --shard: one canary is for all shards; run it in a job before them"
            )
        if self.run and not self.resume:
            wrong.append("--run without --resume")
        if wrong:
            raise OptionsError("These do not go together: " + "; ".join(wrong) + ".")
        if self.env_dir and not self.env_dir.is_dir():
            raise OptionsError(f"--env-dir {self.env_dir} is no folder.")

    def _with_resume(self) -> list[str]:
        # The run file has them all; another one here would be a wish that nobody hears.
        given = {
            "--stack": self.stacks,
            "--all": self.every,
            "--stacks-from": self.stacks_from,
            "--exclude": self.exclude,
            "--include-protected": self.include_protected,
            "--shard": self.shard,
            "--canary": self.canary,
            "--refresh": self.refresh,
            "--policy-pack": self.policy_packs,
            "--env-dir": self.env_dir,
        }
        named = [name for name, value in given.items() if value]
        return [f"--resume with {', '.join(named)}"] if self.resume and named else []

    def _with_command(self) -> list[str]:
        wrong = []
        if self.command is not Command.UP:
            given = {
                "--canary": self.canary,
                "--yes": self.yes,
                "--include-protected": self.include_protected,
            }
            wrong += [f"{name} with {self.command}" for name, value in given.items() if value]
        if self.command in {Command.DRIFT, Command.LIST}:
            given = {"--refresh": self.refresh, "--policy-pack": self.policy_packs}
            wrong += [f"{name} with {self.command}" for name, value in given.items() if value]
        if self.command is Command.LIST and self.resume:
            wrong.append("--resume with list")
        return wrong
