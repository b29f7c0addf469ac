"""Sizes of SMS with the name that the tenant has."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from components.settings.message_size import sms_size
from components.settings.values import duration
from phonemfa.doctor.answers import Why
from phonemfa.doctor.findings import Finding, Level
from phonemfa.doctor.reading import PHONE_SETTINGS
from phonemfa.doctor.text_checks import text_checks
from tests.phonemfa.doctor.support import MFA_SETTINGS, reading, refused, settings


def found(name: str | None, **config: Any) -> list[Finding]:
    tenant = {"phone_consolidated_experience": True, "friendly_name": name}
    return list(text_checks(reading(settings=tenant), settings(**config)))


@given(st.text(alphabet="みらい銀行Mirai Bank株式会社", min_size=1, max_size=60))
def test_an_sms_is_measured_with_the_tenants_own_name(name: str) -> None:
    text = "{{ friendly_name }} {{ code }}。誰にも教えないでください"
    own = {"texts": {kind: {"text": text} for kind in ("otp_verify", "otp_enroll")}}
    kinds = {"messageTypes": ["otp_verify", "otp_enroll"]}
    size = sms_size(f"{name} 123456。誰にも教えないでください")
    for one in found(name, **own, **kinds):
        assert str(size) in one.what
        assert one.level is (Level.OK if size.parts == 1 else Level.WARNING)


def test_a_tenant_without_a_name_is_called_by_its_domain() -> None:
    for name in ("", None):
        (one,) = found(name)
        assert one.what.startswith("with the name t ")
    (one,) = text_checks(reading(settings=refused(Why.SCOPE)), settings())
    assert "株式会社日本架空銀行会員サービス" in one.what


def test_a_long_code_is_counted() -> None:
    logins = {"messageTypes": ["otp_verify", "otp_enroll"]}
    for length, units in ((4, 62), (6, 64), (10, 68)):
        (one,) = found("あ" * 12, oneTimeCode={"length": length}, **logins)
        assert f"{units} UTF-16 units, 1 part" in one.what


def test_nothing_is_said_of_texts_that_nobody_gets_as_sms() -> None:
    calls = {"deliveryMethods": ["voice"], "voiceSender": "+815012345678"}
    assert found("みらい銀行", **calls) == []


@given(st.integers(30, 3_600), st.integers(4, 10))
def test_a_lifetime_that_is_not_the_tenants_is_a_warning(lifetime: int, length: int) -> None:
    codes = {"otp_length": length, "otp_expiration_time": lifetime}
    tenant = reading(mfa_settings=MFA_SETTINGS | {PHONE_SETTINGS: codes})
    warned = [one for one in text_checks(tenant, settings()) if "is valid for" in one.what]
    assert len(warned) == (lifetime != 300)
    for one in warned:
        assert f"lifetime' {duration(lifetime)}," in one.fix
        assert "say that a code is valid for 5 minutes" in one.what
    # What the stack declares, the next `up` writes.
    declared = list(text_checks(tenant, settings(oneTimeCode={})))
    assert [one for one in declared if "is valid for" in one.what] == []
