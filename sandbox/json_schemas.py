"""Building blocks for JSON Schemas of requests, and where in a request a fault is."""

from collections.abc import Iterable, Sequence
from typing import Any

Schema = dict[str, Any]

BOOLEAN: Schema = {"type": "boolean"}
STRING: Schema = {"type": "string"}


def obj(
    properties: dict[str, Schema],
    *,
    required: Sequence[str] = (),
    extra: bool | Schema = False,
    null: bool = False,
    **more: Any,
) -> Schema:
    """An object; unknown keys are refused unless `extra` allows them."""
    kind = ["object", "null"] if null else "object"
    schema = {"type": kind, "properties": properties, "additionalProperties": extra, **more}
    return schema | ({"required": list(required)} if required else {})


def complete(properties: dict[str, Schema], **more: Any) -> Schema:
    """An object that has all of these keys."""
    return obj(properties, required=tuple(properties), **more)


def text(low: int | None = None, high: int | None = None) -> Schema:
    """A string of a length."""
    return STRING | _bounds(minLength=low, maxLength=high)


def whole(low: int | None = None, high: int | None = None) -> Schema:
    """An integer."""
    return {"type": "integer"} | _bounds(minimum=low, maximum=high)


def _bounds(**bounds: int | None) -> Schema:
    return {name: bound for name, bound in bounds.items() if bound is not None}


def one_of(*values: str) -> Schema:
    """One of some strings."""
    return STRING | {"enum": list(values)}


def array(items: Schema, **more: Any) -> Schema:
    """A list."""
    return {"type": "array", "items": items, **more}


def nullable(schema: Schema) -> Schema:
    """The same, or null."""
    return {**schema, "type": [schema["type"], "null"]}


def described(schema: Schema, description: str) -> Schema:
    """With a description, which refusals show."""
    return {**schema, "description": description}


def pointer(path: Iterable[str | int]) -> str:
    """Where in a body: `messages[0].text`; empty for the whole."""
    parts = (f"[{one}]" if isinstance(one, int) else f".{one}" for one in path)
    return "".join(parts).removeprefix(".")
