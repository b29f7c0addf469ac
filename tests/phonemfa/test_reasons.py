"""Every reason that the Action can give is in the table, as the one that is meant."""

import re
from pathlib import Path

import pytest

from phonemfa.output.japanese import said_in
from phonemfa.reasons import REASONS, Reason, reason_of
from tests.contract import PROJECT

SOURCES = "\n".join(
    path.read_text(encoding="utf-8")
    for path in sorted(Path(PROJECT, "actions", "src").glob("*.js"))
)
EXAMPLES = {
    # Words of others are no reason.
    **dict.fromkeys(("", "Twilio 21614", "no route", "message sent to +81…")),
    "CPaaS refused: UNDELIVERABLE REJECTED_NOT_SENT": "message-refused",
    "CPaaS refused: REJECTED SENDER": "sender-refused",
    "CPaaS refused: REJECTED SOURCE": "sender-refused",
    "CPaaS refused: REJECTED SENDER_X": "message-refused",
    "CPaaS refused: REJECTED NOT_ENOUGH_CREDITS": "account-refused",
    "CPaaS refused: REJECTED DESTINATION": "message-refused",
    "CPaaS refused: EXPIRED EXPIRED_EXPIRED: the message may have been sent": "maybe-sent",
    "CPaaS refused the request: HTTP 401 UNAUTHORIZED": "key-refused",
    "CPaaS refused the request: HTTP 404": "request-refused",
    "CPaaS failed: HTTP 503: the message may have been sent": "maybe-sent",
    "configuration: secret SMS_SENDER is missing": "configuration",
    "Error: too many calls to this recipient": "call-limit",
    "the voice text is too long": "text",
}


def reasons_of_the_code() -> set[str]:
    # What stands before a `${` of a template literal is the fixed part of a reason.
    found = re.findall(r"(?:refuse|drop|retry|(maybeSent))\(\s*(?:`([^`$]+)|'([^']+)')", SOURCES)
    limits = re.findall(r"return '(too many [^']+)'", SOURCES)
    late = re.findall(r"maybeSent\(late \? '([^']+)' : '([^']+)'\)", SOURCES)
    stages = re.findall(r"retry\(stage === 'connecting' \? '([^']+)' : '([^']+)'\)", SOURCES)
    suffix = ": the message may have been sent"
    return {
        *(
            (template or plain).strip() + (suffix if maybe else "")
            for maybe, template, plain in found
        ),
        *limits,
        *(one + suffix for pair in late for one in pair),
        *(one for pair in stages for one in pair),
    }


def test_every_reason_of_the_code_is_in_the_table() -> None:
    found = reasons_of_the_code()
    assert len(found) > 20
    # Told with what follows them, which the examples have.
    beginnings = {"configuration: secret", "CPaaS refused the request: HTTP"}
    assert [one for one in found - beginnings if reason_of(one) is None] == []


@pytest.mark.parametrize(("said", "meant"), EXAMPLES.items())
def test_a_reason_is_the_one_that_is_meant(said: str, meant: str | None) -> None:
    found = reason_of(said)
    assert (found and found.id) == meant


def test_what_is_retried_is_what_the_code_retries() -> None:
    retried = {one.id for one in REASONS if one.retried}
    assert retried == {"host-not-reached", "no-secure-connection", "rate-limited", "system-error"}


@pytest.mark.parametrize("one", REASONS, ids=lambda one: str(one.id))
def test_each_is_said_in_both_languages(one: Reason) -> None:
    for words in (one.meaning, one.action):
        assert said_in("en", words) == words
        assert re.search("[ぁ-ヿ一-鿿].*。$", said_in("ja", words))
