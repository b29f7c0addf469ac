"""Of a pull request, stack files and texts are data; everything else waits for an owner."""

import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from phonemfa.ci.change import take
from phonemfa.cli import app
from phonemfa.new.repository import files_of, write
from tests.ci.conftest import ANSWERS
from tests.phonemfa.github_stand_in import GitHubStandIn


@pytest.fixture
def both(tmp_path: Path) -> tuple[Path, Path]:
    """A checkout of the base, and one of a change that changes nothing yet."""
    base, change = tmp_path / "base", tmp_path / "change"
    write(base, files_of(ANSWERS))
    shutil.copytree(base, change)
    return base, change


def ci(command: str, base: Path, change: Path) -> Result:
    where = [command, str(change), "--project", str(base)]
    return CliRunner().invoke(app, ["ci", *where], catch_exceptions=False)


def test_stack_files_and_texts_are_data_and_are_taken(both: tuple[Path, Path]) -> None:
    base, change = both
    stack = change / "Pulumi.dev.yaml"
    stack.write_text(stack.read_text() + "  phonemfa:language: en\n")
    (change / "texts" / "otp_verify.text.liquid").write_text("{{ code }}")
    (change / "README.md").write_text("for people")

    assert ci("kind", base, change).stdout == "data\n"
    assert take(base, change) == ["Pulumi.dev.yaml", "texts/otp_verify.text.liquid"]
    assert (base / "Pulumi.dev.yaml").read_text() == stack.read_text()
    assert (base / "README.md").read_text() != "for people"

    (change / "texts" / "otp_verify.text.liquid").unlink()
    script = base / "ci" / "preview"
    before = script.read_text()
    (change / "ci" / "preview").write_text("env")
    taken = take(base, change, whatever_else=True)
    assert taken == ["texts/otp_verify.text.liquid"], "of a change that is more, the data alone"
    assert not (base / "texts" / "otp_verify.text.liquid").exists()
    assert script.read_text() == before


PROGRAM = {
    "a script": "echo env >ci/preview",
    "a workflow": "echo on: push >.github/workflows/x.yml",
    "the lock": "echo evil==1 >>requirements.lock",
    "rules": "mkdir -p policy/stacks; echo {} >policy/stacks/dev.json",
    "the owners": "rm .github/CODEOWNERS",
    "another stack": "echo config: {} >Pulumi.evil.yaml",
    "one stack less": "rm Pulumi.dev.yaml",
    "who decrypts": "echo 'secretsprovider: awskms://evil' >>Pulumi.dev.yaml",
    "an environment": "echo 'environment: [evil]' >>Pulumi.dev.yaml",
    "a stack file that nobody can read": "echo { >Pulumi.dev.yaml",
    "a link as a text": "ln -s /etc/passwd texts/a.text.liquid",
    "a pipe as a text": "mkfifo texts/a.text.liquid",
    "a text that runs": "echo x >texts/a.text.liquid; chmod 755 texts/a.text.liquid",
    "a program among the texts": "echo x >texts/a.py",
    "a folder below the texts": "mkdir texts/b; echo x >texts/b/a.text.liquid",
    "a module that a program would import": "echo x >pulumi.py",
    "a page that runs": "chmod 755 README.md",
}


@pytest.mark.parametrize("script", PROGRAM.values(), ids=PROGRAM)
def test_whatever_runs_or_judges_waits_for_an_owner_and_is_not_taken(
    script: str, both: tuple[Path, Path]
) -> None:
    base, change = both
    subprocess.run(["sh", "-ec", script], cwd=change, check=True)
    before = {path: path.read_bytes() for path in base.rglob("*") if path.is_file()}
    assert ci("kind", base, change).stdout == "program\n"
    assert ci("take", base, change).exit_code == 2
    assert {path: path.read_bytes() for path in base.rglob("*") if path.is_file()} == before


def test_a_comment_names_a_commit_and_the_stacks_without_a_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_REF", "refs/pull/7/merge")
    (tmp_path / "dev.md").write_text("**dev** is fine")
    words = ["ci", "comment", "--folder", str(tmp_path), "--stack", "dev", "--stack", "prod"]
    with GitHubStandIn() as github:
        for name, value in github.environment.items():
            monkeypatch.setenv(name, value)
        for commit, status in (("main", 2), ("0123456789abcdef", 1)):
            ended = CliRunner().invoke(app, [*words, "--commit", commit])
            assert ended.exit_code == status, ended.output
        (comment,) = github.comments[7]
    assert "Commit `0123456789`.\n\n**dev** is fine\n\n**`prod`**: no report." in comment["body"]
