"""The pages in Japanese and English, as the browser asks for it, and for a reader of any zone."""

import re

import pytest
from playwright.sync_api import Page, expect
from starlette.requests import Request

from sandbox.drift.scenarios import SCENARIOS
from sandbox.pages.language import gettext, japanese, language_for, said
from sandbox.pages.views import FOLDER, environment
from sandbox.server.running import RunningSandbox
from tests.sandbox.pages.scenes import (
    SUZUKI,
    TAKAHASHI,
    TYPED,
    challenge,
    everything,
    like_an_up,
    received,
)
from tests.sandbox.pages.visit import Visits, assert_accessible

# One worker has the browser that the tests of the module share.
pytestmark = pytest.mark.xdist_group("pages in Japanese")

NAMED = re.compile(r"%\((\w+)\)s")
TAGS = re.compile(r"<[^>]+>")
ENGLISH = re.compile(r"[A-Za-z]{2,}(?:[ ,;:]+[a-z]{2,}){2,}")
"""Three words in a row: a sentence that nobody has translated."""
NOT_OURS = (
    "code, pre, bdi, option, .bubble, .preview, .reason bdi, [lang=en], .brand, p[data-announce]"
)
WIDTH_OF_CONTENT = """() => {
  const style = getComputedStyle(document.querySelector('main'));
  return [style.paddingLeft, style.paddingRight, document.querySelector('main').offsetWidth];
}"""


def texts_of_templates() -> set[str]:
    found: set[str] = set()
    for template in (FOLDER / "templates").glob("*.j2"):
        for _, _, texts in environment("en").extract_translations(template.read_text("utf-8")):  # type: ignore[attr-defined]
            found |= {texts} if isinstance(texts, str) else {one for one in texts if one}
    return found


def test_every_text_of_a_template_has_its_japanese() -> None:
    assert len(texts_of_templates()) > 150
    assert sorted(texts_of_templates() - japanese().keys()) == []


def test_both_languages_say_the_same_things() -> None:
    for english, translated in japanese().items():
        assert set(NAMED.findall(translated)) == set(NAMED.findall(english))
        assert sorted(TAGS.findall(translated)) == sorted(TAGS.findall(english))
        assert not re.search(r"%(?!\()", translated), "a lone % ends the page"


def test_a_sentence_that_was_put_together_is_translated_with_what_is_in_it() -> None:
    assert said("6 digits, valid for 5 minutes") == "6桁、有効期間5分"
    assert said("Choose another way to get the code: the phone factor (sms) is not enabled.") == (
        "別の受け取り方を選んでください: 電話の要素（sms）が無効です"
    )
    assert said("what no table has") == gettext("what no table has") == "what no table has"


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("ja", "ja"),
        ("ja-JP,ja;q=0.9,en;q=0.8", "ja"),
        ("en-US,en;q=0.9,ja;q=0.8", "en"),
        ("de,ja;q=0.5,en;q=0.7", "en"),
        ("de, fr", "en"),
        ("en; q=0.4 , ja ;q=0.5", "ja"),
        ("ja;q=nonsense, en", "en"),
        ("*", "en"),
    ],
)
def test_the_language_is_the_browsers_first_that_there_is(accepted: str, language: str) -> None:
    headers = [(b"accept-language", accepted.encode())]
    assert language_for(Request({"type": "http", "headers": headers})) == language


def in_japanese(page: Page) -> None:
    """No sentence of ours is English; the page says which language it is in."""
    assert page.locator("html").get_attribute("lang") == "ja"
    left = page.evaluate(
        """(others) => {
          const copy = document.body.cloneNode(true);
          for (const one of copy.querySelectorAll(others)) one.remove();
          for (const one of copy.querySelectorAll('p, li, dd, dt, span, h1, h2')) one.append(' | ');
          const labels = [...document.querySelectorAll(':not(pre)[aria-label], [placeholder]')]
            .map((one) => one.getAttribute('aria-label') ?? one.placeholder);
          return [copy.textContent, ...labels].join(' | ');
        }""",
        NOT_OURS,
    )
    assert ENGLISH.findall(left) == []


def test_every_page_is_usable_by_everybody_and_japanese_for_a_browser_that_wants_it(
    visits: Visits, sandbox: RunningSandbox
) -> None:
    everything(sandbox)
    like_an_up(sandbox)
    for name in ("text", "action-code", "second-action", "factor-off", "policy-switched"):
        SCENARIOS[name].play(sandbox.parts.tenant)
    sandbox.parts.tenant.guardian.set_policies(["confidence-score"])
    phones = ("/phones", f"/phones/{SUZUKI}", f"/phones/{TAKAHASHI}", "/phones?q=090")
    widths = set()
    for locale in ("en-US", "ja-JP"):
        page = visits.open("/nothing", locale=locale)
        for path in ("/nothing", *phones, "/login", "/tenant"):
            page.set_viewport_size({"width": 1400, "height": 800})
            page.goto(path)
            widths.add(str(page.evaluate(WIDTH_OF_CONTENT)))
            if locale == "ja-JP":
                in_japanese(page)
            assert_accessible(page)
    assert len(widths) == 1, "of every page"


def test_a_login_has_auth0s_own_japanese_words(visits: Visits, sandbox: RunningSandbox) -> None:
    like_an_up(sandbox)
    page = visits.open("/login", locale="ja-JP")
    page.get_by_label("ユーザー名").fill("山田 花子")
    page.get_by_role("button", name="ログイン", exact=True).click()
    page.get_by_role("textbox", name="電話番号").fill("none")
    page.get_by_label("SMS").check()
    page.get_by_role("button", name="コードを送信").click()
    expect(page.get_by_role("alert")).to_contain_text("有効な電話番号を入力してください")
    in_japanese(page)
    page.get_by_role("textbox", name="電話番号").fill(TYPED)
    page.get_by_label("音声通話").check()
    page.get_by_role("button", name="コードを送信").click()
    page.get_by_role("textbox", name="ワンタイムコード").fill("wrong")
    page.get_by_role("button", name="続ける").click()
    expect(page.get_by_role("alert")).to_contain_text("送信したコードと一致しません")
    expect(page.get_by_role("button", name="SMSで再送信")).to_be_visible()
    in_japanese(page)
    page.get_by_role("textbox", name="ワンタイムコード").fill(received(sandbox))
    page.get_by_role("button", name="続ける").click()
    expect(page.get_by_role("status")).to_have_text("山田 花子さんがログインしました。")
    in_japanese(page)
    page.get_by_role("button", name="もう一度ログイン").click()
    expect(page.get_by_role("heading", name="アカウントを確認してください")).to_be_visible()
    in_japanese(page)


def test_what_comes_by_itself_is_japanese_too(visits: Visits, sandbox: RunningSandbox) -> None:
    page = visits.open(f"/phones/{TAKAHASHI}", locale="ja-JP")
    page.get_by_text("更新中", exact=True).wait_for()
    challenge(sandbox, delivery_method="voice")
    expect(page.locator(".outcome")).to_contain_text("ログインの認証コード")
    expect(page.locator("p[data-announce]")).to_contain_text("音声通話")
    in_japanese(page)


def test_times_are_those_of_the_readers_zone(visits: Visits, sandbox: RunningSandbox) -> None:
    challenge(sandbox)
    shown = [
        visits.open("/phones", timezone_id=zone).locator("time").text_content()
        for zone in ("Asia/Tokyo", "America/New_York")
    ]
    tokyo, york = (str(one)[-8:] for one in shown)
    assert all(re.fullmatch(r"\d\d:\d\d:\d\d", one) for one in (tokyo, york))
    assert (tokyo[:2], tokyo[2:]) != (york[:2], york[2:])
    assert tokyo[2:] == york[2:], "the same minute, at another hour"
    assert tokyo[:2] != york[:2]


def test_the_list_shows_and_copies_the_code(visits: Visits, sandbox: RunningSandbox) -> None:
    page = visits.open("/phones", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_text("Live", exact=True).wait_for()
    delivery = challenge(sandbox)
    expect(page.locator(".one-time")).to_have_text(str(delivery.code))
    button = page.get_by_role("button", name=f"Copy the code {delivery.code}")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".copy")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == delivery.code
    assert page.url.endswith("/phones")
