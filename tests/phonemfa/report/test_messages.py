"""Messages as users get them, with their length."""

import json
import subprocess
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.action_code import assemble
from components.vocabulary import DeliveryMethod, MessageType
from phonemfa.report.document import as_comment, size
from phonemfa.report.messages import Message, render
from sandbox.runner.runner import find_node
from tests.phonemfa.report.previews import CHANGE_PASSWORD, GUARDIAN, Change


def changed(change: Change) -> list[Message]:
    return [one for one in change.environment().messages if one.changed]


def test_an_sms_is_rendered_before_and_after_with_its_parts() -> None:
    longer = "{{ friendly_name }}の認証コードは {{ code }} です。" + "お知らせ。" * 21
    (one,) = changed(Change().says(longer))
    assert (one.kind, one.channel, one.sender) == ("otp_verify", "text", "0005212345")
    assert one.before
    assert one.after
    assert "株式会社日本架空銀行会員サービスの認証コードは 123456 です。" in one.after.text
    assert size(one.before) == "65 UTF-16 units, 1 part"
    assert size(one.after) == "139 UTF-16 units, 3 parts"
    assert one.parts == (1, 3)


def test_a_call_reads_the_code_digit_by_digit() -> None:
    (one,) = changed(Change().says("{{ code }} です", "voice"))
    assert one.channel == "voice"
    assert one.after
    assert one.after.text == "1, 2, 3, 4, 5, 6 です"
    assert one.after.size is None
    assert one.before
    assert (one.before.repeats, one.after.repeats) == (False, True), "said twice, or once"


def test_a_deleted_text_is_shown_as_it_was() -> None:
    messages = changed(Change().delete(CHANGE_PASSWORD))
    assert {(one.kind, one.channel) for one in messages} == {
        ("change_password", "text"),
        ("change_password", "voice"),
    }
    assert all(one.before and one.after is None for one in messages)


def test_a_change_that_the_sample_values_hide_is_a_change() -> None:
    hidden = (
        "{% if user.country == 'Elsewhere' %}x{% endif %}{{ friendly_name }}の認証コードは "
        "{{ code }} です。ログイン画面に入力してください。第三者には教えないでください。"
    )
    (one,) = changed(Change().says(hidden))
    assert one.only_the_template


def test_a_text_of_a_closed_channel_is_said_to_wait() -> None:
    change = Change().sets(GUARDIAN, phone={"messageTypes": ["sms"]}).says("{{ code }}", "voice")
    environment = change.environment()
    assert {one.channel for one in environment.messages if not one.sent} == {"voice"}
    shown = as_comment([environment], whole=("x",))
    assert "voice call, not sent: the channel is closed**" in shown


@pytest.mark.parametrize(
    ("template", "of_sms", "problem"),
    [
        ("{{ code }}", "6 UTF-16 units (6 in GSM-7), 1 part", ""),
        ("あ{{ code }}", "7 UTF-16 units, 1 part", ""),
        ("😀 {{ code }}", "9 UTF-16 units, 1 part", "carriers may garble 😀"),
        ("no code", "7 UTF-16 units (7 in GSM-7), 1 part", "the code is not in it"),
        ("{{ code", "7 UTF-16 units", "it cannot be rendered"),
        ("{% nonsense %}", "14 UTF-16 units", "it cannot be rendered"),
    ],
)
def test_a_text_says_how_long_it_is_and_why_it_cannot_be_sent(
    template: str, of_sms: str, problem: str
) -> None:
    one = render(template, kind="otp_verify", channel=DeliveryMethod.TEXT)
    assert size(one).startswith(of_sms)
    assert one.problem.startswith(problem)
    assert bool(one.problem) == bool(problem)


def test_half_a_surrogate_pair_ends_no_report() -> None:
    one = render(
        "{{ code }} \ud83d", kind=MessageType.OTP_VERIFY.value, channel=DeliveryMethod.TEXT
    )
    assert "�" in one.text


def test_a_legacy_tenants_name_is_rendered_too() -> None:
    one = render(
        "{{ tenant.friendly_name }} {{ code }}", kind="x", channel=DeliveryMethod.TEXT, legacy=True
    )
    assert one.text == "株式会社日本架空銀行会員サービス 123456"


@pytest.mark.parametrize("channel", DeliveryMethod)
def test_a_text_is_told_its_channel_in_the_tenants_word_for_it(channel: DeliveryMethod) -> None:
    one = render("{{ message_type }}", kind="x", channel=channel)
    assert one.text == {"text": "sms", "voice": "voice"}[channel]


def test_an_endless_text_is_cut() -> None:
    assert (
        len(render("{{ code }}" + "x" * 10**6, kind="x", channel=DeliveryMethod.TEXT).text) <= 2_000
    )


def test_the_line_that_browsers_fill_in_and_the_codes_length_are_counted() -> None:
    def units(**asked: Any) -> int:
        change = Change().asks(**asked).says("{{ code }} です")
        every = {(each.kind, each.channel): each for each in changed(change)}
        one = every["otp_verify", DeliveryMethod.TEXT]
        assert one.after
        assert one.after.size
        return one.after.size.units

    assert units() == 9
    assert units(oneTimeCode={"length": 10, "lifetime": "5m"}) == 13
    assert units(originBoundCode="login.example.co.jp") == 9 + len("\n@login.example.co.jp #123456")


SPOKEN_PIECES = st.sampled_from(
    [
        *("123456", "1. 2. 3. 4. 5. 6.", "1-2-3-4-5-6", "１２３４５６", "9123456", "x123456"),
        *("12345", "イチ、ニ、サン、ヨン、ゴ、ロク", "いち に さん よん ご ろく", "一二三四五六"),
        *("one two three four five six", "認証コードは、", "です。", "Tel 03", " ", "。"),
    ]
)


@settings(max_examples=3)
@given(st.lists(st.lists(SPOKEN_PIECES, max_size=5), min_size=200, max_size=200))
def test_the_report_says_that_a_call_repeats_the_code_where_the_action_does(
    drawn: list[list[str]],
) -> None:
    texts = ["、".join(pieces) for pieces in drawn]
    code = assemble("custom-phone-provider") + "; return speech;"
    program = f"""
        const speech = new Function('exports', 'require', {json.dumps(code)})({{}}, require);
        const say = (text) => speech({{ speech: text, code: '123456', locale: 'ja' }}, 'ja').text;
        const texts = JSON.parse(require('fs').readFileSync(0, 'utf8'));
        console.log(JSON.stringify(texts.map((text) => say(text).includes('繰り返します。'))));
    """
    done = subprocess.run(
        [find_node(), "-e", program],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    reports = [
        render(text, kind="otp_verify", channel=DeliveryMethod.VOICE).repeats for text in texts
    ]
    assert reports == json.loads(done.stdout)
