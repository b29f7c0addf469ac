"""docs/reference/settings.md: every setting with its values, default and an example.

Owns the page's layout. Refuses facts: they come from the model.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from components.settings.raw_config import API_KEY, NAMESPACE
from reference.facts import KEY_DESCRIPTION, Setting, definitions, settings
from reference.stack_file import NEEDED
from reference.stack_file import PAGE as SCHEMA

PAGE: Final = "docs/reference/settings.md"
_HEAD: Final = f"""# Settings

Made from `components/settings/model.py` by `make reference`. An overview is in
[README](../../README.md#what-is-declared); rules over several settings and over texts are told by
the program, all at once, before anything is sent.

Editors with the YAML language server (VS Code's YAML extension, Neovim, JetBrains) check and
complete a stack's file from [the JSON Schema]({SCHEMA.rpartition("/")[2]}) when its first line is

```yaml
# yaml-language-server: $schema={SCHEMA}
```

What `pulumi config set` writes as text (`"true"`, `"20"`) is right too.

## `{API_KEY}`

{KEY_DESCRIPTION[:1].upper()}{KEY_DESCRIPTION[1:]}.

- Values: printable ASCII without spaces
- Required, unless `adopted` is set. In the file it is encrypted:

```yaml
{NAMESPACE}:{API_KEY}:
  secure: v1:…
```
"""


def settings_page() -> str:
    """The page as it is written to `PAGE`."""
    return "\n".join([_HEAD, *(_section(one) for one in settings())])


def _section(setting: Setting) -> str:
    need = f"Default: {_default(setting)}."
    if setting.required:
        need = "**Required.**"
    elif setting.key in NEEDED:
        need = f"Required {NEEDED[setting.key]}, unless `adopted` is set."
    # JSON is YAML, on one line.
    example = json.dumps(setting.example, ensure_ascii=False)
    lines = [
        f"## `{setting.key}`",
        "",
        f"{setting.description[:1].upper()}{setting.description[1:]}.",
        "",
        f"- Values: {_values(setting.schema)}",
        f"- {need}",
        "",
        "```yaml",
        f"{NAMESPACE}:{setting.key}: {example}",
        "```",
        "",
    ]
    return "\n".join(lines)


def _default(setting: Setting) -> str:
    return "none" if setting.default is None else f"`{_inline(setting.default)}`"


def _inline(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _values(shape: dict[str, Any]) -> str:
    """What a JSON Schema allows, in words."""
    if "$ref" in shape:
        return _values(definitions()[shape["$ref"].rpartition("/")[2]])
    if "enum" in shape:
        return ", ".join(f"`{one}`" for one in shape["enum"])
    return _WORDS[shape["type"]](shape)


def _list(shape: dict[str, Any]) -> str:
    return f"a list{_of_at_least(shape)} of: {_values(shape['items'])}"


def _object(shape: dict[str, Any]) -> str:
    if "properties" in shape:
        keys = ", ".join(f"`{one}`" for one in shape["properties"])
        return f"an object with any of {keys}" + _needed(shape)
    keys = _values(shape["propertyNames"])
    return f"an object by {keys}; each is {_values(shape['additionalProperties'])}"


def _number(shape: dict[str, Any]) -> str:
    return f"a whole number, {shape['minimum']} to {shape['maximum']}"


def _of_at_least(shape: dict[str, Any]) -> str:
    return f" (at least {shape['minItems']})" if "minItems" in shape else ""


def _needed(shape: dict[str, Any]) -> str:
    required = ", ".join(f"`{one}`" for one in shape.get("required", []))
    return f" (required: {required})" if required else ""


def _text(shape: dict[str, Any]) -> str:
    if "pattern" in shape:
        return f"text in the form that [the schema]({SCHEMA.rpartition('/')[2]}) has"
    if "maxLength" in shape:
        return f"text, {shape.get('minLength', 0)} to {shape['maxLength']} characters"
    return "text"


_WORDS: Final[Mapping[str, Callable[[dict[str, Any]], str]]] = {
    "array": _list,
    "object": _object,
    "integer": _number,
    "boolean": lambda _: "`true`, `false`",
    "string": _text,
}
