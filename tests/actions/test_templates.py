"""The shipped texts: real Liquid, Auth0's words only, one SMS part, plain characters."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from liquid import Environment

from components.settings.message_size import sms_size
from components.settings.texts import texts_for
from components.vocabulary import Language, MessageType

ROOT = Path(__file__).resolve().parents[2] / "actions" / "templates"
LANGUAGES = ("en", "ja")
TYPES = ("otp_verify", "otp_enroll", "change_password")
CHANNELS = ("text", "voice")
ALL = [f"{lang}/{kind}.{channel}" for lang in LANGUAGES for kind in TYPES for channel in CHANNELS]
# The longest realistic name of a tenant, in the script that costs most, and a usual one.
NAMES = ("株式会社日本架空銀行会員サービス", "みらい銀行", "Mirai Bank Direct")
CODE = "482913"


def source(name: str, lifetime: int = 300) -> str:
    """As a tenant gets it."""
    language, _, rest = name.partition("/")
    kind, _, channel = rest.partition(".")
    texts = texts_for(Language(language), {MessageType(kind)}, {}, lifetime)[MessageType(kind)]
    return texts.text if channel == "text" else texts.voice


def rendered(name: str, friendly_name: str = NAMES[1], lifetime: int = 300) -> str:
    template = Environment().from_string(source(name, lifetime))
    return template.render(code=CODE, friendly_name=friendly_name)


def test_there_is_a_text_for_every_language_type_and_channel() -> None:
    found = sorted(str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.is_file())
    assert found == sorted(f"{name}.liquid" for name in ALL)


@pytest.mark.parametrize("name", ALL)
def test_a_file_ends_with_one_line_break_and_the_text_with_none(name: str) -> None:
    raw = (ROOT / f"{name}.liquid").read_bytes()
    assert re.fullmatch(rb"[^\r\n]*\S\n", raw)
    assert source(name) == source(name).strip()


@pytest.mark.parametrize("name", ALL)
def test_only_the_code_and_the_tenants_name_are_used(name: str) -> None:
    analysis = Environment().from_string(source(name)).analyze()
    assert set(analysis.globals) == {"code", "friendly_name"}
    assert (analysis.filters, analysis.tags, analysis.locals) == ({}, {}, {})
    text = rendered(name)
    assert NAMES[1] in text
    assert text.count(CODE) == (2 if name.endswith("voice") else 1)
    assert "{" not in text


@pytest.mark.parametrize("name", ALL)
def test_no_text_has_a_link_and_each_says_to_tell_nobody_not_even_staff(name: str) -> None:
    text = source(name)
    assert not re.search(r"//|www\.|\.(?:com|jp|net)\b", text)
    assert re.search(
        r"社員.*教えないで|Tell no one, (?:even|not) staff|not even to our staff", text
    )


@pytest.mark.parametrize("friendly_name", NAMES)
@pytest.mark.parametrize("name", [name for name in ALL if name.endswith("text")])
def test_an_sms_fits_one_part(name: str, friendly_name: str) -> None:
    assert sms_size(rendered(name, friendly_name)).parts == 1


PURPOSES = {
    "otp_verify": r"ログイン用|log ?in",
    "otp_enroll": r"電話番号(の)?登録|phone",
    "change_password": r"パスワード変更用|password",
}


@pytest.mark.parametrize("name", ALL)
def test_a_text_says_what_the_code_is_for(name: str) -> None:
    assert re.search(PURPOSES[name.partition("/")[2].partition(".")[0]], source(name))


OF_LOGINS = [name for name in ALL if "change_password" not in name]
LIFETIMES = {
    30: ("30秒間", "30 sec", "30 seconds"),
    60: ("1分間", "1 min", "1 minute"),
    90: ("90秒間", "90 sec", "90 seconds"),
    300: ("5分間", "5 min", "5 minutes"),
    3600: ("1時間", "1 h", "1 hour"),
}


@pytest.mark.parametrize("lifetime", LIFETIMES)
@pytest.mark.parametrize("name", OF_LOGINS)
def test_a_text_says_how_long_a_login_code_is_valid(name: str, lifetime: int) -> None:
    japanese, text, voice = LIFETIMES[lifetime]
    if name.startswith("ja/"):
        assert f"{japanese}有効" in source(name, lifetime)
    elif name.endswith("text"):
        assert f"({text})" in source(name, lifetime)
    else:
        assert f"valid for {voice}." in source(name, lifetime)


@given(st.sampled_from(OF_LOGINS), st.integers(30, 3600), st.sampled_from(NAMES))
def test_the_lifetime_is_exact_and_costs_no_part(name: str, lifetime: int, who: str) -> None:
    text = rendered(name, who, lifetime)
    units = {"秒": 1, "分": 60, "時": 3600, "s": 1, "m": 60, "h": 3600}
    said = re.search(r"(\d+) ?([秒分時smh])[^\d]*(?:有効|\)|\. Do not)", text)
    assert said, text
    assert int(said[1]) * units[said[2]] == lifetime
    if name.endswith("text") and lifetime % 60 == 0:
        assert sms_size(text).parts == 1


@pytest.mark.parametrize("name", [name for name in ALL if "change_password" in name])
def test_a_text_about_a_password_says_no_lifetime_and_what_if_it_was_not_you(name: str) -> None:
    # The setting is the factor's; how long this code lives is not documented.
    assert source(name, 30) == source(name, 3600)
    assert not re.search(r"有効|valid", source(name))
    assert re.search(r"心当たりがなければ|Not you\?|did not ask for it", source(name))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_call_about_a_password_says_to_hang_up_before_the_code(language: str) -> None:
    before, _, _ = source(f"{language}/change_password.voice").partition("{{ code }}")
    assert re.search(r"お心当たりがなければ、このまま電話をお切りください|please hang up", before)


@pytest.mark.parametrize("name", ALL)
def test_every_character_is_plain_and_the_words_are_of_the_files_language(name: str) -> None:
    text = source(name)
    text.encode("iso2022_jp")  # JIS X 0208: no emoji, no vendor characters
    assert not set("〜～−－∥¢£¬①②㈱") & set(text), "characters that gateways garble"
    assert not any("０" <= character <= "９" for character in text), "digits are Latin"
    words = text.replace("{{ code }}", "").replace("{{ friendly_name }}", "")
    assert words.isascii() == name.startswith("en/")


@pytest.mark.parametrize("name", [name for name in ALL if name.endswith("voice")])
def test_a_voice_text_has_nothing_that_ssml_could_trip_over(name: str) -> None:
    assert not set("<>&") & set(source(name))
    assert len(rendered(name, NAMES[0])) < 700, "half of what the CPaaS reads out"
