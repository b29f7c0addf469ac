"""The Action's code as a diff that shows everything there is."""

from __future__ import annotations

import pytest

from phonemfa.report.code import CodeChange
from tests.phonemfa.report.previews import ACTION, Change, recoded


def only(change: Change) -> CodeChange:
    (found,) = change.environment().code
    return found


def test_a_changed_line_is_shown_with_what_it_replaces() -> None:
    change = only(recoded(Change(), "// CODE\nexports.onExecute = 2;\n"))
    assert change.lines[:2] == ("--- before", "+++ after")
    assert "-exports.onExecute = 1;" in change.lines
    assert "+exports.onExecute = 2;" in change.lines
    assert (change.added, change.removed, change.what) == (1, 1, "changed")


def test_lines_that_look_like_headings_are_counted() -> None:
    change = only(recoded(Change(), "// CODE\nexports.onExecute = 1;\n++ x\n-- y\n"))
    assert (change.added, change.removed) == (2, 0)


@pytest.mark.parametrize("hidden", ["\u202e", "\u2066", "\u200b", "\u2028", "\x0b", "\x1b", "\r"])
def test_a_character_that_hides_code_is_written_out(hidden: str) -> None:
    change = only(recoded(Change(), f"// CODE\nexports.onExecute = 1;{hidden}evil();\n"))
    (added,) = [one for one in change.lines[2:] if one.startswith("+")]
    assert hidden not in added
    assert f"‹U+{ord(hidden):04X}›" in added


def test_new_and_deleted_code_is_told_by_its_hash() -> None:
    new, gone = only(Change().create()), only(Change().delete(ACTION))
    assert (new.what, gone.what) == ("new", "deleted")
    assert new.digest == gone.digest
    assert new.lines == gone.lines == ()
