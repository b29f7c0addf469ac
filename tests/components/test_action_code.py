"""The assembly: what is deployed is what a reviewer reads."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from components import action_code
from components.action_code import (
    MAX_BYTES,
    SHARED_PARTS,
    SOURCE_DIR,
    Trigger,
    assemble,
    is_assembled,
)

TRIGGERS = get_args(Trigger)


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_every_part_is_in_the_code_whole_and_once(trigger: Trigger) -> None:
    code = assemble(trigger)
    for part in (trigger, *SHARED_PARTS):
        assert code.count((SOURCE_DIR / f"{part}.js").read_text(encoding="utf-8")) == 1


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_nothing_but_headings_is_added(trigger: Trigger) -> None:
    rest = assemble(trigger)
    for part in (trigger, *SHARED_PARTS):
        rest = rest.replace((SOURCE_DIR / f"{part}.js").read_text(encoding="utf-8"), "")
    lines = [line for line in rest.splitlines() if line]
    assert [line for line in lines if not line.startswith("//")] == ["'use strict';"]


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_a_text_is_known_as_ours_until_a_character_of_it_changes(trigger: Trigger) -> None:
    code = assemble(trigger)
    assert is_assembled(code)
    for place in range(0, len(code), 97):
        assert not is_assembled(code[:place] + "x" + code[place:]), place
    assert not is_assembled(code[:-1])
    assert not is_assembled("")


def test_every_source_belongs_to_a_trigger() -> None:
    sources = {path.stem for path in SOURCE_DIR.glob("*.js")}
    assert sources == {*TRIGGERS, *SHARED_PARTS}


def test_each_trigger_has_its_own_handler_and_only_that() -> None:
    unified, legacy = (assemble(trigger) for trigger in TRIGGERS)
    assert "exports.onExecuteCustomPhoneProvider" in unified
    assert "exports.onExecuteSendPhoneMessage" in legacy
    assert unified.count("exports.") == legacy.count("exports.") == 1


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_the_code_is_the_same_text_every_time_and_everywhere(trigger: Trigger) -> None:
    printed = subprocess.run(
        [sys.executable, str(Path(action_code.__file__)), trigger],
        capture_output=True,
        check=True,
        cwd="/",
    ).stdout.decode("utf-8")
    assert printed == assemble(trigger) == assemble(trigger)
    assert "\r" not in printed
    assert str(SOURCE_DIR.parent) not in printed


def test_line_ends_of_a_checkout_do_not_change_the_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = assemble("custom-phone-provider")
    for path in SOURCE_DIR.glob("*.js"):
        (tmp_path / path.name).write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    monkeypatch.setattr(action_code, "SOURCE_DIR", tmp_path)
    assert assemble("custom-phone-provider") == expected


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_the_code_has_no_dependency_and_stays_within_its_bound(trigger: Trigger) -> None:
    code = assemble(trigger)
    assert len(code.encode("utf-8")) < MAX_BYTES == 36_000
    required = re.findall(r"require\('([^']*)'\)", code)
    assert sorted(required) == ["crypto", "node:https"]
    assert code.count("require(") == len(required)
    assert "import " not in code.replace("important ", "")


def test_code_over_the_bound_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(action_code, "MAX_BYTES", 1000)
    with pytest.raises(ValueError, match=r"over the bound of 1000; shorten its parts"):
        assemble("custom-phone-provider")


def test_an_unknown_trigger_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'post-login' has no handler.*custom-phone-provider"):
        assemble("post-login")  # type: ignore[arg-type]
