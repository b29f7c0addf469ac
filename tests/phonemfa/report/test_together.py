"""What is said of several resources or stacks in the same words is said once."""

from __future__ import annotations

from phonemfa.report.document import as_comment
from phonemfa.report.summary import Environment
from policy.model import Level, Violation


def broken(urn: str) -> Violation:
    return Violation(
        rule="a-rule", urn=urn, message="So it is.", fix="Mend it", enforcement=Level.MANDATORY
    )


def test_a_rule_that_several_resources_break_is_told_once_with_the_stacks() -> None:
    both = [
        Environment(stack="dev", violations=(broken("urn:a"), broken("urn:b"))),
        Environment(stack="prod", violations=(broken("urn:c"),)),
    ]
    told = as_comment(both, whole=("the page",))
    assert told.count("So it is.") == 1
    assert "`dev`, `prod`: So it is." in told
