"""Taking a channel away, whichever way the API answers the step in between."""

from __future__ import annotations

import pytest

from tests.end_to_end.conftest import Tenant
from tests.end_to_end.pulumi_cli import PulumiProject, changed

pytestmark = pytest.mark.end_to_end
MESSAGE_TYPES = "/guardian/factors/phone/message-types"


def test_one_up_is_enough_where_the_api_lets_it(applied: PulumiProject, tenant: Tenant) -> None:
    applied.configure(deliveryMethods=["text"])
    applied.up()
    assert tenant.api("GET", MESSAGE_TYPES) == {"message_types": ["sms"]}


@pytest.mark.thorough  # the other answer of an assumption
def test_where_the_api_refuses_it_the_guide_s_two_commands_do(
    applied: PulumiProject, tenant: Tenant
) -> None:
    tenant.control("PUT", "/assumptions", {"narrowing_below_message_types_refused": True})
    applied.configure(deliveryMethods=["text"])
    refused = applied.up(expect=None)
    assert refused.exit != 0
    assert "409 Conflict" in refused.text
    assert tenant.api("GET", MESSAGE_TYPES) == {"message_types": ["sms", "voice"]}

    applied.up("--target", "**::phone-mfa-factor-guardian")
    assert tenant.api("GET", MESSAGE_TYPES) == {"message_types": ["sms"]}
    applied.up()
    (provider,) = tenant.api("GET", "/branding/phone/providers")["providers"]
    assert provider["configuration"]["delivery_methods"] == ["text"]
    assert changed(applied.preview_steps()) == []
