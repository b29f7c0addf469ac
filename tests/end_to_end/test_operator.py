"""A key is rotated beside the real engine; break-glass and rollback: the guide for incidents."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.end_to_end.conftest import PHONE, Tenant
from tests.end_to_end.operators import NEW_KEY, cpaas_of, operator_of, writes
from tests.end_to_end.pulumi_cli import PulumiProject, changed
from tests.end_to_end.test_legacy import codes_sent

pytestmark = pytest.mark.end_to_end


def test_a_key_is_rotated_while_every_login_gets_its_code(
    apply: Callable[..., PulumiProject], tenant: Tenant
) -> None:
    package = apply(testNumbers=[PHONE])
    operator, old = operator_of(tenant, package), tenant.running.credentials.cpaas_api_key
    stack_file = package.folder / f"Pulumi.{package.stack}.yaml"
    before = stack_file.read_bytes()

    tenant.forget_requests()
    unknown = operator.run("rotate", "--yes", stdin=NEW_KEY, expect=2)
    assert "refused (401): it is no key of this account" in unknown.stderr
    assert (stack_file.read_bytes(), writes(tenant)) == (before, [])

    with cpaas_of(tenant) as cpaas:
        cpaas.post("/_sandbox/keys", json={"key": NEW_KEY}).raise_for_status()
        with codes_sent(tenant):
            done = operator.json("rotate", "--yes", stdin=f"{NEW_KEY}\n")
            assert done["old_key_may_be_revoked"] is True
            assert done["key_checked"] == "accepted"
            cpaas.request("DELETE", "/_sandbox/keys", json={"key": old}).raise_for_status()
            with codes_sent(tenant, count=5, method="voice"):
                pass
    assert stack_file.read_bytes() != before
    assert changed(package.preview_steps()) == []
    assert tenant.unknown_routes() == 0
