"""The commit that a version's code comes from is found by its parts, or not at all."""

import subprocess
from pathlib import Path

import pytest

from components.action_code import assemble
from phonemfa.rollback.history import commit_of, parts_of
from tests.contract import PROJECT


class Repository:
    """A repository with the Action's parts in `actions/src`."""

    def __init__(self, folder: Path, *, kind: str = "sha1") -> None:
        self.folder, self.sources = folder, folder / "actions" / "src"
        self.sources.mkdir(parents=True)
        self.git("init", "-q", f"--object-format={kind}")

    def git(self, *arguments: str) -> str:
        who = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
        command = ["git", "-C", str(self.folder), *who, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, subject: str, **parts: str) -> str:
        for name, text in parts.items():
            (self.sources / f"{name}.js").write_text(text, "utf-8")
        self.git("add", ".")
        self.git("commit", "-qm", subject)
        return self.git("rev-parse", "HEAD")


def assembled(**parts: str) -> str:
    heading = "// Auth0 Action\n'use strict';\n"
    return "\n".join(
        [heading, *(f"// ---- {name}.js ----\n\n{text}" for name, text in parts.items())]
    )


def test_the_real_action_comes_apart_into_the_files_that_it_was_made_of() -> None:
    parts = parts_of(assemble("custom-phone-provider"))
    assert parts
    for name, text in parts.items():
        assert (PROJECT / "actions" / "src" / f"{name}.js").read_text("utf-8") == text


@pytest.mark.parametrize("kind", ["sha1", "sha256"])
def test_the_newest_commit_with_every_part_is_named(tmp_path: Path, kind: str) -> None:
    repository = Repository(tmp_path, kind=kind)
    first = repository.commit("One\ttab", a="1\n", b="日本語\n")
    second = repository.commit("Two", a="2\n")
    repository.commit("Bad", b="3\n")
    found = commit_of(assembled(a="2\n", b="日本語\n"), tmp_path)
    assert found is not None
    assert (found.id, found.subject) == (second, "Two")
    assert found.restore == f"git checkout {second[:12]} -- actions/src"
    older = commit_of(assembled(b="日本語\n", a="1\n"), tmp_path)
    assert older is not None
    assert (older.id, older.subject) == (first, "One\ttab")


def test_code_that_no_commit_has_or_nobody_assembled_is_nobodys(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.commit("One", a="1\n", b="2\n")
    repository.commit("Two", a="2\n", b="1\n")
    assert commit_of(assembled(a="1\n", b="1\n"), tmp_path) is None, "parts of two commits"
    assert commit_of(assembled(a="1\n", c="1\n"), tmp_path) is None
    assert commit_of("exports.x = async () => {};", tmp_path) is None


def test_without_a_repository_there_is_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert commit_of(assembled(a="1\n"), tmp_path) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit_of(assembled(a="1\n"), tmp_path) is None
