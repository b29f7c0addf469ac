"""What is shown: in no output a number, a code, or a person's name, whatever a log says."""

import re
import xml.etree.ElementTree as ET
from copy import copy
from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.settings.model import HealthLevels
from phonemfa.health import document
from phonemfa.health.command import _keep_issue
from phonemfa.health.entries import TYPES
from phonemfa.health.judging import RULES
from phonemfa.health.plots import as_svg
from phonemfa.health.result import Health, look
from phonemfa.output.issues import Issues
from phonemfa.output.json_text import as_json
from phonemfa.output.junit import as_junit
from phonemfa.output.markdown import shortened
from phonemfa.output.page import as_page
from phonemfa.output.terminal import SafeConsole, show
from sandbox.traffic.days import BAD, Play, play
from tests.phonemfa.health.days import NOW, ListReader, health_of

SECRETS = (
    *("Canary Taro", "canary@example.com", "203.0.113.77", "482915", "auth0|canary-user"),
    *("+819012345678", "819012345678", "9012345678"),
)
secret = st.sampled_from(SECRETS)
said = st.one_of(
    secret,
    *(
        st.builds(form.format, secret, secret)
        for form in ("{} {}", "CPaaS refused: REJECTED {}", "configuration: secret {} is missing")
    ),
    st.none(),
    st.integers(),
    st.dictionaries(st.sampled_from(["message", "errorCode", "to"]), secret, max_size=2),
)
kinds = st.sampled_from([*TYPES, "s", "gd_new"])
details = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("to", "error", "provider_error", "failure_details", "delivery_method"), said
    )
    | {
        "notification_type": st.one_of(st.sampled_from(["sms", "voice"]), said),
        "authenticator": st.one_of(
            said, st.fixed_dictionaries({}, optional={"phone_number": said, "type": said})
        ),
    },
)
entry = st.fixed_dictionaries(
    {"type": kinds, "date": st.just("2026-11-28T12:00:00.000Z")},
    optional=dict.fromkeys(
        ("description", "user_name", "user_id", "ip", "client_id", "hostname"), said
    )
    | {
        "details": st.one_of(said, details),
        "log_id": st.one_of(said, st.uuids().map(str)),
        "references": st.dictionaries(secret, secret, max_size=1),
    },
)


def looked(entries: list[dict[str, Any]], **levels: int) -> Health:
    reader = ListReader(entries=entries, oldest=NOW - 40 * 86_400)
    return look(reader, stack="prod", levels=HealthLevels.model_validate(levels), hours=24)


def outputs(health: Health, *, page: bool = True) -> dict[str, str]:
    """Every output there is; spaces on a terminal depend on its width."""
    console = SafeConsole(width=240)
    with console.capture() as shown:
        show(document.as_document(health), console)
        show(document.as_document(health, language="ja"), console)
    return {
        "terminal": re.sub(r"\s+", " ", shown.get()),
        "json": as_json(document.as_object(health)),
        "issue": shortened([document.as_issue(health)]),
        "junit": as_junit("health", "dev", document.junit_cases(health)),
        "summary": health.summary,
        "page": as_page(document.as_sheet(health, as_svg(health))) if page else "",
    }


def suite(health: Health) -> ET.Element:
    return ET.fromstring(outputs(health, page=False)["junit"])[0]  # noqa: S314 - our own


@settings(max_examples=40)
@given(st.lists(entry, max_size=12))
def test_no_output_has_anybodys_number_code_or_name(entries: list[dict[str, Any]]) -> None:
    text = str(outputs(looked(entries, minimum=1, messagesPerNumber=2), page=False))
    assert [one for one in SECRETS if one in text] == []


def test_no_output_of_a_day_has_a_number_of_it() -> None:
    for kind in BAD:
        what = Play(kind=kind, seed=7, end=NOW - 300, per_day=150)
        entries = [one for one, _ in play(what)]
        text = str(outputs(looked(entries)))
        factors = [one["details"].get("authenticator", {}) for one in entries]
        numbers = {one["details"].get("to") for one in entries}
        numbers |= {one.get("phone_number") for one in factors}
        numbers -= {None}
        assert len(numbers) > 50
        hidden = numbers | {one[1:] for one in numbers} | {"0" + one[3:] for one in numbers}
        hidden |= {one.get(name) for one in entries for name in ("user_name", "user_id", "ip")}
        assert [one for one in hidden if one and one in text] == []


def test_an_applications_name_is_shown_without_what_it_may_hide() -> None:
    sent = {"type": "gd_send_sms", "date": "2026-11-28T12:00:00.000Z", "log_id": "1"}
    one = sent | {"client_id": "shop0000shop0000", "client_name": "\x1b[31mShop 09012345678\u202e"}
    text = "".join(outputs(looked([one])).values())
    assert "Shop ****" in text
    assert not re.search("[\x1b\u202e]", text)


@pytest.fixture(scope="module")
def bad() -> Health:
    return health_of("sender", 3, per_day=300)


def test_a_finding_says_when_what_and_what_helps_everywhere(bad: Health) -> None:
    first, shown = bad.findings[0], outputs(bad)
    assert first.id == "reason:sender-refused"
    for name in ("terminal", "issue", "page", "junit"):
        assert first.help in shown[name]
        assert "of" in shown[name]
        assert "reason" in shown[name]
    for name in ("terminal", "issue", "page"):
        assert "送信者IDがアカウントに登録されていない" in shown[name]
    assert re.search(r"\d \(\d+\) sent; handed over [\d.]+ % \([\d.]+ %\)", shown["terminal"])
    assert re.search(r"\+81 [1-9]\d* \([1-9]\d*\) sent, [1-9]\d* not", shown["terminal"])
    alone = outputs(replace(bad, before=None), page=False)["terminal"]
    assert re.search(r"\d sent; handed over [\d.]+ %,", alone), "nothing to compare with"
    assert shown["issue"].count("not sent ") == 1 < shown["terminal"].count("not sent ")
    assert shown["page"] == outputs(bad)["page"], "the same figures give the same bytes"


def test_json_has_every_hour_and_null_where_nobody_knows(bad: Health) -> None:
    content = document.as_object(bad)
    assert (content["well"], content["likely"]) == (False, "sender")
    assert len(content["now"]["channels"]["text"]["sent"]) == 24
    now = copy(bad.now)
    now.known = [False] * 24
    unknown = replace(bad, now=now)
    told = document.as_object(unknown)
    assert told["now"]["channels"]["text"]["sent"] == [None] * 24
    assert "handed over not known" in outputs(unknown)["terminal"]


def test_junit_has_a_case_for_each_rule(bad: Health) -> None:
    cases = {one.attrib["name"]: one for one in suite(bad).iter("testcase")}
    assert set(cases) == {*RULES.values(), "The log was read"}
    failed = {name for name, one in cases.items() if one.find("failure") is not None}
    assert failed == {RULES[one.rule] for one in bad.findings}
    assert suite(bad).attrib["failures"] == str(len(failed))


def test_an_issue_says_where_the_findings_are_that_it_leaves_out(bad: Health) -> None:
    issues = Mock(Issues)
    _keep_issue(issues, bad)
    _keep_issue(issues, replace(bad, findings=bad.findings[:1] * 31))
    short, long = (call.kwargs["body"] for call in issues.upsert_issue.call_args_list)
    assert long.count("… and 1 more") == 1
    assert long.endswith("\n\nShortened: python -m phonemfa health --stack prod shows all.\n")
    assert "Shortened" not in short


def test_what_was_not_read_is_an_error_and_never_well(bad: Health) -> None:
    half = replace(bad, findings=[], is_read=False)
    assert not half.is_known
    assert "not all could" in half.summary
    assert suite(half).attrib["errors"] == "1"


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
