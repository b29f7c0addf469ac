"""The package itself, applied by the real engine to a sandbox tenant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.end_to_end.conftest import KEY, PHONE, Tenant
from tests.end_to_end.pulumi_cli import PulumiProject

pytestmark = pytest.mark.end_to_end

REQUESTS_OF_A_REFRESH = 13
"""Token, Action, provider, three templates, and seven of Guardian."""


def test_nothing_more_than_needed_is_asked_of_the_tenant(
    applied: PulumiProject, tenant: Tenant
) -> None:
    applied.up()
    assert tenant.logged() == [], "a no-op up asks the tenant nothing"
    applied.run("refresh", "--preview-only", "--expect-no-changes")
    assert 0 < len(tenant.logged()) <= REQUESTS_OF_A_REFRESH
    assert tenant.unknown_routes() == 0


def test_bad_config_is_told_as_a_whole_before_any_request(
    package: PulumiProject, tenant: Tenant
) -> None:
    package.configure(
        cpaasBaseHost="https://cpaas.sandbox.test",
        smsSender="far-too-long-a-sender",
        colour="blue",
        texts={"otp_verify": {"text": "no code"}},
        # The engine knows these from Pulumi.yaml, and must leave them to the program.
        recipientLimit="many",
        protect="perhaps",
    )
    tenant.forget_requests()
    refused = package.up(expect=None)
    assert refused.exit != 0
    assert "6 faults in the config of stack t1; nothing was sent" in refused.text
    for key in ("cpaasBaseHost", "smsSender", "colour", "texts", "recipientLimit", "protect"):
        assert f"phonemfa:{key}" in refused.text
    assert "Traceback" not in refused.text
    assert tenant.logged() == []


@pytest.mark.usefixtures("applied")
def test_a_message_of_each_channel_reaches_the_phone_through_the_deployed_action(
    tenant: Tenant,
) -> None:
    for method, channel in (("text", "sms"), ("voice", "voice")):
        sent = tenant.control("POST", "/challenge", {"to": PHONE, "delivery_method": method})
        (message,) = [
            one
            for one in tenant.control("GET", f"/messages?to=%2B{PHONE[1:]}&wait=30")["messages"]
            if one["channel"] == channel
        ]
        spoken = message["text"].replace(", ", "").replace(",", "")
        assert sent["code"] in spoken


def test_the_key_is_in_no_output_and_in_no_state(applied: PulumiProject, tmp_path: Path) -> None:
    # Nor in what the first `up` said: the fixture looks.
    outputs = [applied.run("preview", "--json"), applied.run("stack", "export")]
    assert KEY not in "".join(ran.text for ran in outputs)
    assert KEY not in json.dumps(applied.outputs())
    backend = tmp_path / "sandbox" / "pulumi-state"
    files = [path for path in backend.rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert KEY.encode() not in path.read_bytes(), path
