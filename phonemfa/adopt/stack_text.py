"""A stack's file with some of its config values set, and everything else as a person wrote it.

Whole keys below `config:` are set in the text, comments, order and line endings kept.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import yaml

from components.config_files import StackFileError, config_in, is_text

_WIDTH: Final = 10_000
"""Characters a line may have: a text that is folded over lines is hard to review."""


class _Dumper(yaml.SafeDumper):
    """Quotes what the engine would take for a number, which PyYAML knows fewer of."""


def _quoted(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = None if is_text(value) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _quoted)


def with_values(name: str, text: str, values: Mapping[str, Any]) -> str:
    """The same text with these keys below `config:`; those that are there already are replaced.

    A `StackFileError` where that cannot be done to the text, which is that of the file `name`.
    """
    wanted = config_in(name, text) | dict(values)
    lines = text.splitlines(keepends=True)
    ending = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    if lines and not lines[-1].endswith(("\r", "\n")):
        lines[-1] += ending
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    found = [pair for pair in root.value if pair[0].value == "config"] if root else []
    if not found:
        lines.append(f"config:{ending}")
    pairs = found[0][1].value if found and isinstance(found[0][1], yaml.MappingNode) else []
    places = {key.value: (key.start_mark.line, _end(value, lines)) for key, value in pairs}
    indent = pairs[0][0].start_mark.column if pairs else 2
    end = found[0][0].start_mark.line + 1 if found else len(lines)
    end = max([end, *(last for _, last in places.values())])
    ordered = sorted(values, key=lambda key: places.get(key, (end, end)))
    for key in ordered[::-1]:  # The lines before a change stay where they are.
        first, last = places.get(key, (end, end))
        lines[first:last] = _block(key, values[key], indent, ending)
    result = "".join(lines)
    with suppress(StackFileError):
        if config_in(name, result) == wanted:
            return result
    raise StackFileError(
        f"{name}: its `config:` is written in a way that cannot be kept. Write it as a block of "
        "lines, a key a line; where nothing is in it, take it out."
    )


def _block(key: str, value: Any, indent: int, ending: str) -> list[str]:
    block = yaml.dump(
        {key: value}, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=_WIDTH
    )
    return [f"{' ' * indent}{line}{ending}" if line else ending for line in block.splitlines()]


def _end(node: yaml.Node, lines: list[str]) -> int:
    """The line after a value's last one; comments and empty lines after it are not its own."""
    if isinstance(node, yaml.CollectionNode) and node.value and not node.flow_style:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last, lines)
    over = node.end_mark.column == 0 and node.end_mark.line > node.start_mark.line
    end = int(node.end_mark.line) + (not over)
    while not lines[end - 1].strip():
        end -= 1
    return end
