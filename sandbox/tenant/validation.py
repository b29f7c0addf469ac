"""Checking bodies, path parts and queries, and saying what is wrong as Auth0 does (§1.3).

The details follow the messages of z-schema, the validator that Auth0's answers quote.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker

from sandbox.json_schemas import Schema, obj, pointer
from sandbox.tenant.errors import ApiError

Violation = Any
"""A `jsonschema.ValidationError`; its attributes are typed too loosely to be of use."""

formats = FormatChecker(formats=())


@formats.checks("email-or-empty")
def _email(value: object) -> bool:
    return not isinstance(value, str) or not value or bool(re.fullmatch(r"[^@\s]+@[^@\s]+", value))


@formats.checks("absolute-uri-or-empty", raises=ValueError)
def _uri(value: object) -> bool:
    parts = urlsplit(value) if isinstance(value, str) and value else None
    return parts is None or bool(parts.scheme and parts.netloc)


@formats.checks("absolute-https-uri-or-empty", raises=ValueError)
def _https_uri(value: object) -> bool:
    return _uri(value) and (
        not isinstance(value, str) or not value or urlsplit(value).scheme == "https"
    )


_TYPE_NAMES: dict[type, str] = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}
_WORDINGS: dict[str, str] = {
    "additionalProperties": "Additional properties not allowed: {unknown}",
    "required": "Missing required property: {missing}",
    "type": "Expected type {wanted} but found type {found}",
    "enum": "No enum match for: {value}",
    "minLength": "String is too short ({size} chars), minimum {limit}",
    "maxLength": "String is too long ({size} chars), maximum {limit}",
    "minItems": "Array is too short ({size}), minimum {limit}",
    "minProperties": "Too few properties defined ({size}), minimum {limit}",
    "maxProperties": "Too many properties defined ({size}), maximum {limit}",
    "minimum": "Value {value} is less than minimum {limit}",
    "maximum": "Value {value} is greater than maximum {limit}",
    "pattern": "String does not match pattern {limit}: {value}",
    "format": "Object didn't pass validation for format {limit}: {value}",
    "anyOf": "Data does not match any schemas from 'anyOf'",
    "oneOf": "Data does not match any schemas from 'oneOf'",
}


def _detail(error: Violation) -> str:
    value, limit = error.instance, error.validator_value
    wording = _WORDINGS[str(error.validator)]
    facts = {"found": _TYPE_NAMES[type(value)], "limit": limit}
    if "{value}" in wording:
        # Of the others a body of any size and depth may be the value.
        facts["value"] = value if isinstance(value, str) else json.dumps(value)
    if isinstance(value, str | list | dict):
        facts["size"] = len(value)
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        facts["unknown"] = ",".join(key for key in value if key not in known)
    if error.validator == "required":
        facts["missing"] = next(key for key in limit if key not in value)
    if error.validator == "type":
        facts["wanted"] = limit if isinstance(limit, str) else ",".join(limit)
    return wording.format_map(facts)


def sentence(kind: str, error: Violation) -> str:
    """A violation in Auth0's words."""
    where = pointer(error.absolute_path)
    description = error.schema.get("description") if isinstance(error.schema, dict) else None
    place = f" on property {where}" if where else ""
    explained = f" ({description})" if where and description else ""
    return f"{kind} validation error: '{_detail(error)}'{place}{explained}."


class Body:
    """A checker for one operation's body; that its schema is one, a test holds."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._validator = Draft202012Validator(schema, format_checker=formats)

    def check(self, body: Any) -> None:
        """Hold a body to the schema. Raises ApiError: 400 that names the first violation."""
        for error in self._validator.iter_errors(body):
            raise ApiError(400, sentence("Payload", error), "invalid_body")


class Parameters:
    """A checker for an operation's query, or for the parts of its path; `known` are schemas."""

    def __init__(self, kind: Literal["Query", "Path"], known: Mapping[str, Schema]) -> None:
        self.known = dict(known)
        self._kind = kind
        self._code = "invalid_query_string" if kind == "Query" else "invalid_uri"
        self._validator = Draft202012Validator(obj(self.known))

    def parse(self, pairs: Sequence[tuple[str, str]], *, refuse_unknown: bool) -> dict[str, Any]:
        """The typed values. Raises ApiError: 400 that names the first violation."""
        values: dict[str, Any] = {}
        for key, text in pairs:
            if key not in self.known:
                if refuse_unknown:
                    values[key] = text
                continue
            # A repeated key makes a list, which no parameter here is.
            value = _typed(self.known[key]["type"], text)
            values[key] = [values[key], text] if key in values else value
        for error in self._validator.iter_errors(values):
            raise ApiError(400, sentence(self._kind, error), self._code)
        return values


def _typed(kind: str, text: str) -> Any:
    """The text as a value of the kind; the text itself where it is none."""
    if kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if kind == "integer" and re.fullmatch(r"-?[0-9]{1,18}", text):
        return int(text)
    return text
