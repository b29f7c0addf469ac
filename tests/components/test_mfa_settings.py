"""MFA settings of a stack: what may be said, what is declared, who is refused before a write."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_auth0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.guards.entitlement import EntitlementGuard, by_plan, check_sdk
from components.settings.model import StackSettings, sample_of
from components.settings.values import duration, seconds
from components.tenant.guardian import BY_PLAN
from components.tenant.stack_access import TenantCallError
from tests.components.conftest import NOBODY, At, awaited
from tests.components.test_phone_mfa import GUARDIAN, declare_legacy, declare_phone_mfa
from tests.components.test_settings import GOOD, faults_in

HOUR, DAY = 3_600, 86_400


def check(**values: Any) -> StackSettings:
    return StackSettings.check("dev", GOOD | values)


@given(st.integers(1, 90 * DAY))
def test_a_duration_is_written_one_way_and_read_back(length: int) -> None:
    assert seconds(duration(length)) == length
    assert duration(seconds(duration(length))) == duration(length)


@given(st.integers(1, 100 * DAY), st.integers(1, 100 * DAY))
def test_what_the_tenant_takes_is_taken_and_nothing_else(inactivity: int, overall: int) -> None:
    block = {"inactivity": f"{inactivity}s", "overall": f"{overall}s"}
    fits = HOUR <= inactivity <= min(overall, 30 * DAY) and HOUR <= overall <= 90 * DAY
    if fits:
        told = check(rememberBrowser=block).plain()["rememberBrowser"]
        assert seconds(told["inactivity"]) == inactivity
        assert seconds(told["overall"]) == overall
    else:
        assert faults_in(GOOD | {"rememberBrowser": block})


@given(st.integers(1, 20), st.integers(1, 5_000))
def test_codes_are_what_the_tenant_takes_and_nothing_else(length: int, lifetime: int) -> None:
    block = {"length": length, "lifetime": f"{lifetime}s"}
    if 4 <= length <= 10 and 30 <= lifetime <= 3_600:
        settings = check(oneTimeCode=block)
        assert settings.code_lifetime == lifetime
        assert len(sample_of(settings.plain())["code"]) == length
    else:
        assert faults_in(GOOD | {"oneTimeCode": block})


def test_the_same_time_in_another_unit_is_the_same_setting() -> None:
    day, hours = (check(rememberBrowser={"inactivity": one}) for one in ("1d", "24h"))
    assert day == hours
    assert day.plain()["rememberBrowser"] == {
        "shown": True,
        "ticked": False,
        "inactivity": "1d",
        "overall": "30d",
    }


@pytest.mark.parametrize(
    ("block", "key", "says"),
    [
        ({"inactivity": "7 days"}, "inactivity", "such as 90s, 5m, 12h or 7d"),
        ({"inactivity": 7}, "inactivity", "set phonemfa:rememberBrowser to"),
        ({"inactivity": "31d"}, "inactivity", "It must be 1h to 30d"),
        ({"inactivity": "2d", "overall": "1d"}, "overall", "inactivity to 1d or less"),
        ({"shown": False, "ticked": True}, "ticked", "not documented"),
        ({"remember": True}, "remember", "There is no such entry"),
    ],
)
def test_a_fault_says_what_to_write(block: dict[str, Any], key: str, says: str) -> None:
    found = faults_in(GOOD | {"rememberBrowser": block})
    assert list(found) == [f"phonemfa:rememberBrowser.{key}"]
    assert says in found[f"phonemfa:rememberBrowser.{key}"]


DECLARED = {
    "rememberBrowser": {"shown": True, "ticked": False, "inactivity": "12h", "overall": "7d"},
    "oneTimeCode": {"length": 8, "lifetime": "10m"},
}


@pytest.mark.parametrize("declare", [declare_phone_mfa, declare_legacy])
def test_they_are_declared_where_the_stack_says_so_and_not_else(declare: Any) -> None:
    silent = declare().only(GUARDIAN)
    assert not {"settings", "phoneSettings", "emailSettings"} & set(silent.inputs)
    said = declare(**DECLARED).only(GUARDIAN)
    assert said.inputs["settings"] == {
        "displayRememberMeCheckbox": True,
        "rememberMeDefaultValue": False,
        "mfaSessionInactivityTimeout": 12 * HOUR,
        "mfaSessionOverallTimeout": 7 * DAY,
    }
    assert said.inputs["phoneSettings"] == {"otpLength": 8, "otpExpirationTime": 600}
    assert not {"settings", "phoneSettings"} & set(said.options.ignoreChanges)


def test_an_sdk_without_them_is_refused_before_anything_is_declared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    check_sdk(check(rememberBrowser={}))
    for argument in ("settings", "phone_settings"):
        monkeypatch.delattr(pulumi_auth0.GuardianArgs, argument)
    check_sdk(check())
    for block in ("rememberBrowser", "oneTimeCode"):
        with pytest.raises(pulumi.RunError, match=f"phonemfa:{block} need.* 3.54 .*Nothing was"):
            check_sdk(check(**{block: {}}))


def ask(guard: EntitlementGuard) -> None:
    awaited(guard._check(None))  # type: ignore[arg-type]


def test_a_tenant_that_is_not_entitled_is_refused_before_the_first_write(
    at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = by_plan(check(oneTimeCode={}))
    ask(EntitlementGuard(at.access, parts))
    at.assume(monkeypatch, at.tenant.context, entitled_to_mfa_settings=False)
    guard = EntitlementGuard(at.access, parts)
    for _ in range(2):  # Every resource's hook is refused.
        with pytest.raises(TenantCallError, match="not entitled") as refused:
            ask(guard)
    for part in ("phonemfa:oneTimeCode", "leave it out of the stack's", "Nothing was written"):
        assert part in str(refused.value)


@pytest.mark.parametrize("path", BY_PLAN)
@pytest.mark.parametrize("key", DECLARED)
def test_what_guardian_reads_after_the_write_is_asked_for_whatever_is_declared(
    at: At, key: str, path: str
) -> None:
    guard = EntitlementGuard(at.access, by_plan(check(**{key: DECLARED[key]})))
    with at.control() as control:
        control.post("/faults", json={"path": f"{path}$", "status": 403, "times": None})
        with pytest.raises(TenantCallError, match=f"phonemfa:{key}: .*403.*Nothing was written"):
            ask(guard)


@pytest.mark.usefixtures("at")
def test_a_tenant_that_only_the_provider_can_reach_is_not_asked() -> None:
    ask(EntitlementGuard(NOBODY, by_plan(check(**DECLARED))))


def test_a_stack_that_says_nothing_asks_nothing() -> None:
    assert by_plan(check()) == ()
    assert {part.setting.partition(".")[0] for part in by_plan(check(**DECLARED))} == {*DECLARED}
