"""The CPaaS key is found where it may be, and stays out of every message."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from phonemfa.doctor.cpaas import VARIABLE, NoKeyError, find_key
from phonemfa.pulumi.engine import PulumiCli


def cli(folder: Path, script: str) -> PulumiCli:
    """A `pulumi` that does what the script says."""
    program = folder / "pulumi"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    return PulumiCli(folder, "dev", environ={"PATH": f"{folder}:/usr/bin:/bin"})


def test_the_variable_goes_before_the_stack_and_the_input_before_both(tmp_path: Path) -> None:
    stack = cli(tmp_path, "echo of-the-stack")
    assert find_key(stack, environ={}) == "of-the-stack"
    assert find_key(stack, environ={VARIABLE: "of-the-variable"}) == "of-the-variable"
    stream = io.StringIO("of-the-input\nnot this\n")
    found = find_key(stack, from_input=True, stream=stream, environ={VARIABLE: "other"})
    assert found == "of-the-input"


def test_the_stacks_secret_is_asked_for_by_its_name_and_in_the_stacks_file(tmp_path: Path) -> None:
    cli(tmp_path, 'echo "$@" | tr " " "_"')
    environ = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    stack = PulumiCli(tmp_path, "dev", config_file=Path("other.yaml"), environ=environ)
    asked = find_key(stack, environ={})
    assert asked.startswith("config_get_phonemfa:cpaasApiKey_--config-file_")
    assert "other.yaml" in asked


@pytest.mark.parametrize("key", ["canary key", "canary鍵", ""])
def test_a_key_that_no_header_can_carry_is_refused_without_being_told(
    tmp_path: Path, key: str
) -> None:
    with pytest.raises(NoKeyError) as raised:
        find_key(cli(tmp_path, "echo"), from_input=True, stream=io.StringIO(f"{key}\n"), environ={})
    assert "canary" not in str(raised.value)


def test_what_the_engine_said_is_passed_on(tmp_path: Path) -> None:
    stack = cli(tmp_path, "echo 'configuration key not found' >&2; exit 255")
    with pytest.raises(NoKeyError, match="configuration key not found"):
        find_key(stack, environ={})
