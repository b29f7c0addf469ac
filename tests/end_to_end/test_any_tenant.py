"""The package's life in a tenant, whichever: the sandbox's, or a real one that was made for it.

One body, two targets. Nothing in here knows a sandbox: everything is done by Pulumi and looked at
through the Management API. `docs/guides/live-tests.md` says how to point it at a real tenant.
"""

import time
from collections.abc import Collection
from importlib.metadata import version

import pytest

from tests.end_to_end.pulumi_cli import PulumiProject
from tests.end_to_end.targets import Target

pytestmark = [pytest.mark.end_to_end, pytest.mark.any_tenant]

LOGGED_WITHIN = 60.0
"""Seconds in which a real tenant's log shows what was sent; the sandbox's does at once."""


@pytest.mark.thorough
def test_a_whole_life_leaves_what_is_not_its_own(stack: PulumiProject, target: Target) -> None:
    for factor in ("otp", "webauthn-roaming"):  # which the stack does not name
        target.api("PUT", f"/guardian/factors/{factor}", {"enabled": True})
    stack.configure(policy="adaptive")
    stack.up()
    stack.configure(policy="always")
    stack.up()
    settled(stack)
    assert target.policies == ["all-applications"]
    (provider,) = target.providers
    assert (provider["name"], provider["disabled"]) == ("custom", False)
    assert provider["configuration"]["delivery_methods"] == ["text", "voice"]
    (action,) = target.actions
    assert (action["all_changes_deployed"], action["runtime"]) == (True, "node22")
    types = target.api("GET", "/guardian/factors/phone/message-types")
    assert types == {"message_types": ["sms", "voice"]}
    templates = target.api("GET", "/branding/phone/templates")["templates"]
    customised = {one["type"] for one in templates if "id" in one}
    assert customised == {"otp_verify", "otp_enroll", "change_password"}
    resources = stack.state()["deployment"]["resources"]
    kinds = {one["type"]: one["urn"].rpartition("::")[2] for one in resources}
    sdk = version("pulumi-auth0").replace(".", "_")  # lowest, test_lowest_sdk.py
    assert kinds["pulumi:providers:auth0"] == f"default_{sdk}"

    target.api("PUT", "/guardian/policies", [])
    seen = stack.run("refresh", "--preview-only", "--expect-no-changes", "--diff", expect=7)
    assert '~ policy: "all-applications" => "never"' in seen.out, seen.text
    stack.up("--refresh")
    assert target.policies == ["all-applications"]
    settled(stack)
    enabled = {one["name"] for one in target.api("GET", "/guardian/factors") if one["enabled"]}
    assert {"sms", "otp", "webauthn-roaming"} <= enabled

    urn = stack.resource("phone-mfa-sender-action")["urn"]
    refused = stack.refused("up", "--target-replace", urn)
    assert "nobody who sends" in refused.text
    assert target.actions == [action]

    stack.destroy()
    assert (target.actions, target.providers) == ([], [])


def settled(stack: PulumiProject) -> None:
    """Neither a preview nor a look at the tenant finds anything to do."""
    assert stack.changes() == []
    stack.unchanged()


@pytest.mark.thorough  # another legacy stack that is applied: test_package.py
@pytest.mark.generation("legacy")
def test_a_legacy_tenant_has_what_was_applied(stack: PulumiProject, target: Target) -> None:
    stack.up()
    settled(stack)
    selected = target.api("GET", "/guardian/factors/phone/selected-provider")
    assert selected == {"provider": "phone-message-hook"}
    assert target.api("GET", "/tenants/settings")["customize_mfa_in_postlogin_action"] is True
    bound = target.api("GET", "/actions/triggers/send-phone-message/bindings")["bindings"]
    assert [one["action"]["name"] for one in bound] == ["ntt-cpaas-phone-legacy"]
    assert target.policies == ["all-applications"]
    stack.destroy()
    assert target.actions == []


# What is sent: test_package.py; what the sandbox logs of it: sandbox/notifications/test_logs.py.
@pytest.mark.thorough
def test_a_message_of_each_channel_is_in_the_log(stack: PulumiProject, target: Target) -> None:
    if target.sending is None:
        pytest.skip("nothing to send with: PHONEMFA_LIVE_CPAAS_HOST and its like are not set")
    stack.up()
    (provider,) = target.providers
    for method, code in (("text", "gd_send_sms"), ("voice", "gd_send_voice")):
        before = set(logged(target, code))
        target.api(
            "POST",
            f"/branding/phone/providers/{provider['id']}/try",
            {"to": target.sending.phone, "delivery_method": method},
            expect=202,
        )
        assert first_new(target, code, before) == code


def logged(target: Target, code: str) -> dict[str, str]:
    """Types by id, of the log's entries that say a message was sent or was not."""
    entries = target.api("GET", "/logs?sort=date:-1&per_page=50")
    return {
        one["log_id"]: one["type"]
        for one in entries
        if one["type"] in {code, f"{code}_failure", "fn"}
    }


def first_new(target: Target, code: str, before: Collection[str]) -> str:
    """The type of the first entry that was not there before."""
    end = time.monotonic() + LOGGED_WITHIN
    while time.monotonic() < end:
        new = [kind for log_id, kind in logged(target, code).items() if log_id not in before]
        if new:
            return new[0]
        # No more often than a free tenant's rate limit bears.
        time.sleep(0.5)
    # On a real tenant this would answer what the sandbox assumes (test_message_logs).
    raise AssertionError(f"no {code} in the tenant's log within {LOGGED_WITHIN:.0f} s")
