"""Building blocks for the bodies' JSON Schemas; tests compare those with the published OpenAPI."""

from __future__ import annotations

from collections.abc import Sequence
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
    schema: Schema = {
        "type": ["object", "null"] if null else "object",
        "properties": properties,
        "additionalProperties": extra,
    }
    if required:
        schema["required"] = list(required)
    return schema | more


def text(low: int | None = None, high: int | None = None, **more: Any) -> Schema:
    """A string of a length."""
    schema: Schema = {"type": "string"}
    if low is not None:
        schema["minLength"] = low
    if high is not None:
        schema["maxLength"] = high
    return schema | more


def one_of(*values: str) -> Schema:
    """One of some strings."""
    return {"type": "string", "enum": list(values)}


def array(items: Schema, **more: Any) -> Schema:
    """A list."""
    return {"type": "array", "items": items, **more}


def nullable(schema: Schema) -> Schema:
    """The same, or null."""
    return {**schema, "type": [schema["type"], "null"]}


def whole(low: int | None = None, high: int | None = None) -> Schema:
    """An integer."""
    schema: Schema = {"type": "integer"}
    if low is not None:
        schema["minimum"] = low
    if high is not None:
        schema["maximum"] = high
    return schema


def described(schema: Schema, description: str) -> Schema:
    """With a description, which refusals show."""
    return {**schema, "description": description}
