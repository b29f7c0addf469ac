"""Of a pull request, stack files and texts are data; everything else waits for an owner."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from phonemfa.ci.change import Kind, UntakenError, change_of, take
from phonemfa.new.repository import files_of, write
from tests.ci.conftest import ANSWERS


@pytest.fixture
def both(tmp_path: Path) -> tuple[Path, Path]:
    """A checkout of the base, and one of a change that changes nothing yet."""
    base, change = tmp_path / "base", tmp_path / "change"
    write(base, files_of(ANSWERS))
    shutil.copytree(base, change)
    return base, change


def test_stack_files_and_texts_are_data_and_are_taken(both: tuple[Path, Path]) -> None:
    base, change = both
    stack = change / "Pulumi.dev.yaml"
    stack.write_text(stack.read_text() + "  phonemfa:language: en\n")
    (change / "texts" / "otp_verify.text.liquid").write_text("{{ code }}")
    (change / "README.md").write_text("for people")

    assert change_of(base, change).kind is Kind.DATA
    assert take(base, change) == ["Pulumi.dev.yaml", "texts/otp_verify.text.liquid"]
    assert (base / "Pulumi.dev.yaml").read_text() == stack.read_text()
    assert (base / "README.md").read_text() != "for people"

    (change / "texts" / "otp_verify.text.liquid").unlink()
    assert take(base, change) == ["texts/otp_verify.text.liquid"]
    assert not (base / "texts" / "otp_verify.text.liquid").exists()


def test_of_a_change_that_is_more_the_data_alone_can_be_taken(both: tuple[Path, Path]) -> None:
    base, change = both
    (change / "texts" / "otp_verify.text.liquid").write_text("{{ code }}")
    script = base / "ci" / "preview"
    before = script.read_text()
    (change / "ci" / "preview").write_text("env")
    assert take(base, change, whatever_else=True) == ["texts/otp_verify.text.liquid"]
    assert script.read_text() == before


PROGRAM = {
    "a script": lambda change: (change / "ci" / "preview").write_text("env"),
    "a new script": lambda change: (change / "ci" / "more").write_text("env"),
    "a workflow": lambda change: (change / ".github" / "workflows" / "x.yml").write_text(
        "on: push"
    ),
    "the lock": lambda change: (change / "requirements.lock").write_text("evil==1"),
    "the tenants": lambda change: (change / "tenants.toml").write_text(""),
    "rules": lambda change: (change / "policy" / "stacks" / "prod.json").write_text("{}"),
    "the owners": lambda change: (change / ".github" / "CODEOWNERS").unlink(),
    "the program": lambda change: (change / "__main__.py").write_text("import os"),
    "the project": lambda change: (change / "Pulumi.yaml").write_text("name: x\nruntime: nodejs"),
    "another stack": lambda change: (change / "Pulumi.evil.yaml").write_text("config: {}"),
    "one stack less": lambda change: (change / "Pulumi.dev.yaml").unlink(),
    "who decrypts": lambda change: (change / "Pulumi.dev.yaml").write_text(
        "secretsprovider: awskms://evil\n" + (change / "Pulumi.dev.yaml").read_text()
    ),
    "an environment": lambda change: (change / "Pulumi.dev.yaml").write_text(
        "environment: [evil]\n" + (change / "Pulumi.dev.yaml").read_text()
    ),
    "a stack file that nobody can read": lambda change: (change / "Pulumi.dev.yaml").write_text(
        "{"
    ),
    "a link as a text": lambda change: (change / "texts" / "a.text.liquid").symlink_to(
        "/etc/passwd"
    ),
    "a link as a stack file": lambda change: (
        (change / "Pulumi.dev.yaml").unlink(),
        (change / "Pulumi.dev.yaml").symlink_to("/etc/passwd"),
    ),
    "a text that runs": lambda change: (
        (change / "texts" / "a.text.liquid").write_text("x"),
        (change / "texts" / "a.text.liquid").chmod(0o755),
    ),
    "a program among the texts": lambda change: (change / "texts" / "a.py").write_text("x"),
    "a folder below the texts": lambda change: (
        (change / "texts" / "b").mkdir(),
        (change / "texts" / "b" / "a.text.liquid").write_text("x"),
    ),
    "a module that a program would import": lambda change: (change / "pulumi.py").write_text("x"),
    "a page that runs": lambda change: (change / "README.md").chmod(0o755),
}


@pytest.mark.parametrize("made", PROGRAM.values(), ids=PROGRAM)
def test_whatever_runs_or_judges_waits_for_an_owner_and_is_not_taken(made, both) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    base, change = both
    made(change)
    before = {path: path.read_bytes() for path in base.rglob("*") if path.is_file()}

    assert change_of(base, change).kind is Kind.PROGRAM
    with pytest.raises(UntakenError):
        take(base, change)
    assert {path: path.read_bytes() for path in base.rglob("*") if path.is_file()} == before
