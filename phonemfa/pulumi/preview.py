"""What a `pulumi preview --json --show-sames` says, as steps with two sides each.

Facts, measured with the engine 3.259 (tests/end_to_end/test_report.py keeps them true):
a secret is `"[secret]"` on both sides, and a changed one shows by its path in `detailedDiff`
alone; a change of `protect` has no operation of its own; a replacement is one step; a component
whose inputs change is an update without a `detailedDiff`; an update of a resource with an empty
one is a write that failed before and is made again; with a refresh each resource has a step
`refresh` more, whose state before is what was recorded, and the state before of the other step is
what the refresh found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from components.tenant.model import at, is_hidden, left_alone, sealed
from components.tenant.snapshot import MODELS
from components.vocabulary import COMPONENT


class PreviewError(Exception):
    """What was read is no preview that a report can be made from; the text says what to do."""


class Operation(StrEnum):
    """What becomes of a resource."""

    SAME = "same"
    CREATE = "create"
    IMPORT = "import"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"


_LOOK: Final = "refresh"
"""`--refresh` tells of each resource that it was looked at, and then what becomes of it."""
_OPERATIONS: Final = {
    "same": Operation.SAME,
    "read": Operation.SAME,
    _LOOK: Operation.SAME,
    "create": Operation.CREATE,
    "import": Operation.IMPORT,
    "update": Operation.UPDATE,
    "replace": Operation.REPLACE,
    "create-replacement": Operation.REPLACE,
    "read-replacement": Operation.REPLACE,
    "import-replacement": Operation.REPLACE,
    "delete": Operation.DELETE,
}
_HALVES: Final = frozenset(
    {"delete-replaced", "discard", "discard-replaced", "remove-pending-replace"}
)
"""Operations that end a replacement which a step of its own stands for."""

_STACK: Final = "::pulumi:pulumi:Stack::"
_FOREIGN_PLUGIN: Final = (
    "using pulumi-resource-auth0 from $PATH",
    "auth0 plugin: STAND-IN of this project, not the official one",
)
"""Warnings of the engine and of the sandbox's plugin: a report has a sentence of its own."""


@dataclass(frozen=True, kw_only=True)
class State:
    """One side of a step, `UNSEEN` in the place of secrets and of what the apply will tell."""

    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    protect: bool

    @property
    def known(self) -> Mapping[str, Any]:
        """What the tenant is known to have: outputs, and inputs where there is no output."""
        return {**self.inputs, **self.outputs}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One resource of a preview. `paths` are the differing properties: `secrets[0].value`."""

    operation: Operation
    type: str
    urn: str
    before: State | None
    after: State | None
    paths: frozenset[str]
    left_alone: frozenset[str]
    """Properties whose changes are ignored (`ignore_changes`)."""

    @property
    def name(self) -> str:
        """The resource's name in the program."""
        return self.urn.rpartition("::")[2]

    @property
    def old(self) -> Mapping[str, Any]:
        """What is there now; empty for what does not exist."""
        return self.before.known if self.before else {}

    @property
    def new(self) -> Mapping[str, Any]:
        """What will be there; empty for what will not exist."""
        if self.after is None or self.operation is Operation.DELETE:
            return {}
        return self.old if self.operation is Operation.SAME else self.after.inputs

    @property
    def was(self) -> Any:
        """What is there now, in the tenant's model; None where nothing is, or nothing of ours."""
        return self._modelled(self.old) if self.before else None

    @property
    def will(self) -> Any:
        """What will be there; what the program ignores is left alone."""
        gone = self.after is None or self.operation is Operation.DELETE
        found = None if gone else self._modelled(self.new)
        return found and left_alone(found, self.left_alone)

    def _modelled(self, properties: Mapping[str, Any]) -> Any:
        return MODELS[self.type].recorded(properties) if self.type in MODELS else None

    def differs(self, path: str) -> bool:
        """Whether the engine says that a property differs, or one that it is in, or has in it."""
        ends = (".", "[")
        return any(
            one == path
            or (one.startswith(path) and one[len(path)] in ends)
            or (path.startswith(one) and path[len(one)] in ends)
            for one in self.paths
        )

    def hides(self, path: str) -> bool:
        """Whether a property of either side, or anything in it, cannot be seen."""
        return any(is_hidden(at(side, path)) for side in (self.old, self.new))


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A preview of one stack. `steps` are the resources that a tenant has.

    `components` are those of this package's components that carry a stack's settings.
    """

    stack: str
    steps: tuple[Step, ...]
    components: tuple[Step, ...]
    warnings: tuple[str, ...]
    foreign_plugin: bool
    """The auth0 plugin came from PATH, or is the sandbox's stand-in."""


def read_preview(answer: Any) -> Preview:
    """A preview from what the engine printed, decoded.

    Raises:
        PreviewError: no preview, one that failed, or one without the unchanged resources.
    """
    if not isinstance(answer, Mapping) or not isinstance(answer.get("steps"), list):
        raise PreviewError(
            "It has no `steps`: a report is made from what `pulumi preview --json --show-sames` "
            "prints."
        )
    try:
        return _read(answer)
    except (KeyError, TypeError, AttributeError) as error:
        raise PreviewError(
            f"It is not in the form that the engine 3.259 prints ({type(error).__name__}: {error})."
        ) from None


def _read(answer: Mapping[str, Any]) -> Preview:
    told = answer.get("diagnostics") or ()
    errors = [str(one.get("message", "")).strip() for one in told if one.get("severity") == "error"]
    if errors:
        raise PreviewError("The preview failed:\n" + "\n".join(dict.fromkeys(errors)))
    if not answer["steps"] or not _is_whole(answer):
        raise PreviewError(
            "It lacks the unchanged resources, so nothing can be said about the risks of the "
            "others: make it with pulumi preview --json --show-sames."
        )
    _check_form(answer["steps"])
    warnings = [
        str(one.get("message", "")).strip().removeprefix("warning: ")
        for one in told
        if one.get("severity") == "warning"
    ]
    steps = tuple(_steps(answer["steps"]))
    return Preview(
        stack=_stack_of(answer["steps"]),
        steps=tuple(one for one in steps if one.type != COMPONENT),
        components=tuple(one for one in steps if one.type == COMPONENT),
        warnings=tuple(dict.fromkeys(one for one in warnings if not _is_of_plugin(one))),
        foreign_plugin=any(map(_is_of_plugin, warnings)),
    )


def _is_of_plugin(warning: str) -> bool:
    return any(one in warning for one in _FOREIGN_PLUGIN)


def _is_whole(answer: Mapping[str, Any]) -> bool:
    """Whether the unchanged resources are among the steps."""
    unchanged: int = answer.get("changeSummary", {}).get("same", 0)
    seen = sum(step.get("op") == "same" for step in answer["steps"])
    # A stack is a resource too, of which nobody needs anything: it may have been left out.
    left_out = not any(_STACK in step.get("urn", "") for step in answer["steps"])
    return bool(seen + left_out >= unchanged)


def _check_form(steps: list[Any]) -> None:
    """Make sure of what the rules take for granted, in steps that may come from a file.

    Raises:
        KeyError: a step has no name, or a state no type.
        TypeError: a name is no text, or a state no object.
    """
    for step in steps:
        states = [one for one in (step.get("oldState"), step.get("newState")) if one]
        names = [step["urn"], *(one.get("urn", "") for one in states)]
        names += [one["type"] for one in states]
        if not all(isinstance(one, str) for one in names):
            raise TypeError("a urn or a type that is no text")


def _stack_of(steps: list[Any]) -> str:
    urn = str(steps[0]["urn"])
    head, _, rest = urn.removeprefix("urn:pulumi:").partition("::")
    if not urn.startswith("urn:pulumi:") or not rest:
        raise PreviewError(f"Its first step has no URN of a stack: {urn[:80]!r}.")
    return head


def _steps(steps: list[Any]) -> Iterator[Step]:
    replaced = set()
    changing = {one["urn"] for one in steps if one.get("op") != _LOOK}
    for raw in steps:
        if raw.get("op") in _HALVES or (raw.get("op") == _LOOK and raw["urn"] in changing):
            continue
        if raw.get("op") not in _OPERATIONS:
            raise PreviewError(f"The operation {raw.get('op')!r} is not known to this report.")
        operation = _OPERATIONS[raw["op"]]
        states = raw.get("oldState"), raw.get("newState")
        kind = next((str(one["type"]) for one in states if one), "")
        custom = any(one and one.get("custom") for one in states)
        if (not custom and kind != COMPONENT) or kind.startswith("pulumi:"):
            continue
        if operation is Operation.REPLACE:
            # One replacement may be told as `replace`, as `create-replacement`, or as both.
            if raw["urn"] in replaced:
                continue
            replaced.add(raw["urn"])
        yield Step(
            operation=operation,
            type=kind,
            urn=str(raw["urn"]),
            before=_state(states[0] or (states[1] if operation is Operation.DELETE else None)),
            after=_state(states[1]),
            paths=frozenset(raw.get("detailedDiff") or raw.get("diffReasons") or ()),
            left_alone=frozenset((states[1] or {}).get("ignoreChanges") or ()),
        )


def _state(state: Mapping[str, Any] | None) -> State | None:
    if not state:
        return None
    return State(
        inputs=_object(sealed(state.get("inputs"))),
        outputs=_object(sealed(state.get("outputs"))),
        protect=bool(state.get("protect")),
    )


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
