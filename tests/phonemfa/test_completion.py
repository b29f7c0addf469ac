"""The command under a name of its own, and completed by a shell."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.contract import PROJECT

SCRIPT = PROJECT / "tools" / "phonemfa"


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("phonemfa ro", ["rollback", "rotate"]),
        ("phonemfa rollback --secrets ", ["current", "version"]),
    ],
)
def test_bash_is_offered_what_fits(words: str, offered: list[str], tmp_path: Path) -> None:
    asked = {
        "_PHONEMFA_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    ran = subprocess.run(
        [SCRIPT],
        cwd=tmp_path,
        env=os.environ | asked,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.stdout.split() == offered, ran.stderr


def test_the_script_for_a_shell_is_for_that_name() -> None:
    asked = os.environ | {"_PHONEMFA_COMPLETE": "source_bash"}
    ran = subprocess.run(
        [SCRIPT], env=asked, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.stdout.rstrip().endswith("-F _phonemfa_completion phonemfa"), ran.stderr
