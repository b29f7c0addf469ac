"""The JSON Schema of Pulumi.<stack>.yaml, for editors that check and complete YAML.

Owns how a setting looks in the file: under its namespace, a secret encrypted, and booleans,
numbers and lists as `pulumi config set` writes them, too. Refuses the rules over texts and over
what a tenant would say: those need the program.
"""

from __future__ import annotations

import json
from typing import Any, Final

from components.settings.raw_config import API_KEY, NAMESPACE
from reference.facts import KEY_DESCRIPTION, Setting, definitions, settings

PAGE: Final = "docs/reference/stack-settings.schema.json"

_ENCRYPTED: Final = {
    "type": "object",
    "required": ["secure"],
    "properties": {"secure": {"type": "string", "minLength": 1}},
    "additionalProperties": False,
}


NEEDED: Final = {
    "cpaasBaseHost": "always",
    "smsSender": "with `text` in `deliveryMethods`",
    "voiceSender": "with `voice` in `deliveryMethods`",
}
"""What a stack needs unless it declares a tenant as it was found, and when; `_needed_together`."""


def stack_file_schema() -> str:
    """The schema as it is written to `PAGE`."""
    return json.dumps(_schema(), ensure_ascii=False, indent=2) + "\n"


def _schema() -> dict[str, Any]:
    known = settings()
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Pulumi.<stack>.yaml of phonemfa",
        "description": "One environment's settings. Made from components/settings/model.py: "
        "make reference.",
        "type": "object",
        "required": ["config"],
        "properties": {"config": _config(known)},
        "$defs": definitions(),
    }


def _config(known: list[Setting]) -> dict[str, Any]:
    key = {"description": f"{_sentence(KEY_DESCRIPTION)}", **_ENCRYPTED}
    keys = {_named(one.key): _in_file(one) for one in known} | {_named(API_KEY): key}
    return {
        "type": "object",
        "required": [_named(one.key) for one in known if one.required],
        "properties": keys,
        # Keys of other namespaces, such as auth0:domain, are not ours to know.
        "propertyNames": {"anyOf": [{"not": {"pattern": f"^{NAMESPACE}:"}}, {"enum": list(keys)}]},
        "allOf": _needed_together(),
    }


def _in_file(setting: Setting) -> dict[str, Any]:
    shape: dict[str, Any] = setting.schema
    kind = shape.get("type") or ("object" if _is_object(shape) else "string")
    as_text = _AS_TEXT.get(kind)
    if as_text:
        shape = {"anyOf": [shape, as_text]}
    described = {"description": _sentence(setting.description)}
    if setting.default is not None:
        described["default"] = setting.default
    return described | {"examples": [setting.example]} | shape


_AS_TEXT: Final[dict[str, dict[str, Any]]] = {
    "boolean": {"enum": ["true", "false"]},
    "integer": {"type": "string", "pattern": "^[0-9]{1,2}$"},
    "array": {"type": "string", "pattern": r"^\["},
    "object": {"type": "string", "pattern": r"^\{"},
}
"""How `pulumi config set` without --path writes a value: as text."""


def _is_object(shape: dict[str, Any]) -> bool:
    name = str(shape.get("$ref", "")).rpartition("/")[2]
    return bool(definitions().get(name, {}).get("type") == "object")


def _needed_together() -> list[dict[str, Any]]:
    """What a stack needs unless it declares a tenant as it was found."""
    ours: dict[str, Any] = {"not": {"required": [_named("adopted")]}}
    return [
        {"if": ours, "then": {"required": [_named("cpaasBaseHost")]}},
        *(
            {
                "if": {
                    "allOf": [
                        ours,
                        {
                            "properties": {
                                _named("deliveryMethods"): {
                                    "type": "array",
                                    "contains": {"const": method},
                                }
                            }
                        },
                    ]
                },
                "then": {"required": [_named(sender)]},
            }
            for method, sender in (("text", "smsSender"), ("voice", "voiceSender"))
        ),
    ]


def _named(key: str) -> str:
    return f"{NAMESPACE}:{key}"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
