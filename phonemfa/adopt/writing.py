"""What adopting changes in a project's files, before and while it is written.

Nothing is written that the program would not accept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.config_files import Config, StackFileError, config_in
from components.settings.faults import shown
from components.settings.model import StackSettings
from components.settings.raw_config import API_KEY, NAMESPACE
from phonemfa.adopt.plan import FOLDER, Plan
from phonemfa.adopt.stack_text import with_values
from phonemfa.files import write_private, write_whole


@dataclass(frozen=True, kw_only=True)
class Replacement:
    """A value or file that somebody made and that would be another one."""

    what: str
    was: str
    becomes: str


@dataclass(frozen=True, kw_only=True)
class Changes:
    """Files to write by their path, those of somebody else's code, and what they replace."""

    files: Mapping[Path, str]
    code: frozenset[Path]
    replacements: tuple[Replacement, ...]


def stack_text(path: Path) -> str:
    """A stack's file, byte for byte; empty when there is none yet.

    Raises:
        StackFileError: it is in another encoding.
    """
    try:
        return path.read_bytes().decode("utf-8") if path.exists() else ""
    except UnicodeDecodeError:
        raise StackFileError(
            f"{path.name} is not UTF-8, and would not stay as it is: save it as UTF-8 first."
        ) from None


def import_path(stack: str) -> str:
    """Where the import file is, below the project."""
    return f"{FOLDER}/{stack}/import.json"


def changes_of(plan: Plan, config: Config) -> Changes:
    """Everything that would be written, checked by the rules that the program has for it.

    Args:
        plan: what becomes of what was found.
        config: the stack's, as it is.

    Raises:
        SettingsError: naming every fault of the config that would be.
        StackFileError: the stack's file is not one that values can be set in.
    """
    path, project, stack = config.file, config.folder, config.stack
    before = stack_text(path)
    there = config_in(path.name, before)
    new = {key: value for key, value in plan.suggestions.items() if key not in there}
    new |= {key: value for key, value in plan.facts.items() if there.get(key) != value}
    ordered = {key: new[key] for key in sorted(new, key=_place)}
    text = with_values(path.name, before, ordered) if new else before
    _check(config, config_in(path.name, text))
    imports = json.dumps(plan.imports, indent=2) + "\n"
    code = {project / name: text for name, text in plan.files.items()}
    files = code | {path: text, project / import_path(stack): imports}
    replaced = [
        Replacement(what=key, was=shown(there[key]), becomes=shown(value))
        for key, value in new.items()
        if key in there
    ]
    replaced += [
        Replacement(what=str(one.relative_to(project)), was="another file", becomes="as found")
        for one, content in files.items()
        if one != path and one.exists() and one.read_bytes() != content.encode("utf-8")
    ]
    return Changes(files=files, code=frozenset(code), replacements=tuple(replaced))


def write(changes: Changes) -> None:
    """Write the files, byte by byte: line endings in an Action's code are part of it."""
    for path, content in changes.files.items():
        (write_private if path in changes.code else write_whole)(path, content)


def _place(key: str) -> int:
    # As the settings are documented, what is not theirs first, the long block last.
    names = [field.alias or name for name, field in StackSettings.model_fields.items()]
    name = key.removeprefix(f"{NAMESPACE}:")
    if name not in names:
        return -1
    return len(names) if name == "adopted" else names.index(name)


def _check(config: Config, written: Mapping[str, Any]) -> None:
    prefix = f"{NAMESPACE}:"
    values = config.of(NAMESPACE) | {
        key.removeprefix(prefix): value for key, value in written.items() if key.startswith(prefix)
    }
    values.pop(API_KEY, None)
    StackSettings.check(config.stack, values)
