"""The phones in a real Chromium: live, searchable, usable by keyboard, inert whatever arrives.

`visits` fails a test whose pages broke their own policy, threw, opened a dialog or fetched
anything from elsewhere.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from sandbox.cpaas.script import ScriptedAnswer
from sandbox.server.assembly import ServerConfig
from sandbox.server.record import pages_address
from sandbox.server.running import RunningSandbox, start
from tests.browser import PATIENCE
from tests.free_ports import free_ports
from tests.sandbox.pages.scenes import TAKAHASHI, challenge, receive
from tests.sandbox.pages.visit import NARROW, Visits

# One worker has the browser that the tests of the module share.
pytestmark = pytest.mark.xdist_group("phone pages")

OTHER = "+817011112222"
PAYLOADS = [
    "<script>document.title = 'owned'; alert('owned')</script>",
    '"><img src=x onerror="alert(\'owned\')" style="position:fixed">',
    "' onmouseover='alert(1)' autofocus onfocus='alert(2)' x='",
    "</p></article></main><iframe src='javascript:alert(1)'></iframe>",
    "{{ 7 * 7 }}{% for x in y %}${7*7}",
    "\u202eesrever si siht\u202c and \u2066isolated",
    "👩‍👩‍👧‍👦🇯🇵🏳️‍🌈 émoji ㍿",
    "&lt;script&gt;owned&lt;/script&gt;&#x22;",
    "data: x\nevent: reload\n\nid: 99999999",
    "長" * 5_000 + "W" * 5_000,
]


def not_reloaded(page: Page) -> None:
    """Marks the page; `assert_marked` finds the mark gone when it was loaded anew."""
    page.get_by_text("Live", exact=True).wait_for()
    page.evaluate("window.marked = true")


def assert_marked(page: Page) -> None:
    assert page.evaluate("window.marked === true")


def test_what_every_page_has(visits: Visits, sandbox: RunningSandbox) -> None:
    page = visits.open("/")
    assert page.url.endswith("/phones")
    expect(page.get_by_role("contentinfo")).to_contain_text("neither Auth0 nor NTT CPaaS")
    expect(page.get_by_role("link", name="Phones")).to_have_attribute("aria-current", "page")
    expect(page.get_by_text("No phone was reached yet")).to_be_visible()
    expect(page.get_by_text("10,000 messages")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    missing = page.request.get("/<script>alert(1)</script>")
    assert (missing.status, "<script>alert" in missing.text()) == (404, False)
    assert page.request.get(f"/phones?q={'a' * 60_000}").status == 200
    # What was to go to no number has its screen, too; else there is none.
    assert page.request.get("/phones/+").status == 404
    challenge(sandbox, "nobody")
    page.locator(".phone a").click()
    expect(page.locator(".outcome")).to_contain_text("dropped")


def test_a_message_appears_by_itself_everywhere(visits: Visits, sandbox: RunningSandbox) -> None:
    receive(sandbox, "earlier", OTHER)
    listing, phone = visits.open("/phones"), visits.open(f"/phones/{TAKAHASHI}")
    search = visits.open("/phones?q=認証コード")
    for page in (listing, phone, search):
        not_reloaded(page)
    delivery = challenge(sandbox)
    receive(sandbox, "認証コードは 111222 です。", OTHER)
    assert delivery.code
    bubble = phone.locator(".bubble")
    expect(bubble).to_have_count(1)
    expect(bubble).to_contain_text(delivery.code)
    expect(phone.get_by_role("article", name="SMS from MIRAIBANK")).to_contain_text("1 part")
    # Its outcome comes after it, in the same place.
    expect(phone.locator(".outcome")).to_contain_text("first try")
    expect(phone.locator("p[data-announce]")).to_contain_text(delivery.code)
    expect(listing.locator(".phone b")).to_have_text([OTHER, TAKAHASHI])
    expect(listing.get_by_role("link", name=OTHER)).to_contain_text("2 messages")
    expect(search.locator(".bubble")).to_have_text(["認証コードは 111222 です。"])
    for page in (listing, phone, search):
        assert_marked(page)
    sandbox.parts.inbox.clear()
    expect(phone.locator(".bubble")).to_have_count(0)


def test_a_page_that_a_restart_cut_off_misses_nothing(browser: Browser, tmp_path: Path) -> None:
    (port,) = free_ports(1)

    def started() -> RunningSandbox:
        return start(ServerConfig(tmp_path, tenant_port=0, cpaas_port=0, pages_port=port))

    sandbox = started()
    page = browser.new_page(base_url=sandbox.pages_url)
    try:
        # The token once; a cookie then, which outlives the server too.
        page.goto(pages_address(sandbox.state_dir, sandbox.record))
        assert page.url == f"{sandbox.pages_url}/phones"
        page.goto(f"/phones/{TAKAHASHI}")
        not_reloaded(page)
        receive(sandbox, "before")
        expect(page.locator(".bubble")).to_have_text(["before"])
        sandbox.stop()
        expect(page.get_by_text("Reconnecting")).to_be_visible()
        sandbox = started()
        for text in ("missed", "after"):
            receive(sandbox, text)
        expect(page.locator(".bubble")).to_have_text(["after", "missed", "before"])
        assert_marked(page)
    finally:
        page.close()
        sandbox.stop()


@pytest.mark.thorough
def test_only_a_few_windows_that_are_looked_at_hold_a_connection(
    browser: Browser, sandbox: RunningSandbox
) -> None:
    # A browser has six connections a host: with a stream on each, nothing loads any more.
    context = browser.new_context(
        base_url=sandbox.pages_url, extra_http_headers=sandbox.control_headers
    )
    context.set_default_timeout(PATIENCE)
    pages = [context.new_page() for _ in range(8)]
    behind = pages.pop()
    behind.add_init_script("Object.defineProperty(document, 'hidden', { get: () => !window.seen })")
    try:
        behind.goto(f"/phones/{TAKAHASHI}")
        live, left, full = pages[:4], pages[4:], "Not live: 4 other windows are"
        # One after the other: those that open at once take the places in any order.
        for page, status in zip(pages, ["Live"] * 4 + [full] * 3, strict=True):
            page.goto(f"/phones/{TAKAHASHI}")
            expect(page.get_by_text(status, exact=True)).to_be_visible()
        receive(sandbox, "missed")
        for page in live:
            expect(page.locator(".bubble")).to_have_text(["missed"])
        for page in live:
            page.close()
        for page in left:
            expect(page.locator(".bubble")).to_have_text(["missed"])
        expect(behind.locator("[data-live-status]")).to_be_empty()
        behind.evaluate("window.seen = true; document.dispatchEvent(new Event('visibilitychange'))")
        expect(behind.locator(".bubble")).to_have_text(["missed"])
    finally:
        context.close()


def test_what_became_of_a_message_is_beside_it(visits: Visits, sandbox: RunningSandbox) -> None:
    script = sandbox.parts.cpaas.script
    script.add([ScriptedAnswer(status=429)] * 2)
    retried = challenge(sandbox)
    script.add([ScriptedAnswer(refusal="REJECTED_SOURCE")])
    dropped = challenge(sandbox, delivery_method="voice")
    heard = challenge(sandbox, delivery_method="voice", locale="en")
    script.add([ScriptedAnswer(status=429)] * 6)
    challenge(sandbox)
    script.add([ScriptedAnswer(fault="cut", accept=True)])
    challenge(sandbox)
    sandbox.parts.tenant.guardian.set_message_types(["voice"])
    challenge(sandbox)
    page = visits.open(f"/phones/{TAKAHASHI}")
    refused, lost, given_up, spoken, call, sms = page.get_by_role("article").all()
    expect(refused).to_contain_text("not sent")
    expect(refused).to_contain_text("the message type sms is not enabled")
    expect(lost).to_contain_text("It arrived all the same")
    expect(given_up).to_contain_text("given up")
    expect(given_up.locator("li")).to_have_count(6)
    expect(given_up.locator("li").last).to_contain_text("retry 5 of 5")
    expect(call).to_contain_text("Never arrived")
    expect(call.locator(".outcome")).to_contain_text(f"{dropped.reason}")
    expect(call.locator(".bubble")).to_contain_text(dropped.text or "-")
    expect(spoken).to_contain_text("English · female voice · 1 s of silence first")
    bubble = spoken.locator(".bubble")
    expect(bubble).to_have_attribute("lang", "en")
    # Between the digits of the code, both times: half a second each.
    assert heard.code
    assert bubble.locator(".pause").count() >= 2 * (len(heard.code) - 1)
    assert (bubble.text_content() or "").count(", ".join(heard.code)) == 2
    expect(sms.locator("li b")).to_have_text(["first try", "retry 1 of 5", "retry 2 of 5"])
    expect(sms.locator("li").last).to_contain_text("sent after")
    for entry, words in ((sms, retried.text), (given_up, '"validityPeriod"')):
        expect(entry.locator("pre")).to_be_hidden()
        entry.get_by_text("Raw request").click()
        expect(entry.locator("pre")).to_contain_text(words or "-")


def tab_to(wanted: Locator) -> None:
    for _ in range(10):
        wanted.page.keyboard.press("Tab")
        if wanted.evaluate("one => one === document.activeElement"):
            return


def test_everything_is_done_by_keyboard(visits: Visits, sandbox: RunningSandbox) -> None:
    receive(sandbox, "認証コードは 111222 です。", sender="MIRAI")
    receive(sandbox, "something else", OTHER)
    page = visits.open("/phones")
    search = page.get_by_role("searchbox", name="Search all phones")
    tab_to(search)
    page.keyboard.type("mirai")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Found on the phones")).to_be_visible()
    expect(page.locator(".bubble")).to_have_text(["認証コードは 111222 です。"])
    link = page.get_by_role("link", name=TAKAHASHI)
    tab_to(link)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name=TAKAHASHI)).to_be_visible()
    not_reloaded(page)
    raw = page.get_by_text("Raw request")
    tab_to(raw)
    page.keyboard.press("Enter")
    expect(page.locator("pre")).to_be_visible()
    # News moves the entry down; neither what was opened nor the keyboard's place is lost.
    receive(sandbox, "news")
    expect(page.locator(".bubble")).to_have_count(2)
    expect(page.locator("pre").last).to_be_visible()
    expect(raw.last).to_be_focused()


def test_hostile_text_stays_text(visits: Visits, sandbox: RunningSandbox) -> None:
    phone = visits.open(f"/phones/{TAKAHASHI}", width=NARROW)
    not_reloaded(phone)
    for payload in PAYLOADS:
        raw = {"content": {"text": payload}, "sender": payload}
        receive(sandbox, payload, sender=payload, message_id=payload, raw=raw)
    sandbox.parts.cpaas.script.add([ScriptedAnswer(status=429)])
    texts = list(reversed(PAYLOADS))
    expect(phone.locator(".bubble")).to_have_count(len(PAYLOADS))
    assert_marked(phone)
    query = "/phones?q=%3Cscript%3Ealert(%27owned%27)%3C/script%3E%22%3E"
    for page in (
        phone,
        visits.open(f"/phones/{TAKAHASHI}", width=NARROW),
        visits.open("/phones", width=NARROW),
        visits.open(query, width=NARROW),
    ):
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW
        assert "owned" not in page.title() or "Search: <script>" in page.title()
        live = "main script, img, iframe, [onerror], [onmouseover], [onfocus], [style], main main"
        assert page.locator(live).count() == 0
        if "/phones/+" in page.url:
            assert page.locator(".bubble").all_text_contents() == texts
    expect(phone.get_by_text("Invisible characters that change what is seen")).to_have_count(1)
    expect(phone.get_by_text("U+202E, U+202C, U+2066")).to_have_count(1)
    # The override ends where the bubble does.
    assert phone.locator(".bubble").first.evaluate("one => getComputedStyle(one).unicodeBidi") == (
        "isolate"
    )


@contextmanager
def another_site() -> Iterator[str]:
    """A page of another port of localhost: another origin, though of the same site."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>another site</title>")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_another_sites_page_gets_nothing(
    browser: Browser, sandbox: RunningSandbox, host: str
) -> None:
    receive(sandbox, "secret 123456")
    with another_site() as port:
        context = browser.new_context()
        known = context.new_page()
        known.goto(pages_address(sandbox.state_dir, sandbox.record))
        known.close()
        page = context.new_page()
        statuses: list[int] = []
        own = sandbox.pages_url
        page.on(
            "response", lambda one: statuses.append(one.status) if one.url.startswith(own) else None
        )
        page.goto(f"http://{host}:{port}/")
        tried = page.evaluate(
            """async (own) => {
              const read = (options) => fetch(`${own}/phones`, options)
                .then((one) => one.text(), () => 'refused');
              const heard = await new Promise((done) => {
                const source = new EventSource(`${own}/phones/events?after=0`);
                source.addEventListener('entry', (event) => done(event.data));
                source.onerror = () => { source.close(); done('refused'); };
              });
              const frame = document.createElement('iframe');
              frame.src = `${own}/phones`;
              const framed = new Promise((done) => { frame.onload = () => done(); });
              document.body.append(frame);
              await framed;
              return [await read({}), await read({ mode: 'no-cors' }), heard];
            }""",
            own,
        )
        frames = [frame.evaluate("document.body.innerText") for frame in page.frames[1:]]
        context.close()
    assert tried == ["refused", "refused", "refused"]
    assert not any("123456" in text for text in frames)
    assert statuses
    assert set(statuses) == {403}
