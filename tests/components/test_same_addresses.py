"""Which changes of an address are refused where no file of the owners names it."""

from __future__ import annotations

from typing import Any

import pytest

from components.guards.same_addresses import other_addresses


def carried(tenant: Any = "dev.jp.auth0.com", host: Any = "a.api.infobip.com") -> dict[str, Any]:
    return {"tenant": tenant, "settings": {"cpaasBaseHost": host, "smsSender": "0005212345"}}


@pytest.mark.parametrize(
    ("wanted", "named"),
    [
        (carried(tenant="prod.jp.auth0.com"), ["auth0:domain"]),
        (carried(host="b.api.infobip.com"), ["phonemfa:cpaasBaseHost"]),
        (carried("x.example", "y.example"), ["auth0:domain", "phonemfa:cpaasBaseHost"]),
        (carried(tenant="dev.jp.auth0.com.evil.example"), ["auth0:domain"]),
        (carried(tenant="localhost:8443"), ["auth0:domain"]),
    ],
)
def test_another_address_is_refused_with_both_and_the_way_out(
    wanted: dict[str, Any], named: list[str]
) -> None:
    refusal = other_addresses(carried(), wanted)
    assert all(one in refusal for one in named)
    assert refusal.count(" and is ") == len(named)
    assert "tenants.toml" in refusal


@pytest.mark.parametrize(
    ("before", "wanted"),
    [
        (carried(), carried()),
        (carried(), carried(tenant="DEV.jp.auth0.com")),
        ({}, carried()),
        ({"settings": {}}, carried()),
        (carried(host=None), carried()),
        (carried(), carried(host=None)),
        (carried(tenant="localhost:8443"), carried(tenant="localhost:40123")),
    ],
)
def test_the_same_a_first_or_no_address_passes(
    before: dict[str, Any], wanted: dict[str, Any]
) -> None:
    assert other_addresses(before, wanted) == ""
