"""A stack that has resources takes its secrets to no other address, unless the owners named it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from components.tenant.tenants_file import NAME
from tests.end_to_end.conftest import CONFIG, Tenant
from tests.end_to_end.pulumi_cli import PulumiProject

pytestmark = pytest.mark.end_to_end

ELSEWHERE = "elsewhere.sandbox.test"


def test_another_address_is_refused_before_anything_is_contacted(
    apply: Callable[..., PulumiProject], tenant: Tenant
) -> None:
    stack = apply()
    stack.configure(cpaasBaseHost=ELSEWHERE, recipientLimit=33)
    for command in (["preview"], ["up", "--yes", "--skip-preview"]):
        refused = stack.run(*command, expect=None)
        assert refused.exit != 0, refused.text
        assert f"phonemfa:cpaasBaseHost was '{CONFIG['cpaasBaseHost']}' and is '{ELSEWHERE}'" in (
            refused.text
        )
        assert "Traceback" not in refused.text
    assert tenant.logged() == []

    stack.configure(cpaasBaseHost=CONFIG["cpaasBaseHost"])
    here = stack.environment
    stack.environment = here | {"AUTH0_DOMAIN": ELSEWHERE}
    refused = stack.run("preview", expect=None)
    assert refused.exit != 0
    assert f"auth0:domain was '{tenant.domain}' and is '{ELSEWHERE}'" in refused.text
    assert tenant.logged() == []
    stack.environment = here

    # The way out that it names: the owners' file. A first run, and one that changes no address,
    # need none (components/test_same_addresses.py).
    stack.configure(cpaasBaseHost=ELSEWHERE)
    (stack.folder / NAME).write_text(
        f'[{stack.stack}]\ntenant = "{tenant.domain}"\ncpaasBaseHost = "{ELSEWHERE}"\n',
        encoding="utf-8",
    )
    stack.run("preview")
