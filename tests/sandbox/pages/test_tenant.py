"""A developer looks at the tenant, and at what differs from the last `up`."""

import pytest
from playwright.sync_api import expect

from sandbox.drift.scenarios import SCENARIOS
from sandbox.pages.wording import clock
from sandbox.server.record import client
from sandbox.server.running import RunningSandbox
from sandbox.tenant import Generation
from tests.sandbox.pages.scenes import HOSTILE, SCRIPT, like_an_up
from tests.sandbox.pages.visit import Visits
from tests.sandbox.sending import set_up

# One worker has the browser that the tests of the module share.
pytestmark = pytest.mark.xdist_group("tenant page")


@pytest.fixture(autouse=True)
def applied(sandbox: RunningSandbox) -> None:
    like_an_up(sandbox)


def test_the_tenant_is_shown_without_its_secrets(visits: Visits, sandbox: RunningSandbox) -> None:
    page = visits.open("/tenant")
    expect(page.get_by_text("no difference")).to_be_visible()
    text = page.get_by_role("article", name="Text otp_verify")
    expect(text.locator(".bubble").first).to_have_text(
        "【みらい銀行】ログイン用の認証コードは 123456 です（5分間有効）。"
        "社員を含め、誰にも教えないでください。"
    )
    expect(text.locator(".bubble.call")).to_contain_text("1. 2. 3. 4. 5. 6.")
    action = page.get_by_role("article", name="Action phone")
    expect(action).to_contain_text("draft is deployed")
    expect(action).to_contain_text("CPAAS_API_KEY")
    # As the machine's own clock has it, like every other time of the pages.
    deployed = action.locator("time")
    expect(deployed).to_have_text(clock(deployed.get_attribute("datetime") or ""))
    action.get_by_text("The code that runs, version 1").click()
    expect(action.locator("pre")).to_contain_text("onExecuteCustomPhoneProvider")
    assert sandbox.credentials.cpaas_api_key not in page.content()
    assert sandbox.client_secret not in page.content()


def test_what_differs_is_shown_until_undone(visits: Visits, sandbox: RunningSandbox) -> None:
    with client(sandbox.state_dir, sandbox.record) as control:
        for one in ("action-undeployed", "policy-switched"):
            control.post("/_sandbox/drift", json={"scenario": one}).raise_for_status()
        page = visits.open("/tenant")
        expect(page.get_by_text("draft is not deployed")).to_be_visible()
        expect(
            page.get_by_label("Difference of Action of custom-phone-provider, what runs: code")
        ).to_contain_text("+// older")
        expect(page.get_by_text("always → never")).to_be_visible()
        control.put("/_sandbox/applied").raise_for_status()
    expect(visits.open("/tenant").get_by_text("no difference")).to_be_visible()
    assert sandbox.parts.tenant.policies() == ["all-applications"]


@pytest.mark.parametrize("generation", ["legacy", "unified"])
def test_the_routes_list_what_the_generation_allows(
    sandbox: RunningSandbox, generation: Generation
) -> None:
    set_up(sandbox, generation)
    with client(sandbox.state_dir, sandbox.record) as control:
        names = control.get("/_sandbox/drift").raise_for_status().json()["scenarios"]
        possible = {key for key, one in SCENARIOS.items() if generation in one.generations}
        assert names.keys() == possible
        for body in ('{"scenario": "no"}', "{}", "[]", "no"):
            assert control.post("/_sandbox/drift", content=body).status_code == 400
        # The unified tenant here is one of no binding.
        undone = control.post("/_sandbox/drift", json={"scenario": "unbound"})
        assert undone.status_code == (409 if generation == "unified" else 200)


def test_a_tenant_that_no_up_has_seen_says_so(visits: Visits, sandbox: RunningSandbox) -> None:
    with client(sandbox.state_dir, sandbox.record) as tenant:
        tenant.post("/_sandbox/reset").raise_for_status()
    page = visits.open("/tenant")
    expect(page.get_by_text("no Action that sends messages")).to_be_visible()
    expect(page.get_by_text("No pulumi up has ended")).to_be_visible()
    with client(sandbox.state_dir, sandbox.record) as tenant:
        assert tenant.put("/_sandbox/applied").status_code == 409


def test_names_and_texts_stay_text(visits: Visits, sandbox: RunningSandbox) -> None:
    tenant = sandbox.parts.tenant
    tenant.settings.patch({"friendly_name": SCRIPT})
    action = tenant.actions.all()[0]
    hostile = "\n".join(HOSTILE)
    secrets = [{"name": name, "value": "x"} for name in (HOSTILE[-1], "AFTER")]
    changes = {"name": SCRIPT, "code": f"// {hostile}</pre>", "secrets": secrets}
    changes["dependencies"] = [{"name": HOSTILE[-1], "version": "1"}]
    tenant.actions.update(action["id"], changes)
    for template in tenant.templates.listing()["templates"]:
        if "id" in template:
            voice = "{{ broken" if template["type"] == "otp_enroll" else hostile
            body = {"text": f"{{% raw %}}{hostile}{{% endraw %}}", "voice": voice}
            tenant.templates.update(template["id"], {"content": {"body": body, "from": SCRIPT}})
    page = visits.open("/tenant")
    expect(page.get_by_role("heading", name=SCRIPT, exact=True).first).to_be_visible()
    expect(page.get_by_label("Text otp_verify").locator(".bubble").first).to_have_text(hostile)
    expect(page.get_by_text("the template does not render").first).to_be_visible()
    expect(page.get_by_label(f"Action {SCRIPT}").first).to_be_visible()
    # What turns the direction of writing turns nothing that stands beside it: the name of a
    # package and of a secret, and both once more among what differs.
    turned = page.get_by_text(HOSTILE[-1], exact=False).and_(page.locator("bdi"))
    expect(turned).to_have_count(4)
    expect(visits.open("/login").locator("#tenant > bdi")).to_have_text(SCRIPT)
