"""SMS are counted as carriers count them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from liquid import Environment
from liquid.exceptions import LiquidError

from components.settings.faults import SettingsError
from components.settings.message_size import SAMPLE, rendered, sms_size, unshowable
from components.settings.model import StackSettings
from components.settings.text_rules import sms_sizes, text_warnings
from components.settings.texts import Texts, texts_for
from components.vocabulary import Language, MessageType
from tests.components.test_settings import GOOD


@pytest.mark.parametrize(
    ("text", "units", "parts", "encoding"),
    [
        ("", 0, 1, "GSM-7"),
        ("a" * 160, 160, 1, "GSM-7"),
        ("a" * 161, 161, 2, "GSM-7"),
        ("a" * 306, 306, 2, "GSM-7"),
        ("a" * 307, 307, 3, "GSM-7"),
        ("{" * 80, 160, 1, "GSM-7"),
        ("{" * 81, 162, 2, "GSM-7"),
        ("あ" * 70, 70, 1, "UCS-2"),
        ("あ" * 71, 71, 2, "UCS-2"),
        ("あ" * 134, 134, 2, "UCS-2"),
        ("あ" * 135, 135, 3, "UCS-2"),
        ("`", 1, 1, "UCS-2"),
        ("😀" * 35, 70, 1, "UCS-2"),
        # 33 pairs fit a part of 67 units: the 67th unit stays empty rather than split a pair.
        ("😀" * 66, 132, 2, "UCS-2"),
        ("😀" * 67, 134, 3, "UCS-2"),
    ],
)
def test_units_and_parts(text: str, units: int, parts: int, encoding: str) -> None:
    size = sms_size(text)
    assert (size.units, size.parts, size.encoding) == (units, parts, encoding)


@given(st.text())
def test_a_longer_text_never_has_fewer_parts(text: str) -> None:
    sizes = [sms_size(text[:length] + "あ").parts for length in range(len(text) + 1)]
    assert sizes == sorted(sizes)


@given(
    st.lists(
        st.sampled_from(
            ["{{ code }}", "{{friendly_name}}", "{{ nothing }}", "です ", "{", "}", "%"]
        )
    )
)
def test_the_short_way_of_rendering_agrees_with_the_parser(pieces: list[str]) -> None:
    template = "·".join(pieces)
    assert rendered(template) == Environment().from_string(template).render(**SAMPLE)


def test_characters_that_systems_map_differently_are_named_once() -> None:
    assert unshowable("コード 123、（）：・ー ｶﾅ") == ""
    assert unshowable("😀 código 😀") == "😀ó"
    assert unshowable("①㈱髙～〜－") == "①㈱髙～〜－"


@given(st.characters(codec="cp932"))
def test_what_only_windows_has_is_worth_a_warning(character: str) -> None:
    in_jis = character.isascii() or "｡" <= character <= "ﾟ"
    if not in_jis:
        # JIS X 0208 has 94 rows, of which 1 to 8 and 16 to 84 are used; Windows filled others.
        row = character.encode("cp932")[0]
        in_jis = row not in {0x87, 0xED, 0xEE, 0xFA, 0xFB, 0xFC} and not row > 0xEF
    if not in_jis:
        assert unshowable(character) == character


@pytest.mark.parametrize("language", list(Language))
def test_the_shipped_texts_give_no_warning(language: Language) -> None:
    assert list(text_warnings(texts_for(language, set(MessageType), {}))) == []


def test_the_line_that_browsers_fill_in_is_counted_with_its_text() -> None:
    texts = texts_for(Language.JAPANESE, set(MessageType), {})
    plain, more = sms_sizes(texts), sms_sizes(texts, "login.example.co.jp")
    for kind in texts:
        assert more[kind].units - plain[kind].units == len("\n@login.example.co.jp #123456")
    assert len(list(text_warnings(texts, "login.example.co.jp"))) == len(texts)


def test_long_texts_and_emoji_are_worth_a_warning() -> None:
    texts = {MessageType.OTP_VERIFY: Texts(text="{{ code }}" + "あ" * 80 + "😀", voice="v")}
    long, odd = text_warnings(texts)
    assert "88 UTF-16 units, 2 parts" in long
    assert "😀" in odd


@pytest.mark.parametrize(
    "endless",
    [
        "{{ code }}{% for i in (1..1000000000) %}x{% endfor %}",
        "{{ code }}{% for i in (1..9999) %}{{ 'x' | append: 'long long long text' }}{% endfor %}",
    ],
)
def test_a_text_that_would_run_for_ever_is_an_error(endless: str) -> None:
    with pytest.raises(LiquidError):
        rendered(endless)
    values = GOOD | {"texts": {"otp_verify": {"text": endless, "voice": "{{ code }}"}}}
    with pytest.raises(SettingsError, match="cannot be rendered"):
        StackSettings.check("dev", values)
