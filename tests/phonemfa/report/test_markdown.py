"""The comment: what it says, what it never becomes, and how long it may be."""

from __future__ import annotations

import re

import pytest

from phonemfa.output.github import MAX_BODY
from phonemfa.report.document import MAX_LENGTH, as_comment
from phonemfa.report.summary import Environment, failed
from tests.phonemfa.output.rendered import Rendered
from tests.phonemfa.report.previews import (
    GUARDIAN,
    PROVIDER,
    VERIFY,
    Change,
    everything,
    recoded,
    rotated,
    saying,
    stamped,
)


def comment(*environments: Environment) -> str:
    return as_comment(environments, whole=("elsewhere",))


def test_no_change_is_said_in_three_lines() -> None:
    lines = comment(Change(stack="dev").environment(), Change(stack="staging").environment())
    assert lines.split("\n") == [
        "## Phone MFA: nothing changes",
        "",
        "Nothing changes in `dev`, `staging`.",
        "",
    ]


def test_every_environment_has_its_headline() -> None:
    changed = Change(stack="prod").sets(VERIFY, **saying("{{ code }}"))
    shown = comment(Change(stack="dev").environment(), changed.environment())
    assert "## Phone MFA: 1 update in 1 environment" in shown
    assert "`prod`: **1 update.** Updates the text `otp_verify` (text)." in shown
    assert "Nothing changes in `dev`." in shown


def test_what_is_equal_in_two_environments_is_said_once() -> None:
    both = [
        recoded(Change(stack=one), stamped("// new\n")).environment() for one in ("dev", "prod")
    ]
    shown = comment(*both)
    assert shown.count("```diff") == 1
    assert "(`dev`, `prod`)\n\n\\+2 −2 lines" in shown


def test_a_message_is_shown_before_and_after() -> None:
    change = Change().sets(VERIFY, **saying("{{ code }}です。" * 12))
    shown = comment(change.environment())
    assert "Before (65 UTF-16 units, 1 part):\n```text\n株式会社日本架空銀行" in shown
    assert "2 parts; **more parts than before**):\n```text\n123456です。" in shown
    assert "5 messages unchanged" in shown


def test_lockouts_secrets_and_broken_rules_are_told() -> None:
    change = rotated(Change().has(GUARDIAN, policy="never").delete(PROVIDER))
    change.sets(GUARDIAN, policy="all-applications")
    shown = comment(change.environment())
    assert "🛑 **Lockout**, `t1`: Every login is asked" in shown
    assert "🛑 `one-sender-per-channel` (mandatory), `t1`:" in shown
    assert "- `t1`, `ntt-cpaas-phone`: the Action's secrets change; a key was changed" in shown
    assert "**policy** `never` → `always` (every login is asked for a second factor)" in shown


def test_the_worst_risk_is_the_first_whichever_environment_it_is_of() -> None:
    dev, prod, _ = everything()
    for environments in ([dev, prod], [prod, dev]):
        told = comment(*environments)
        assert told.index("**Lockout**") < told.index("**SMS cost more**")


def test_a_stack_without_a_preview_is_told_beside_the_others() -> None:
    shown = comment(failed("dev", "no such stack"), Change(stack="staging").environment())
    assert "not every preview could be made" in shown
    assert "`dev`: **no preview**.\n\n```text\nno such stack\n```" in shown
    assert "Nothing changes in `staging`." in shown


def test_a_rule_that_is_broken_without_any_change_is_told_alone() -> None:
    shown = comment(Change(stack="prod").environment())
    assert "`protected-in-production` (mandatory), `prod`" in shown
    assert "### Messages" not in shown
    assert "### The Action's secrets" not in shown


def many(count: int, size: int) -> list[Environment]:
    made = []
    for number in range(count):
        longer = saying(f"{number} {{{{ code }}}} {'長' * size}")
        change = Change(stack=f"s{number}").sets(VERIFY, **longer)
        code = "\n".join(f"line {number} {index} {'`' * 50}" for index in range(size))
        made.append(recoded(change, stamped(code)).environment())
    return made


@pytest.mark.parametrize(("count", "size"), [(1, 20_000), (12, 2_000), (80, 300)])
def test_a_comment_is_never_longer_than_github_takes(count: int, size: int) -> None:
    shown = comment(*many(count, size))
    assert len(shown.encode("utf-16-le")) // 2 <= MAX_LENGTH < MAX_BODY - 100
    assert Rendered(shown).open == []
    if count == 1:
        assert re.search(r"… and \d+ more lines of this diff\.", shown)
    else:
        assert shown.endswith("**Shortened** to fit into a comment; the whole is in elsewhere.\n")


def test_shortening_keeps_what_matters_most() -> None:
    change = Change(stack="prod").has(GUARDIAN, policy="never").delete(PROVIDER)
    change.sets(GUARDIAN, policy="all-applications")
    shown = as_comment([change.environment(), *many(3, 2_000)], whole=("elsewhere",), limit=2_500)
    assert len(shown.encode("utf-16-le")) // 2 <= 2_500
    assert "🛑 **Lockout**, `prod`" in shown
    assert "Shortened" in shown
