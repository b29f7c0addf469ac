"""A repair applies a checkout, so it has to be the one that was deployed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from phonemfa.drift.repair import why_another
from phonemfa.pulumi.state import Checkout
from tests.phonemfa.applied import Operator
from tests.phonemfa.drift.test_command import DRIFTED, switch_off
from tests.phonemfa.rollback.test_history import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "checkout")
    made.commit("As deployed", part="one")
    return made


def clean(repository: Repository) -> Checkout:
    return Checkout(commit=repository.git("rev-parse", "HEAD"), is_changed=False)


def test_the_commit_that_was_deployed_is_told_from_every_other_checkout(
    repository: Repository, tmp_path: Path
) -> None:
    deployed = clean(repository)
    assert why_another(repository.folder, deployed) == ""
    assert "names no commit" in why_another(repository.folder, Checkout())
    dirty = replace(deployed, is_changed=True)
    assert "with changes that no commit has" in why_another(repository.folder, dirty)
    (tmp_path / "elsewhere").mkdir()
    assert "is no checkout of git" in why_another(tmp_path / "elsewhere", deployed)
    commit = repository.commit("Later", part="two")
    assert f"this is {commit[:12]}" in why_another(repository.folder, deployed)


@pytest.mark.parametrize("name", ["actions/src/part.js", "new.py"])
def test_neither_is_one_with_changes_or_new_files(repository: Repository, name: str) -> None:
    (repository.folder / name).write_text("changed", "utf-8")
    assert f"has changes ({name})" in why_another(repository.folder, clean(repository))


def test_a_repair_from_elsewhere_is_refused_unless_told(applied: Callable[..., Operator]) -> None:
    desk = applied()
    desk.monkeypatch.delenv("PHONEMFA_ANY_CHECKOUT")
    del desk.environment["PHONEMFA_ANY_CHECKOUT"]
    desk.engine.deployed_from = {"git.head": "0123456789abcdef", "git.dirty": "false"}
    switch_off(desk)
    refused = desk.run("drift", "--repair", "--yes", expect=DRIFTED).stderr
    assert (
        "Nothing was written: a repair applies this checkout, and it was deployed from" in refused
    )
    assert not [line for line in desk.engine.ran if line.startswith("up")]
    assert desk.tenant.api("GET", "/guardian/policies") == []
    desk.run("drift", "--repair", "--yes", "--any-checkout")
    assert desk.tenant.api("GET", "/guardian/policies") == ["all-applications"]
