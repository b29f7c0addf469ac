"""Imports of what moves below `phonemfa` are moved with it, or the build fails."""

import pytest

from tools.wheel import CannotMoveError, moved


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("from components.x import y\n", "from phonemfa.components.x import y\n"),
        ("from policy import levels\n", "from phonemfa.policy import levels\n"),
        ("if A:\n    from policy.x import (\n        y,\n    )\n",
         "if A:\n    from phonemfa.policy.x import (\n        y,\n    )\n"),
        ("from phonemfa.drift import x\n", "from phonemfa.drift import x\n"),
        ("from policyholder import x\n", "from policyholder import x\n"),
        ("from . import components\n", "from . import components\n"),
        ('"""Of components.settings."""\n', '"""Of components.settings."""\n'),
    ],
)  # fmt: skip
def test_imports_follow_what_moves_and_nothing_else_changes(here: str, there: str) -> None:
    assert moved(here, name="m.py") == there


@pytest.mark.parametrize(
    "source",
    [
        "import components.settings\n",
        "import policy\n",
        "from components.x  import y\n",
        "x = import_module('components.settings')\n",
    ],
)
def test_what_cannot_be_moved_with_certainty_fails_the_build(source: str) -> None:
    with pytest.raises(CannotMoveError, match=r"^m\.py:1: "):
        moved(source, name="m.py")
