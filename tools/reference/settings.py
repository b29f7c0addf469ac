"""What is made from the model of a stack's settings: a page, a JSON Schema, Pulumi.yaml's config.

The schema is for editors that check and complete Pulumi.<stack>.yaml: a setting under its
namespace, a secret encrypted, and values as `pulumi config set` writes them, too. Pulumi.yaml gets
no types, secrets or settings without a default: the engine would answer for them with one fault
at a time, before the program can name all (docs/decisions/config.md).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from components.settings.model import StackSettings
from components.settings.raw_config import API_KEY, NAMESPACE
from tools.reference.pages import page, plain_json, sentence

KEY_DESCRIPTION: Final = (
    "API key of the NTT CPaaS account, kept as a secret: `pulumi config set --secret "
    f"phonemfa:{API_KEY}` reads it from standard input"
)

_TOPICS: Final[Mapping[str, Mapping[str, Mapping[str, Any]]]] = yaml.safe_load(
    Path(__file__).with_name("settings.yaml").read_text("utf-8")
)
_SAID: Final = {key: said for topic in _TOPICS.values() for key, said in topic.items()}
EXAMPLES: Final = {key: said["example"] for key, said in _SAID.items()}

NEEDED: Final = {"cpaasBaseHost": "", "smsSender": "text", "voiceSender": "voice"}
"""What a stack needs, and with which delivery method, unless it declares a tenant as found."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One setting; its schema is without description, default and the null of "not set"."""

    key: str
    description: str
    schema: dict[str, Any]
    required: bool
    default: Any
    example: Any
    note: str


@cache
def _model() -> Any:
    return _bare(StackSettings.model_json_schema(by_alias=True))


@cache
def settings() -> list[Setting]:
    """Every setting but the key, in the model's order."""
    unset = StackSettings.model_construct()
    defaults = unset.model_dump(mode="json", by_alias=True, exclude_none=True)
    for key, schema in _model()["properties"].items():
        if schema.get("uniqueItems") and key in defaults:
            defaults[key].sort()  # a set has no order of its own
    return [
        Setting(
            key=key,
            description=schema["description"],
            schema={k: v for k, v in schema.items() if k not in {"description", "default"}},
            required=key in _model()["required"],
            default=defaults.get(key),
            example=EXAMPLES[key],
            note=_SAID[key].get("note", ""),
        )
        for key, schema in _model()["properties"].items()
    ]


def topics() -> list[tuple[str, list[Setting]]]:
    """The page's topics in its order: each with the settings that settings.yaml puts there."""
    found = {one.key: one for one in settings()}
    return [(topic, [found[key] for key in keys]) for topic, keys in _TOPICS.items()]


def _bare(schema: Any) -> Any:
    """A schema without titles, and without the null that stands for "not set"."""
    if isinstance(schema, list):
        return [_bare(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    bare = {
        # A property may be called "title" as well; the word of the schema is always text.
        key: _bare(value)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str))
    }
    if bare.get("default", ...) is None:
        del bare["default"]
    choices = [one for one in bare.pop("anyOf", []) if one != {"type": "null"}]
    if len(choices) == 1:
        return choices[0] | bare
    return bare | ({"anyOf": choices} if choices else {})


# docs/reference/settings.md


def settings_page() -> str:
    """What everybody sets, the rest by topic, and each with values, default and an example."""
    return page(
        "settings",
        key=API_KEY,
        key_description=KEY_DESCRIPTION,
        namespace=NAMESPACE,
        needed=NEEDED,
        topics=topics(),
        in_words=in_words,
    )


def in_words(shape: dict[str, Any]) -> str:  # noqa: PLR0911 - a table
    """What a JSON Schema allows, in words."""
    match shape:
        case {"$ref": name}:
            return in_words(_model()["$defs"][name.rpartition("/")[2]])
        case {"enum": choices}:
            return ", ".join(f"`{one}`" for one in choices)
        case {"type": "array", "items": items}:
            least = f" (at least {shape['minItems']})" if "minItems" in shape else ""
            return f"a list{least} of: {in_words(items)}"
        case {"type": "object", "properties": properties}:
            keys = ", ".join(f"`{one}`" for one in properties)
            needed = ", ".join(f"`{one}`" for one in shape.get("required", []))
            return f"an object with any of {keys}" + (f" (required: {needed})" if needed else "")
        case {"type": "object", "propertyNames": keys, "additionalProperties": values}:
            return f"an object by {in_words(keys)}; each is {in_words(values)}"
        case {"type": "integer", "minimum": least, "maximum": most}:
            return f"a whole number, {least} to {most}"
        case {"type": "boolean"}:
            return "`true`, `false`"
        case {"pattern": _}:
            return "text in the form that [the schema](stack-settings.schema.json) has"
        case {"maxLength": most}:
            return f"text, {shape.get('minLength', 0)} to {most} characters"
    return "text"


# docs/reference/stack-settings.schema.json

_ENCRYPTED: Final = {
    "type": "object",
    "required": ["secure"],
    "properties": {"secure": {"type": "string", "minLength": 1}},
    "additionalProperties": False,
}
_AS_TEXT: Final[dict[str, dict[str, Any]]] = {
    "boolean": {"enum": ["true", "false"]},
    "integer": {"type": "string", "pattern": "^[0-9]{1,2}$"},
    "array": {"type": "string", "pattern": r"^\["},
    "object": {"type": "string", "pattern": r"^\{"},
}
"""How `pulumi config set` without --path writes a value: as text."""


def stack_file_schema() -> str:
    """The JSON Schema of Pulumi.<stack>.yaml."""
    keys = {_named(one.key): _in_file(one) for one in settings()}
    keys[_named(API_KEY)] = {"description": sentence(KEY_DESCRIPTION), **_ENCRYPTED}
    config = {
        "type": "object",
        "required": [_named(one.key) for one in settings() if one.required],
        "properties": keys,
        # Keys of other namespaces, such as auth0:domain, are not ours to know.
        "propertyNames": {"anyOf": [{"not": {"pattern": f"^{NAMESPACE}:"}}, {"enum": list(keys)}]},
        "allOf": _needed_together(),
    }
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Pulumi.<stack>.yaml of phonemfa",
        "description": "One environment's settings. Made from components/settings/model.py: "
        "make reference.",
        "type": "object",
        "required": ["config"],
        "properties": {"config": config},
        "$defs": _model()["$defs"],
    }
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def _in_file(setting: Setting) -> dict[str, Any]:
    shape: dict[str, Any] = setting.schema
    name = str(shape.get("$ref", "")).rpartition("/")[2]
    kind = shape.get("type") or _model()["$defs"].get(name, {}).get("type", "string")
    if as_text := _AS_TEXT.get(kind):
        shape = {"anyOf": [shape, as_text]}
    described = {"description": sentence(setting.description)}
    if setting.default is not None:
        described["default"] = setting.default
    return described | {"examples": [setting.example]} | shape


def _needed_together() -> list[dict[str, Any]]:
    """What a stack needs unless it declares a tenant as it was found."""
    ours: dict[str, Any] = {"not": {"required": [_named("adopted")]}}
    needed = []
    for key, method in NEEDED.items():
        offered = {"type": "array", "contains": {"const": method}}
        when = {"allOf": [ours, {"properties": {_named("deliveryMethods"): offered}}]}
        needed.append({"if": when if method else ours, "then": {"required": [_named(key)]}})
    return needed


def _named(key: str) -> str:
    return f"{NAMESPACE}:{key}"


# Pulumi.yaml

_BLOCK: Final = re.compile(r"^# begin settings.*?^# end settings\n", re.MULTILINE | re.DOTALL)
_BEGIN: Final = "# begin settings (make reference; why no types: docs/decisions/config.md)\n"


def project_file(current: str) -> str:
    """Pulumi.yaml with its config block made anew: descriptions and defaults.

    Raises:
        ValueError: the file has no markers.
    """
    lines = ["config:"]
    for one in settings():
        if one.default is not None:
            lines += [f"  {one.key}:", f"    description: {plain_json(one.description)}"]
            lines += [f"    default: {plain_json(one.default)}"]
    block = _BEGIN + "\n".join(lines) + "\n# end settings\n"
    made, count = _BLOCK.subn(lambda _: block, current)
    if count != 1:
        raise ValueError("Pulumi.yaml has no block between '# begin settings' and '# end settings'")
    return made
