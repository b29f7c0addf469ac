"""Everything that a report says of one environment, and what its exit status is."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from phonemfa.output.text import cut
from phonemfa.report.code import CodeChange, code_changes
from phonemfa.report.differences import Difference, Planned, differences, planned
from phonemfa.report.facts import after, before
from phonemfa.report.messages import Message, messages
from phonemfa.report.preview import Preview
from phonemfa.report.risks import Danger, Risk, risks
from phonemfa.report.settings import (
    SecretsChange,
    not_compared,
    read_settings,
    secrets_changes,
)
from phonemfa.report.unseen import unseen
from policy.model import Level, Violation
from policy.preview import evaluate

_LONGEST_FAILURE = 4_000

_Part = TypeVar("_Part")


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
        """Whether there is nothing to read: no change, no violation, no failure, no doubt."""
        return not (self.changes or self.violations or self.failure or self.not_compared)

    @property
    def changed_messages(self) -> tuple[Message, ...]:
        """Messages that users will get in other words."""
        return tuple(one for one in self.messages if one.changed)


def environment(preview: Preview, project: Path = Path()) -> Environment:
    """The report of one preview.

    Args:
        preview: of a stack.
        project: the folder with Pulumi.yaml.

    Raises:
        policy.levels.LevelsError: the stack's file of policy levels cannot be used.
    """
    settings = read_settings(preview.components)
    # The report is one tenant's; of several components each setting is told all the same.
    was = before(preview.steps, settings[0].before if settings else None)
    will_be = after(preview.steps, settings[0].after if settings else None)
    return Environment(
        stack=preview.stack,
        planned=planned(preview.steps),
        differences=differences(was, will_be, preview.steps, settings),
        messages=messages(was, will_be),
        code=code_changes(was, will_be),
        secrets=secrets_changes(preview.steps, settings),
        risks=risks(was, will_be, preview.steps, settings),
        violations=tuple(evaluate(preview.raw_steps, stack=preview.stack, project=project)),
        warnings=preview.warnings,
        not_compared=(*not_compared(settings), *unseen(preview.steps)),
        foreign_plugin=preview.foreign_plugin,
    )


def failed(stack: str, reason: str) -> Environment:
    """The report of a stack whose preview could not be had."""
    return Environment(stack=stack, failure=cut(reason, _LONGEST_FAILURE))


def faulty(environments: Iterable[Environment], *, strict: bool) -> bool:
    """Whether a mandatory rule is broken, or (strict) somebody may be locked out."""
    return any(
        any(broken.enforcement is Level.MANDATORY for broken in one.violations)
        or (strict and any(risk.danger is Danger.LOCKOUT for risk in one.risks))
        for one in environments
    )


def as_objects(environments: Iterable[Environment]) -> list[dict[str, Any]]:
    """The whole report for JSON, one object an environment."""
    return [asdict(one) for one in environments]


def together(
    environments: Iterable[Environment],
    parts: Callable[[Environment], Iterable[_Part]],
    key: Callable[[_Part], Hashable] = lambda part: part,
) -> list[tuple[_Part, list[str]]]:
    """Equal parts of several environments once, each with the stacks it belongs to.

    Args:
        environments: where to look.
        parts: the parts of one environment.
        key: what makes two parts equal; the part itself by default.
    """
    found: dict[Hashable, tuple[_Part, list[str]]] = {}
    for one in environments:
        for part in parts(one):
            _, stacks = found.setdefault(key(part), (part, []))
            if one.stack not in stacks:
                stacks.append(one.stack)
    return list(found.values())
