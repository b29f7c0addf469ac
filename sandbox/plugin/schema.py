"""What the stand-in knows of each resource's attributes, and what differs between two states.

The kinds follow the official provider: an *optional and computed* attribute that the program
leaves out keeps whatever the tenant has; an optional one without `computed` returns to its
default. Source: official/ and provider-traps.md of the contract.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Any, Final, Literal

from sandbox.plugin.values import Path, has_unknown

DEFAULTS: Final = "__defaults"
"""Where the official plugin's bridge notes which values of an object are defaults."""

Kind = Literal["scalar", "list", "set", "block", "blocks"]
Change = Literal["add", "delete", "update"]


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """One attribute.

    `block` is a nested object, `blocks` a list of them, `set` a list whose order means nothing.
    """

    kind: Kind = "scalar"
    required: bool = False
    computed: bool = False
    """Filled in by the tenant when the program leaves it out."""
    output_only: bool = False
    default: Any = None
    empty: Any = None
    """What a state has where there is no value; a list is then empty."""
    force_new: bool = False
    secret: bool = False
    choices: tuple[str, ...] = ()
    """The values allowed: of the attribute, or of each item of a list or set."""
    conflicts: tuple[str, ...] = ()
    """Attributes beside it that cannot be given too."""
    needs: tuple[str, ...] = ()
    """Attributes beside it that must be given too."""
    fields: Schema = field(default_factory=dict)


Schema = Mapping[str, Attribute]


def block(fields: Schema, **more: Any) -> Attribute:
    """A nested object."""
    return Attribute(kind="block", fields=fields, **more)


def required(*names: str) -> Schema:
    """Attributes that must be given."""
    return dict.fromkeys(names, Attribute(required=True))


def snake(name: str) -> str:
    """The API's name of a property. A digit never starts a word: enable_idtoken_api2."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def for_api(value: Any) -> Any:
    """Inputs under the API's names, without what the program leaves out."""
    if isinstance(value, Mapping):
        return {snake(key): for_api(one) for key, one in value.items() if one is not None}
    if isinstance(value, list):
        return [for_api(one) for one in value]
    return value


def from_api(schema: Schema, answer: Mapping[str, Any]) -> dict[str, Any]:
    """What the API answered of these attributes, under the program's names."""
    found: dict[str, Any] = {}
    for name, attribute in schema.items():
        value = answer.get(snake(name))
        if attribute.kind == "block" and isinstance(value, Mapping):
            value = from_api(attribute.fields, value)
        elif attribute.kind == "blocks" and isinstance(value, list):
            value = [from_api(attribute.fields, one) for one in value]
        if value is not None:
            found[name] = value
    return found


@dataclass(frozen=True)
class Difference:
    """One changed leaf: its path as Pulumi prints it, and whether it needs a new resource."""

    path: str
    change: Change
    replace: bool = False

    @property
    def top(self) -> str:
        return self.path.split(".", 1)[0].split("[", 1)[0]


def inputs_of(schema: Schema) -> frozenset[str]:
    """Attributes a program may set."""
    return frozenset(name for name, attribute in schema.items() if not attribute.output_only)


def secret_paths_of(schema: Schema, prefix: Path = ()) -> frozenset[Path]:
    """Paths of attributes that are secret by nature (`*` for list items)."""
    found: set[Path] = set()
    for name, attribute in schema.items():
        path: Path = (*prefix, name)
        if attribute.secret:
            found.add(path)
        elif attribute.kind == "block":
            found |= secret_paths_of(attribute.fields, path)
        elif attribute.kind == "blocks":
            found |= secret_paths_of(attribute.fields, (*path, "*"))
    return frozenset(found)


def with_defaults(schema: Schema, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs as the official plugin notes them: each object with the defaults it was given.

    Only a default that is no zero value becomes an input.
    """
    said: dict[str, Any] = {name: value for name, value in inputs.items() if name != DEFAULTS}
    given = [
        name
        for name, attribute in schema.items()
        if attribute.default and said.get(name) is None and not attribute.output_only
    ]
    said |= {name: schema[name].default for name in given}
    for name, value in said.items():
        attribute = schema.get(name)
        if attribute is None or value is None:
            continue
        if attribute.kind == "block" and isinstance(value, Mapping):
            said[name] = with_defaults(attribute.fields, value)
        elif attribute.kind == "blocks" and isinstance(value, list):
            said[name] = [
                with_defaults(attribute.fields, one) if isinstance(one, Mapping) else one
                for one in value
            ]
    return {DEFAULTS: given, **said}


def without_defaults(value: Any) -> Any:
    """The inputs without those notes."""
    if isinstance(value, Mapping):
        return {key: without_defaults(one) for key, one in value.items() if key != DEFAULTS}
    if isinstance(value, list):
        return [without_defaults(one) for one in value]
    return value


def filled(schema: Schema, values: Mapping[str, Any]) -> dict[str, Any]:
    """A state in the official plugin's form: nothing is left out, what has no value is empty."""
    state: dict[str, Any] = {}
    for name, attribute in schema.items():
        value = values.get(name)
        if value is None:
            lists = attribute.kind in {"list", "set", "blocks"}
            state[name] = [] if lists else attribute.empty
        elif attribute.kind == "block" and isinstance(value, Mapping):
            state[name] = filled(attribute.fields, value)
        elif attribute.kind == "blocks" and isinstance(value, list):
            state[name] = [filled(attribute.fields, one) for one in value]
        else:
            state[name] = value
    return state


def problems(
    schema: Schema, inputs: Mapping[str, Any], prefix: str = ""
) -> Iterator[tuple[str, str]]:
    """Every (attribute path, reason) that makes the inputs unusable."""
    for name in inputs:
        # The official plugin's bridge notes its defaults so in the inputs of a state.
        if name not in inputs_of(schema) and not name.startswith("__"):
            yield f"{prefix}{name}", "is not in the stand-in (or is not an input)"
    for name, attribute in schema.items():
        path = f"{prefix}{name}"
        value = inputs.get(name)
        if value is None:
            if attribute.required:
                yield path, "is required"
            continue
        yield from _beside(attribute, inputs, path)
        if has_unknown(value):
            continue
        for one in value if attribute.kind in {"list", "set"} else [value]:
            if attribute.choices and one not in attribute.choices:
                yield path, f"must be one of {', '.join(attribute.choices)}, got {one!r}"
        if attribute.kind == "block":
            yield from problems(attribute.fields, value, f"{path}.")
        elif attribute.kind == "blocks":
            for index, item in enumerate(value):
                yield from problems(attribute.fields, item, f"{path}[{index}].")


def _beside(
    attribute: Attribute, inputs: Mapping[str, Any], path: str
) -> Iterator[tuple[str, str]]:
    for other in attribute.conflicts:
        if inputs.get(other) is not None:
            yield path, f"conflicts with {other}"
    for other in attribute.needs:
        if inputs.get(other) is None:
            yield path, f"needs {other} beside it"


def differences(
    schema: Schema, state: Mapping[str, Any], inputs: Mapping[str, Any], prefix: str = ""
) -> list[Difference]:
    """What an update would change, leaf by leaf, in the order of the schema."""
    found: list[Difference] = []
    for name, attribute in schema.items():
        if not attribute.output_only:
            found += _attribute_differences(
                attribute, f"{prefix}{name}", state.get(name), inputs.get(name)
            )
    return found


def _attribute_differences(attribute: Attribute, path: str, old: Any, new: Any) -> list[Difference]:
    if new is None:
        if attribute.computed:
            return []
        new = attribute.default
    if _empty(old) and _empty(new):
        return []
    if attribute.kind == "block" and isinstance(new, Mapping):
        return _nested(attribute, path, old or {}, new)
    if attribute.kind == "set" and not has_unknown_itself(new):
        return _members(attribute, path, old or [], new or [])
    if attribute.kind in {"list", "blocks"} and not has_unknown_itself(new):
        return _items(attribute, path, old or [], new or [])
    return _leaf(attribute, path, old, new)


def has_unknown_itself(value: Any) -> bool:
    """Whether the value as a whole is unknown (not merely something inside it)."""
    return isinstance(value, str) and has_unknown(value)


def _nested(
    attribute: Attribute, path: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> list[Difference]:
    found = differences(attribute.fields, old, new, f"{path}.")
    return [replace(one, replace=one.replace or attribute.force_new) for one in found]


def _members(
    attribute: Attribute, path: str, old: Sequence[Any], new: Sequence[Any]
) -> list[Difference]:
    remade = attribute.force_new
    gone = [i for i, item in enumerate(old) if item not in new]
    come = [i for i, item in enumerate(new) if item not in old]
    return [
        *(Difference(f"{path}[{index}]", "delete", remade) for index in gone),
        *(Difference(f"{path}[{index}]", "add", remade) for index in come),
    ]


def _items(
    attribute: Attribute, path: str, old: Sequence[Any], new: Sequence[Any]
) -> list[Difference]:
    found: list[Difference] = []
    for index, (before, now) in enumerate(zip_longest(old, new)):
        place = f"{path}[{index}]"
        if attribute.kind == "blocks" and before is not None and now is not None:
            found += _nested(attribute, place, before, now)
        else:
            found += _leaf(attribute, place, before, now)
    return found


def _leaf(attribute: Attribute, path: str, old: Any, new: Any) -> list[Difference]:
    if old == new:
        return []
    change: Change = "update"
    if old is None:
        change = "add"
    elif new is None:
        change = "delete"
    return [Difference(path, change, attribute.force_new)]


def _empty(value: Any) -> bool:
    # The provider framework does not tell an unset attribute from its type's zero value; "null" is
    # how the official provider spells the unset one of three values.
    if isinstance(value, Mapping):
        return all(_empty(one) for one in value.values())
    return value is None or value is False or value in ("", "null", 0, [])
