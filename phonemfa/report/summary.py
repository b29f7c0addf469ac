"""Everything that a report says of one environment, and what its exit status is."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from phonemfa.output.text import cut
from phonemfa.pulumi.preview import Preview
from phonemfa.report.change import Change
from phonemfa.report.differences import (
    CodeChange,
    Difference,
    Planned,
    code_changes,
    differences,
    planned,
    unseen,
)
from phonemfa.report.messages import Message, messages
from phonemfa.report.risks import Danger, Risk, risks
from phonemfa.report.settings import SecretsChange, not_compared, secrets_changes
from policy import levels
from policy.model import Declared, Level, Violation
from policy.rules import violations

_LONGEST_FAILURE = 4_000


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One stack's report. With a `failure`, there is nothing else: its preview could not be had."""

    stack: str
    failure: str = ""
    planned: tuple[Planned, ...] = ()
    differences: tuple[Difference, ...] = ()
    messages: tuple[Message, ...] = ()
    code: tuple[CodeChange, ...] = ()
    secrets: tuple[SecretsChange, ...] = ()
    risks: tuple[Risk, ...] = ()
    relaxed: tuple[str, ...] = ()
    """Rules and pins that the change relaxes, where its base was given."""
    violations: tuple[Violation, ...] = ()
    warnings: tuple[str, ...] = ()
    """What the engine and the program warned of."""
    not_compared: tuple[str, ...] = ()
    """What this preview does not tell, in sentences."""
    foreign_plugin: bool = False

    @property
    def changes(self) -> bool:
        """Whether this change does anything in this environment."""
        return bool(self.planned or self.differences)

    @property
    def quiet(self) -> bool:
        """Whether there is nothing to read: no change, failure, violation, warning or doubt."""
        told = self.violations or self.relaxed or self.warnings or self.not_compared
        return not (self.changes or self.failure or told)


def environment(
    preview: Preview, project: Path = Path(), *, base: Path | None = None
) -> Environment:
    """The report of one preview; `base` is the project without the change, to name what it relaxes.

    A `policy.levels.LevelsError`: the stack's file of policy levels cannot be used.
    """
    change, stack = Change.of(preview), preview.stack
    differing, texts = differences(change), tuple(messages(change))
    broken = violations(declared(preview), stack=stack, settings=levels.settings_of(stack, project))
    return Environment(
        stack=stack,
        planned=tuple(planned(preview.steps)),
        differences=differing,
        messages=texts,
        code=tuple(code_changes(change)),
        secrets=tuple(secrets_changes(preview.steps, change.settings)),
        risks=risks(change, differing, texts),
        relaxed=tuple(levels.relaxed(stack, base=base, project=project)) if base else (),
        violations=tuple(broken),
        warnings=preview.warnings,
        not_compared=(
            *not_compared(change.settings),
            *(one for step in change.steps for one in unseen(step)),
        ),
        foreign_plugin=preview.foreign_plugin,
    )


def declared(preview: Preview) -> list[Declared]:
    """What a stack declares once the change is made, for the rules of the policy pack."""
    return [
        Declared(
            urn=step.urn, type=step.type, properties=step.after.inputs, protect=step.after.protect
        )
        for step in (*preview.components, *preview.steps)
        if step.after
    ]


def failed(stack: str, reason: str) -> Environment:
    """The report of a stack whose preview could not be had."""
    return Environment(stack=stack, failure=cut(reason, _LONGEST_FAILURE))


def faulty(environments: Iterable[Environment], *, strict: bool) -> bool:
    """Whether a mandatory rule is broken, or (strict) a lockout or an exposure is possible."""
    return any(
        any(broken.enforcement is Level.MANDATORY for broken in one.violations)
        or (strict and any(risk.danger is not Danger.WARNING for risk in one.risks))
        for one in environments
    )
