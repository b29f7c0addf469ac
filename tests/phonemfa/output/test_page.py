"""Pages in a real Chromium: readable on a phone, in the dark, on paper; inert whatever they say."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from phonemfa.output.document import Document
from phonemfa.output.page import as_page
from phonemfa.pulumi.preview import read_preview
from phonemfa.report.document import as_document
from phonemfa.report.summary import environment, failed
from tests.browser import axe_violations, chromium
from tests.contract import PROJECT
from tests.phonemfa.output.pictures import HEALTH, opened, sheet
from tests.phonemfa.report.previews import PAYLOADS, everything, owned

# One worker has the browser that the tests of the module share.
pytestmark = pytest.mark.xdist_group("pages")

NARROW, WIDE = 360, 1000
REPORT = as_document(everything())
DOCUMENTS = {"report": REPORT} | {one: sheet(one, hidden=True) for one in ("sender", "pumping")}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize(
    ("document", "dark"),
    [
        pytest.param(document, dark, id=f"{name}{' in the dark' * dark}")
        for name, document in DOCUMENTS.items()
        for dark in (False, True)
    ],
)
def test_a_page_fits_is_readable_and_fetches_nothing(
    browser: Browser, tmp_path: Path, document: Document, width: int, dark: bool
) -> None:
    watched = opened(browser, tmp_path, document, width=width, dark=dark)
    page = watched.page
    assert watched.events == [], "no violation of its own policy, no request, no script"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("[...document.images].every(one => one.naturalWidth > 0)")
    # Without its style the page would be plain: the hash in the policy let it in.
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(15, 18, 22)" if dark else "rgb(246, 247, 249)")
    assert axe_violations(page, colours_only=dark) == [], "contrast among it"
    page.close()


@pytest.mark.parametrize("kind", [one for one in DOCUMENTS if one != "report"])
def test_the_page_of_a_day_prints_on_one_sheet(browser: Browser, tmp_path: Path, kind: str) -> None:
    page = opened(browser, tmp_path, DOCUMENTS[kind]).page
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))) == 1
    page.close()


def test_the_guide_shows_the_pictures_that_are_made() -> None:
    guide = (PROJECT / "docs" / "guides" / "health.md").read_text(encoding="utf-8")
    assert set(re.findall(r"images/(health-[a-z]+\.png)", guide)) == set(HEALTH)
    for name in HEALTH:
        assert (PROJECT / "docs" / "images" / name).read_bytes().startswith(b"\x89PNG")


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
def test_a_page_speaks_the_browsers_language(browser: Browser, tmp_path: Path, locale: str) -> None:
    watched = opened(browser, tmp_path, REPORT, width=NARROW, locale=locale)
    page, japanese = watched.page, locale in {"ja-JP", "ja"}
    assert watched.events == []
    assert page.locator("h2").first.inner_text() == ("リスク" if japanese else "Risks")
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


def test_the_policy_of_a_page_stops_even_what_would_slip_through(
    browser: Browser, tmp_path: Path
) -> None:
    slipped = (
        "<script>document.title = 'owned'</script><img src='https://evil.test/x.png'>"
        "<style>body { display: none }</style></body>"
    )
    path = tmp_path / "slipped.html"
    path.write_text(as_page(REPORT).replace("</body>", slipped), encoding="utf-8")
    page = browser.new_page()
    loaded: list[str] = []
    page.on("requestfinished", lambda request: loaded.append(request.url))
    page.goto(path.as_uri())
    assert page.title() != "owned"
    assert page.evaluate("getComputedStyle(document.body).display") == "block"
    assert [one for one in loaded if not one.startswith("file:")] == []
    page.close()
