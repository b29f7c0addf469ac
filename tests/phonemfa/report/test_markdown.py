"""The comment: what it says, what it never becomes, and how long it may be."""

import re
from dataclasses import replace

import pytest

from phonemfa.output.github import GitHub
from phonemfa.report.document import MAX_LENGTH, as_comment
from phonemfa.report.summary import Environment, failed
from tests.phonemfa.output.rendered import Rendered
from tests.phonemfa.report.previews import PROVIDER, Change, everything, stamped


def comment(*environments: Environment) -> str:
    return as_comment(environments, whole=("elsewhere",))


NOTE = "**Shortened** to fit into a comment; the whole is in elsewhere.\n"


def units(text: str) -> int:
    """As GitHub counts, at most."""
    return len(text.encode("utf-16-le")) // 2


def test_no_change_is_said_in_three_lines() -> None:
    lines = comment(Change(stack="dev").environment(), Change(stack="staging").environment())
    assert lines.split("\n") == [
        "## Phone MFA: nothing changes",
        "",
        "Nothing changes in `dev`, `staging`.",
        "",
    ]


def test_every_environment_has_its_headline() -> None:
    changed = Change(stack="prod").says("{{ code }}")
    shown = comment(Change(stack="dev").environment(), changed.environment())
    assert "## Phone MFA: 1 update in 1 environment" in shown
    assert "`prod`: **1 update.** Updates the text `otp_verify` (text)." in shown
    assert "Nothing changes in `dev`." in shown


def test_what_is_equal_in_two_environments_is_said_once() -> None:
    both = [Change(stack=one).recodes(stamped("// new\n")).environment() for one in ("dev", "prod")]
    shown = comment(*both)
    assert shown.count("```diff") == 1
    assert "(`dev`, `prod`)\n\n\\+2 −2 lines" in shown


def test_a_message_is_shown_before_and_after() -> None:
    change = Change().says("{{ code }}です。" * 12)
    shown = comment(change.environment())
    assert "`otp_verify`, **SMS** from `0005212345` (`t1`)\n" in shown
    assert "Before (65 UTF-16 units, 1 part):\n```text\n株式会社日本架空銀行" in shown
    assert "2 parts; **more parts than before**):\n```text\n123456です。" in shown
    assert "5 messages unchanged" in shown


def test_lockouts_secrets_and_broken_rules_are_told() -> None:
    shown = comment(Change().delete(PROVIDER).rotates().begins_to_ask().environment())
    assert "🛑 **Lockout**, `t1`: Every login is asked" in shown
    assert "🛑 `one-sender-per-channel` (mandatory), `t1`:" in shown
    assert "- `t1`, `ntt-cpaas-phone`: the Action's secrets change; a key was changed" in shown
    assert "**policy** `never` → `always` (every login is asked for a second factor)" in shown


def test_of_a_new_address_the_end_is_shown_which_says_whose_it_is() -> None:
    host = f"api.cpaas.example.jp.{'long.' * 44}test"
    shown = comment(
        Change().had(cpaasBaseHost=f"{'a' * 60}.test").asks(cpaasBaseHost=host).environment()
    )
    assert f"→ {host}`" in shown


def test_the_worst_risk_is_the_first_whichever_environment_it_is_of() -> None:
    dev, prod, _ = everything()
    for environments in ([dev, prod], [prod, dev]):
        told = comment(*environments)
        assert told.index("**Lockout**") < told.index("**SMS cost more**")


def test_a_rule_that_is_broken_and_a_warning_are_told_without_any_change() -> None:
    warned = comment(Change(stack="dev").warn("careful").environment())
    assert "`dev`: nothing changes." in warned
    assert "### Warnings\n\n- ⚠️ `dev`: careful\n" in warned
    shown = comment(Change(stack="prod").environment())
    assert "`protected-in-production` (mandatory), `prod`" in shown
    assert "### Messages" not in shown
    assert "### The Action's secrets" not in shown


def many(count: int, size: int) -> list[Environment]:
    made = []
    for number in range(count):
        change = Change(stack=f"s{number}").says(f"{number} {{{{ code }}}} {'長' * size}")
        code = "\n".join(f"line {number} {index} {'`' * 50}" for index in range(size))
        made.append(change.recodes(stamped(code)).environment())
    return made


@pytest.mark.parametrize(("count", "size"), [(1, 20_000), (12, 2_000), (80, 300)])
def test_a_comment_is_never_longer_than_github_takes(count: int, size: int) -> None:
    shown = comment(*many(count, size))
    assert units(shown) <= MAX_LENGTH < GitHub.largest - 100
    assert len(shown.encode()) < 262_144 - 100, "bytes, which GitHub counts too"
    assert Rendered(shown).open == []
    if count == 1:
        assert re.search(r"… and \d+ more lines of this diff\.", shown)
    assert shown.endswith(NOTE), "whatever is left out, it is said, and where it is"


def test_what_is_cut_within_a_line_ends_with_an_ellipsis() -> None:
    change = Change().recodes(stamped(f"// {'x' * 600}\n")).warn("w" * 700)
    shown = comment(change.environment())
    assert f"// {'x' * 495}…\n" in shown
    assert re.search("w{500,}…", shown)


def locked(stack: str = "prod") -> Change:
    """A change with a risk, a warning and something that cannot be compared."""
    return Change(stack=stack).delete(PROVIDER).unfinished().begins_to_ask().warn("careful")


CROWDED = {
    "of messages": many(12, 2_000),
    "of code": [Change().recodes(stamped(f"{'// 長' * 200}\n" * 300)).environment()],
    "of failures": [failed(f"s{number}", "長" * 4_000) for number in range(40)],
    "of environments": [
        replace(one, stack=f"tenant-{number}")
        for number in range(400)
        for one in [locked("s").environment()]
    ],
}


@pytest.mark.parametrize("others", CROWDED.values(), ids=CROWDED)
def test_no_crowd_pushes_a_risk_a_doubt_or_a_warning_out_of_a_comment(
    others: list[Environment],
) -> None:
    shown = comment(*others, locked().environment())
    assert units(shown) <= MAX_LENGTH
    for words in ("🛑 **Lockout**, ", "no phone provider", "### What could not", "careful"):
        assert words in shown
    assert "`prod`" in shown
    assert shown.endswith(NOTE)
