"""Config that is fit to declare, and what is said about config that is not."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from components.settings.faults import SettingsError
from components.settings.model import HealthLevels, StackSettings, sample_of
from components.settings.values import duration, seconds
from components.settings.words import meaning, value_in_words

GOOD: dict[str, Any] = {
    "experience": "unified",
    "deliveryMethods": ["text", "voice"],
    "policy": "always",
    "cpaasBaseHost": "abc123.api.example.com",
    "smsSender": "0005212345",
    "voiceSender": "+815012345678",
}


def without(*keys: str, **changes: Any) -> dict[str, Any]:
    return {key: value for key, value in (GOOD | changes).items() if key not in keys}


def faults_in(values: dict[str, Any]) -> dict[str, str]:
    """Key → the whole fault, as it would be printed."""
    with pytest.raises(SettingsError) as caught:
        StackSettings.check("dev", values)
    return {fault.key: str(fault) for fault in caught.value.faults}


DEFAULTS: dict[str, Any] = {
    **dict.fromkeys(("adopted", "bindAction", "oneTimeCode", "originBoundCode")),
    **dict.fromkeys(("rememberBrowser", "textFiles", "voiceLimit")),
    **dict.fromkeys(("deduplicate", "machineDetection", "protect", "transition"), False),
    "allowedInTexts": [],
    "retiredSecrets": [],
    "otherFactors": {},
    "texts": {},
    "actionName": "ntt-cpaas-phone",
    "allowedPrefixes": ["+81"],
    "gate": "ready",
    "language": "ja",
    "messageTypes": ["change_password", "otp_enroll", "otp_verify"],
    "recipientLimit": 10,
    "ringTimeout": 14,
    "tenantLimit": 0,
    "voiceGender": "female",
}


def test_the_smallest_config_is_complete_and_its_defaults_are_safe() -> None:
    settings = StackSettings.check("dev", GOOD)
    # What is not set is known and told too; sets have one order. Health changes no tenant.
    assert settings.plain() == GOOD | DEFAULTS
    assert settings.calls_per_number == 5
    assert (settings.health.success_percent, settings.health.completion_percent) == (90, 50)


@pytest.mark.parametrize("bound", ["least", "most"])
def test_a_level_of_health_beyond_its_bounds_is_refused(bound: str) -> None:
    beyond = {"least": (0, 0, 0, 1, 1, 2, 0), "most": (1000, 100, 100, 100, 100, 1000, 100)}
    names = [field.alias or "" for field in HealthLevels.model_fields.values()]
    health = dict(zip(names, beyond[bound], strict=True))
    assert set(faults_in(GOOD | {"health": health})) == {f"phonemfa:health.{one}" for one in names}


def test_every_required_key_is_named_at_once() -> None:
    assert set(faults_in({})) == {
        "phonemfa:experience",
        "phonemfa:deliveryMethods",
        "phonemfa:policy",
        "phonemfa:cpaasBaseHost",
    }


def test_faults_of_all_kinds_are_reported_together() -> None:
    found = faults_in(
        without(
            "policy",
            "voiceSender",
            cpaasBaseHost="https://abc123.api.example.com",
            smsSender="a-sender-that-is-far-too-long",
            colour="blue",
            texts={"otp_verify": {"text": "no code here"}},
        )
    )
    assert set(found) == {
        "phonemfa:policy",
        "phonemfa:voiceSender",
        "phonemfa:cpaasBaseHost",
        "phonemfa:smsSender",
        "phonemfa:colour",
        "phonemfa:texts.otp_verify.text",
    }


SCHEMA = Draft202012Validator(StackSettings.model_json_schema())
REFUSED: dict[str, list[Any]] = {
    # The key goes to a bare host only.
    "cpaasBaseHost": [
        *("https://abc.example.com", "abc.example.com/sms", "abc.example.com:443", "localhost"),
        *("user@abc.example.com", "127.0.0.1", "ABC.example.com", "abc.example.com.", "", 1),
        *("abc..example.com", "-abc.example.com", "abc.example.com\n", " abc.example.com"),
        "例え.jp",
    ],
    "originBoundCode": ["https://login.example.jp", "login", "login.example.jp/x", ""],
    # Senders that the CPaaS would refuse; a caller ID is a full E.164 number.
    "smsSender": [
        *("ab", "TwelveLetter", "1" * 16, "my bank", "銀行", "Bank!", "", "+"),
        *("x0005212345x5678", "+8109012345678", "8109012345678"),
    ],
    "voiceSender": [
        *("Bank", "05012345678", "+0501234567", "+81", "+81 50 1234 5678"),
        *("+815012345678x", "x+815012345678", "+8105012345678"),
    ],
    "deliveryMethods": [[], ["sms"], "text", ["text", "pigeon"], None],
    # Without its codes a stack is no use.
    "messageTypes": [["change_password"]],
    # A country, or a part of one, none that costs extra.
    "allowedPrefixes": [
        *([], ["81"], ["+0"], ["+81 90"], "+81", ["Japan"]),
        *([one] for one in ("+8", "+979", "+870", "+88", "+9", "+999", "+210", "+1900", "+81990")),
        *([one] for one in ("+44 7", "+810")),
    ],
    "testNumbers": [
        *([one] for one in ("819012345678", "+0312345678", "+81 90 1234 5678", "", "+8190")),
        *([one] for one in ("+8109012345678", "09012345678")),
    ],
    "recipientLimit": [-1, 100, "many", 1.5, True],
    "voiceLimit": [-1, 100, "many", 11, True],
    "tenantLimit": [-1, 100_000, "all", False],
    "ringTimeout": [4, 61, 1.5, "long", True],
    "machineDetection": ["hangup", 2],
    "policy": ["sometimes"],
    "unknown": [True],
}
NO_EDITOR_KNOWS = [
    ("cpaasBaseHost", "abc.example.com\n"),
    ("messageTypes", ["change_password"]),
    ("allowedPrefixes", ["+1900"]),
    ("allowedPrefixes", ["+81990"]),
    ("voiceLimit", 11),
]
TAKEN: dict[str, list[Any]] = {
    "smsSender": ["Bank", "BANK123", "0005212345", "+815012345678", "123"],
    "voiceSender": ["+390612345678"],  # Italy's numbers begin with zero.
    "allowedPrefixes": [[one] for one in ("+1808", "+8190", "+39", "+3906", "+7", "+886")],
    "testNumbers": [["+819012345678"]],
    "recipientLimit": [99, "0"],
    "voiceLimit": [10],
    "tenantLimit": [99_999],
    "ringTimeout": [60],
}


def cases(table: dict[str, list[Any]]) -> pytest.MarkDecorator:
    found = [(key, value) for key, values in table.items() for value in values]
    return pytest.mark.parametrize(("key", "value"), found, ids=str)


@cases(REFUSED)
def test_a_value_that_could_not_work_is_refused_by_the_program_and_by_editors(
    key: str, value: Any
) -> None:
    values = GOOD | {key: value}
    assert {one.partition("[")[0] for one in faults_in(values)} == {f"phonemfa:{key}"}
    assert SCHEMA.is_valid(values) is ((key, value) in NO_EDITOR_KNOWS)


@cases(TAKEN)
def test_a_value_that_works_is_taken_by_the_program_and_by_editors(key: str, value: Any) -> None:
    settings = StackSettings.check("dev", GOOD | {key: value})
    plain = settings.model_dump(mode="json", by_alias=True)
    assert plain[key] == (int(value) if value == "0" else value)
    assert SCHEMA.is_valid(GOOD | {key: plain[key]})


OTHER_SENDER = {"text": "voiceSender", "voice": "smsSender"}
LEGACY = {"experience": "legacy"}
SMOKE = {"gate": "smoke"}
OURS = {"testNumbers": ["+819012345678"]}
AS_FOUND = {"adopted": {"phone": {"enabled": False}}}
ABROAD = ["+14155550100"]
WIDE = ["+81", "+1", "+44"]


def twilio(**senders: str) -> dict[str, Any]:
    provider = {"name": "twilio", "deliveryMethods": ["text"], **senders}
    return {"adopted": AS_FOUND["adopted"] | {"provider": provider}}


def remembering(**block: Any) -> dict[str, Any]:
    return {"rememberBrowser": block}


@pytest.mark.parametrize(
    ("changes", "key", "says"),
    [
        (
            {"cpaasBaseHost": "https://abc.example.com"},
            "cpaasBaseHost",
            '= "https://abc.example.com"\n     It must be the bare host of the account',
        ),
        ({"deliveryMethods": ["text"], "smsSender": None}, "smsSender", "take text out of"),
        ({"deliveryMethods": ["voice"], "voiceSender": None}, "voiceSender", "take voice out of"),
        (LEGACY | {"bindAction": False}, "bindAction", "no code would be sent"),
        (SMOKE, "gate", "no number that a test message may go to"),
        (SMOKE | OURS | LEGACY, "gate", "no route that sends a test message"),
        (AS_FOUND | {"transition": True}, "transition", "take over first"),
        # What the auth0 provider would refuse.
        (twilio(sid="AC1", defaultFrom="+1", mssid="MG1"), "adopted.provider.mssid", "together"),
        (twilio(mssid="MG1"), "adopted.provider.sid", "without sid"),
        (twilio(defaultFrom="+1"), "adopted.provider.sid", "without sid"),
        # The zero that is dialled at home is no part of a number.
        ({"smsSender": "+8109012345678"}, "smsSender", "leave that 0 out: +819012345678"),
        ({"smsSender": "8109012345678"}, "smsSender", "leave that 0 out: 819012345678"),
        ({"voiceSender": "+4402071234567"}, "voiceSender", "leave that 0 out: +442071234567"),
        ({"testNumbers": ["+8109012345678"]}, "testNumbers[0]", "leave that 0 out: +819012345678"),
        # A test number is one that the Action sends to.
        ({"testNumbers": OURS["testNumbers"] + ABROAD}, "testNumbers", f"not have {ABROAD[0]}"),
        *(
            ({"testNumbers": [one], "allowedPrefixes": WIDE}, "testNumbers[0]", "costs extra")
            for one in ("+81990123456", "+19005550100", "+447012345678", "+870773111632")
        ),
        ({"recipientLimit": 3, "voiceLimit": 4}, "voiceLimit", "never reached"),
        (remembering(inactivity="7 days"), "rememberBrowser.inactivity", "90s, 5m, 12h or 7d"),
        (remembering(inactivity=7), "rememberBrowser.inactivity", "set phonemfa:rememberBrowser"),
        (remembering(inactivity="31d"), "rememberBrowser.inactivity", "It must be 1h to 30d"),
        (remembering(inactivity="2d", overall="1d"), "rememberBrowser.overall", "to 1d or less"),
        (remembering(shown=False, ticked=True), "rememberBrowser.ticked", "not documented"),
        (remembering(remember=True), "rememberBrowser.remember", "There is no such entry"),
    ],
    ids=str,
)
def test_a_fault_has_the_key_the_value_the_consequence_and_the_fix(
    changes: dict[str, Any], key: str, says: str
) -> None:
    values = {one: value for one, value in (GOOD | changes).items() if value is not None}
    found = faults_in(values)
    assert list(found) == [f"phonemfa:{key}"]
    told = found[f"phonemfa:{key}"]
    assert told.startswith(f"phonemfa:{key} = ")
    assert says in told
    assert "Fix: " in told


@pytest.mark.parametrize(
    "changes",
    [
        *({"deliveryMethods": [one], other: None} for one, other in OTHER_SENDER.items()),
        *(LEGACY, LEGACY | {"bindAction": True}, {"bindAction": False}, SMOKE | OURS),
        {"testNumbers": ABROAD, "allowedPrefixes": ["+81", "+1415"]},
        *({"recipientLimit": 3, "voiceLimit": 3}, {"recipientLimit": 0, "voiceLimit": 9}),
    ],
    ids=str,
)
def test_settings_that_fit_each_other_are_taken(changes: dict[str, Any]) -> None:
    values = {one: value for one, value in (GOOD | changes).items() if value is not None}
    assert StackSettings.check("dev", values)


@pytest.mark.parametrize("value", [None, "x", ["x"], 3])
@pytest.mark.parametrize("path", ["texts", "texts.otp_verify", "otherFactors"])
def test_what_is_no_object_is_told_in_words_that_name_no_class(path: str, value: Any) -> None:
    key, _, entry = path.partition(".")
    found = faults_in(GOOD | {key: {entry: value} if entry else value})
    assert set(found) == {f"phonemfa:{path}"}
    assert "It must be an object" in found[f"phonemfa:{path}"]


LISTS = ("deliveryMethods", "allowedPrefixes", "messageTypes", "testNumbers", "retiredSecrets")


@pytest.mark.parametrize("value", ["text", {}, 5])
@pytest.mark.parametrize("key", LISTS)
def test_what_is_no_list_is_told_in_words_that_name_no_class(key: str, value: Any) -> None:
    assert "It must be a list" in faults_in(GOOD | {key: value})[f"phonemfa:{key}"]


@pytest.mark.parametrize("key", LISTS[:2])
def test_an_empty_list_is_told_and_one_of_wrong_entries_is_not_called_empty(key: str) -> None:
    assert "at least one entry" in faults_in(GOOD | {key: []})[f"phonemfa:{key}"]
    assert set(faults_in(GOOD | {key: ["x"]})) == {f"phonemfa:{key}[0]"}


@given(st.integers(1, 9999))
def test_a_prefix_begins_with_a_calling_code_that_a_country_has(digits: int) -> None:
    given = str(digits)
    codes = [code for code, regions in COUNTRY_CODE_TO_REGION_CODE.items() if regions != ("001",)]
    code = next((code for code in codes if given.startswith(str(code))), None)
    values = GOOD | {"allowedPrefixes": ["+81", f"+{given}"]}
    try:
        StackSettings.check("dev", values)
        accepted = True
    except SettingsError as error:
        accepted = False
        (fault,) = error.faults
    if code is None:
        assert not accepted
    elif not accepted:
        assert "0 after" in fault.consequence or "costs extra" in fault.consequence


def test_an_unknown_entry_is_refused_its_value_hidden_and_the_meant_one_offered() -> None:
    found = faults_in(
        GOOD
        | {
            "cpaasApikey": "canary-misspelt-key",
            "polciy": "always",
            "otherFactors": {"sms": True},
            "texts": {"otp_verify": {"sms": "{{ code }}"}},
            "health": {"minimum": 0, "latency": 1, "silentHours": True},
        }
    )
    inner = ["otherFactors.sms", "texts.otp_verify.sms"]
    inner += [f"health.{one}" for one in ("minimum", "latency", "silentHours")]
    assert set(found) == {f"phonemfa:{one}" for one in ("cpaasApikey", "polciy", *inner)}
    assert "true and false are none" in found["phonemfa:health.silentHours"]
    assert "canary" not in str(found)
    assert "Fix: remove it, or use policy" in found["phonemfa:polciy"]


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"testNumbers": ["+819012345678"], "gate": "smoke"},
        {
            "experience": "legacy",
            "transition": True,
            "texts": {"otp_verify": {"text": "{{ code }}"}},
        },
        {"allowedPrefixes": ["+81", "+1"], "retiredSecrets": ["A"], "otherFactors": {"otp": False}},
        {"adopted": {"phone": {"enabled": False}}, "bindAction": True},
    ],
    ids=str,
)
def test_plain_settings_are_read_back_as_they_were_but_for_the_test_numbers(
    values: dict[str, Any],
) -> None:
    settings = StackSettings.check("dev", GOOD | values)
    plain = json.loads(json.dumps(settings.plain()))
    assert "testNumbers" not in plain, "they are people's own"
    assert StackSettings.of_plain(plain) == settings.model_copy(update={"test_numbers": ()})


@pytest.mark.parametrize(
    ("experience", "transition", "is_whole"),
    [("unified", False, True), ("legacy", False, False), ("legacy", True, True)],
)
def test_a_legacy_tenant_gets_texts_of_a_factors_codes_alone(
    experience: str, transition: bool, is_whole: bool
) -> None:
    settings = StackSettings.check(
        "dev", GOOD | {"experience": experience, "transition": transition}
    )
    factors = {"otp_enroll", "otp_verify"}
    assert set(settings.declared_texts) == factors | ({"change_password"} if is_whole else set())


@pytest.mark.parametrize("plain", [None, "[secret]", [], {}, {"gate": "x"}, {"noSuch": 1}], ids=str)
def test_plain_settings_of_another_version_are_refused(plain: Any) -> None:
    with pytest.raises(ValueError, match=r"plain settings|StackSettings|valid Gate"):
        StackSettings.of_plain(plain)


# --- How long browsers and codes last -------------------------------------------------------------

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
    ("key", "value", "words"),
    [
        ("deliveryMethods", ["voice", "text"], "voice call, SMS"),
        ("deliveryMethods", ["text", "pigeon"], "SMS, pigeon"),
        ("deliveryMethods", "text", "text"),
        ("oneTimeCode", {"length": 8, "lifetime": "5m"}, "8 characters, valid for 5 minutes"),
        ("oneTimeCode", {"length": 8, "lifetime": "1m"}, "8 characters, valid for 1 minute"),
        (
            "rememberBrowser",
            {"shown": True, "inactivity": "90s", "overall": "1d"},
            "checkbox shown, not ticked at first; 90 seconds of inactivity, 1 day overall",
        ),
        ("rememberBrowser", {"shown": False}, "checkbox not shown"),
        ("deduplicate", True, "on"),
        ("deduplicate", False, "off"),
        ("allowedPrefixes", [], "none"),
        ("texts", {"日本": [1, None]}, '{"日本": [1, null]}'),
        ("policy", None, None),
    ],
)
def test_a_value_is_told_in_a_reviewers_words(key: str, value: Any, words: str | None) -> None:
    assert value_in_words(key, value) == words


@pytest.mark.parametrize(
    ("ticked", "overall", "lasts", "who"),
    [
        (True, "7d", "7 days", "whoever does not untick the box"),
        (False, "unknown", "unknown", "whoever ticks it"),
    ],
)
def test_what_remembering_means_to_a_user(ticked: bool, overall: str, lasts: str, who: str) -> None:
    remember = {"shown": True, "ticked": ticked, "inactivity": "1h", "overall": overall}
    assert meaning("rememberBrowser", remember) == (
        f"asked again after at most {lasts} on a remembered browser, or after 1 hour without a "
        f"login there; {who} has it remembered"
    )
