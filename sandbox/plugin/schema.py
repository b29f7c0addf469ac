"""What the stand-in knows of each resource's attributes, and what differs between two states.

The kinds follow the official provider: an *optional and computed* attribute that the program
leaves out keeps whatever the tenant has; an optional one without `computed` returns to its
default. Source: official/ and provider-traps.md of the contract.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, Final, Literal

from sandbox.plugin.values import EACH, UNKNOWN, Path

DEFAULTS: Final = "__defaults"
"""Where the official plugin's bridge notes which values of an object are defaults."""

Kind = Literal["scalar", "list", "set", "block", "blocks"]
Change = Literal["add", "delete", "update"]


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """One attribute.

    `block` is a nested object, `blocks` a list of them, `set` a list whose order means nothing: of
    objects, where it has fields.
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
    limits: tuple[int, int] | None = None
    """Of a number, or of the length of a text or list."""
    conflicts: tuple[str, ...] = ()
    """Attributes beside it that cannot be given too."""
    needs: tuple[str, ...] = ()
    """Attributes beside it that must be given too."""
    fields: "Schema" = field(default_factory=dict)


Schema = Mapping[str, Attribute]
_LEAF: Final = Attribute()
NOT_EMPTY: Final = Attribute(empty="", limits=(1, sys.maxsize))
"""A text that may be left out, but not given empty."""


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
    """What the API answered of these attributes, under the program's names.

    Raises AttributeError or TypeError: an object or a list is something else.
    """
    found = {name: _formed(one, answer.get(snake(name))) for name, one in schema.items()}
    return {name: value for name, value in found.items() if value is not None}


def _formed(attribute: Attribute, value: Any) -> Any:
    if value is None or attribute.kind == "scalar":
        return value
    if attribute.kind == "block":
        return from_api(attribute.fields, value)
    if not isinstance(value, list):
        raise TypeError
    return [from_api(attribute.fields, one) for one in value] if attribute.fields else value


def _each(attribute: Attribute, value: Any, walk: Callable[[Schema, Any], Any]) -> Any:
    """A value, each object in it as `walk` makes it."""
    if attribute.kind == "block" and isinstance(value, Mapping):
        return walk(attribute.fields, value)
    if attribute.fields and isinstance(value, list):
        return [walk(attribute.fields, one) if isinstance(one, Mapping) else one for one in value]
    return value


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
    """Paths of attributes that are secret by nature."""
    found: set[Path] = set()
    for name, attribute in schema.items():
        path: Path = (*prefix, name)
        if attribute.secret:
            found.add(path)
        elif attribute.kind == "block":
            found |= secret_paths_of(attribute.fields, path)
        elif attribute.kind == "blocks":
            found |= secret_paths_of(attribute.fields, (*path, EACH))
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
    said |= {
        name: _each(schema[name], value, with_defaults)
        for name, value in said.items()
        if name in schema
    }
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
    empty = {
        name: [] if one.kind in {"list", "set", "blocks"} else one.empty
        for name, one in schema.items()
    }
    return empty | {
        name: _each(one, values[name], filled)
        for name, one in schema.items()
        if values.get(name) is not None
    }


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
        beside = {one for one in inputs if inputs[one] is not None}
        yield from ((path, f"conflicts with {one}") for one in attribute.conflicts if one in beside)
        yield from (
            (path, f"needs {one} beside it") for one in attribute.needs if one not in beside
        )
        yield from _wrong(attribute, value, path)


_FORMS: Final[Mapping[Kind, tuple[Any, str]]] = {
    "block": (Mapping, "an object"),
    "scalar": ((str, int, float), "a text, a number or a switch"),
}


def _wrong(attribute: Attribute, value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Why a value that is there makes the inputs unusable; what is not known yet is none."""
    form, said = _FORMS.get(attribute.kind, (list, "a list"))
    if value == UNKNOWN:
        return
    if not isinstance(value, form):
        yield path, f"must be {said}"
        return
    if attribute.limits:
        least, most = attribute.limits
        size, long = (value, "") if isinstance(value, int | float) else (len(value), " long")
        if size < least:
            yield path, f"must be at least {least}{long}"
        if size > most:
            yield path, f"must be at most {most}{long}"
    if attribute.kind == "block":
        yield from problems(attribute.fields, value, f"{path}.")
    elif isinstance(value, list):
        kind: Kind = "block" if attribute.fields else "scalar"
        one = Attribute(kind=kind, fields=attribute.fields, choices=attribute.choices)
        for index, item in enumerate(value):
            yield from _wrong(one, item, f"{path}[{index}]")
    elif attribute.choices and value not in attribute.choices:
        yield path, f"must be one of {', '.join(attribute.choices)}, got {value!r}"


def differences(
    schema: Schema, state: Mapping[str, Any], inputs: Mapping[str, Any], prefix: str = ""
) -> Iterator[Difference]:
    """What an update would change, leaf by leaf, in the order of the schema."""
    for name, attribute in schema.items():
        old, new = state.get(name), inputs.get(name)
        if new is None:
            new = attribute.default
            if attribute.computed:
                continue
        if not attribute.output_only and not (_empty(old) and _empty(new)):
            yield from _changes(attribute, f"{prefix}{name}", old, new)


def _changes(attribute: Attribute, path: str, old: Any, new: Any) -> Iterator[Difference]:
    if attribute.kind == "block" and isinstance(new, Mapping):
        yield from differences(attribute.fields, old or {}, new, f"{path}.")
    elif attribute.kind == "set" and new != UNKNOWN:
        before, now = old or [], new or []
        for index, item in enumerate(before):
            if item not in now:
                yield Difference(f"{path}[{index}]", "delete")
        for index, item in enumerate(now):
            if item not in before:
                yield Difference(f"{path}[{index}]", "add")
    elif attribute.kind in {"list", "blocks"} and new != UNKNOWN:
        for index, (before, now) in enumerate(zip_longest(old or [], new or [])):
            if attribute.fields and before is not None and now is not None:
                yield from differences(attribute.fields, before, now, f"{path}[{index}].")
            else:
                yield from _changes(_LEAF, f"{path}[{index}]", before, now)
    elif old != new:
        change: Change = "add" if old is None else "delete" if new is None else "update"
        yield Difference(path, change, attribute.force_new)


def _empty(value: Any) -> bool:
    # The provider framework does not tell an unset attribute from its type's zero value; "null" is
    # how the official provider spells the unset one of three values.
    if isinstance(value, Mapping):
        return all(_empty(one) for one in value.values())
    return value is None or value is False or value in ("", "null", 0, [])
