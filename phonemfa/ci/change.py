"""What of a pull request is data, and taking just that.

A change is a checkout of the pull request merged into its base, beside a checkout of the base.
Stack files and texts are data: they say what the tenant is to have, and the base's program, rules
and packages judge them. Everything else decides what runs with credentials.
"""

import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import yaml

from phonemfa.answered import RefusedError

TEXTS: Final = "texts"
_SKIPPED: Final = frozenset({".git", ".venv", "build"})
_READ_BY_PEOPLE: Final = ".md"


class Kind(StrEnum):
    """What a change needs before it is previewed with credentials."""

    DATA = "data"
    """Nothing: the base's program previews its stack files and texts."""
    PROGRAM = "program"
    """An owner's approval: it changes what runs, or what judges."""
    OUTSIDE = "outside"
    """Nothing helps: it is a fork's or Dependabot's, and gets no credentials."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """Paths of a change that differ from the base, sorted."""

    data: Sequence[str]
    program: Sequence[str]

    @property
    def kind(self) -> Kind:
        return Kind.PROGRAM if self.program else Kind.DATA


def change_of(base: Path, change: Path) -> Change:
    """Compare two checkouts, file by file and by mode; links are not followed."""
    ours, theirs = dict(_files(base)), dict(_files(change))
    data: list[str] = []
    program: list[str] = []
    for path in sorted(ours.keys() | theirs.keys()):
        if ours.get(path) == theirs.get(path):
            continue
        if path.endswith(_READ_BY_PEOPLE) and _is_plain(theirs.get(path)):
            continue
        (data if _is_data(path, base, change, theirs.get(path)) else program).append(path)
    return Change(data=data, program=program)


def take(base: Path, change: Path, *, whatever_else: bool = False) -> Sequence[str]:
    """Put a change's stack files and texts into the base's checkout; answers which.

    A change that is more than data is a `RefusedError`; with `whatever_else` its rest stays out.
    """
    found = change_of(base, change)
    if found.program and not whatever_else:
        raise RefusedError(
            "This change is more than stack files and texts, so it is not taken as data: "
            f"{', '.join(found.program)}."
        )
    for path in found.data:
        source, target = change / path, base / path
        if source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
        else:
            target.unlink(missing_ok=True)
    return found.data


def _files(folder: Path, below: str = "") -> Iterator[tuple[str, tuple[int, bytes]]]:
    for one in sorted((folder / below).iterdir()):
        path = f"{below}{one.name}"
        if not below and one.name in _SKIPPED:
            continue
        mode = one.lstat().st_mode
        if stat.S_ISDIR(mode):
            yield from _files(folder, f"{path}/")
        elif stat.S_ISLNK(mode):
            yield path, (stat.S_IFLNK, str(one.readlink()).encode())
        elif stat.S_ISREG(mode):
            yield path, (mode & stat.S_IXUSR, one.read_bytes())
        else:
            yield path, (stat.S_IFMT(mode), b"")


def _is_plain(file: tuple[int, bytes] | None) -> bool:
    return file is None or file[0] == 0


def _is_data(path: str, base: Path, change: Path, file: tuple[int, bytes] | None) -> bool:
    if not _is_plain(file):
        return False
    folder, _, name = path.rpartition("/")
    if folder == TEXTS:
        return name.endswith(".liquid")
    if folder or not (name.startswith("Pulumi.") and name.endswith(".yaml")):
        return False
    # A new stack, or one less, changes which tenants there are; and what stands beside `config`
    # says who decrypts and which environments are opened.
    return (
        file is not None
        and (base / path).is_file()
        and _beside_config(base / path) == _beside_config(change / path)
    )


def _beside_config(file: Path) -> object:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        return file  # unlike every other: a file that cannot be read is no data
    if not isinstance(content, dict):
        return file
    return {key: value for key, value in content.items() if key != "config"}
