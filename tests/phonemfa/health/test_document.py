"""What is shown: in no output a number, a code, or a person's name, whatever a log says."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.settings.health_levels import HealthLevels
from phonemfa.health import document
from phonemfa.health.judging import TITLES
from phonemfa.health.plots import as_svg
from phonemfa.health.reading import LogReader
from phonemfa.health.result import Health, look
from phonemfa.output.json_text import as_json
from phonemfa.output.junit import Case, as_junit
from phonemfa.output.markdown import shortened
from phonemfa.output.page import as_page
from phonemfa.output.terminal import SafeConsole, show
from sandbox.traffic.days import BAD, Play, play
from tests.phonemfa.health.days import NOW, ListReader, health_of

NAME, MAIL, ADDRESS, NUMBER, CODE = (
    "Canary Taro", "canary@example.com", "203.0.113.77", "+819012345678", "482915",
)  # fmt: skip
SECRETS = (NAME, MAIL, ADDRESS, NUMBER, NUMBER[1:], "9012345678", CODE, "auth0|canary-user")

secret = st.sampled_from(SECRETS)
said = st.one_of(
    secret,
    st.builds("{} {}".format, secret, secret),
    st.builds("CPaaS refused: REJECTED {}".format, secret),
    st.builds("configuration: secret {} is missing".format, secret),
    st.none(),
    st.integers(),
    st.dictionaries(st.sampled_from(["message", "errorCode", "to"]), secret, max_size=2),
)
kinds = st.sampled_from(
    [
        "gd_send_sms", "gd_send_voice", "gd_send_sms_failure", "gd_send_voice_failure", "fn", "wn",
        "limit_phone", "gd_start_auth", "gd_auth_succeed", "gd_auth_failed", "gd_start_enroll",
        "gd_enrollment_complete", "s", "gd_new",
    ]
)  # fmt: skip
details = st.fixed_dictionaries(
    {},
    optional={
        "to": said,
        "error": said,
        "provider_error": said,
        "failure_details": said,
        "notification_type": st.one_of(st.sampled_from(["sms", "voice"]), said),
        "delivery_method": said,
        "authenticator": st.one_of(
            said, st.fixed_dictionaries({}, optional={"phone_number": said, "type": said})
        ),
    },
)
entry = st.fixed_dictionaries(
    {"type": kinds, "date": st.just("2026-11-28T12:00:00.000Z")},
    optional={
        "details": st.one_of(said, details),
        "description": said,
        "user_name": said,
        "user_id": said,
        "ip": said,
        "log_id": st.one_of(said, st.uuids().map(str)),
        "client_id": said,
        "hostname": said,
        "references": st.dictionaries(secret, secret, max_size=1),
    },
)


def as_json_of(health: Health) -> str:
    return as_json(document.as_object(health))


def as_junit_of(cases: list[Case]) -> str:
    return as_junit("health", cases, classname="health")


def as_issue_of(health: Health) -> str:
    return shortened([document.as_issue(health)])


def as_page_of(health: Health) -> str:
    return as_page(document.as_sheet(health, as_svg(health)))


def looked(entries: list[dict[str, Any]], **levels: int) -> Health:
    reader = ListReader(entries, oldest=NOW - 40 * 86_400)
    wanted = HealthLevels.model_validate(levels)
    return look(cast("LogReader", reader), stack="prod", levels=wanted, hours=24)


def everything(health: Health, *, page: bool = True) -> str:
    """Every output there is."""
    console = SafeConsole(width=200)
    with console.capture() as shown:
        show(document.as_document(health), console)
        show(document.as_document(health, language="ja"), console)
    texts = [shown.get(), as_json_of(health), as_issue_of(health)]
    texts += [as_junit_of(document.junit_cases(health)), health.summary]
    return "\n".join([*texts, as_page_of(health)] if page else texts)


@settings(max_examples=40, deadline=None)
@given(st.lists(entry, max_size=12))
def test_no_output_has_anybodys_number_code_or_name(entries: list[dict[str, Any]]) -> None:
    text = everything(looked(entries, minimum=1, messagesPerNumber=2), page=False)
    assert [one for one in SECRETS if one in text] == []


def test_no_output_of_a_day_has_a_number_of_it() -> None:
    for kind in BAD:
        what = Play(kind=kind, seed=7, end=NOW - 300, per_day=150)
        entries = [one for one, _ in play(what)]
        text = everything(looked(entries))
        people = {one["user_name"] for one in entries if "user_name" in one}
        users = {one["user_id"] for one in entries if "user_id" in one}
        numbers = {
            number
            for one in entries
            for number in (
                one["details"].get("to"),
                one["details"].get("authenticator", {}).get("phone_number"),
            )
            if number
        }
        assert len(numbers) > 50
        hidden = people | users | numbers | {one[1:] for one in numbers} | {
            "0" + one[3:] for one in numbers
        } | {one["ip"] for one in entries}  # fmt: skip
        assert [one for one in hidden if one in text] == []


def test_an_applications_name_is_shown_without_what_it_may_hide() -> None:
    sent = {"type": "gd_send_sms", "date": "2026-11-28T12:00:00.000Z", "log_id": "1"}
    one = sent | {"client_id": "shop0000shop0000", "client_name": "\x1b[31mShop 09012345678\u202e"}
    text = everything(looked([one]))
    assert "Shop ****" in text
    assert not re.search("[\x1b\u202e]", text)


@pytest.fixture(scope="module")
def bad() -> Health:
    return health_of("sender", 3, per_day=300)


def test_a_finding_says_when_what_and_what_helps_everywhere(bad: Health) -> None:
    first = bad.findings[0]
    assert first.id == "reason:sender-refused"
    shown = SafeConsole(width=240)
    with shown.capture() as text:
        show(document.as_document(bad), shown)
    terminal = re.sub(r"\s+", " ", text.get())
    for output in (
        terminal,
        as_issue_of(bad),
        as_page_of(bad),
        as_junit_of(document.junit_cases(bad)),
    ):
        assert first.help in output
        assert "of" in output and first.id.partition(":")[0] in output  # noqa: PT018
    assert "送信者IDがアカウントに登録されていない" in as_issue_of(bad)
    assert "送信者IDがアカウントに登録されていない" in as_page_of(bad)


def test_json_has_every_hour_and_null_where_nobody_knows(bad: Health) -> None:
    content = json.loads(as_json_of(bad))
    assert (content["well"], content["likely"]) == (False, "sender")
    assert len(content["now"]["channels"]["text"]["sent"]) == 24
    unknown = replace(bad, now=replace(bad.now, known=[False] * 24))
    hours = json.loads(as_json_of(unknown))["now"]["channels"]["text"]["sent"]
    assert hours == [None] * 24


def test_junit_has_a_case_for_each_rule(bad: Health) -> None:
    suite = ET.fromstring(as_junit_of(document.junit_cases(bad)))[0]  # noqa: S314 - our own
    cases = {one.attrib["name"]: one for one in suite.iter("testcase")}
    assert set(cases) == {*TITLES.values(), "The log was read"}
    failed = {one.rule for one in bad.findings}
    assert {
        rule for rule, title in TITLES.items() if cases[title].find("failure") is not None
    } == failed
    assert suite.attrib["failures"] == str(len(failed))


def test_what_was_not_read_is_an_error_and_never_well(bad: Health) -> None:
    half = replace(bad, findings=[], is_read=False)
    assert not half.is_known
    assert "not all could" in half.summary
    suite = ET.fromstring(as_junit_of(document.junit_cases(half)))[0]  # noqa: S314
    assert suite.attrib["errors"] == "1"


@pytest.mark.parametrize(
    ("counts", "bars"),
    [
        ([0, 0], "▁▁"),
        ([1, 7, None, 0], "▂█·▁"),
        ([None], "·"),
        ([1] * 72, "█" * 36),
        ([5] * 31 * 24, "█" * 36),
    ],
)
def test_a_sparkline_tells_none_from_few_and_from_not_known(
    counts: list[int | None], bars: str
) -> None:
    assert document.sparkline(counts) == bars


def test_the_same_figures_give_the_same_page(bad: Health) -> None:
    assert as_page_of(bad) == as_page_of(bad)
