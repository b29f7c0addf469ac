"""Lays the two wheels out: everything below `phonemfa`, nothing beside it.

An import of `components`, `policy` or `sandbox` becomes one of `phonemfa.components` and so on;
what cannot be changed with certainty fails the build (docs/decisions/library.md).
"""

import ast
import os
import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

PLACES: Final = {
    "phonemfa": "phonemfa",
    "components": "phonemfa/components",
    "policy": "phonemfa/policy",
    "actions": "phonemfa/actions",
    "template": "phonemfa/template",
}
"""Where each folder of the repository is in the product's wheel."""

SANDBOX: Final = {"sandbox": "phonemfa/sandbox"}
"""The same for the sandbox's wheel, which is installed beside the product's."""

SUFFIXES: Final = frozenset(
    {".cjs", ".css", ".j2", ".js", ".liquid", ".py", ".svg", ".toml", ".typed", ".yaml"}
)
"""Files that run, or that are read by what runs. Others are for the repository's readers."""

_APART: Final = frozenset({"pyproject.toml", "testing"})
"""Of the sandbox: its wheel's own description, and the pytest plugin, which is a package alone."""

MOVED: Final = frozenset(name for name, place in (PLACES | SANDBOX).items() if name != place)
_DOTTED: Final = re.compile(rf"({'|'.join(sorted(MOVED))})(\.[a-z_]\w*)+")


class CannotMoveError(Exception):
    """A line names a moved package in a way that has no certain counterpart in the wheel."""


class CustomBuildHook(BuildHookInterface[Any]):
    """What hatchling calls when it builds a wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Lay the wheel out in a folder below `build/` and hand it to hatchling."""
        if version == "editable":
            raise CannotMoveError("the checkout is its own environment: see `make environment`")
        # Of this build alone: another one may be under way.
        root = Path(self.root)
        project, places = (root.parent, SANDBOX) if root.name in SANDBOX else (root, PLACES)
        self._folder = project / "build" / f"wheel-{os.getpid()}"
        shutil.rmtree(self._folder, ignore_errors=True)
        lay_out(project, self._folder, places)
        build_data["force_include"][str(self._folder)] = "/"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 - hatchling's
        """Remove the folder."""
        shutil.rmtree(self._folder, ignore_errors=True)


class SandboxNeeds(MetadataHookInterface):
    """What the sandbox's wheel depends on: the product of its version, and the group `sandbox`."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set `dependencies`."""
        groups = tomllib.loads(Path(self.root, "..", "pyproject.toml").read_text("utf-8"))
        own = groups["dependency-groups"]["sandbox"]
        metadata["dependencies"] = [f"phonemfa[cli]=={metadata['version']}", *own]


def lay_out(project: Path, folder: Path, places: Mapping[str, str] = PLACES) -> None:
    """Write what a wheel has of a checkout into an empty folder.

    Raises:
        CannotMoveError: naming the file and the line.
    """
    for file in files_of(project, places):
        top, *rest = file.relative_to(project).parts
        target = folder.joinpath(places[top], *rest)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)  # With its mode: the policy pack is started as a program.
        if file.suffix == ".py":
            text = file.read_text(encoding="utf-8")
            target.write_text(moved(text, name=str(file)), encoding="utf-8", newline="\n")


def files_of(project: Path, places: Mapping[str, str] = PLACES) -> Iterator[Path]:
    """Every file of a checkout that belongs into the wheel of these places."""
    for top in places:
        for file in sorted((project / top).rglob("*")):
            apart = top in SANDBOX and file.relative_to(project / top).parts[0] in _APART
            if file.is_file() and file.suffix in SUFFIXES and not apart:
                yield file


def moved(source: str, *, name: str) -> str:
    """A module's source as it stands in the wheel; `name` is for an error.

    Raises:
        CannotMoveError: it names a moved package in another way than by importing it.
    """
    lines = source.splitlines(keepends=True)
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.ImportFrom(level=0, module=str(module)) if _moves(module):
                line = lines[node.lineno - 1]
                before, found, after = line.partition(f"from {module} import ")
                if not found:
                    raise CannotMoveError(f"{name}:{node.lineno}: not written as usual: {line}")
                new = f"{before}from phonemfa.{module} import {after}"
                lines[node.lineno - 1] = new
            case ast.Import(names=names) if any(_moves(one.name) for one in names):
                raise CannotMoveError(f"{name}:{node.lineno}: write `from … import …`")
            case ast.Constant(value=str(text)) if _DOTTED.fullmatch(text):
                raise CannotMoveError(f"{name}:{node.lineno}: {text!r} has no counterpart")
    return "".join(lines)


def _moves(module: str) -> bool:
    return module.partition(".")[0] in MOVED
