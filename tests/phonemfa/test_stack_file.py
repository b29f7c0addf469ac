"""Stack files: the committed ones are fit, and unfit ones are told clearly."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.settings.faults import SettingsError
from components.vocabulary import Gate, Policy
from phonemfa.stack_file import StackFileError, read_stack_file
from tests.contract import PROJECT

STACKS = ("sandbox", "dev", "staging", "prod")


@pytest.mark.parametrize("stack", STACKS)
def test_every_committed_stack_is_fit_and_holds_no_secret(stack: str) -> None:
    read_stack_file(PROJECT, stack)
    text = (PROJECT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")
    assert "secure:" not in text
    assert "encryptionsalt" not in text


def test_production_is_protected_and_always_asks() -> None:
    settings = read_stack_file(PROJECT, "prod").settings
    assert settings.protect
    assert settings.policy is Policy.ALWAYS


def test_no_other_stack_is_committed() -> None:
    found = {path.name for path in PROJECT.glob("Pulumi.*.yaml")}
    assert found == {f"Pulumi.{stack}.yaml" for stack in STACKS}


@pytest.mark.parametrize(("written", "read"), [("off", Gate.OFF), ('"off"', Gate.OFF)])
def test_a_word_that_is_no_boolean_to_the_engine_is_none_here(
    tmp_path: Path, written: str, read: Gate
) -> None:
    committed = (PROJECT / "Pulumi.dev.yaml").read_text(encoding="utf-8")
    text = f"{committed}  phonemfa:gate: {written}\n  phonemfa:protect: true\n"
    (tmp_path / "Pulumi.dev.yaml").write_text(text, encoding="utf-8")
    settings = read_stack_file(tmp_path, "dev").settings
    assert (settings.gate, settings.protect) == (read, True)


def test_an_encrypted_key_is_no_fault_and_a_plaintext_one_is_never_shown(tmp_path: Path) -> None:
    committed = (PROJECT / "Pulumi.dev.yaml").read_text(encoding="utf-8")
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text(f"{committed}  phonemfa:cpaasApiKey:\n    secure: v1:abc\n", encoding="utf-8")
    assert read_stack_file(tmp_path, "dev").domain == "dev.example.jp.auth0.com"
    file.write_text(f"{committed}  phonemfa:cpaasApiKey: canary\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="plain text") as caught:
        read_stack_file(tmp_path, "dev")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("content", ["", "[]", "config: []", "{", "other: 1"])
def test_a_file_that_is_no_stack_file_is_told_so(tmp_path: Path, content: str) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(StackFileError, match=r"Pulumi\.dev\.yaml"):
        read_stack_file(tmp_path, "dev")


def test_an_unknown_stack_names_the_known_ones() -> None:
    with pytest.raises(StackFileError, match="dev, prod, sandbox, staging"):
        read_stack_file(PROJECT, "nope")
