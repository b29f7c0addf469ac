"""The shipped texts: real Liquid, Auth0's words only, one SMS part, plain characters."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from liquid import Environment

from components.settings.message_size import sms_size

ROOT = Path(__file__).resolve().parents[2] / "actions" / "templates"
LANGUAGES = ("en", "ja")
TYPES = ("otp_verify", "otp_enroll", "change_password")
CHANNELS = ("text", "voice")
ALL = [f"{lang}/{kind}.{channel}" for lang in LANGUAGES for kind in TYPES for channel in CHANNELS]
# The longest realistic name of a tenant, in the script that costs most, and a usual one.
NAMES = ("株式会社日本架空銀行会員サービス", "みらい銀行", "Mirai Bank Direct")
CODE = "482913"


def source(name: str) -> str:
    """As components/settings/texts.py reads it: exactly one line break at the end goes."""
    return (ROOT / f"{name}.liquid").read_text(encoding="utf-8").removesuffix("\n")


def rendered(name: str, friendly_name: str = NAMES[1]) -> str:
    return Environment().from_string(source(name)).render(code=CODE, friendly_name=friendly_name)


def test_there_is_a_text_for_every_language_type_and_channel() -> None:
    found = sorted(str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.is_file())
    assert found == sorted(f"{name}.liquid" for name in ALL)


@pytest.mark.parametrize("name", ALL)
def test_a_file_ends_with_one_line_break_and_the_text_with_none(name: str) -> None:
    raw = (ROOT / f"{name}.liquid").read_bytes()
    assert raw.endswith(b"\n")
    assert not raw.endswith(b"\n\n")
    assert b"\r" not in raw
    text = source(name)
    assert text == text.strip()
    assert "\n" not in text


@pytest.mark.parametrize("name", ALL)
def test_only_the_code_and_the_tenants_name_are_used(name: str) -> None:
    analysis = Environment().from_string(source(name)).analyze()
    assert set(analysis.globals) == {"code", "friendly_name"}
    assert analysis.filters == {}
    assert analysis.tags == {}
    assert analysis.locals == {}


@pytest.mark.parametrize("name", ALL)
def test_no_text_has_a_link_and_each_says_to_tell_nobody_not_even_staff(name: str) -> None:
    text = source(name)
    assert not re.search(r"//|www\.|\.(?:com|jp|net)\b", text)
    assert re.search(r"社員.*教えないで|Tell no one, even staff|not even to our staff", text)


@pytest.mark.parametrize("name", ALL)
def test_the_text_says_who_sends_and_the_code(name: str) -> None:
    text = rendered(name)
    assert NAMES[1] in text
    assert text.count(CODE) == (2 if name.endswith("voice") else 1)
    assert "{" not in text


@pytest.mark.parametrize("friendly_name", NAMES)
@pytest.mark.parametrize("name", [name for name in ALL if name.endswith("text")])
def test_an_sms_fits_one_part(name: str, friendly_name: str) -> None:
    assert sms_size(rendered(name, friendly_name)).parts == 1


@pytest.mark.parametrize("name", ALL)
def test_a_text_says_what_the_code_is_for_and_how_long_it_is_valid(name: str) -> None:
    purposes = {
        "otp_verify": r"ログイン用|log ?in",
        "otp_enroll": r"電話番号(の)?登録|phone",
        "change_password": r"パスワード変更用|password",
    }
    kind = name.partition("/")[2].partition(".")[0]
    assert re.search(purposes[kind], source(name))
    assert re.search(r"5分間有効|\b5 min", source(name))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_call_about_a_password_says_to_hang_up_before_the_code(language: str) -> None:
    before, _, _ = source(f"{language}/change_password.voice").partition("{{ code }}")
    assert re.search(r"お心当たりがなければ、このまま電話をお切りください|please hang up", before)


@pytest.mark.parametrize("name", ALL)
def test_every_character_is_plain_jis(name: str) -> None:
    text = source(name)
    text.encode("iso2022_jp")  # JIS X 0208: no emoji, no vendor characters
    assert not set("〜～−－∥¢£¬①②㈱") & set(text), "characters that gateways garble"
    assert not any("０" <= character <= "９" for character in text), "digits are Latin"


@pytest.mark.parametrize("name", ALL)
def test_the_words_are_of_the_files_language(name: str) -> None:
    text = source(name).replace("{{ code }}", "").replace("{{ friendly_name }}", "")
    assert text.isascii() == name.startswith("en/")


@pytest.mark.parametrize("name", [name for name in ALL if name.endswith("voice")])
def test_a_voice_text_has_nothing_that_ssml_could_trip_over(name: str) -> None:
    assert not set("<>&") & set(source(name))
    assert len(rendered(name, NAMES[0])) < 700, "half of what the CPaaS reads out"
