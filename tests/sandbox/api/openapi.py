"""The contract's published OpenAPI: an operation's schemas, and bodies made from them."""

import copy
from collections.abc import Iterator
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from sandbox.tenant.validation import formats
from tests.contract import load_json

Schema = dict[str, Any]

FORMATS = {
    "email-or-empty": "a@example.com",
    "absolute-uri-or-empty": "https://example.com/x",
    "absolute-https-uri-or-empty": "https://example.com/x",
    "url-with-placeholders": "https://example.com/x",
    "acr": "urn:x",
}
PATTERNS = {"^[A-Z]{2}$": "JP"}


@cache
def document() -> dict[str, Any]:
    """The whole document."""
    loaded: dict[str, Any] = load_json("openapi-subset.json")
    return loaded


@cache
def operations() -> dict[tuple[str, str], dict[str, Any]]:
    """Method and path template to the published operation."""
    return {
        (method.upper(), path): operation
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
        if method in {"get", "post", "put", "patch", "delete"}
    }


def resolve(schema: Schema) -> Schema:
    """The schema a reference leads to; keywords beside the reference do not matter here."""
    while "$ref" in schema:
        schema = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def body_schema(operation: dict[str, Any]) -> Schema | None:
    """The schema of an operation's JSON body."""
    content = operation.get("requestBody", {}).get("content", {})
    found: Schema | None = content.get("application/json", {}).get("schema")
    return found


def answer_schema(operation: dict[str, Any], status: str) -> Schema | None:
    """The schema of an operation's JSON answer under a status."""
    content = operation["responses"][status].get("content", {})
    found: Schema | None = content.get("application/json", {}).get("schema")
    return found


def validator(schema: Schema) -> Draft202012Validator:
    """A validator that can follow the document's references.

    The formats are Auth0's own and described nowhere; the sandbox's reading of them is used, so
    that at least where they stand is compared.
    """
    return Draft202012Validator(
        schema | {"components": document()["components"]}, format_checker=formats
    )


# -- making bodies --------------------------------------------------------------------------------


def sample(schema: Schema) -> Any:
    """A valid value with every property there is."""
    schema = resolve(schema)
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            return sample(schema[keyword][0])
    if "enum" in schema:
        return schema["enum"][0]
    kind = _kind(schema)
    if kind == "object":
        return {name: sample(one) for name, one in schema.get("properties", {}).items()}
    if kind == "array":
        return [sample(schema.get("items", {}))]
    if kind == "string":
        text = FORMATS.get(schema.get("format", "")) or PATTERNS.get(schema.get("pattern", ""))
        return text or "x" * max(1, schema.get("minLength", 1))
    return {"integer": max(1, schema.get("minimum", 1)), "number": 1, "boolean": True}.get(kind, {})


def _kind(schema: Schema) -> str:
    kind = schema.get("type", "object" if "properties" in schema else "")
    return str(kind if isinstance(kind, str) else next(one for one in kind if one != "null"))


def _at(value: Any, path: tuple[str | int, ...]) -> Any:
    for part in path:
        value = value[part]
    return value


def _with(whole: Any, path: tuple[str | int, ...], value: Any) -> Any:
    if not path:
        return value
    changed = copy.deepcopy(whole)
    _at(changed, path[:-1])[path[-1]] = value
    return changed


def _without(whole: Any, path: tuple[str | int, ...]) -> Any:
    changed = copy.deepcopy(whole)
    del _at(changed, path[:-1])[path[-1]]
    return changed


def _places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    parts: Iterator[tuple[str | int, Any]] = iter(())
    if isinstance(value, dict):
        parts = iter(value.items())
    elif isinstance(value, list):
        parts = iter(enumerate(value))
    for key, part in parts:
        yield from _places(part, (*path, key))


_OTHERS: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 1.5, 2**31),
    *("", "x", "x" * 17, "x" * 256, "x" * 2049, "x" * 20_001, "ja", "US"),
    *([], ["x"], [{}], {}, {"unknown": 1}),
)


def variations(schema: Schema) -> Iterator[Any]:
    """Bodies around a valid one: each place changed to each kind of value, removed, or added to."""
    whole = sample(schema)
    yield whole
    for path in _places(whole):
        for other in _OTHERS:
            yield _with(whole, path, other)
        if path and isinstance(path[-1], str):
            yield _without(whole, path)
        here = _at(whole, path)
        if isinstance(here, dict):
            yield _with(whole, path, here | {"unknown": 1})
            for name, value in here.items():
                yield _with(whole, path, {name: value})
        if isinstance(here, list):
            yield _with(whole, path, here * 2)
    yield from _enumerated(schema, whole)


def _enumerated(schema: Schema, whole: Any) -> Iterator[Any]:
    """The body with each value of each enumeration of its own properties."""
    for name, one in resolve(schema).get("properties", {}).items():
        for value in resolve(one).get("enum", []):
            yield _with(whole, (name,), value)
        for value in resolve(resolve(one).get("items", {})).get("enum", []):
            yield _with(whole, (name,), [value])
