"""What a `pulumi preview --json --show-sames` says, as steps with two sides each.

Facts, measured with the engine 3.259 (tests/end_to_end/test_report.py keeps them true):
a secret is `"[secret]"` on both sides, and a changed one shows by its path in `detailedDiff`
alone; a change of `protect` has no operation of its own; a replacement is one step; a component
whose inputs change is an update without a `detailedDiff`; an update of a resource with an empty
one is a write that failed before and is made again; with a refresh each resource has a step
`refresh` more, whose state before is what was recorded, and the state before of the other step is
what the refresh found.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from components.tenant.model import at, is_hidden, left_alone
from components.tenant.snapshot import MODELS
from components.vocabulary import COMPONENT
from phonemfa.pulumi.state import STACK, Resource, name_in


class PreviewError(Exception):
    """What was read is no preview that a report can be made from; the text says what to do."""


_BEGINNING: Final = re.compile(r"^(?:\{\s*[\"}]|\[\s*[{\]])", re.MULTILINE)
"""Of an object or a list of them: a log has thousands of other lines with a bracket first, and each
that is tried costs a look at all before it."""


def json_in(printed: str) -> Any:
    """The JSON that the engine printed, a `ValueError` where there is none.

    Text may stand around it: a policy pack that is installed first, say, or a newer version
    (pulumi/pulumi#19775, #4082).
    """
    try:
        return json.loads(printed)
    except json.JSONDecodeError as error:
        for found in _BEGINNING.finditer(printed):
            try:
                return json.JSONDecoder().raw_decode(printed, found.start())[0]
            except json.JSONDecodeError:
                continue
        raise error from None


def before_json(printed: str) -> str:
    """The text before the JSON, whole or cut off: that holds the config, and is shown nobody."""
    return _BEGINNING.split(printed, maxsplit=1)[0]


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
    **{one.value: one for one in Operation},
    "read": Operation.SAME,
    _LOOK: Operation.SAME,
    "create-replacement": Operation.REPLACE,
    "read-replacement": Operation.REPLACE,
    "import-replacement": Operation.REPLACE,
}
_HALVES: Final = frozenset(
    {"delete-replaced", "discard", "discard-replaced", "remove-pending-replace"}
)
"""Operations that end a replacement which a step of its own stands for."""

_FOREIGN_PLUGIN: Final = (
    "using pulumi-resource-auth0 from $PATH",
    "auth0 plugin: STAND-IN of this project, not the official one",
)
"""Warnings of the engine and of the sandbox's plugin: a report has a sentence of its own."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """What becomes of one resource.

    Attributes:
        paths: the differing properties, as `secrets[0].value`; of a `pulumi refresh`, those in
            which the tenant differs from the state.
        found: with `--refresh`, those in which the tenant differs from the state.
    """

    operation: Operation
    type: str
    urn: str
    before: Resource | None
    after: Resource | None
    paths: frozenset[str]
    found: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return name_in(self.urn)

    @property
    def left_alone(self) -> Collection[str]:
        """Properties whose changes are ignored (`ignore_changes`)."""
        return self.after.left_alone if self.after else ()

    @property
    def old(self) -> Mapping[str, Any]:
        """What is there now; empty for what does not exist."""
        return self.before.known if self.before else {}

    @property
    def new(self) -> Mapping[str, Any]:
        """What will be there; empty for what will not exist."""
        if not self.after:
            return {}
        return self.old if self.operation is Operation.SAME else self.after.inputs

    @property
    def was(self) -> Any:
        """What is there now, in the tenant's model; None where nothing is, or nothing of ours."""
        return self._modelled(self.old) if self.before else None

    @property
    def will(self) -> Any:
        """What will be there; what the program ignores is left alone."""
        found = self._modelled(self.new) if self.after else None
        return found and left_alone(found, self.left_alone)

    def _modelled(self, properties: Mapping[str, Any]) -> Any:
        return MODELS[self.type].recorded(properties) if self.type in MODELS else None

    @property
    def is_change(self) -> bool:
        """Whether the resource changes, or was found to be another than the state has."""
        differs = self.operation is not Operation.SAME or bool(self.paths or self.found)
        return differs and not self.keeps_settings()

    @property
    def line(self) -> str:
        same = self.operation is Operation.SAME
        paths = ", ".join(sorted(self.found if same and self.found else self.paths))
        return f"{_LOOK if same else self.operation} {self.name}{f' ({paths})' if paths else ''}"

    def keeps_settings(self, *, but_for: Collection[str] = ()) -> bool:
        """Whether it updates the component and changes no setting in it.

        Settings may appear: a state of an earlier version of the package has none, or fewer. Keys
        of the stack's file in `but_for` may change too.
        """
        if self.operation is not Operation.UPDATE or not (self.before and self.after):
            return False
        before = dict(self.before.inputs)
        if isinstance(before.get("settings"), Mapping):
            before["settings"] = {k: v for k, v in before["settings"].items() if k not in but_for}
        return self.before.type == COMPONENT and _keeps(before, self.after.inputs)

    def is_only(self, kind: str, path: str) -> bool:
        """Whether a resource of this type differs in one property, and in nothing else."""
        differing = self.paths | self.found
        if self.type != kind or self.operation not in {Operation.SAME, Operation.UPDATE}:
            return False
        return bool(differing) and all(_is_in(one, path) for one in differing)

    def differs(self, path: str) -> bool:
        """Whether the engine says that a property differs, or one that it is in, or has in it."""
        return any(_is_in(one, path) or _is_in(path, one) for one in self.paths)

    def hides(self, path: str) -> bool:
        """Whether a property of either side, or anything in it, cannot be seen."""
        return any(is_hidden(at(side, path)) for side in (self.old, self.new))


def _is_in(path: str, outer: str) -> bool:
    return path == outer or path.startswith((f"{outer}.", f"{outer}["))


def _keeps(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    return all(
        _keeps(value, after[key])
        if isinstance(value, Mapping) and isinstance(after.get(key), Mapping)
        else key in after and after[key] == value
        for key, value in before.items()
    )


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A preview of one stack; of `everything`, components and the engine's own among it.

    `foreign_plugin`: the auth0 plugin came from PATH, or is the sandbox's stand-in.
    """

    stack: str
    everything: tuple[Step, ...]
    warnings: tuple[str, ...]
    foreign_plugin: bool

    @property
    def steps(self) -> tuple[Step, ...]:
        """Those of resources that a tenant has."""
        return tuple(
            one
            for one in self.everything
            if any(side and side.is_custom for side in (one.before, one.after))
            and not one.type.startswith("pulumi:")
        )

    @property
    def components(self) -> tuple[Step, ...]:
        """Those of the components of this package that carry a stack's settings."""
        return tuple(one for one in self.everything if one.type == COMPONENT)

    @property
    def changes(self) -> list[Step]:
        return [one for one in self.everything if one.is_change]


def read_preview(answer: Any) -> Preview:
    """A preview from what the engine printed, decoded.

    `PreviewError` where it is none, failed, or lacks the unchanged resources.
    """
    if not isinstance(answer, Mapping) or not isinstance(answer.get("steps"), list):
        raise PreviewError(
            "It has no `steps`: a report is made from what `pulumi preview --json --show-sames` "
            "prints."
        )
    with _in_words():
        said: dict[str, dict[str, None]] = {"error": {}, "warning": {}}  # each once, in order
        for one in answer.get("diagnostics") or ():
            if one.get("severity") in said:
                said[one["severity"]][str(one.get("message", "")).strip()] = None
        if said["error"]:
            raise PreviewError("The preview failed:\n" + "\n".join(said["error"]))
        if not answer["steps"] or not _is_whole(answer):
            raise PreviewError(
                "It lacks the unchanged resources, so nothing can be said about the risks of the "
                "others: make it with pulumi preview --json --show-sames."
            )
        ours = [one.removeprefix("warning: ") for one in said["warning"] if not _is_of_plugin(one)]
        return Preview(
            stack=_stack_of(answer["steps"]),
            everything=_steps(answer["steps"]),
            warnings=tuple(ours),
            foreign_plugin=any(map(_is_of_plugin, said["warning"])),
        )


def read_refresh(answer: Mapping[str, Any]) -> tuple[Step, ...]:
    """What a `pulumi refresh --preview-only` found, a step a resource, or `PreviewError`."""
    with _in_words():
        return _steps(answer.get("steps") or [])


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, AttributeError) as error:
        raise PreviewError(
            f"It is not in the form that the engine 3.259 prints ({type(error).__name__}: {error})."
        ) from None


def _is_of_plugin(warning: str) -> bool:
    return any(one in warning for one in _FOREIGN_PLUGIN)


def _is_whole(answer: Mapping[str, Any]) -> bool:
    """Whether the unchanged resources are among the steps."""
    unchanged: int = answer.get("changeSummary", {}).get("same", 0)
    seen = sum(step.get("op") == "same" for step in answer["steps"])
    # A stack is a resource too, of which nobody needs anything: it may have been left out.
    left_out = not any(f"::{STACK}::" in step.get("urn", "") for step in answer["steps"])
    return bool(seen + left_out >= unchanged)


def _stack_of(steps: list[Any]) -> str:
    urn = str(steps[0]["urn"])
    head, _, rest = urn.removeprefix("urn:pulumi:").partition("::")
    if not urn.startswith("urn:pulumi:") or not rest:
        raise PreviewError(f"Its first step has no URN of a stack: {urn[:80]!r}.")
    return head


def _steps(steps: list[Any]) -> tuple[Step, ...]:
    """A step a resource: a look at one, and the halves of a replacement, belong to another."""
    found: list[Step] = []
    replaced: set[str] = set()
    looks = {_which(one): _paths(one) for one in steps if one.get("op") == _LOOK}
    changing = {_which(one) for one in steps if one.get("op") != _LOOK}
    for raw in steps:
        urn = raw["urn"]
        if not isinstance(urn, str):
            raise TypeError("a urn that is no text")
        if raw.get("op") in _HALVES or (raw.get("op") == _LOOK and _which(raw) in changing):
            continue
        if raw.get("op") not in _OPERATIONS:
            raise PreviewError(f"The operation {raw.get('op')!r} is not known to this report.")
        operation = _OPERATIONS[raw["op"]]
        # One replacement may be told as `replace`, as `create-replacement`, or as both.
        if operation is Operation.REPLACE:
            if urn in replaced:
                continue
            replaced.add(urn)
        before, after = (_side(urn, raw.get(name)) for name in ("oldState", "newState"))
        if operation is Operation.DELETE:
            before, after = before or after, None
        found.append(
            Step(
                operation=operation,
                type=next((one.type for one in (before, after) if one), ""),
                urn=urn,
                before=before,
                after=after,
                paths=_paths(raw),
                found=looks.get(_which(raw), frozenset()),
            )
        )
    return tuple(found)


def _which(step: Mapping[str, Any]) -> tuple[str, bool]:
    """The resource: one that waits to be deleted has the URN of what took its place."""
    return step["urn"], bool((step.get("oldState") or {}).get("delete"))


def _paths(step: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(step.get("detailedDiff") or step.get("diffReasons") or ())


def _side(urn: str, state: Mapping[str, Any] | None) -> Resource | None:
    return Resource.of({**state, "type": state["type"], "urn": urn}) if state else None
