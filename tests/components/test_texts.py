"""Texts as phones show them: SMS are counted as carriers do, and every branch gives the code."""

from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from liquid import Environment
from liquid.exceptions import LiquidError

from components.settings.code_in_text import shows, where_missing
from components.settings.message_size import SAMPLE, rendered, sms_size, unshowable
from components.settings.model import StackSettings
from components.settings.text_rules import text_warnings
from components.settings.texts import TextOverride, Texts, texts_for
from components.tenant import guardian
from components.vocabulary import DeliveryMethod, Language, MessageType
from phonemfa.report.messages import render
from policy.model import Context
from policy.rules import RULES
from tests.components.conftest import in_node
from tests.components.test_settings import GOOD, faults_in
from tests.policy.resources import template as declared

# --- How long they are ---------------------------------------------------------------------------


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


FORMS = ["{{ code }}", "{{friendly_name}}", "{{ nothing }}", "{{ nobody }}", "です ", "{", "}", "%"]


@given(st.lists(st.sampled_from(FORMS)))
def test_the_short_way_of_rendering_agrees_with_the_parser(pieces: list[str]) -> None:
    template, values = "·".join(pieces), {**SAMPLE, "nobody": None}
    assert rendered(template, values) == Environment().from_string(template).render(**values)


def test_characters_that_systems_map_differently_are_named_once() -> None:
    assert unshowable("コード 123、（）：・ー ｶﾅ") == ""
    assert unshowable("😀 código 😀") == "😀ó"
    assert unshowable("①㈱髙～〜－") == "①㈱髙～〜－"


@given(st.characters(codec="cp932", exclude_characters="¢£¬‖−〜"))
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
    texts = texts_for(language, set(MessageType), {}, 300)
    assert list(text_warnings(texts)) == []
    # The line that browsers fill in counts too.
    long = list(text_warnings(texts, "login.example.co.jp"))
    assert len(long) == len(texts) or language is Language.ENGLISH


def test_own_texts_are_taken_where_none_is_shipped_and_where_a_tenant_is_as_it_was_found() -> None:
    own = {MessageType.BLOCKED_ACCOUNT: TextOverride(text="t", voice="v")}
    taken = texts_for(Language.ENGLISH, set(MessageType), own, 300)[MessageType.BLOCKED_ACCOUNT]
    assert taken == Texts(text="t", voice="v")
    phone = {"enabled": True, "provider": "auth0", "verificationMessage": "B {{ code }}"}
    found = {"adopted": {"phone": phone}, "texts": {"otp_enroll": {"text": "A {{ code }}"}}}
    told = guardian.declared(StackSettings.check("dev", GOOD | {"experience": "legacy"} | found))
    assert list(told.texts.values()) == ["A {{ code }}", "B {{ code }}"]


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
    (fault,) = faults_in(GOOD | {"texts": {"otp_verify": {"text": endless}}}).values()
    assert "cannot be rendered" in fault


# --- Whether every branch gives the code ---------------------------------------------------------

(CODE_IN_TEXTS,) = [rule for rule in RULES if rule.name == "code-in-texts"]
CODED: Final = [kind for kind in MessageType if kind.carries_code]


@pytest.mark.parametrize(
    ("template", "where"),
    [
        ("{% if locale == 'ja' %}{{ code }}{% else %}Hello{% endif %}", "without locale"),
        ("{% if locale == 'ja' %}ようこそ{% else %}{{ code }}{% endif %}", "ever"),
        ("{% case locale %}{% when 'fr' %}Salut{% else %}{{ code }}{% endcase %}", 'locale "fr"'),
        ("{% if friendly_name.size > 20 %}x{% else %}{{ code }}{% endif %}", "friendly_name"),
        ("{% if locale == 'ja' %}{{ code }}{% else %}123456{% endif %}", "without locale"),
        ("{% for i in user.list %}{{ code }}{% endfor %}", "ever"),
        *((f"Your code is {one}", "ever") for one in ("123456", "0918")),
        *((one, "ever") for one in ("{{ code | slice: 0, 6 }}", "{{ code | plus: 0 }}")),
        *((one, "ever") for one in ("03{{ code }}", "{{ code }}{{ code }}")),
        ("{% assign c = code %}{{ c }}", None),
        ("{{ code | split: '' | join: ', ' }}", None),
        ("{% if code %}{{ code }}{% endif %}", None),
    ],
)
def test_a_branch_without_the_code_is_found_and_named(template: str, where: str | None) -> None:
    found = where_missing(template)
    assert where in found if found and where else found is where


LEAVES = st.sampled_from([("{{ code }}", True), ("Hello", False), ("135790", False), ("", False)])
CONDITIONS = (
    "{{% if v{n} %}}{a}{{% else %}}{b}{{% endif %}}",
    "{{% unless v{n} == 'x{n}' %}}{a}{{% else %}}{b}{{% endunless %}}",
    "{{% if v{n} contains 'fr' %}}{a}{{% else %}}{b}{{% endif %}}",
    "{{% case v{n}.inner %}}{{% when 'k{n}' or 'm{n}' %}}{a}{{% else %}}{b}{{% endcase %}}",
    "{{% if v{n}.inner == blank or v{n}.other %}}{a}{{% else %}}{b}{{% endif %}}",
)
Tree = tuple[str, bool]


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """A text of independent branches, and whether each way through it gives the code."""
    number = iter(range(100))

    def part(depth: int) -> Tree:
        if depth == 0 or draw(st.booleans()):
            return draw(LEAVES)
        if draw(st.booleans()):
            left, right = part(depth - 1), part(depth - 1)
            return f"{left[0]} · {right[0]}", left[1] or right[1]
        taken, otherwise = part(depth - 1), part(depth - 1)
        condition = draw(st.sampled_from(CONDITIONS))
        text = condition.format(n=next(number), a=taken[0], b=otherwise[0])
        return text, taken[1] and otherwise[1]

    return part(3)


@settings(max_examples=150)
@given(trees())
def test_every_way_through_a_text_gives_the_code_or_one_that_does_not_is_found(tree: Tree) -> None:
    template, gives = tree
    assert (where_missing(template) is None) == gives, template


@settings(max_examples=40)
@given(trees(), st.sampled_from(CODED), st.sampled_from(["text", "voice"]))
def test_check_policy_and_report_agree(tree: Tree, kind: MessageType, channel: str) -> None:
    # Variables that Auth0 has, as the settings refuse any other.
    names = ("locale", "region", "home_url", "logo_url", "support_email", "connection", "tenant")
    template = tree[0]
    for number, name in enumerate(names):
        template = template.replace(f"v{number}.inner", name).replace(f"v{number}.other", name)
        template = template.replace(f"v{number} ", f"{name} ")
    texts = {kind.value: {channel: template or "x"}}
    gives = where_missing(template or "x") is None
    if gives:
        assert StackSettings.check("dev", GOOD | {"texts": texts})
    else:
        assert "does not output the code" in "".join(faults_in(GOOD | {"texts": texts}).values())
    both = {"text": "{{ code }}", "voice": "{{ code }}", channel: template or "x"}
    resource = declared(kind.value, text=both["text"], voice=both["voice"])
    assert (not list(CODE_IN_TEXTS.check(resource, Context(stack="t1")))) == gives
    shown = render(template or "x", kind=kind.value, channel=DeliveryMethod.TEXT)
    assert (shown.problem != "the code is not in it") == gives


DIGITS = ["ゼロ", "ヨン", "シ", "ナナ", "シチ", "キュウ", "ク", "よん", "ぜろ", "しち", "キュー"]
OTHERS = ["four", "Zero", "oh", "〇", "四", "칠", "quatro"]
PIECES = st.sampled_from([*"0123456789０４７、。 .-ab", *DIGITS, *OTHERS])


@settings(max_examples=3)
@given(st.lists(st.lists(PIECES, max_size=12), min_size=300, max_size=300))
def test_the_action_finds_a_code_where_the_check_does(pieces: list[list[str]]) -> None:
    texts = ["".join(one) for one in pieces]
    texts += [f"{text}ヨン、0、7 9{text}" for text in texts[:100]]
    codes = ["4079", "1234", "0", "ab4"]
    program = "data[0].map((text) => data[1].map((code) => own(text, code)))"
    found = in_node("givesCode", program, [texts, codes])
    assert found == [[shows(text, code) for code in codes] for text in texts]
