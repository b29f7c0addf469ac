"""A stack's file with some of its config values set, and everything else as a person wrote it.

Whole keys below `config:` are set in the text, comments, order and line endings kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import yaml

from components.config_files import StackFileError, config_in, is_text

_TOP: Final = re.compile(r"config:\s*(#.*)?\Z")
_WIDTH: Final = 10_000
"""Characters a line may have: a text that is folded over lines is hard to review."""
_MARK: Final = "\ufeff"
"""The byte order mark that some editors put first."""


class _Dumper(yaml.SafeDumper):
    """Quotes what the engine would take for a number, which PyYAML knows fewer of."""


def _quoted(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = None if is_text(value) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _quoted)


def with_values(name: str, text: str, values: Mapping[str, Any]) -> str:
    """The same text with these keys below `config:`; those that are there already are replaced.

    Raises:
        StackFileError: the text, that of the file `name`, is not one that this can be done to.
    """
    wanted = config_in(name, text) | dict(values)
    mark, text = (_MARK, text[1:]) if text.startswith(_MARK) else ("", text)
    lines = text.splitlines(keepends=True)
    ending = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    if lines and not lines[-1].endswith(("\r", "\n")):
        lines[-1] += ending
    start = next((number for number, line in enumerate(lines) if _TOP.match(line.rstrip())), None)
    if start is None:
        if config_in(name, text):
            raise StackFileError(f"{name}: its `config:` is not written as a block of lines.")
        lines.append(f"config:{ending}")
        start = len(lines) - 1
    end = _end_of_block(lines, start + 1, 0)
    body = lines[start + 1 : end]
    indent = next((_indent(line) for line in body if _is_content(line)), 2)
    for key, value in values.items():
        body = _set(body, key, value, indent, ending)
    result = mark + "".join([*lines[: start + 1], *body, *lines[end:]])
    if config_in(name, result) != wanted:
        raise StackFileError(f"{name}: its `config:` is written in a way that cannot be kept.")
    return result


def _set(body: list[str], key: str, value: Any, indent: int, ending: str) -> list[str]:
    block = yaml.dump(
        {key: value}, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=_WIDTH
    )
    new = [f"{' ' * indent}{line}{ending}" if line else ending for line in block.splitlines()]
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
