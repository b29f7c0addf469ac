"""From samples to figures: medians, ratios within a round, and whether each goal is met.

Owns what is compared with what and the goals. A ratio is taken in each round, between runs that
followed each other, and the median of those is the figure: a machine that is slower for a while is
slower for both. Refuses to measure and to draw.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Final

from bench.action import GOALS as ACTION_GOALS
from bench.action import ActionFigures
from bench.load import LoadFigures
from bench.rounds import Rounds, Sample

LEAST_REQUESTS: Final = {
    "preview": 0,
    "up, nothing to do": 0,
    # A token, and one write for each object: the Action (created and deployed in one), the
    # provider, three templates, the factor, its message types, the policy.
    "up from nothing": 1 + 8,
    # A token, and one read for each kind: the list of templates tells all three, and Guardian has
    # three more since pulumi-auth0 3.54.
    "refresh": 1 + 6 + 3,
}


@dataclass(frozen=True, kw_only=True)
class Goal:
    """A figure with its bound; only `below` is strict."""

    name: str
    measured: float
    below: float | None = None
    at_most: float | None = None
    at_least: float | None = None
    unit: str = ""

    @property
    def met(self) -> bool:
        """Whether the measured value keeps the bound."""
        return (
            (self.below is None or self.measured < self.below)
            and (self.at_most is None or self.measured <= self.at_most)
            and (self.at_least is None or self.measured >= self.at_least)
        )

    @property
    def bound(self) -> str:
        """The bound as it is written in a table."""
        bounds = {"<": self.below, "≤": self.at_most, "≥": self.at_least}
        return " ".join(f"{sign} {value:g}" for sign, value in bounds.items() if value is not None)


@dataclass(frozen=True, kw_only=True)
class Operation:
    """Medians of one operation over the rounds; memory is the most of any round."""

    who: str
    operation: str
    wall_s: float
    cpu_s: float
    requests: int
    cpu_by_role_s: dict[str, float]
    peak_mib: dict[str, float]


def operation_of(who: str, name: str, samples: Sequence[Sample]) -> Operation:
    """The figures of one operation."""
    roles = {one.role for sample in samples for one in sample.ran.processes}
    peaks = {
        role: max(
            one.peak_mib for sample in samples for one in sample.ran.processes if one.role == role
        )
        for role in sorted(roles - {"other"})
    }
    return Operation(
        who=who,
        operation=name,
        wall_s=median(one.ran.wall_s for one in samples),
        cpu_s=median(one.ran.cpu_s for one in samples),
        requests=max(len(one.requests) for one in samples),
        cpu_by_role_s={role: median(one.ran.cpu_of(role) for one in samples) for role in peaks},
        peak_mib=peaks,
    )


def in_each_round(
    rounds: Rounds,
    ours: tuple[str, str],
    theirs: tuple[str, str],
    how: Callable[[Sample, Sample], float],
) -> float:
    """The median of what `how` says of the two samples of each round."""
    pairs = zip(rounds.of(*ours), rounds.of(*theirs), strict=True)
    return median(how(mine, other) for mine, other in pairs)


def _wall(mine: Sample, other: Sample) -> float:
    return mine.ran.wall_s / other.ran.wall_s


def _program(mine: Sample, other: Sample) -> float:
    return mine.ran.cpu_of("program") - other.ran.cpu_of("program")


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Everything that was measured, as it is kept and drawn."""

    rounds: int
    operations: list[Operation]
    ratios: dict[str, float]
    server_peak_mib: float
    load: list[LoadFigures]
    action: ActionFigures
    goals: list[Goal]

    def of(self, who: str, operation: str) -> Operation | None:
        """The figures of one operation, where it was measured."""
        found = [one for one in self.operations if (one.who, one.operation) == (who, operation)]
        return found[0] if found else None

    def json(self) -> dict[str, Any]:
        """As it is written down."""
        goals = [{**asdict(goal), "met": goal.met} for goal in self.goals]
        return {**asdict(self), "least_requests": LEAST_REQUESTS, "goals": goals}

    def missed(self) -> list[str]:
        """The goals that are not met."""
        return [goal.name for goal in self.goals if not goal.met]


def figures_of(
    rounds: Rounds, load: Sequence[LoadFigures], action: ActionFigures, *, server_peak_mib: float
) -> Figures:
    """Put together what was measured."""
    operations = [operation_of(*key, samples) for key, samples in rounds.samples.items()]
    compared = {
        f"{name}: ours / bare program": (("ours", name), ("bare", name))
        for who, name in rounds.samples
        if who == "bare"
    }
    if rounds.of("deploy-cli", "deploy-cli import"):
        up, preview = ("ours", "up from nothing"), ("ours", "preview")
        compared["deploy-cli import / up from nothing"] = (
            ("deploy-cli", "deploy-cli import"),
            up,
        )
        compared["deploy-cli dry run / preview"] = (("deploy-cli", "deploy-cli dry run"), preview)
    ratios = {name: in_each_round(rounds, *pair, _wall) for name, pair in compared.items()}
    share = in_each_round(rounds, ("ours", "preview"), ("bare", "preview"), _program)
    count = {one.operation: one.requests for one in operations if one.who == "ours"}
    goals = [
        Goal(
            name="preview / bare program",
            measured=ratios["preview: ours / bare program"],
            at_most=1.2,
        ),
        Goal(name="our Python share of a preview (CPU)", measured=share, below=0.5, unit="s"),
        Goal(
            name="requests of an up, nothing to do", measured=count["up, nothing to do"], at_most=0
        ),
        Goal(name="requests of a refresh", measured=count["refresh"], at_most=13),
        Goal(
            name="sandbox p99 at 200 requests/s",
            measured=median(one.p99_ms for one in load),
            below=10,
            unit="ms",
        ),
        *(
            Goal(name=f"Action: {name}", measured=getattr(action, name), below=most)
            for name, most in ACTION_GOALS.items()
        ),
    ]
    imported = ratios.get("deploy-cli import / up from nothing")
    if imported is not None:
        goals.insert(2, Goal(name="deploy-cli import / up", measured=imported, at_least=2))
    return Figures(
        rounds=len(rounds.of("ours", "preview")),
        operations=operations,
        ratios=ratios,
        server_peak_mib=server_peak_mib,
        load=list(load),
        action=action,
        goals=goals,
    )
