"""What is said to change, for users and in the tenant."""

from __future__ import annotations

import json

import pytest

from components.action_code import assemble
from components.settings.words import OTHER_FACTORS
from phonemfa.pulumi.preview import Operation
from phonemfa.report.differences import CodeChange
from tests.phonemfa.report.previews import (
    ACTION,
    GUARDIAN,
    PROVIDER,
    VERIFY,
    Change,
    in_every_format,
    recoded,
    saying,
    stamped,
    told,
)


def test_nothing_is_told_of_what_stays() -> None:
    environment = Change().environment()
    assert environment.quiet
    assert not environment.planned
    assert not environment.risks


def test_protection_is_told_although_the_engine_does_nothing() -> None:
    environment = Change().protect(was=True, will_be=False).environment()
    assert environment.planned == ()
    assert told(environment) == {"protection against deletion": ("on", "off")}
    assert not environment.quiet


@pytest.mark.parametrize("factor", OTHER_FACTORS)
def test_another_factor_is_told_when_the_stack_names_it(factor: str) -> None:
    plain = factor in {"otp", "email", "recoveryCode"}
    on = Change().sets(GUARDIAN, **{factor: True if plain else {"enabled": True}})
    assert told(on.environment()) == {}, "left alone"
    subject = f"other factor {OTHER_FACTORS[factor]}"
    assert told(on.named(factor).environment()) == {subject: ("off", "on")}
    created = told(Change().named(factor).create().environment())
    assert [one for one in created if one.startswith("other factor")] == [subject] * plain


def test_what_the_engine_does_is_named_by_what_it_is() -> None:
    change = Change().sets(VERIFY, **saying("{{ code }}")).replace(ACTION)
    step = change.step(PROVIDER)
    foreign = {"urn": "urn:pulumi:t1::p::auth0:c:C::app", "op": "create"}
    foreign |= {"newState": step["newState"] | {"type": "auth0:c:C"}}
    change.answer["steps"].append(foreign)
    assert {
        (one.operation, one.kind, one.name, one.parts) for one in change.environment().planned
    } == {
        (Operation.UPDATE, "the text", "otp_verify", ("text",)),
        (Operation.REPLACE, "the Action", "ntt-cpaas-phone", ()),
        (Operation.CREATE, "a resource that is no part of phone MFA:", "auth0:c:C app", ()),
    }


# --- The Action's code: a diff that shows everything, where it is the package's own ---------------

CANARY = "hunter2"
OURS = assemble("custom-phone-provider")


def only(change: Change) -> CodeChange:
    (found,) = change.environment().code
    return found


def test_a_changed_line_is_shown_and_one_that_looks_like_a_heading_is_counted() -> None:
    change = only(recoded(Change(), stamped("exports.onExecute = 2;\n++ x\n-- y\n")))
    assert change.lines[:2] == ("--- before", "+++ after")
    assert {"-exports.onExecute = 1;", "+exports.onExecute = 2;"} <= {*change.lines}
    assert (change.count("+"), change.count("-")) == (4, 2), "the stamp changes too"


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
    return Change().has(ACTION, code=code)


BY_HAND = f"const KEY = '{CANARY}';\nexports.onExecuteCustomPhoneProvider = async () => {{}};\n"
EDITED = OURS.replace("'use strict';", f"'use strict'; const KEY = '{CANARY}';")
FOREIGN = {
    "taken over": recoded(had(BY_HAND), OURS),
    "edited in the dashboard, and a refresh saw it": recoded(had(EDITED), OURS),
    "edited beyond the end": recoded(had(f"{OURS}// {CANARY}\n"), OURS),
    "with a stamp of other code": recoded(had(OURS[:200] + BY_HAND), OURS),
    "declared as it was found": recoded(Change(), BY_HAND),
    "one of somebody else's for another": recoded(had(BY_HAND), f"// x\n{BY_HAND}"),
    "new": recoded(Change(), BY_HAND).create(),
    "deleted": had(BY_HAND).delete(ACTION),
    "replaced": recoded(had(BY_HAND), OURS).replace(ACTION),
}


@pytest.mark.parametrize("change", FOREIGN.values(), ids=FOREIGN)
def test_of_code_that_is_not_the_packages_every_output_has_length_and_hash_alone(
    change: Change,
) -> None:
    environment = change.environment()
    (told,) = environment.code
    assert CANARY in json.dumps(change.done()), "the preview has it"
    for one in in_every_format(environment):
        assert CANARY not in one
        foreign = [side for side in (told.before, told.after) if side and not side.ours]
        assert all(side.digest[:12] in one for side in foreign)
        assert foreign


def test_the_packages_own_code_is_told_from_every_other() -> None:
    ours = only(recoded(had(OURS), stamped("// another version\n")))
    assert ours.lines
