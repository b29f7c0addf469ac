"""Checking bodies, path parts and queries, and saying what is wrong as Auth0 does (§1.3).

The details follow the messages of z-schema, the validator that Auth0's answers quote.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker

from sandbox.tenant.errors import ApiError

Schema = dict[str, Any]
Violation = Any
"""A `jsonschema.ValidationError`; its attributes are typed too loosely to be of use."""

formats = FormatChecker(formats=())


@formats.checks("email-or-empty")
def _email(value: object) -> bool:
    return not isinstance(value, str) or not value or bool(re.fullmatch(r"[^@\s]+@[^@\s]+", value))


@formats.checks("absolute-uri-or-empty", raises=ValueError)
def _uri(value: object) -> bool:
    if not isinstance(value, str) or not value:
        return True
    parts = urlsplit(value)
    return bool(parts.scheme and parts.netloc)


@formats.checks("absolute-https-uri-or-empty", raises=ValueError)
def _https_uri(value: object) -> bool:
    if not isinstance(value, str) or not value:
        return True
    parts = urlsplit(value)
    return parts.scheme == "https" and bool(parts.netloc)


@formats.checks("regex", raises=re.error)
def _regex(value: object) -> bool:
    return not isinstance(value, str) or re.compile(value) is not None


_TYPE_NAMES: tuple[tuple[type, str], ...] = (
    (bool, "boolean"),
    (int, "integer"),
    (float, "number"),
    (str, "string"),
    (list, "array"),
    (dict, "object"),
)


def _type_name(value: Any) -> str:
    if value is None:
        return "null"
    return next(name for kind, name in _TYPE_NAMES if isinstance(value, kind))


def _extra(error: Violation) -> str:
    known = error.schema.get("properties", {})
    unknown = [key for key in error.instance if key not in known]
    return f"Additional properties not allowed: {','.join(unknown)}"


def _missing(error: Violation) -> str:
    absent = next(key for key in error.validator_value if key not in error.instance)
    return f"Missing required property: {absent}"


def _expected(error: Violation) -> str:
    wanted = error.validator_value
    names = wanted if isinstance(wanted, str) else ",".join(wanted)
    return f"Expected type {names} but found type {_type_name(error.instance)}"


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _size(what: str, unit: str, word: str) -> Callable[[Violation], str]:
    bound = "minimum" if word.endswith(("short", "few")) else "maximum"

    def describe(error: Violation) -> str:
        return (
            f"{what} is too {word} ({len(error.instance)}{unit}), {bound} {error.validator_value}"
        )

    return describe


def _properties(word: str, bound: str) -> Callable[[Violation], str]:
    def describe(error: Violation) -> str:
        return (
            f"Too {word} properties defined ({len(error.instance)}), "
            f"{bound} {error.validator_value}"
        )

    return describe


_WORDINGS: dict[str, Callable[[Violation], str]] = {
    "additionalProperties": _extra,
    "required": _missing,
    "type": _expected,
    "enum": lambda error: f"No enum match for: {_shown(error.instance)}",
    "minLength": _size("String", " chars", "short"),
    "maxLength": _size("String", " chars", "long"),
    "minItems": _size("Array", "", "short"),
    "maxItems": _size("Array", "", "long"),
    "minProperties": _properties("few", "minimum"),
    "maxProperties": _properties("many", "maximum"),
    "minimum": lambda error: f"Value {error.instance} is less than minimum {error.validator_value}",
    "maximum": lambda error: (
        f"Value {error.instance} is greater than maximum {error.validator_value}"
    ),
    "exclusiveMinimum": lambda error: (
        f"Value {error.instance} is equal or less than exclusive minimum {error.validator_value}"
    ),
    "pattern": lambda error: (
        f"String does not match pattern {error.validator_value}: {error.instance}"
    ),
    "format": lambda error: (
        f"Object didn't pass validation for format {error.validator_value}: {error.instance}"
    ),
    "anyOf": lambda _error: "Data does not match any schemas from 'anyOf'",
    "oneOf": lambda _error: "Data does not match any schemas from 'oneOf'",
}


def _pointer(path: Iterable[str | int]) -> str:
    shown = ""
    for part in path:
        if isinstance(part, int):
            shown += f"[{part}]"
        else:
            shown += f".{part}" if shown else part
    return shown


def sentence(kind: str, error: Violation) -> str:
    """The first violation in Auth0's words."""
    detail = _WORDINGS[str(error.validator)](error)
    where = _pointer(error.absolute_path)
    description = error.schema.get("description") if isinstance(error.schema, dict) else None
    place = f" on property {where}" if where else ""
    explained = f" ({description})" if where and description else ""
    return f"{kind} validation error: '{detail}'{place}{explained}."


class Body:
    """A checker for one operation's body; that its schema is one, a test holds."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._validator = Draft202012Validator(schema, format_checker=formats)

    def check(self, body: Any) -> None:
        """Compare a decoded body with the schema.

        Raises:
            ApiError: 400 `invalid_body` that names the first violation.
        """
        for error in self._validator.iter_errors(body):
            raise ApiError(400, sentence("Payload", error), "invalid_body")


@dataclass(frozen=True)
class Parameter:
    """A query key or a part of the path.

    Attributes:
        kind: what its text has to be.
        values: the allowed texts, where only some are.
        minimum, maximum: bounds of an integer, or of the length of a text.
        description: shown in refusals.
    """

    kind: Literal["string", "integer", "boolean"] = "string"
    values: tuple[str, ...] | None = None
    minimum: int | None = None
    maximum: int | None = None
    description: str | None = None

    def schema(self) -> Schema:
        schema: Schema = {"type": self.kind}
        if self.values is not None:
            schema["enum"] = list(self.values)
        low, high = ("minimum", "maximum") if self.kind == "integer" else ("minLength", "maxLength")
        if self.minimum is not None:
            schema[low] = self.minimum
        if self.maximum is not None:
            schema[high] = self.maximum
        if self.description is not None:
            schema["description"] = self.description
        return schema

    def parse(self, text: str) -> Any:
        """The typed value; the text itself where it is not of the kind."""
        if self.kind == "boolean":
            return {"true": True, "false": False}.get(text, text)
        if self.kind == "integer" and re.fullmatch(r"-?[0-9]{1,18}", text):
            return int(text)
        return text


class Parameters:
    """A checker for an operation's query or path."""

    def __init__(self, kind: Literal["Query", "Path"], parameters: Mapping[str, Parameter]) -> None:
        self._kind = kind
        self.known = dict(parameters)
        self._code = "invalid_query_string" if kind == "Query" else "invalid_uri"
        self._validator = Draft202012Validator(
            {
                "type": "object",
                "additionalProperties": False,
                "properties": {name: one.schema() for name, one in parameters.items()},
            }
        )

    def parse(self, pairs: Sequence[tuple[str, str]], *, refuse_unknown: bool) -> dict[str, Any]:
        """The typed values.

        Raises:
            ApiError: 400 that names the first violation.
        """
        values: dict[str, Any] = {}
        for key, text in pairs:
            if key not in self.known:
                if refuse_unknown:
                    values[key] = text
                continue
            # A repeated key makes a list, which no parameter here is.
            values[key] = [values[key], text] if key in values else self.known[key].parse(text)
        for error in self._validator.iter_errors(values):
            raise ApiError(400, sentence(self._kind, error), self._code)
        return values
