"""The page in a real Chromium: readable on a phone, in the dark, and inert whatever is in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from phonemfa.output.page import as_page
from phonemfa.pulumi.preview import read_preview
from phonemfa.report.document import as_document
from phonemfa.report.summary import environment, failed
from tests.browser import axe_violations, chromium
from tests.phonemfa.output.pictures import opened
from tests.phonemfa.report.hostile import PAYLOADS, owned
from tests.phonemfa.report.previews import everything

# One worker has the browser that the tests of the module share.
pytestmark = pytest.mark.xdist_group("report page")

NARROW, WIDE = 360, 1000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("dark", [False, True])
def test_the_page_fits_and_fetches_nothing(
    browser: Browser, tmp_path: Path, width: int, dark: bool
) -> None:
    watched = opened(browser, tmp_path, as_document(everything()), width=width, dark=dark)
    page = watched.page
    assert watched.events == [], "no violation of its own policy, no request, no script"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # Without its style the page would be plain: the hash in the policy let it in.
    radius = "getComputedStyle(document.querySelector('.screen')).borderTopLeftRadius"
    assert page.evaluate(radius) != "0px"
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(15, 18, 22)") == dark
    assert axe_violations(page, colours_only=dark) == [], "contrast among it"
    page.close()


def test_a_message_is_on_a_phone_before_and_after(browser: Browser, tmp_path: Path) -> None:
    page = opened(browser, tmp_path, as_document(everything()[:1])).page
    before, after = page.locator(".bubble").all()
    assert before.inner_text().startswith("株式会社日本架空銀行会員サービスの認証コードは 123456")
    assert before.get_attribute("lang") == "ja"
    assert after.inner_text().startswith("Your code for")
    sms = page.locator(".phone.text")
    assert "0005212345" in sms.first.inner_text()
    assert "1 part" in sms.first.locator(".parts").inner_text()
    assert "more parts than before" in sms.last.inner_text()
    page.close()


@pytest.mark.parametrize("locale", ["ja-JP", "ja", "en-US", "jam-JM"])
def test_the_page_speaks_the_browsers_language(
    browser: Browser, tmp_path: Path, locale: str
) -> None:
    watched = opened(browser, tmp_path, as_document(everything()), width=NARROW, locale=locale)
    page, japanese = watched.page, locale.startswith("ja") and locale != "jam-JM"
    assert watched.events == []
    headings = [one.inner_text() for one in page.locator("h2").all()]
    assert headings[0] == ("リスク" if japanese else "Risks")
    shown = page.locator("body").inner_text()
    assert ("Who is touched" in shown) != japanese
    assert ("影響を受けるもの" in shown) == japanese
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW
    assert page.evaluate("document.documentElement.lang") == ("ja" if japanese else "en")
    page.close()


def test_hostile_text_stays_text(browser: Browser, tmp_path: Path) -> None:
    hostile = [environment(read_preview(owned(payload))) for payload in PAYLOADS]
    failures = [failed(payload, payload) for payload in PAYLOADS]
    watched = opened(browser, tmp_path, as_document([*hostile, *failures]), width=NARROW)
    page = watched.page
    assert watched.events == []
    # The one script is ours: the page's policy names it by its hash.
    assert page.locator("script").count() == 1
    live = "img, iframe, a, object, form, link, h1 h1, [onerror], [style]"
    assert page.locator(live).count() == 0
    assert page.locator("h1, style, title").count() == 3
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW
    shown = page.locator("body").inner_text()
    for words in ("<script>alert('owned')</script>", "![owned](https", "&lt;script&gt;owned"):
        assert words in shown
    assert not {"\u202e", "\u2066", "\u200b", "\x1b"} & set(page.content())
    page.close()


def test_the_policy_of_the_page_stops_even_what_would_slip_through(
    browser: Browser, tmp_path: Path
) -> None:
    slipped = (
        "<script>document.title = 'owned'</script><img src='https://evil.test/x.png'>"
        "<style>body { display: none }</style></body>"
    )
    path = tmp_path / "slipped.html"
    path.write_text(
        as_page(as_document(everything())).replace("</body>", slipped), encoding="utf-8"
    )
    page = browser.new_page()
    loaded: list[str] = []
    page.on("requestfinished", lambda request: loaded.append(request.url))
    page.goto(path.as_uri())
    assert page.title() != "owned"
    assert page.evaluate("getComputedStyle(document.body).display") == "block"
    assert [one for one in loaded if not one.startswith("file:")] == []
    page.close()
