"""One model of a tenant: as recorded, as the official plugin shows it, and as declared."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pulumi
import pytest
from auth0.management import AsyncManagementClient
from auth0.management.core.api_error import ApiError
from hypothesis import given
from hypothesis import strategies as st

from components.settings.model import StackSettings
from components.tenant import attack_protection, guardian, snapshot, trigger
from components.tenant.action import Action, Version, moment, times
from components.tenant.attack_protection import ADDRESSES, BOTS, BREACHES, GUESSES, State
from components.tenant.errors import FAILURES, told
from components.tenant.guardian import Guardian
from components.tenant.model import (
    LEFT_ALONE,
    UNSEEN,
    Unseen,
    UnseenError,
    Why,
    differences,
    is_hidden,
    known,
    not_compared,
    plain,
    sealed,
    seen,
)
from components.tenant.phone_provider import PhoneProvider
from components.tenant.phone_template import PhoneTemplate
from components.tenant.snapshot import About, Snapshot, Wanted, lacking
from components.tenant.tenant_settings import TenantSettings
from components.tenant.trigger import Binding
from components.vocabulary import TRIGGERS, Experience
from tests.components.conftest import At, awaited
from tests.contract import load_json, load_recording
from tests.sandbox.drift.stacks import AppliedStack

GENERATIONS = ("unified", "legacy")
SETTINGS = {
    "experience": "unified",
    "deliveryMethods": ["text", "voice"],
    "policy": "always",
    "cpaasBaseHost": "cpaas.example.com",
    "smsSender": "0005212345",
    "voiceSender": "+815012345678",
}


def answers(recording: str, ending: str, method: str = "GET") -> list[Any]:
    """The bodies that a recorded tenant answered at a path."""
    return [
        json.loads(one["response"]["body"])
        for one in load_recording(recording)
        if one["request"]["url"].partition("?")[0].endswith(ending)
        and one["request"]["method"] == method
        and one["response"]["body"]
    ]


# --- What the real API answered ------------------------------------------------------------------


def test_a_recorded_guardian_has_its_policy_factors_and_mfa_settings() -> None:
    recording = "TestAccGuardianSettings"
    told = {
        path: answers(recording, path)[-1]
        for path in (guardian.FACTORS, guardian.POLICIES, *guardian.BY_PLAN)
    }
    found = Guardian.of_api(told)
    assert isinstance(found.policy, str)
    assert len(found.other_factors) == len(guardian.OTHER_FACTORS)
    document = told[guardian.SETTINGS]
    assert found.session_overall == document["mfa_session_overall_timeout"]
    assert found.remember_me_shown is document["display_remember_me_checkbox"]
    assert found.code_length == told[guardian.PHONE_SETTINGS]["otp_length"]
    assert found.message_types == UNSEEN, "nobody asked for them"


def test_a_recorded_provider_has_its_vendor_methods_and_senders() -> None:
    path = "pro_a76TXAyhBGeeLgCGGzfSWn"
    for answer in answers("TestAccDataPhoneProvider", path):
        found = PhoneProvider.of_api(answer)
        assert found.id == path
        assert found.name == answer["name"]
        assert found.delivery_methods == tuple(answer["configuration"]["delivery_methods"])
        assert found.sid == answer["configuration"].get("sid")


def test_recorded_templates_have_their_texts() -> None:
    made = answers("TestAccPhoneNotificationTemplate", "/branding/phone/templates", "POST")
    assert made
    for answer in made:
        found = PhoneTemplate.of_api(answer)
        assert (found.text, found.sender) == (
            answer["content"]["body"].get("text"),
            answer["content"].get("from") or None,
        )


def test_a_recorded_action_and_its_versions_are_read_whole() -> None:
    action, *_ = answers("TestActionManager_Versions", "bd0c5171-9fcd-4f23-b34c-9ac4cc27dc48")
    found = Action.of_api(action, action["supported_triggers"][0]["id"])
    assert (found.name, found.code) == (action["name"], action["code"])
    assert found.trigger_version == action["supported_triggers"][0]["version"]
    assert found.configuration == UNSEEN
    (listed,) = answers("TestActionManager_Versions", "/versions")
    (version,) = [Version.of_api(one) for one in listed["versions"]]
    assert (version.number, version.code) == (1, action["code"])


def test_odd_times_and_nameless_secrets_of_a_tenant_are_passed_over() -> None:
    odd = [{"updated_at": "x"}, {"name": "A", "updated_at": 7}, {"name": "B"}, "C"]
    assert times(odd) == {"A": "7", "B": ""}
    assert [moment(one) for one in ("", "7", "never", "2026-13-01")] == [None] * 4
    assert moment("2026-01-31T09:00:00") == moment("2026-01-31T09:00:00Z")
    for read in (Action.of_api, Binding.of_api):
        assert read({"created_at": 7, "updated_at": None}, "any").created_at == "7"


def test_a_recorded_tenant_without_the_flag_counts_as_legacy() -> None:
    settings, *_ = answers("TestAccTenantDefaults", "/tenants/settings")
    found = TenantSettings.of_api(settings)
    flag = settings.get("phone_consolidated_experience")
    assert found.flagged is (flag is not None)
    assert found.experience is (Experience.UNIFIED if flag else Experience.LEGACY)


# --- What the official plugin shows --------------------------------------------------------------


def sides(generation: str) -> list[dict[str, Any]]:
    steps = load_json(f"official/{generation}.json")
    kept = [one for step in steps for one in step["state_after"] or ()]
    planned = [one for step in steps for one in (step["preview"] or {}).get("steps", ())]
    shown = [one.get(side) for one in planned for side in ("oldState", "newState")]
    return [one for one in (*shown, *kept) if one]


@pytest.mark.parametrize("generation", GENERATIONS)
def test_official_previews_and_states_are_readable_with_their_secrets_hidden(
    generation: str,
) -> None:
    read = 0
    for state in sides(generation):
        model: Any = snapshot.MODELS.get(state["type"])
        for side in ("inputs", "outputs"):
            if model and state.get(side):
                found = model.recorded(state[side])
                read += 1
                assert "[secret]" not in repr(found)
                assert "ciphertext" not in repr(found)
                if model is Action:
                    assert (found.secret_names, found.has_secrets) == (UNSEEN, True)
                    assert found.trigger in TRIGGERS.values()
                    assert isinstance(found.code, str)
    assert read > 20


def applied(generation: str, kind: str) -> Any:
    """What an official state has of the first resource of a kind."""
    kept = load_json(f"official/{generation}.json")[0]["state_after"]
    return next(one["outputs"] for one in kept if kind in one["type"])


def test_a_unified_states_factor_hides_sender_and_texts_and_a_legacy_one_shows_them() -> None:
    unified, legacy = (Guardian.recorded(applied(one, guardian.TOKEN)) for one in GENERATIONS)
    assert (unified.selected_provider, unified.enrollment_message) == (UNSEEN, UNSEEN)
    assert (legacy.selected_provider, legacy.enrollment_message) == (guardian.HOOK, "{{code}} e")
    assert (unified.policy, unified.code_lifetime) == ("all-applications", 300)


def test_a_binding_is_read_whether_it_stands_alone_or_with_all_of_its_trigger() -> None:
    (binding,) = Binding.recorded(applied("legacy", "triggerActions"))
    assert (binding.trigger, binding.display_name) == ("send-phone-message", "ntt-cpaas")
    alone = {"trigger": "t", "actionId": "a", "displayName": "d"}
    assert [one.action_id for one in Binding.recorded(alone)] == ["a"]


# --- Declared, applied, read back ----------------------------------------------------------------


def read(at: At, *args: Any, **options: Any) -> Snapshot:
    async def ask() -> Snapshot:
        async with at.access.connect() as client:
            return await snapshot.read(client, *args, **options)

    return awaited(ask())


@pytest.mark.parametrize("generation", GENERATIONS)
def test_what_was_applied_is_read_back_as_it_was_declared(at: At, generation: Any) -> None:
    at.tenant.reset(generation)
    AppliedStack(generation, tenant=at.tenant)
    settings = StackSettings.check("dev", SETTINGS | {"experience": generation, "bindAction": True})
    declared, live = snapshot.declared(settings), read(at)
    pairs: list[tuple[Any, Any]] = [
        (declared.settings, live.settings),
        (declared.guardian, live.guardian),
    ]
    for one in seen(declared.actions):
        (there,) = live.actions_on(one.trigger)
        pairs.append((one, there))
        assert there.running
    pairs += zip(seen(declared.bindings), seen(live.bindings), strict=True)
    if declared.provider:
        pairs.append((declared.provider, live.provider))
    assert set(seen(declared.templates)) == set(known(live.templates, {}))
    pairs += [(one, seen(live.templates)[kind]) for kind, one in seen(declared.templates).items()]
    for wanted, found in pairs:
        assert list(differences(wanted, found)) == []
        assert [one.part.field for one in not_compared(wanted, found)] in ([], ["configuration"])
    assert lacking(live, Wanted.by(settings)) == []
    assert live.refusals == ()


def test_a_part_that_is_not_asked_for_costs_no_request() -> None:
    async def get() -> Any:
        return SimpleNamespace(model_dump=lambda **_: {"phone_consolidated_experience": True})

    # A client that has no other question.
    client: Any = SimpleNamespace(
        tenants=SimpleNamespace(settings=SimpleNamespace(get=get)),
        guardian=SimpleNamespace(factors=None),
    )
    found = asyncio.run(snapshot.read(client, {About.SETTINGS}))
    assert found.experience is Experience.UNIFIED
    assert isinstance(found.actions, Unseen)
    with pytest.raises(UnseenError):
        found.actions_on("custom-phone-provider")


def test_a_refused_question_costs_no_other_its_answer(at: At) -> None:
    # A unified tenant refuses the questions about legacy delivery.
    found = read(at, snapshot.EVERYTHING - {About.SETTINGS}, refusals=True)
    assert [one.asked for one in found.refusals] == [f"GET {path}" for path in guardian.LEGACY]
    assert found.refusals[0].status == 403
    assert seen(found.guardian.policy) == "never"


@pytest.mark.parametrize(
    ("status", "message", "ends"),
    [
        (400, "Bad HTTP authentication header format", True),
        (400, "no", False),
        (401, "no", True),
        (403, "no", False),
        (429, "no", True),
        (500, "no", False),
    ],
)
def test_what_every_question_would_be_answered_is_waited_for_once(
    status: int, message: str, ends: bool
) -> None:
    async def refused() -> Any:
        raise ApiError(status_code=status, body={"message": message})

    question = snapshot.asked("/any", "read:any", refused)
    if ends:
        with pytest.raises(ApiError):
            asyncio.run(question)
    else:
        assert isinstance(asyncio.run(question), Unseen)


ANSWERS: dict[str, Any] = {
    BOTS: {
        "bot_detection_level": "medium",
        "challenge_password_policy": "when_risky",
        "challenge_passwordless_policy": "never",
        "challenge_password_reset_policy": "never",
        "allowlist": [],
        "monitoring_mode_enabled": False,
    },
    ADDRESSES: {"enabled": True, "shields": ["admin_notification"], "allowlist": []},
    GUESSES: {"enabled": True, "shields": ["block", "user_notification"], "mode": "count_per_ip"},
}
"""What a tenant answers, in the form that auth0-python knows; the fourth is refused."""


def test_each_control_is_one_question_and_one_that_is_refused_hides_no_other() -> None:
    paths: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path.removeprefix("/api/v2"))
        body = ANSWERS.get(paths[-1])
        no = {"message": "Insufficient scope", "errorCode": "insufficient_scope"}
        return httpx.Response(200 if body else 403, json=body or no)

    async def read() -> attack_protection.AttackProtection:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
            client = AsyncManagementClient(domain="t.example.com", token="t", httpx_client=http)
            return await attack_protection.read(client, snapshot.asked)

    found = asyncio.run(read())
    assert paths == [BOTS, ADDRESSES, GUESSES, BREACHES]
    assert found.bot_detection is State.ON
    assert found.suspicious_ip_throttling is State.ONLY_WATCHING
    assert found.brute_force_protection is State.ON
    refused = found.breached_password_detection
    assert isinstance(refused, Unseen)
    assert refused.refusal
    assert (refused.refusal.why, refused.refusal.scope) == (Why.SCOPE, "read:attack_protection")


# --- Comparing -----------------------------------------------------------------------------------

VALUES = st.one_of(
    st.just(UNSEEN),
    st.just(LEFT_ALONE),
    st.lists(st.sampled_from(["text", "voice"]), unique=True).map(tuple),
)


@pytest.mark.parametrize("answer", [7, None, "x", [1]])
def test_an_answer_that_is_no_object_is_a_failure_that_every_command_tells(answer: Any) -> None:
    with pytest.raises(FAILURES) as caught:
        plain(answer)
    assert "did a proxy, or a server that is no tenant, answer?" in told("t.example", caught.value)


@given(VALUES, VALUES)
def test_only_what_both_sides_know_can_differ(wanted: Any, found: Any) -> None:
    one, other = (PhoneProvider(delivery_methods=methods) for methods in (wanted, found))
    known_apart = isinstance(wanted, tuple) and isinstance(found, tuple) and {*wanted} != {*found}
    assert bool(list(differences(one, other))) is known_apart
    assert list(differences(one, replace(one, id="another", updated_at="later"))) == []


def test_an_empty_list_is_not_an_absent_one() -> None:
    assert PhoneProvider.of_api({"name": "custom"}).delivery_methods == UNSEEN
    empty = {"name": "custom", "configuration": {"delivery_methods": []}}
    assert PhoneProvider.of_api(empty).delivery_methods == ()


# --- Whether a code can be delivered -------------------------------------------------------------


def unified(**changes: Any) -> Snapshot:
    values: dict[str, Any] = {
        "settings": TenantSettings(unified=True, mfa_in_actions=False),
        "actions": (
            Action.of_api({"name": "ours", "deployed_version": {"id": "v"}}, TRIGGERS[UNIFIED]),
        ),
        "bindings": (),
        "provider": PhoneProvider(delivery_methods=("text",)),
        "templates": {},
        "guardian": Guardian(phone_enabled=True, message_types=("sms",), policy="never"),
    }
    return Snapshot(**values | changes)


def legacy(**changes: Any) -> Snapshot:
    bound = {"display_name": "x", "action": {"id": "a", "name": "ours"}}
    values: dict[str, Any] = {
        "settings": TenantSettings(unified=False, mfa_in_actions=True),
        "bindings": (Binding.of_api(bound, TRIGGERS[LEGACY]),),
        "provider": UNSEEN,
        "guardian": Guardian(
            phone_enabled=True,
            message_types=("sms",),
            policy="never",
            selected_provider=guardian.HOOK,
        ),
    }
    return unified(**values | changes)


UNIFIED, LEGACY = Experience.UNIFIED, Experience.LEGACY
OFF = Guardian(phone_enabled=False, message_types=(), policy="never")


NO_ACTION = "no Action is deployed on custom-phone-provider"
NOT_DEPLOYED = Action.of_api({"name": "ours"}, TRIGGERS[UNIFIED])
OTHER_SENDER = replace(legacy().guardian, selected_provider="auth0")


@pytest.mark.parametrize(
    ("tenant", "lacks"),
    [
        (unified(), []),
        (unified(provider=None), ["there is no phone provider"]),
        (
            unified(provider=PhoneProvider(delivery_methods=(), disabled=True)),
            ["the phone provider is switched off"],
        ),
        (unified(actions=()), [NO_ACTION]),
        (unified(actions=(NOT_DEPLOYED,)), [NO_ACTION]),
        (unified(actions=(), provider=PhoneProvider(delivery_methods=(), name="twilio")), []),
        (
            unified(guardian=OFF),
            ["the phone factor is switched off", "the factor does not offer sms"],
        ),
        # What cannot be seen hides no other lack.
        (
            unified(actions=UNSEEN, guardian=OFF),
            ["the phone factor is switched off", "the factor does not offer sms"],
        ),
        (legacy(), []),
        (legacy(bindings=()), ["no Action is bound to send-phone-message"]),
        (legacy(guardian=OTHER_SENDER, bindings=()), []),
    ],
)
def test_what_a_code_lacks(tenant: Snapshot, lacks: list[str]) -> None:
    assert lacking(tenant, Wanted(message_types=["sms"])) == lacks


def test_an_action_that_is_somebody_elses_is_not_ours() -> None:
    for tenant, where in ((unified(), TRIGGERS[UNIFIED]), (legacy(), TRIGGERS[LEGACY])):
        (found,) = lacking(tenant, Wanted(action_name="another"))
        assert found == f"'ours' stands on {where} instead of 'another'"


def test_a_legacy_stack_wants_its_own_sender_selected() -> None:
    settings = StackSettings.check("dev", SETTINGS | {"experience": "legacy"})
    wanted = replace(Wanted.by(settings), action_name="ours", message_types=())
    assert lacking(legacy(), wanted) == []
    (found,) = lacking(legacy(guardian=OTHER_SENDER), wanted)
    assert found == "codes are sent by auth0, not by the Action"
    assert lacking(legacy(guardian=OTHER_SENDER), replace(wanted, factor=False)) == [], "not yet"


def test_a_time_that_the_tenant_does_not_tell_is_none() -> None:
    (bound,) = legacy().bindings_of(TRIGGERS[LEGACY])
    assert (NOT_DEPLOYED.created_at, bound.updated_at) == (None, None)


@pytest.mark.parametrize("length", [float("inf"), float("nan"), "six", [6], {}])
def test_a_number_that_is_none_is_not_seen(length: Any) -> None:
    found = Guardian.recorded({"phoneSettings": {"otpLength": length}})
    assert isinstance(found.code_length, Unseen)


def test_secrets_and_unknowns_are_told_from_values_at_any_depth() -> None:
    found = sealed(
        {
            "plain": "text",
            "printed": "[secret]",
            "wrapped": {"4dabf18193072939515e22adb298388d": "…", "value": "canary"},
            "later": ["1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", 1, None],
        }
    )
    hidden = {"printed": UNSEEN, "wrapped": UNSEEN, "later": [UNSEEN, 1, None]}
    assert found == {"plain": "text", **hidden}
    assert [key for key, value in found.items() if is_hidden(value)] == [*hidden]


def test_what_resources_do_not_declare_is_left_alone() -> None:
    nothing = snapshot.recorded([("auth0:index/client:Client", {"name": "app"}, ())])
    assert (nothing.settings, nothing.guardian.policy) == (LEFT_ALONE, LEFT_ALONE)
    assert (nothing.actions, nothing.bindings, nothing.provider, nothing.templates) == (
        *((), (), None, {}),
    )
    wanted = Wanted(experience=Experience.UNIFIED)
    assert lacking(nothing, wanted) == ["there is no phone provider", NO_ACTION]


def test_what_a_stack_declares_is_recorded_as_it_is_declared() -> None:
    provider = {"name": "custom", "configuration": {"deliveryMethods": ["text"]}}
    action = {"supportedTriggers": {"id": "custom-phone-provider"}, "deploy": True, "name": "a"}
    several = {"trigger": "send-phone-message", "actions": [{"id": "1"}, {"id": "2"}]}
    found = snapshot.recorded(
        [
            (PhoneProvider.TOKEN, provider, ()),
            (PhoneTemplate.TOKEN, {"type": "otp_verify", "content": {"body": {"text": "x"}}}, ()),
            (Action.TOKEN, action, ["deploy"]),
            (Action.TOKEN, {"supportedTriggers": {"id": "post-login"}, "name": "other"}, ()),
            (trigger.TOKEN_OF_ALL, several, ()),
            (Guardian.TOKEN, {"policy": "never", "phone": {"enabled": True}}, ()),
        ]
    )
    assert found.provider == PhoneProvider(delivery_methods=("text",))
    assert seen(found.templates)["otp_verify"].text == "x"
    (ours,) = seen(found.actions)
    assert (ours.name, ours.deployed) == ("a", LEFT_ALONE)
    assert [one.action_id for one in found.bindings_of("send-phone-message")] == ["1", "2"]
    assert found.guardian.policy == "never"


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("gone.js", "gone.js, which is not there"),
        ("folder.js", r"folder.js, which is not readable \(Is a directory\)"),
        ("latin.js", "latin.js, which is not UTF-8"),
    ],
)
def test_an_adopted_actions_code_that_cannot_be_used_is_named_with_what_to_do(
    tmp_path: Path, path: str, why: str
) -> None:
    (tmp_path / "folder.js").mkdir()
    (tmp_path / "latin.js").write_bytes(b"\xe9")
    action = {"name": "a", "code": path, "runtime": "node18", "triggerVersion": "v1"}
    found = {"phone": {"enabled": False}, "action": action}
    settings = StackSettings.check("dev", SETTINGS | {"policy": "never", "adopted": found})
    with pytest.raises(pulumi.RunError, match=f"{why}.*run python -m phonemfa adopt again"):
        snapshot.declared(settings, tmp_path)


def test_a_factor_that_was_found_off_is_declared_without_channels_sender_or_texts() -> None:
    found = {"enabled": False, "messageTypes": ["sms"], "provider": "twilio"}
    adopted = {"phone": found | {"enrollmentMessage": "a", "verificationMessage": "b"}}
    stack = SETTINGS | {"experience": "legacy", "policy": "never", "adopted": adopted}
    factor = guardian.declared(StackSettings.check("dev", stack))
    assert (factor.phone_enabled, factor.message_types) == (False, LEFT_ALONE)
    assert (factor.selected_provider, factor.texts) == (LEFT_ALONE, {})
