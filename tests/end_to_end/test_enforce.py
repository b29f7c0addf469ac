"""Users are asked for codes only once codes are sent.

What is refused, and a step that fails, is held without the engine: phonemfa/enforce.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import yaml

from tests.end_to_end.conftest import PHONE, Tenant
from tests.end_to_end.operators import operator_of
from tests.end_to_end.pulumi_cli import PulumiProject, changed

pytestmark = pytest.mark.end_to_end


def test_always_is_applied_after_a_message_of_each_channel(
    apply: Callable[..., PulumiProject], tenant: Tenant
) -> None:
    stack = apply(policy="never", testNumbers=[PHONE])
    answer = operator_of(tenant, stack).json("enforce", "--yes")
    assert (answer["before"], answer["after"]) == ([], ["all-applications"])
    assert tenant.api("GET", "/guardian/policies") == ["all-applications"]
    declared = yaml.safe_load(stack.config.read_text(encoding="utf-8"))["config"]
    assert declared["phonemfa:policy"] == "always"
    sent = tenant.control("GET", f"/messages?to=%2B{PHONE[1:]}")["messages"]
    assert {one["channel"] for one in sent} == {"sms", "voice"}
    assert changed(stack.preview_steps()) == []
