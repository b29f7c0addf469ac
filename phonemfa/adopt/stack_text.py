"""A stack's file with some of its config values set, and everything else as a person wrote it.

Whole keys below `config:` are set; comments, order and the form of the rest are kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import yaml

from phonemfa.stack_yaml import loaded

_TOP: Final = re.compile(r"config:\s*(#.*)?\Z")
_WIDTH: Final = 10_000
"""Characters a line may have: a text that is folded over lines is hard to review."""


class NoStackFileError(Exception):
    """The text is no stack file that values could be set in."""


def config_of(text: str) -> dict[str, Any]:
    """The values below `config:`.

    Raises:
        NoStackFileError: the text is not YAML, or its `config` is no mapping.
    """
    try:
        content = loaded(text) or {}
    except yaml.YAMLError as error:
        raise NoStackFileError(f"it is not YAML: {error}") from None
    config = content.get("config") if isinstance(content, dict) else None
    if not isinstance(content, dict) or not isinstance(config, dict | None):
        raise NoStackFileError("its `config:` is no block of keys")
    return config or {}


def with_values(text: str, values: Mapping[str, Any]) -> str:
    """The same text with these keys below `config:`; those that are there already are replaced.

    Raises:
        NoStackFileError: the text is not one that this can be done to.
    """
    wanted = config_of(text) | dict(values)
    lines = text.splitlines()
    start = next((number for number, line in enumerate(lines) if _TOP.match(line)), None)
    if start is None:
        if config_of(text):
            raise NoStackFileError("its `config:` is not written as a block of lines")
        lines.append("config:")
        start = len(lines) - 1
    end = _end_of_block(lines, start + 1, 0)
    body = lines[start + 1 : end]
    indent = next((_indent(line) for line in body if _is_content(line)), 2)
    for key, value in values.items():
        body = _set(body, key, value, indent)
    result = "\n".join([*lines[: start + 1], *body, *lines[end:]]) + "\n"
    if config_of(result) != wanted:
        raise NoStackFileError("its `config:` is written in a way that could not be kept")
    return result


def _set(body: list[str], key: str, value: Any, indent: int) -> list[str]:
    block = yaml.safe_dump({key: value}, allow_unicode=True, sort_keys=False, width=_WIDTH)
    new = [f"{' ' * indent}{line}" if line else line for line in block.splitlines()]
    for number, line in enumerate(body):
        if _is_content(line) and _indent(line) == indent and _key(line) == key:
            end = _end_of_block(body, number + 1, indent)
            return [*body[:number], *new, *body[end:]]
    return [*body, *new]


def _end_of_block(lines: list[str], start: int, indent: int) -> int:
    """Where the lines end that belong to a key at `indent`; trailing comments do not."""
    last = start
    for number in range(start, len(lines)):
        if not _is_content(lines[number]):
            continue
        inner = _indent(lines[number]) > indent or lines[number].lstrip().startswith("- ")
        if not inner:
            break
        last = number + 1
    return last


def _is_content(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _key(line: str) -> str:
    # A key of Pulumi's has a colon in it; the last one before a space or the end is YAML's.
    match = re.match(r"\s*[\"']?(.+?)[\"']?:(\s|\Z)", line)
    return match[1] if match else ""
