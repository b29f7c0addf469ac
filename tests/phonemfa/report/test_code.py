"""The Action's code as a diff that shows everything there is, where it is the package's own."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from components.action_code import assemble
from phonemfa.output.json_text import as_json
from phonemfa.output.page import as_page
from phonemfa.report.differences import CodeChange
from phonemfa.report.document import as_comment, as_document
from phonemfa.report.summary import Environment, as_objects
from tests.phonemfa.report.previews import ACTION, Change, recoded, stamped

CANARY = "hunter2"
OURS = assemble("custom-phone-provider")


def only(change: Change) -> CodeChange:
    (found,) = change.environment().code
    return found


def test_a_changed_line_is_shown_with_what_it_replaces() -> None:
    change = only(recoded(Change(), stamped("exports.onExecute = 2;\n")))
    assert change.lines[:2] == ("--- before", "+++ after")
    assert "-exports.onExecute = 1;" in change.lines
    assert "+exports.onExecute = 2;" in change.lines
    assert (change.count("+"), change.count("-")) == (2, 2), "the stamp changes too"


def test_lines_that_look_like_headings_are_counted() -> None:
    change = only(recoded(Change(), stamped("exports.onExecute = 1;\n++ x\n-- y\n")))
    assert (change.count("+"), change.count("-")) == (3, 1)


@pytest.mark.parametrize("hidden", ["\u202e", "\u2066", "\u200b", "\u2028", "\x0b", "\x1b", "\r"])
def test_a_character_that_hides_code_is_written_out(hidden: str) -> None:
    change = only(recoded(Change(), stamped(f"exports.onExecute = 1;{hidden}evil();\n")))
    added = " ".join(one for one in change.lines[2:] if one.startswith("+"))
    assert hidden not in added
    assert f"‹U+{ord(hidden):04X}›" in added


def test_new_and_deleted_code_is_told_by_its_hash() -> None:
    new, gone = only(Change().create()), only(Change().delete(ACTION))
    assert new.before is gone.after is None
    assert new.after == gone.before
    assert new.lines == gone.lines == ()


def had(code: str) -> Change:
    """What is there was not made by this package, or was edited since."""
    return Change().before(ACTION, lambda inputs: inputs.update(code=code))


def shown(environment: Environment) -> tuple[str, ...]:
    return (
        as_comment([environment], whole=("x",)),
        as_page(as_document([environment])),
        as_json(as_objects([environment])),
    )


BY_HAND = f"const KEY = '{CANARY}';\nexports.onExecuteCustomPhoneProvider = async () => {{}};\n"
EDITED = OURS.replace("'use strict';", f"'use strict'; const KEY = '{CANARY}';")
FOREIGN: dict[str, Callable[[], Change]] = {
    "taken over": lambda: recoded(had(BY_HAND), OURS),
    "edited in the dashboard, and a refresh saw it": lambda: recoded(had(EDITED), OURS),
    "edited beyond the end": lambda: recoded(had(f"{OURS}// {CANARY}\n"), OURS),
    "with a stamp of other code": lambda: recoded(had(OURS[:200] + BY_HAND), OURS),
    "declared as it was found": lambda: recoded(Change(), BY_HAND),
    "one of somebody else's for another": lambda: recoded(had(BY_HAND), f"// x\n{BY_HAND}"),
    "new": lambda: recoded(Change(), BY_HAND).create(),
    "deleted": lambda: had(BY_HAND).delete(ACTION),
    "replaced": lambda: recoded(had(BY_HAND), OURS).replace(ACTION),
}


@pytest.mark.parametrize("change", FOREIGN.values(), ids=FOREIGN)
def test_of_code_that_is_not_the_packages_every_output_has_length_and_hash_alone(
    change: Callable[[], Change],
) -> None:
    environment = change().environment()
    (told,) = environment.code
    assert CANARY in json.dumps(change().done()), "the preview has it"
    for one in shown(environment):
        assert CANARY not in one
        foreign = [side for side in (told.before, told.after) if side and not side.ours]
        assert all(side.digest[:12] in one for side in foreign)
        assert foreign


def test_the_packages_own_code_is_told_from_every_other() -> None:
    ours = only(recoded(had(OURS), stamped("// another version\n")))
    assert ours.lines
