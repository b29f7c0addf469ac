"""What adopting changes in a project's files: compared with what is there, checked, written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.settings.faults import shown
from components.settings.model import StackSettings
from components.settings.raw_config import API_KEY, NAMESPACE
from components.tenant.access import credentials_in
from phonemfa.adopt.plan import FOLDER, Plan
from phonemfa.adopt.stack_text import NoStackFileError, config_of, with_values
from phonemfa.files import write_whole
from phonemfa.stack_file import StackFileError


@dataclass(frozen=True, kw_only=True)
class Replacement:
    """A value or file that somebody made and that would be another one."""

    what: str
    was: str
    becomes: str


@dataclass(frozen=True, kw_only=True)
class Changes:
    """Files to write by their path, and what they replace."""

    files: Mapping[Path, str]
    replacements: tuple[Replacement, ...]


def stack_text(path: Path) -> str:
    """A stack's file; empty when there is none yet."""
    return path.read_text(encoding="utf-8") if path.exists() else ""


def auth0_in(path: Path) -> dict[str, Any]:
    """The `auth0:` keys of a stack's file, without that prefix.

    Raises:
        StackFileError: the file is not one of a stack.
    """
    try:
        config = config_of(stack_text(path))
    except NoStackFileError as error:
        raise StackFileError(f"{path.name} cannot be used: {error}") from None
    return credentials_in(config)


def import_path(stack: str) -> str:
    """Where the import file is, below the project."""
    return f"{FOLDER}/{stack}/import.json"


def changes_of(plan: Plan, project: Path, stack: str, *, file: Path | None = None) -> Changes:
    """Everything that would be written, checked by the rules that the program has for it.

    Raises:
        SettingsError: naming every fault of the config that would be.
        StackFileError: the stack's file is not one that values can be set in.
    """
    path = file or project / f"Pulumi.{stack}.yaml"
    before = stack_text(path)
    try:
        there = config_of(before)
        new = {key: value for key, value in plan.suggestions.items() if key not in there}
        new |= {key: value for key, value in plan.facts.items() if there.get(key) != value}
        ordered = {key: new[key] for key in sorted(new, key=_place)}
        text = with_values(before, ordered) if new else before
    except NoStackFileError as error:
        raise StackFileError(f"{path.name} cannot be used: {error}") from None
    _check(stack, config_of(text))
    imports = json.dumps(plan.imports, indent=2) + "\n"
    files = {project / name: text for name, text in plan.files.items()}
    files |= {path: text, project / import_path(stack): imports}
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
    return Changes(files=files, replacements=tuple(replaced))


def write(changes: Changes) -> None:
    """Write the files, byte by byte: line endings in an Action's code are part of it."""
    for path, content in changes.files.items():
        write_whole(path, content)


def _place(key: str) -> int:
    # As the settings are documented, what is not theirs first, the long block last.
    names = [field.alias or name for name, field in StackSettings.model_fields.items()]
    name = key.removeprefix(f"{NAMESPACE}:")
    if name not in names:
        return -1
    return len(names) if name == "adopted" else names.index(name)


def _check(stack: str, config: Mapping[str, Any]) -> None:
    prefix = f"{NAMESPACE}:"
    values = {
        key.removeprefix(prefix): value for key, value in config.items() if key.startswith(prefix)
    }
    values.pop(API_KEY, None)
    StackSettings.check(stack, values)
