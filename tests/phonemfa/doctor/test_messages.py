"""Sizes of SMS with the name that the tenant has, and doubts about senders that are well-formed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.settings.message_size import sms_size
from components.settings.values import duration
from components.tenant.guardian import PHONE_SETTINGS
from components.tenant.model import Why
from components.tenant.tenant_settings import TenantSettings
from phonemfa.doctor.findings import Finding, Level
from phonemfa.doctor.login import code_checks
from phonemfa.doctor.messages import sender_checks, text_checks
from tests.phonemfa.applied import Operator
from tests.phonemfa.doctor.support import reading, refused, settings


def found(name: str | None, **config: Any) -> list[Finding]:
    tenant = {"phone_consolidated_experience": True, "friendly_name": name}
    live = reading(settings=TenantSettings.of_api(tenant))
    return list(text_checks(live, settings(**config)))


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


def test_a_custom_domain_is_counted_as_the_tenant_has_it(applied: Callable[..., Operator]) -> None:
    text = "{{ code }} {{ custom_domain }} を開いてください。誰にも教えないでください"
    desk = applied(
        texts={kind: {"text": text} for kind in ("otp_verify", "otp_enroll")},
        messageTypes=["otp_verify", "otp_enroll"],
        allowedInTexts=["links"],
    )
    domains = desk.tenant.running.parts.tenant.custom_domains
    domains.add("not-yet.login.example.co.jp", status="pending")
    domains.add("login.example.co.jp")
    size = sms_size("123456 login.example.co.jp を開いてください。誰にも教えないでください")
    assert (
        f"and login.example.co.jp the longest SMS has {size}" in desk.run("doctor", "--all").stdout
    )


def test_nothing_is_said_of_texts_that_nobody_gets_as_sms() -> None:
    calls = {"deliveryMethods": ["voice"], "voiceSender": "+815012345678"}
    assert found("みらい銀行", **calls) == []


@given(st.integers(30, 3_600), st.integers(4, 10))
def test_a_lifetime_that_is_not_the_tenants_is_a_warning(lifetime: int, length: int) -> None:
    codes = {"otp_length": length, "otp_expiration_time": lifetime}
    tenant = reading(login={PHONE_SETTINGS: codes})
    warned = list(code_checks(tenant, settings()))
    assert len(warned) == (lifetime != 300)
    for one in warned:
        assert f"lifetime' {duration(lifetime)}," in one.fix
        assert "say that a code is valid for 5 minutes" in one.what
    # What the stack declares, the next `up` writes.
    assert list(code_checks(tenant, settings(oneTimeCode={}))) == []
    # As found, a tenant has texts of its own.
    assert list(code_checks(tenant, settings(adopted={"phone": {"enabled": True}}))) == []


# --- Senders --------------------------------------------------------------------------------------

VOICE = {"deliveryMethods": ["text", "voice"]}
GOOD = "+815012345678"


def doubts(**config: Any) -> list[str]:
    found = sender_checks(settings(**config))
    return [one.what for one in found if one.level is Level.WARNING]


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"smsSender": "MIRAIBANK"}, "international route"),
        ({"allowedPrefixes": ["+81", "+1"]}, "other countries' carriers"),
        (VOICE | {"voiceSender": "+8150123456789"}, "another length"),
        (VOICE | {"voiceSender": "+8150123456"}, "another length"),
        (VOICE | {"voiceSender": "+14155550100"}, "another country"),
    ],
)
def test_a_doubtful_sender_is_a_warning(config: dict[str, Any], words: str) -> None:
    (one,) = doubts(**config)
    assert words in one


@pytest.mark.parametrize(
    "config",
    [
        {},
        VOICE | {"voiceSender": GOOD},
        VOICE | {"voiceSender": "+81312345678"},
        # Not used, or not in Japan: nobody's doubt.
        {"voiceSender": "+14155550100"},
        {"smsSender": "MIRAIBANK", "allowedPrefixes": ["+1"]},
        VOICE
        | {"voiceSender": "+14155550100", "allowedPrefixes": ["+81", "+1"], "smsSender": "12345"},
    ],
)
def test_a_good_sender_is_not(config: dict[str, Any]) -> None:
    assert doubts(**config) == []


def test_whom_a_sender_belongs_to_is_always_said_to_be_unknown_and_no_number_is_told() -> None:
    *_, last = sender_checks(settings(**VOICE, voiceSender=GOOD))
    assert last.level is Level.NOTE
    assert "only a message tells" in last.what
    assert GOOD not in "".join(one.what + one.fix for one in sender_checks(settings()))


def test_the_actions_line_about_machine_detection_is_explained() -> None:
    line = "CPaaS account has no machine detection: called without it"
    source = Path(__file__).parents[3].joinpath("actions/src/exchange.js").read_text("utf-8")
    assert f"'{line}'" in source

    def told(**config: Any) -> bool:
        return any(line in one.what for one in sender_checks(settings(**config)))

    assert told(**VOICE, voiceSender=GOOD, machineDetection=True)
    assert not told(**VOICE, voiceSender=GOOD)
    assert not told(deliveryMethods=["text"], smsSender="0005212345", machineDetection=True)
