"""A person logs in at the sandbox tenant, in a real Chromium, through the deployed Action."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from sandbox.cpaas.script import ScriptedAnswer
from sandbox.server.record import client
from sandbox.server.running import RunningSandbox
from tests.browser import axe_violations
from tests.sandbox.pages.steps import (
    HOSTILE,
    NUMBER,
    SCRIPT,
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


def test_a_phone_is_enrolled_and_asked_from_then_on_by_keyboard_alone(
    visits: Visits, sandbox: RunningSandbox
) -> None:
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
    call = sandbox.parts.inbox.messages(NUMBER)[-1]
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
    text = sandbox.parts.inbox.messages(NUMBER)[-1].text
    assert text in tenant_did(page), "a designer reads the text as the phone has it"
    with page.expect_popup() as opened:
        page.get_by_role("link", name="See the phone").click()
    expect(opened.value.get_by_text(text).first).to_be_visible()
    opened.value.close()
    enter(page, received(sandbox))
    expect(page.get_by_role("heading", name="Logged in")).to_be_visible()


def test_faults_are_told_where_they_are_and_the_code_goes_on_working(
    visits: Visits, sandbox: RunningSandbox
) -> None:
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
    assert axe_violations(page) == []
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
    again = page.request.post(
        f"{page.url}/code",
        form={"code": received(sandbox)},
        headers={"origin": sandbox.pages_url, **sandbox.control_headers},
    )
    assert (again.status, "was used already" in again.text()) == (422, True)


def test_why_a_code_does_not_come_stands_beside_what_the_person_sees(
    visits: Visits, sandbox: RunningSandbox
) -> None:
    sandbox.parts.cpaas.script.add([ScriptedAnswer(refusal="REJECTED_SOURCE")])
    page = visits.open("/login")
    begin(page)
    enrol(page)
    expect(page.get_by_role("heading", name="Enter the code")).to_be_visible()
    assert "dropped by the Action" in tenant_did(page)
    assert "CPaaS refused: REJECTED SOURCE" in tenant_did(page)
    assert "an Action cannot tell them" in tenant_did(page)

    sandbox.parts.tenant.providers.delete((sandbox.parts.tenant.phone_provider() or {})["id"])
    page.get_by_role("button", name="Resend by SMS").click()
    expect(page.get_by_role("alert")).to_contain_text("could not be sent")
    assert "the tenant has no phone provider" in tenant_did(page)


def test_a_legacy_login_has_guardians_texts_and_tells_the_person_of_a_failure(
    visits: Visits, sandbox: RunningSandbox
) -> None:
    set_up(sandbox, "legacy")
    guardian = sandbox.parts.tenant.guardian
    guardian.set_policies(["all-applications"])
    guardian.set_templates({"enrollment_message": "登録 {{code}}", "verification_message": "x"})
    page = visits.open("/login")
    begin(page)
    sandbox.parts.cpaas.script.add([ScriptedAnswer(status=401)])
    enrol(page)
    expect(page.get_by_role("alert")).to_contain_text("could not be sent")
    assert "the person is told" in tenant_did(page)
    enrol(page)
    assert f"登録 {received(sandbox)}" in tenant_did(page)
    enter(page, received(sandbox))
    expect(page.get_by_role("heading", name="Logged in")).to_be_visible()


def test_the_policy_and_the_factor_are_seen_at_work(
    visits: Visits, sandbox: RunningSandbox
) -> None:
    guardian = sandbox.parts.tenant.guardian
    guardian.set_policies([])
    page = visits.open("/login")
    expect(page.get_by_label("low confidence")).to_have_count(0)
    begin(page)
    expect(page.get_by_role("heading", name="Logged in")).to_be_visible()
    assert "nobody is asked" in tenant_did(page)

    guardian.set_policies(["confidence-score"])
    page.goto("/login")
    page.get_by_label("high confidence").check()
    begin(page)
    assert "only low confidence asks" in tenant_did(page)

    guardian.set_policies(["all-applications"])
    guardian.set_message_types(["sms"])
    page.goto("/login")
    expect(page.get_by_text("the message type voice is not enabled")).to_be_visible()
    begin(page)
    expect(page.get_by_label("Voice call")).to_have_count(0)

    guardian.set_factor("sms", enabled=False)
    page.goto("/login")
    begin(page)
    expect(page.get_by_role("status")).to_have_text("Nobody can log in.")


def test_names_texts_and_reasons_are_text_whatever_is_in_them(
    visits: Visits, sandbox: RunningSandbox
) -> None:
    hostile = "".join(f"{one}\n" for one in HOSTILE)
    text = f"{{% raw %}}{hostile}{{% endraw %}}{{{{ code }}}} {{{{ user.name }}}}"
    tenant = sandbox.parts.tenant
    template = next(
        one for one in tenant.templates.listing()["templates"] if one["type"] == "otp_enroll"
    )
    tenant.templates.update(template["id"], {"content": {"body": {"text": text}}})
    tenant.tenant_settings.patch({"friendly_name": SCRIPT})
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


def test_every_step_is_usable_by_everybody(visits: Visits, sandbox: RunningSandbox) -> None:
    page = visits.open("/login")
    begin(page)
    enrol(page)
    assert_accessible(visits, page.url.removeprefix(sandbox.pages_url))
    enter(page, received(sandbox))
    assert axe_violations(page) == []
    sandbox.parts.tenant.guardian.set_policies(["confidence-score"])
    assert_accessible(visits, "/login")


def test_another_sites_page_logs_nobody_in_and_a_reset_forgets_who_was(
    sandbox: RunningSandbox,
) -> None:
    form = {"name": "victim"}
    known = sandbox.control_headers
    with httpx.Client(base_url=sandbox.pages_url, headers=known, trust_env=False) as http:
        foreign = {"origin": "http://evil.test"}
        for headers in ({}, foreign, {"sec-fetch-site": "cross-site"}):
            assert http.post("/login", data=form, headers=headers).status_code == 403
        assert sandbox.parts.logins.users.all() == []
        own = {"origin": sandbox.pages_url}
        begun = http.post("/login", data=form, headers=own)
        assert begun.status_code == 303
        assert http.get(begun.headers["location"]).status_code == 200
        with client(sandbox.state_dir, sandbox.record) as tenant:
            tenant.post("/_sandbox/reset").raise_for_status()
        assert http.get(begun.headers["location"]).status_code == 404
        assert sandbox.parts.logins.users.all() == []
        assert http.get("/login/nothing").status_code == 404
        for body, status in ((b"x" * 20_000, 413), (b"&".join([b"a=b"] * 30), 400)):
            sent = own | {"content-type": "application/x-www-form-urlencoded"}
            assert http.post("/login", content=body, headers=sent).status_code == status
        assert http.post("/login", json=form, headers=own).status_code == 415
