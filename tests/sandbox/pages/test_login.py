"""A person logs in at the sandbox tenant, in a real Chromium, through the deployed Action."""

import html
import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from sandbox.cpaas.script import ScriptedAnswer
from sandbox.server.record import client
from sandbox.server.running import RunningSandbox
from tests.browser import axe_violations
from tests.sandbox.pages.scenes import (
    HOSTILE,
    SCRIPT,
    TAKAHASHI,
    TYPED,
    begin,
    enrol,
    enter,
    like_an_up,
    received,
)
from tests.sandbox.pages.visit import NARROW, Visits, assert_accessible
from tests.sandbox.sending import set_up

# One worker has the browser that the tests of the module share.
pytestmark = pytest.mark.xdist_group("login pages")


@pytest.fixture(autouse=True)
def applied(sandbox: RunningSandbox) -> Iterator[None]:
    like_an_up(sandbox)
    yield
    sandbox.parts.cpaas.reset()


def tenant_did(page: Page) -> str:
    return page.get_by_role("region", name="What the tenant did").inner_text()


def test_a_phone_is_enrolled_and_used_by_keyboard(visits: Visits, sandbox: RunningSandbox) -> None:
    page = visits.open("/login")
    page.get_by_label("Name of the user").focus()
    page.keyboard.type("山田 花子")
    page.keyboard.press("Enter")
    page.get_by_label("Phone number").focus()
    page.keyboard.type(TYPED)
    page.keyboard.press("Tab")
    expect(page.get_by_label("SMS")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Voice call")).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Code", exact=True)).to_be_focused()
    call = sandbox.parts.inbox.messages(TAKAHASHI)[-1]
    assert call.channel == "voice"
    spoken = page.locator(".messages .bubble.call").text_content() or ""
    assert spoken.split() == call.text.split(), "with the pauses that the Action put in"
    page.keyboard.type(received(sandbox))
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("山田 花子 is logged in.")

    page.get_by_role("button", name="Log in once more").click()
    expect(page.get_by_role("heading", name="Get a code")).to_be_visible()
    page.get_by_label("SMS").check()
    page.get_by_role("button", name="Send the code").click()
    text = sandbox.parts.inbox.messages(TAKAHASHI)[-1].text
    assert text in tenant_did(page), "a designer reads the text as the phone has it"
    with page.expect_popup() as opened:
        page.get_by_role("link", name="See the phone").click()
    expect(opened.value.get_by_text(text).first).to_be_visible()
    opened.value.close()
    enter(page, received(sandbox))
    expect(page.get_by_role("heading", name="Logged in")).to_be_visible()


def test_faults_are_told_and_the_code_goes_on(visits: Visits, sandbox: RunningSandbox) -> None:
    page = visits.open("/login", width=NARROW, dark=True)
    begin(page)
    enrol(page, "12")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page).to_have_title("Error: Enrol a phone · phonemfa sandbox")
    expect(page.get_by_label("Phone number")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Phone number")).to_have_value("12")
    assert axe_violations(page) == []
    page.get_by_role("alert").get_by_role("link").click()
    expect(page.get_by_label("Phone number")).to_be_focused()
    enrol(page)
    enter(page, "wrong")
    expect(page.get_by_role("alert")).to_contain_text("not the code that was sent")
    expect(page.get_by_text("9 of 10 tries left")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Call me").click()
    expect(page.get_by_text("9 left")).to_have_count(2)
    # Where the fault is not of the code, the code is not called wrong.
    sandbox.parts.tenant.guardian.set_message_types(["voice"])
    page.get_by_role("button", name="Resend by SMS").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose another way")
    expect(page.get_by_role("alert").get_by_role("link")).to_have_count(0)
    assert page.get_by_label("Code", exact=True).get_attribute("aria-invalid") is None
    enter(page, received(sandbox))
    expect(page.get_by_role("heading", name="Logged in")).to_be_visible()
    assert axe_violations(page) == []
    again = page.request.post(
        f"{page.url}/code",
        form={"code": received(sandbox)},
        headers={"origin": sandbox.pages_url, **sandbox.control_headers},
    )
    assert (again.status, "was used already" in again.text()) == (422, True)


def test_why_a_code_does_not_come_is_shown(visits: Visits, sandbox: RunningSandbox) -> None:
    sandbox.parts.cpaas.script.add([ScriptedAnswer(refusal="REJECTED_SOURCE")])
    page = visits.open("/login")
    begin(page)
    enrol(page)
    expect(page.get_by_role("heading", name="Enter the code")).to_be_visible()
    assert "dropped by the Action" in tenant_did(page)
    assert "CPaaS refused: REJECTED SOURCE" in tenant_did(page)
    assert "an Action cannot tell them" in tenant_did(page)

    sandbox.parts.tenant.providers.delete((sandbox.parts.tenant.providers.current() or {})["id"])
    page.get_by_role("button", name="Resend by SMS").click()
    expect(page.get_by_role("alert")).to_contain_text("could not be sent")
    assert "the tenant has no phone provider" in tenant_did(page)


def test_policy_and_factor_are_seen_at_work(visits: Visits, sandbox: RunningSandbox) -> None:
    guardian = sandbox.parts.tenant.guardian
    guardian.set_policies(["confidence-score"])
    page = visits.open("/login")
    page.get_by_label("high confidence").check()
    begin(page)
    expect(page.get_by_role("heading", name="Logged in")).to_be_visible()
    assert "only low confidence asks" in tenant_did(page)

    guardian.set_policies(["all-applications"])
    guardian.set_message_types(["sms"])
    page.goto("/login")
    expect(page.get_by_label("low confidence")).to_have_count(0)
    expect(page.get_by_text("the message type voice is not enabled")).to_be_visible()
    begin(page)
    expect(page.get_by_label("Voice call")).to_have_count(0)

    guardian.set_factor("sms", enabled=False)
    page.goto("/login")
    begin(page)
    expect(page.get_by_role("status")).to_have_text("Nobody can log in.")


def test_names_texts_and_reasons_stay_text(visits: Visits, sandbox: RunningSandbox) -> None:
    hostile = "".join(f"{one}\n" for one in HOSTILE)
    text = f"{{% raw %}}{hostile}{{% endraw %}}{{{{ code }}}} {{{{ user.name }}}}"
    tenant = sandbox.parts.tenant
    template = next(
        one for one in tenant.templates.listing()["templates"] if one["type"] == "otp_enroll"
    )
    tenant.templates.update(template["id"], {"content": {"body": {"text": text}}})
    tenant.settings.patch({"friendly_name": SCRIPT})
    page = visits.open("/login")
    for name in HOSTILE:
        page.goto("/login")
        begin(page, name)
        expect(page.get_by_text(name, exact=False).first).to_be_visible()
    enrol(page)
    assert SCRIPT in tenant_did(page)
    action = tenant.actions.all()[0]
    tenant.actions.update(
        action["id"],
        {
            "code": "exports.onExecuteCustomPhoneProvider = async (event, api) =>"
            f" {{ console.log({HOSTILE[1]!r}); api.notification.drop({SCRIPT!r}); }};"
        },
    )
    tenant.versions.deploy(action["id"])
    page.get_by_role("button", name="Resend by SMS").click()
    assert tenant_did(page).count(SCRIPT) >= 2
    page.goto("/login")
    expect(page.get_by_role("button", name=f"Log in as {SCRIPT}")).to_be_visible()


# -- what needs no Chromium ------------------------------------------------------------------------

BOX = re.compile(r'<input type="checkbox" name="remember"[^>]*>')


@pytest.fixture
def person(sandbox: RunningSandbox) -> Iterator[httpx.Client]:
    with a_browser(sandbox) as browser:
        yield browser


def a_browser(sandbox: RunningSandbox) -> httpx.Client:
    url = sandbox.pages_url
    headers = {"origin": url, **sandbox.control_headers}
    return httpx.Client(base_url=url, headers=headers, follow_redirects=True, trust_env=False)


def at_the_code(person: httpx.Client, name: str, method: str = "text") -> httpx.Response:
    """The page that asks a new user for the code that was sent."""
    begun = person.post("/login", data={"name": name})
    return person.post(f"{begun.url}/enrol", data={"number": TYPED, "method": method})


def entered(person: httpx.Client, page: httpx.Response, code: str, **more: str) -> httpx.Response:
    login = str(page.url).removesuffix("/code")
    return person.post(f"{login}/code", data={"code": code, **more})


def test_only_a_ticked_browser_is_let_in(sandbox: RunningSandbox, person: httpx.Client) -> None:
    page = at_the_code(person, "Ticks")
    assert "6 digits, valid for 5 minutes" in page.text
    assert "Valid for 5 minutes" in page.text
    assert "checked" not in BOX.findall(page.text)[0]
    fault = entered(person, page, "wrong", remember="yes")
    assert "checked" in BOX.findall(fault.text)[0], "what was ticked stays so"
    assert not person.cookies
    page = entered(person, page, received(sandbox), remember="yes")
    assert "This browser is remembered" in page.text
    again = html.unescape(person.post("/login", data={"name": "Ticks"}).text)
    assert "is logged in" in again
    assert "this browser is remembered: without another login it is asked again in 7 days" in again
    with a_browser(sandbox) as other:
        assert "Get a code" in other.post("/login", data={"name": "Ticks"}).text


def test_the_box_is_as_the_settings_say(sandbox: RunningSandbox, person: httpx.Client) -> None:
    settings = sandbox.parts.tenant.mfa_settings
    settings.write_remembering(settings.remembering() | {"remember_me_default_value": True})
    page = at_the_code(person, "By default")
    assert "checked" in BOX.findall(page.text)[0]
    fault = entered(person, page, "wrong")
    assert "checked" not in BOX.findall(fault.text)[0], "what was unticked stays so"
    settings.write_remembering(settings.remembering() | {"display_remember_me_checkbox": False})
    assert BOX.findall(person.get(page.url).text) == []
    entered(person, page, received(sandbox), remember="yes")
    assert not person.cookies


def test_a_form_keeps_the_choice_that_was_made(
    sandbox: RunningSandbox, person: httpx.Client
) -> None:
    entered(person, at_the_code(person, "By voice", "voice"), received(sandbox))
    again = person.post("/login", data={"name": "By voice"})
    refused = person.post(f"{again.url}/send", data={"remember": "yes"})
    assert refused.status_code == 422
    assert 'value="voice" required checked' in refused.text
    nobody = person.post("/login", data={"name": "", "locale": "ja"})
    assert nobody.status_code == 422
    assert '<option value="ja" selected' in nobody.text


def test_what_a_legacy_action_throws_is_told(sandbox: RunningSandbox, person: httpx.Client) -> None:
    set_up(sandbox, "legacy")
    sandbox.parts.tenant.guardian.set_policies(["all-applications"])
    sandbox.parts.cpaas.script.add([ScriptedAnswer(status=401)])
    page = at_the_code(person, "Hanako")
    assert "The code could not be sent." in page.text
    assert "The legacy trigger is blocking: the person is told." in page.text


def test_no_form_is_refused_and_a_reset_forgets(
    sandbox: RunningSandbox, person: httpx.Client
) -> None:
    begun = person.post("/login", data={"name": "victim"})
    assert begun.status_code == 200
    person.post(f"{begun.url}/enrol", data={"number": TYPED, "method": "text"})
    assert received(sandbox), "what is forgotten"
    with client(sandbox.state_dir, sandbox.record) as tenant:
        tenant.post("/_sandbox/reset").raise_for_status()
        assert tenant.get("/_sandbox/messages").json() == {"messages": []}
        assert tenant.get("/_sandbox/deliveries").json() == {"deliveries": []}
    assert person.get(begun.url).status_code == 404
    assert sandbox.parts.logins.users.all() == []
    form = {"content-type": "application/x-www-form-urlencoded"}
    for body, headers, status in (
        (b"x" * 20_000, form, 413),
        (b"&".join([b"a=b"] * 30), form, 400),
        (b'{"name": "x"}', {"content-type": "application/json"}, 415),
    ):
        assert person.post("/login", content=body, headers=headers).status_code == status
