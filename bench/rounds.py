"""Our stack, the same resources in a bare program, and auth0-deploy-cli, measured in turn.

Owns which operations there are and in which order: what is compared runs one after the other in
each round, and every second round in the opposite order, so that a machine that is busy for a
while is busy for both. Refuses to judge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from bench.processes import Ran, run
from bench.workplace import Bench

_UP: Final = ("up", "--yes", "--skip-preview")
_PULUMI: Final[Mapping[str, tuple[str, ...]]] = {
    "preview": ("preview",),
    "up, nothing to do": _UP,
    "refresh": ("refresh", "--yes", "--skip-preview"),
    "up from nothing": _UP,
}
_FROM_NOTHING: Final = frozenset({"up from nothing", "deploy-cli import"})
OPERATIONS: Final = (*_PULUMI, "deploy-cli dry run", "deploy-cli import")


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One run of one operation, and the requests that the tenant got (method and path)."""

    ran: Ran
    requests: tuple[str, ...]


@dataclass(kw_only=True)
class Rounds:
    """Samples by who ran them (`ours`, `bare`, `deploy-cli`) and operation, a round each."""

    samples: dict[tuple[str, str], list[Sample]] = field(default_factory=dict)

    def of(self, who: str, operation: str) -> list[Sample]:
        """The samples of one operation, in the order of the rounds."""
        return self.samples.get((who, operation), [])


def measure(
    bench: Bench, *, rounds: int, deploy_cli: bool = True, says: Callable[[str], None] = print
) -> Rounds:
    """Run every operation `rounds` times.

    Raises:
        CommandFailedError: one of them failed, so that nothing was measured.
    """
    found = Rounds()
    for number in range(rounds):
        says(f"round {number + 1} of {rounds}")
        # Each once to warm up: auth0-deploy-cli takes half a minute and two gigabytes, and what
        # the system put aside meanwhile is more of ours than of the bare program.
        for who in ("bare", "ours"):
            bench.back_to("applied", who)
            _sample(bench, who, "preview")
        for who, operation in _order(backwards=number % 2 == 1, deploy_cli=deploy_cli):
            moment = (
                "nothing" if operation in {"up from nothing", "deploy-cli import"} else "applied"
            )
            bench.back_to(moment, "bare" if who == "bare" else "ours")
            sample = _sample(bench, who, operation)
            found.samples.setdefault((who, operation), []).append(sample)
    return found


def _order(*, backwards: bool, deploy_cli: bool) -> Iterator[tuple[str, str]]:
    for operation in _PULUMI:
        pair = ("ours", "bare") if backwards else ("bare", "ours")
        yield from ((who, operation) for who in pair)
    if deploy_cli:
        yield "deploy-cli", "deploy-cli dry run"
        yield "deploy-cli", "deploy-cli import"


def _sample(bench: Bench, who: str, operation: str) -> Sample:
    if who == "deploy-cli":
        options = ["--dry_run"] if operation == "deploy-cli dry run" else []
        tool = bench.deploy_cli
        ran = run(tool.imports(*options), cwd=tool.folder, environment=tool.environment)
    else:
        command, folder = bench.pulumi(who, *_PULUMI[operation])
        ran = run(command, cwd=folder, environment=bench.environment)
    return Sample(ran=ran, requests=tuple(bench.requests()))
