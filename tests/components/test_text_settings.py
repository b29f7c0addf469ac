"""Texts of a stack's config: which are fit to send, and what is said about those that are not."""

from __future__ import annotations

import pytest

from components.settings.model import StackSettings
from components.vocabulary import MessageType
from tests.components.test_settings import GOOD, faults_in, without


@pytest.mark.parametrize(
    "text", ["no code", "{{ encode }}", "{{ 'code' }}", "{ code }", "@{code}", "{{ codes }}"]
)
def test_a_text_without_its_code_variable_is_refused(text: str) -> None:
    for kind, channel in (("otp_verify", "text"), ("otp_enroll", "voice")):
        found = faults_in(GOOD | {"texts": {kind: {channel: text}}})
        assert set(found) == {f"phonemfa:texts.{kind}.{channel}"}


def test_every_faulty_text_is_named_at_once() -> None:
    texts = {"otp_verify": {"text": "none", "voice": "none"}, "blocked_account": {"text": "half"}}
    found = faults_in(GOOD | {"texts": texts})
    assert set(found) == {
        "phonemfa:texts.otp_verify.text",
        "phonemfa:texts.otp_verify.voice",
        "phonemfa:texts",
    }
    for part in ("no text for blocked_account", "never used"):
        assert part in found["phonemfa:texts"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{{ code }} {% if %}", "is not Liquid"),
        ("{{ code }} {{ region | shout }}", "does not know the filter shout"),
        ("{{ code }} {{ account }}", "does not know the variable account"),
        ("{{ code }} {% capture x %}{% endcapture %}", "does not know the tag capture"),
        ("{% comment %}{{ code }}{% endcomment %}", "does not output the code"),
        ("{{ code | slice: 0, 3 }}", "does not output the code"),
    ],
)
def test_a_text_that_auth0_would_not_render_right_is_refused(text: str, complaint: str) -> None:
    found = faults_in(GOOD | {"texts": {"otp_verify": {"text": text}}})
    assert complaint in found["phonemfa:texts.otp_verify.text"]


def test_texts_over_a_limit_are_refused_with_their_size() -> None:
    long = {"text": "{{ code }}" + "長" * 670, "voice": "{{ code }}" + "長" * 1400}
    found = faults_in(GOOD | {"texts": {"otp_verify": long}})
    assert "676 UTF-16 units, 11 parts" in found["phonemfa:texts.otp_verify.text"]
    assert "1406 characters" in found["phonemfa:texts.otp_verify.voice"]


@pytest.mark.parametrize(
    "text",
    [
        "{{code}}",
        "{{ code }} です",
        "a {{- code | escape -}} b",
        "{% if user.name %}{{ user.name }}様 {% endif %}{{ code }}",
        "{{ code | split: '' | join: ', ' }}",
    ],
)
def test_a_text_that_outputs_the_code_is_accepted(text: str) -> None:
    values = GOOD | {"texts": {"otp_verify": {"text": text}}, "allowedInTexts": ["user"]}
    settings = StackSettings.check("dev", values)
    assert settings.texts[MessageType.OTP_VERIFY].text == text


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("{{ user.name }} {{ code }}", "user"),
        ("{{ code }} {{ client.name }}", "client"),
        ("{{ code }} {{ application.name | upcase }}", "application"),
        ("{% assign o = organization.name %}{{ o }} {{ code }}", "organization"),
        (
            "{% if user.name %}{% for n in user.names %}{{ n }}{% endfor %}{% endif %}{{ code }}",
            "user",
        ),
        ("{{ code }} {{ 'x' | append: user.name }}", "user"),
        ("{{ code }} {{locale}}", "locale"),
        ("{{ code }} https://bank.example/a", "links"),
        ("{{ code }} www.bank", "links"),
        ("{{ code }} login.bank.co.jp", "links"),
        ("{{ code }} {{ support_url }}", "links"),
        ("{{ code }} {{ 'https:' | append: '//x' }}", "links"),
    ],
)
def test_what_others_can_write_is_in_a_text_only_where_the_stack_allows_it(
    text: str, name: str
) -> None:
    texts = {"texts": {"otp_verify": {"text": text}}}
    found = faults_in(GOOD | texts)
    assert f"add {name} to allowedInTexts" in found["phonemfa:texts.otp_verify.text"]
    assert StackSettings.check("dev", GOOD | texts | {"allowedInTexts": [name]})
    others = [one for one in ("user", "client", "links") if one != name]
    assert faults_in(GOOD | texts | {"allowedInTexts": others})


@pytest.mark.parametrize(
    "text",
    [
        "{% if user.name == 'x' %}a{% elsif client.name %}b{% else %}c{% endif %}{{ code }}",
        "{% case locale %}{% when 'en' %}Hi{% else %}やあ{% endcase %} {{ code }}",
        "{% unless organization.name %}{{ friendly_name }}{% endunless %} {{ code }}",
        "{{ code }} (5 min). Tell no one.",
    ],
)
def test_what_others_can_write_may_choose_a_text(text: str) -> None:
    assert StackSettings.check("dev", GOOD | {"texts": {"otp_verify": {"text": text}}})


def test_a_line_break_at_the_end_is_not_sent_and_control_characters_are_refused() -> None:
    settings = StackSettings.check(
        "dev", GOOD | {"texts": {"otp_verify": {"text": "{{ code }}\n"}}}
    )
    assert settings.texts[MessageType.OTP_VERIFY].text == "{{ code }}"
    for odd in ("\x07", "\t", "\x1b", "\x85", "\r"):
        found = faults_in(GOOD | {"texts": {"otp_verify": {"text": f"a{odd}b {{{{ code }}}}"}}})
        assert "control character" in found["phonemfa:texts.otp_verify.text"]


def test_braces_in_a_refused_text_are_no_trouble() -> None:
    text = "{0} {consequence} {{ kode }} %s"
    assert "texts" in str(faults_in(GOOD | {"texts": {"otp_verify": {"text": text}}}))


def test_texts_that_would_never_be_used_are_refused() -> None:
    texts = {"blocked_account": {"text": "blocked", "voice": "blocked"}}
    assert set(faults_in(GOOD | {"texts": texts})) == {"phonemfa:texts"}
    kinds = ["otp_enroll", "otp_verify", "blocked_account"]
    assert StackSettings.check("dev", GOOD | {"texts": texts, "messageTypes": kinds})


def test_half_a_text_of_a_type_without_a_shipped_one_is_refused() -> None:
    values = GOOD | {
        "messageTypes": ["otp_enroll", "otp_verify", "blocked_account"],
        "texts": {"blocked_account": {"text": "only the SMS"}},
    }
    assert set(faults_in(values)) == {"phonemfa:texts"}


def test_a_legacy_stack_has_no_texts_that_its_tenant_never_sends() -> None:
    texts = {"change_password": {"text": "{{ code }}", "voice": "{{ code }}"}}
    assert StackSettings.check("dev", GOOD | {"texts": texts})
    assert set(faults_in(GOOD | {"experience": "legacy", "texts": texts})) == {"phonemfa:texts"}


def test_a_legacy_text_has_the_variables_of_its_own_page() -> None:
    legacy = GOOD | {"experience": "legacy"}
    for text in (
        "{% if message_type == 'voice' %}{{ pause }}{{ code }}{% else %}{{ code }}{% endif %}",
        "{% if requestInfo.lang contains 'en' %}{{ code }}{% else %}コード {{ code }}{% endif %}",
        "{{ tenant.friendly_name }} {{ code }}",
        "{{ tenant.friendlyName }} {{ code }}",
    ):
        texts = {"otp_verify": {"text": text}}
        assert StackSettings.check("dev", legacy | {"texts": texts})
        if "tenant" not in text:
            assert "in a unified tenant" in str(faults_in(GOOD | {"texts": texts}))
    texts = {"otp_verify": {"text": "{{ user.name }} {{ code }}"}}
    assert "user in a legacy tenant" in str(faults_in(legacy | {"texts": texts}))


def test_a_legacy_branch_without_its_code_is_refused() -> None:
    text = "{% if message_type == 'voice' %}Hello{% else %}{{ code }}{% endif %}"
    found = faults_in(GOOD | {"experience": "legacy", "texts": {"otp_verify": {"text": text}}})
    assert 'with message_type "voice"' in found["phonemfa:texts.otp_verify.text"]


def test_a_legacy_voice_text_is_used_or_refused() -> None:
    legacy = GOOD | {"experience": "legacy"}
    voice = "{{ code }} spoken"
    assert StackSettings.check("dev", legacy | {"texts": {"otp_verify": {"voice": voice}}})
    both = {"text": "{% if message_type == 'sms' %}a {% endif %}{{ code }}", "voice": voice}
    found = faults_in(legacy | {"texts": {"otp_verify": both}})
    assert "texts.otp_verify.voice is never used" in found["phonemfa:texts"]


@pytest.mark.parametrize("text", ["", " \n", "{{ code }}" + "x" * 19_991])
def test_a_text_that_the_tenant_would_refuse_is_told_with_what_to_do(text: str) -> None:
    found = faults_in(without(texts={"otp_verify": {"text": text}}))
    assert "The tenant refuses an empty text" in found["phonemfa:texts.otp_verify.text"]
    assert "remove the entry to use the text that" in found["phonemfa:texts.otp_verify.text"]


def test_a_long_text_is_shown_by_its_beginning_on_one_line() -> None:
    text = "{{ code }}\n" + "あ" * 700
    (fault,) = faults_in(without(texts={"otp_verify": {"text": text}})).values()
    assert f'"{"{{ code }} " + "あ" * 49}…"' in fault
    assert "あ" * 50 not in fault
    assert "shorten it, best to one part (70 UTF-16 units)" in fault
