"""Every foreign package that the project names, as its lock files name it.

Owns reading the lock files: requirements.lock, scripts/*.lock, package-lock.json and each go.mod
with its go.sum. Refuses to ask a network, or the environment, for anything: two runs on one
checkout answer the same.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from urllib.parse import quote

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT: Final = Path(__file__).resolve().parents[1]
PYTHON_LOCKS: Final = ("requirements.lock", "scripts/pip.lock", "scripts/uv.lock")
GO_MODULES: Final = (
    "sandbox/engine/modules/cli",
    "sandbox/engine/modules/python-host",
    "scripts/actionlint",
    "tests/clients/go",
)

Ecosystem = Literal["pypi", "npm", "golang"]


class LockError(Exception):
    """A lock file is not complete; the text names the line."""


@dataclass(frozen=True, order=True, kw_only=True)
class Package:
    """One package in one version.

    Attributes:
        sha: hashes that its files are checked against, as (algorithm, hex). A Go module's is none
            of a file: it is in `go_sum`.
        go_sum: the `h1:` sum of a Go module's tree.
        licence: an SPDX expression where the lock file has one (npm's does).
    """

    ecosystem: Ecosystem
    name: str
    version: str
    sha: tuple[tuple[str, str], ...] = ()
    go_sum: str = ""
    licence: str = ""

    @property
    def purl(self) -> str:
        """Its package URL, without qualifiers."""
        name = self.name.replace("@", "%40") if self.ecosystem == "npm" else self.name
        return f"pkg:{self.ecosystem}/{name}@{quote(self.version, safe='')}"


def all_packages(project: Path = PROJECT) -> list[Package]:
    """Those of every lock file, each once, sorted.

    Raises:
        LockError: a package without a hash, or not pinned.
    """
    found = {*python_packages(project), *npm_packages(project), *go_packages(project)}
    return sorted(found)


def python_packages(project: Path = PROJECT) -> Iterator[Package]:
    """Of the Python locks."""
    for lock in PYTHON_LOCKS:
        yield from python_lock(project / lock)


def python_lock(path: Path) -> Iterator[Package]:
    """Of one file in pip's format.

    Raises:
        LockError: a requirement that is not `name==version`, has no sha256, or names a place.
    """
    text = re.sub(r"^#.*$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for line in text.replace("\\\n", " ").splitlines():
        if not line.strip():
            continue
        stated, *hashes = re.split(r"\s+--hash=", line.strip())
        try:
            requirement = Requirement(stated)
        except ValueError:
            raise LockError(f"{path.name}: {stated!r} is no requirement") from None
        pins = list(requirement.specifier)
        if requirement.url or [pin.operator for pin in pins] != ["=="]:
            raise LockError(f"{path.name}: {stated!r} is not pinned to one version")
        if not hashes or not all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in hashes):
            raise LockError(f"{path.name}: {stated!r} has no sha256")
        yield Package(
            ecosystem="pypi",
            name=canonicalize_name(requirement.name),
            version=pins[0].version,
            sha=tuple(sorted(("SHA-256", one.removeprefix("sha256:")) for one in hashes)),
        )


def npm_packages(project: Path = PROJECT) -> Iterator[Package]:
    """Of package-lock.json.

    Raises:
        LockError: a package without sha512.
    """
    lock = json.loads((project / "package-lock.json").read_text(encoding="utf-8"))
    for place, entry in lock["packages"].items():
        if not place:
            continue
        name = entry.get("name") or place.rpartition("node_modules/")[2]
        algorithm, _, value = entry.get("integrity", "").partition("-")
        if algorithm != "sha512":
            raise LockError(f"package-lock.json: {place} has no sha512")
        yield Package(
            ecosystem="npm",
            name=name,
            version=entry["version"],
            sha=(("SHA-512", base64.b64decode(value).hex()),),
            licence=entry.get("license", ""),
        )


def go_packages(project: Path = PROJECT) -> Iterator[Package]:
    """What the Go modules of this project require, directly or not.

    Raises:
        LockError: a module whose tree has no sum.
    """
    for folder in GO_MODULES:
        yield from go_module(project / folder)


def go_module(folder: Path) -> Iterator[Package]:
    """Of one go.mod. Modules that are only looked at for their requirements have no tree's sum."""
    sums = {
        (name, version): value
        for name, version, value in map(
            str.split, (folder / "go.sum").read_text(encoding="utf-8").splitlines()
        )
    }
    text = (folder / "go.mod").read_text(encoding="utf-8")
    instead = {old: (new, version) for old, new, version in _REPLACED.findall(text)}
    for name, version in _REQUIRED.findall(text):
        module, at = instead.get(name, (name, version))
        if (module, at) in sums:
            yield Package(ecosystem="golang", name=module, version=at, go_sum=sums[module, at])
        elif (module, f"{at}/go.mod") not in sums:
            raise LockError(f"{folder.name}/go.sum: {module} {at} has no sum")


_REQUIRED: Final = re.compile(r"^(?:require\s+|\t)(\S+) (v\S+)(?!.*=>)", re.MULTILINE)
_REPLACED: Final = re.compile(r"^\s*(?:replace )?(\S+)(?: v\S+)? => (\S+) (v\S+)$", re.MULTILINE)
