"""Remembered browsers and the codes' form, from the stack's file to the tenant and the phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.end_to_end.conftest import Tenant
from tests.end_to_end.pulumi_cli import PulumiProject

pytestmark = pytest.mark.end_to_end

REMEMBER = {"shown": True, "ticked": True, "inactivity": "12h", "overall": "7d"}


@pytest.mark.generation("unified")
def test_what_a_stack_says_of_them_the_tenant_has_and_the_text_says_the_lifetime(
    apply: Callable[..., PulumiProject], tenant: Tenant
) -> None:
    stack = apply()
    before = tenant.api("GET", "/guardian/settings")
    stack.configure(rememberBrowser=REMEMBER, oneTimeCode={"length": 8, "lifetime": "10m"})
    stack.up()
    assert tenant.api("GET", "/guardian/settings") == {
        "display_remember_me_checkbox": True,
        "remember_me_default_value": True,
        "mfa_session_inactivity_timeout": 12 * 3_600,
        "mfa_session_overall_timeout": 7 * 86_400,
    }
    assert tenant.api("GET", "/guardian/factors/phone/settings") == {
        "otp_length": 8,
        "otp_expiration_time": 600,
    }
    texts = {
        one["type"]: one["content"]["body"]["text"]
        for one in tenant.api("GET", "/branding/phone/templates")["templates"]
        if one.get("id")
    }
    assert "10分間有効" in texts["otp_verify"]
    assert before != tenant.api("GET", "/guardian/settings")
    # Undeclared, they stay as they are: the recorded life "mfa-settings" (test_traces.py).
    assert stack.outputs()["smsSizes"]["otp_enroll"] == "71 UTF-16 units, 2 parts"
