"""What a preview does not show of the resources that change: secrets, and what the apply tells.

An Action's secrets and settings have sentences of their own (`settings`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from phonemfa.report.differences import named
from phonemfa.report.preview import Operation, Step
from policy.model import Hidden
from policy.resource_types import ACTION, GUARDIAN, PROVIDER, TEMPLATE, TENANT

_COMPARED: Final[Mapping[str, Mapping[str, str]]] = {
    ACTION: {"code": "code", "runtime": "runtime", "deploy": "deployment", "name": "name"},
    PROVIDER: {
        "configuration": "channels",
        "disabled": "switch",
        "name": "name",
        "credentials": "credentials",
    },
    TEMPLATE: {"content": "text", "type": "message type", "disabled": "switch"},
    GUARDIAN: {"policy": "policy", "phone": "phone factor"},
    TENANT: {"phoneConsolidatedExperience": "phone experience"},
}
"""The properties that a report speaks of, in its words."""


def unseen(steps: tuple[Step, ...]) -> tuple[str, ...]:
    """Each changing property of which a side cannot be seen, in a sentence."""
    return tuple(sentence for step in steps for sentence in _unseen(step))


def _unseen(step: Step) -> Iterator[str]:
    if step.operation in {Operation.SAME, Operation.DELETE}:
        return
    kind, name = named(step)
    # Without paths the engine does not say what differs: then nothing rules a difference out.
    told = step.operation is Operation.UPDATE and bool(step.paths)
    for key, what in _COMPARED.get(step.type, {}).items():
        marks = {*_marks(step.old.get(key)), *_marks(step.new.get(key))}
        if not marks or (told and not step.differs(key)):
            continue
        if key == "credentials" and not told:
            continue  # They are a secret in every preview.
        why = "is hidden" if Hidden.SECRET in marks else "is known only after the apply"
        yield f"The {what} of {f'{kind} {name}'.strip()} {why}, and was not compared."


def _marks(value: Any) -> Iterator[Hidden]:
    if isinstance(value, Hidden):
        yield value
    elif isinstance(value, Mapping):
        for member in value.values():
            yield from _marks(member)
    elif isinstance(value, list):
        for member in value:
            yield from _marks(member)
