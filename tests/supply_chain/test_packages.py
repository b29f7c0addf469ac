"""The lock files are complete, agree with what asks for them, and name no place."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from supply_chain.packages import (
    GO_MODULES,
    PROJECT,
    PYTHON_LOCKS,
    LockError,
    all_packages,
    go_module,
    npm_packages,
    python_lock,
)

LOCKS = [
    *PYTHON_LOCKS,
    "package-lock.json",
    *(f"{module}/{name}" for module in GO_MODULES for name in ("go.mod", "go.sum")),
]


def test_every_package_of_every_lock_is_read_once() -> None:
    packages = all_packages()
    assert {one.ecosystem for one in packages} == {"pypi", "npm", "golang"}
    twice = [purl for purl, count in Counter(one.purl for one in packages).items() if count > 1]
    assert twice == [], "two locks disagree about the hashes of one version"
    assert all(one.sha or one.go_sum for one in packages)


def test_no_other_lock_lies_about() -> None:
    tracked = {path.parent.relative_to(PROJECT).as_posix() for path in go_mods(PROJECT)}
    assert tracked == set(GO_MODULES)


def go_mods(project: Path) -> list[Path]:
    skipped = {"build", "node_modules", ".venv", ".sandbox"}
    tops = [path for path in project.iterdir() if path.is_dir() and path.name not in skipped]
    return [path for top in tops for path in top.rglob("go.mod")]


def test_the_python_lock_has_what_pyproject_asks_for() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [*project["project"]["dependencies"]]
    asked += [
        one for extra in project["project"]["optional-dependencies"].values() for one in extra
    ]
    locked = {one.name: one.version for one in python_lock(PROJECT / "requirements.lock")}
    wrong = [
        line
        for line in asked
        for requirement in [Requirement(line)]
        if locked.get(canonicalize_name(requirement.name), "none") not in requirement.specifier
    ]
    assert wrong == [], "make lock"


def test_the_python_locks_agree_on_the_packages_that_they_share() -> None:
    versions: dict[str, set[str]] = {}
    for lock in PYTHON_LOCKS:
        for one in python_lock(PROJECT / lock):
            versions.setdefault(one.name, set()).add(one.version)
    assert {name: held for name, held in versions.items() if len(held) > 1} == {}


def test_the_javascript_lock_has_what_package_json_asks_for() -> None:
    asked = json.loads((PROJECT / "package.json").read_text(encoding="utf-8"))
    lock = json.loads((PROJECT / "package-lock.json").read_text(encoding="utf-8"))
    assert lock["packages"][""]["devDependencies"] == asked["devDependencies"]
    assert "dependencies" not in asked, "the Action has none"
    installed = {(one.name, one.version) for one in npm_packages()}
    assert set(asked["devDependencies"].items()) <= installed
    assert all(entry.get("dev") for place, entry in lock["packages"].items() if place)


@pytest.mark.parametrize("name", LOCKS)
def test_no_lock_names_a_registry(name: str) -> None:
    text = (PROJECT / name).read_text(encoding="utf-8")
    assert re.findall(r"https?://[^\s\"]+", text.replace("https://opencollective.com", "")) == (
        [] if name != "package-lock.json" else funding(text)
    )


def funding(text: str) -> list[str]:
    """The only addresses that npm keeps: where to give the authors money."""
    places = json.loads(text)["packages"].values()
    assert not any("resolved" in entry for entry in places)
    return re.findall(r"https?://[^\s\"]+", text.replace("https://opencollective.com", ""))


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("httpx==1.0", "no sha256"),
        ("httpx==1.0 --hash=md5:0123", "no sha256"),
        (f"httpx>=1.0 --hash=sha256:{'0' * 64}", "not pinned"),
        (f"httpx @ https://example.com/a.whl --hash=sha256:{'0' * 64}", "not pinned"),
        ("--index-url https://example.com", "is no requirement"),
    ],
)
def test_an_incomplete_python_lock_is_refused(tmp_path: Path, line: str, fault: str) -> None:
    (tmp_path / "requirements.lock").write_text(f"# a comment\n{line}\n", encoding="utf-8")
    with pytest.raises(LockError, match=fault):
        list(python_lock(tmp_path / "requirements.lock"))


def test_a_javascript_package_without_a_hash_is_refused(tmp_path: Path) -> None:
    lock = {"packages": {"": {}, "node_modules/a": {"version": "1.0.0", "integrity": "sha1-x"}}}
    (tmp_path / "package-lock.json").write_text(json.dumps(lock), encoding="utf-8")
    with pytest.raises(LockError, match="node_modules/a has no sha512"):
        list(npm_packages(tmp_path))


def test_a_go_module_without_a_sum_is_refused(tmp_path: Path) -> None:
    folder = PROJECT / GO_MODULES[1]
    shutil.copyfile(folder / "go.mod", tmp_path / "go.mod")
    text = (folder / "go.sum").read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if not line.startswith("google.golang.org/grpc ")]
    assert len(kept) < len(text.splitlines())
    (tmp_path / "go.sum").write_text("\n".join(kept) + "\n", encoding="utf-8")
    assert list(go_module(folder))
    with pytest.raises(LockError, match=r"google\.golang\.org/grpc v\S+ has no sum"):
        list(go_module(tmp_path))
