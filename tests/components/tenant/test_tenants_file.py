"""Secrets go to the addresses that tenants.toml names for a stack, and to no others."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.tenant.tenants_file import (
    NAME,
    Named,
    NotNamedError,
    TenantsFile,
    read_tenants_file,
)

FILE = """
[dev]
tenant = "dev.jp.auth0.com"
cpaasBaseHost = "abc123.api.infobip.com"

[live]
tenant = "https://login.example.jp/"
production = true
"""


@pytest.fixture
def named(tmp_path: Path) -> TenantsFile:
    (tmp_path / NAME).write_text(FILE, encoding="utf-8")
    return read_tenants_file(tmp_path)


def test_what_is_named_may_be_contacted(named: TenantsFile) -> None:
    named.check("dev", domain="DEV.jp.auth0.com", cpaas_base_host="abc123.api.infobip.com")
    named.check("dev", domain="https://dev.jp.auth0.com/")
    named.check("live", domain="login.example.jp")


@given(st.text(alphabet="abcdev.-:/jp", min_size=1, max_size=30))
def test_no_other_domain_may(domain: str) -> None:
    file = TenantsFile(named={"dev": Named(tenant="dev.jp.auth0.com")})
    if domain.strip().removeprefix("https://").rstrip("/") in {"dev.jp.auth0.com", ""}:
        return
    with pytest.raises(NotNamedError, match="auth0:domain"):
        file.check("dev", domain=domain)


def test_a_host_that_receives_the_key_and_is_not_named_may_not(named: TenantsFile) -> None:
    with pytest.raises(NotNamedError) as told:
        named.check("dev", domain="a.test", cpaas_base_host="b.test")
    assert "'a.test'" in str(told.value)
    assert "'b.test'" in str(told.value), "all of it at once"
    with pytest.raises(NotNamedError, match="names ''"):
        named.check("live", domain="login.example.jp", cpaas_base_host="b.test")


def test_a_stack_that_the_file_does_not_name_contacts_nothing(named: TenantsFile) -> None:
    with pytest.raises(NotNamedError, match=r"Add \[staging\]"):
        named.check("staging", domain="dev.jp.auth0.com")


def test_production_is_what_the_file_says(named: TenantsFile, tmp_path: Path) -> None:
    assert named.production == ["live"]
    without = read_tenants_file(tmp_path / "nowhere")
    assert without.production is None
    without.check("anything", domain="anywhere.test")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"[dev", "cannot be used"),
        (b"\xff\xfe", "cannot be used"),
        (b"[dev]\n", "dev.tenant"),
        (b'[dev]\ntenant = ""\n', "dev.tenant"),
        (b'[dev]\ntenant = "a.test"\nproductoin = true\n', "dev.productoin"),
        (b'dev = "a.test"\n', "dev"),
        (b"x" * (2**20 + 1), "larger than 1 MiB"),
    ],
)
def test_a_file_that_cannot_be_used_lets_nothing_through(
    tmp_path: Path, content: bytes, says: str
) -> None:
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(NotNamedError, match=says):
        read_tenants_file(tmp_path)


def test_an_editors_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"\xef\xbb\xbf" + FILE.encode())
    assert read_tenants_file(tmp_path).production == ["live"]
