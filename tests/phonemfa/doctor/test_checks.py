"""What the doctor says of a tenant and a stack, check by check."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from auth0.management import AsyncManagementClient
from hypothesis import given
from hypothesis import strategies as st

from components.settings.message_size import sms_size
from components.settings.texts import for_legacy
from components.settings.values import duration
from components.tenant import guardian
from components.tenant.attack_protection import ADDRESSES, BOTS, BREACHES, AttackProtection
from components.tenant.client import Heard, TenantUnreadableError
from components.tenant.guardian import (
    EMAIL_SETTINGS,
    FACTORS,
    MESSAGE_TYPES,
    PHONE_SETTINGS,
    POLICIES,
    SCOPES,
    SETTINGS,
)
from components.tenant.model import UNSEEN, Why
from components.tenant.phone_provider import PhoneProvider
from components.tenant.phone_template import PhoneTemplate
from components.tenant.snapshot import asked as ask
from components.tenant.tenant_settings import TenantSettings
from components.vocabulary import MessageType
from phonemfa import scopes
from phonemfa.doctor.access import requests_of_first_up
from phonemfa.doctor.checks import check, installed_sdk
from phonemfa.doctor.findings import Finding, Level, Subject, as_document, exit_status
from phonemfa.doctor.login import code_checks, remembered_browsers
from phonemfa.doctor.messages import sender_checks, text_checks
from phonemfa.exits import Exit
from phonemfa.output.terminal import show
from phonemfa.scopes import Need
from tests.contract import load_json
from tests.phonemfa.applied import Operator
from tests.phonemfa.doctor.support import (
    GUARDIAN,
    LEGACY_TRIGGER,
    OF_CODES,
    SHIELDED,
    about,
    action,
    bound,
    factors,
    granted,
    is_said,
    lines,
    reading,
    refused,
    says,
    settings,
    troubles,
)

# --- Token, scopes, plan and rate limit -----------------------------------------------------------


NEEDED = scopes.names(scopes.needed_by(scopes.needs_of(settings())))
FIRST_UP = requests_of_first_up(settings(), installed_sdk())


def heard(**rate: Any) -> Heard:
    return replace(granted(), **rate)


@pytest.mark.parametrize(
    ("tenant", "told"),
    [
        ({"heard": granted("delete:phone_templates", "delete:actions")}, [("warning", "scopes")]),
        ({"login": {guardian.FACTORS: factors(trial_expired=True)}}, [("warning", "plan")]),
        ({"action_count": 99}, []),
        ({"action_count": 100}, [("fault", "plan")]),
        ({"action_count": 100, "actions": (action("ours"),)}, []),
        ({"heard": heard(limit=50, refusals=2)}, [("warning", "rate limit")]),
    ],
    ids=["only to remove", "trial", "room", "no room", "ours is there", "used up by others"],
)
def test_what_troubles_is_told_and_nothing_else(tenant: dict[str, Any], told: list[Any]) -> None:
    assert troubles(check(reading(**tenant), settings())) == told


def test_all_missing_scopes_are_one_fault_with_one_fix() -> None:
    (line,) = lines(Subject.SCOPES, reading(heard=Heard(scopes=frozenset())))
    what, _, fix = line.partition(" → ")
    pressing, _, later = what.partition("; and only to remove something: ")
    assert pressing.startswith(f"fault: {len(NEEDED)} are missing: ")
    assert {*pressing.partition("missing: ")[2].split(", "), *later.split(", ")} == NEEDED
    assert {name.partition(":")[0] for name in later.split(", ")} == {"delete"}
    assert fix.startswith("tick them: ")


@pytest.mark.parametrize(
    ("change", "scope", "needed"),
    [
        ({}, "update:tenant_settings", False),
        ({"transition": True}, "update:tenant_settings", True),
        ({"experience": "legacy"}, "update:tenant_settings", True),
        ({"rememberBrowser": {}}, "update:tenant_settings", True),
        ({"oneTimeCode": {}}, "update:tenant_settings", False),
        ({"experience": "legacy"}, "create:phone_providers", False),
        ({"experience": "legacy", "transition": True}, "create:phone_providers", True),
        ({}, "read:logs", False),
        ({"gate": "smoke", "testNumbers": ["+819012345678"]}, "read:logs", True),
        # The guide goes on to send a test message.
        ({"testNumbers": ["+819012345678"]}, "read:logs", True),
        ({"testNumbers": ["+819012345678"]}, "read:attack_protection", False),
    ],
)
def test_a_scope_is_missing_only_where_the_stack_needs_it(
    change: dict[str, Any], scope: str, *, needed: bool
) -> None:
    stack = settings(**change)
    tenant = reading(unified=stack.experience == "unified", heard=granted(scope))
    assert any(one.startswith("fault") for one in lines(Subject.SCOPES, tenant, stack)) is needed


def test_a_read_that_was_refused_for_its_scope_counts_whatever_the_token_says() -> None:
    tenant = reading(provider=refused(Why.SCOPE, scope="read:phone_providers"))
    assert troubles(check(tenant, settings())) == [("fault", "scopes"), ("unknown", "provider")]
    assert "needs read:phone_providers" in lines(Subject.PROVIDER, tenant)[0]


def test_a_token_that_says_nothing_is_judged_by_its_reads_and_its_writes_are_unknown() -> None:
    tenant = reading(heard=Heard(), actions=refused(Why.SCOPE, scope="read:actions"))
    missing, unsaid = lines(Subject.SCOPES, tenant)
    assert missing.startswith("fault: read:actions is missing")
    assert unsaid.startswith("warning")
    assert "create:actions" in unsaid
    assert "read:" not in unsaid


def test_scopes_that_nothing_needs_are_counted_and_only_noted() -> None:
    more = {f"delete:thing{number}" for number in range(7)}
    tenant = reading(heard=Heard(scopes=scopes.names(scopes.SCOPES) | more))
    assert troubles(check(tenant, settings())) == []
    assert any("delete:thing4 and 2 more" in one for one in lines(Subject.SCOPES, tenant))


def test_without_a_token_only_that_is_told_and_what_needs_none() -> None:
    text = "t.example.com refused a token. Check AUTH0_CLIENT_ID."
    no = TenantUnreadableError(text, fix="Check AUTH0_CLIENT_ID.")
    found = check(reading(unreachable=no), settings())
    assert troubles(found) == [("unknown", "token")]
    assert {one.subject for one in found} == {Subject.TOKEN, Subject.TEXTS, Subject.SENDERS}
    assert (found[0].what, found[0].fix) == (
        "t.example.com refused a token. Nothing of the tenant was looked at",
        "Check AUTH0_CLIENT_ID",
    )


def test_what_the_plan_refuses_to_show_is_one_fault_and_not_two() -> None:
    no = refused(Why.PLAN, what="GET /y was answered 403 feature_not_enabled: no")
    tenant = reading(provider=no, templates=no)
    assert troubles(check(tenant, settings())) == [("fault", "plan")]
    assert "feature_not_enabled" in lines(Subject.PLAN, tenant)[0]


# An older one reads no MFA settings, and sends the same otherwise.
@pytest.mark.parametrize(("sdk", "unread"), [("3.54.0", 0), ("3.53.0", 3)])
@pytest.mark.parametrize(
    ("trace", "change"),
    [("unified", {"messageTypes": ["otp_enroll", "otp_verify"]}), ("legacy", {})],
)
def test_the_requests_of_a_first_up_are_about_those_that_were_recorded(
    trace: str, change: dict[str, Any], sdk: str, unread: int
) -> None:
    (create,) = [one for one in load_json(f"official/{trace}.json") if one["step"] == "create"]
    guessed = requests_of_first_up(settings(experience=trace, gate="off", **change), sdk)
    # Ours asks for the generation too, and a legacy stack has tenant settings, which that had not.
    ours = {"unified": 1, "legacy": 6}[trace]
    assert abs(guessed - ours - len(create["requests"]) + unread) <= 1


def test_every_need_has_scopes() -> None:
    assert all(scopes.needed_by([need]) for need in Need)


# --- What is in the way, or would be overwritten --------------------------------------------------


TWILIO = {"sid": "AC0fe9dc", "default_from": "+819012345678", "delivery_methods": ["text", "voice"]}
THEIRS = PhoneProvider.of_api({"name": "twilio", "id": "pro_1", "configuration": TWILIO})
ACCOUNT = PhoneProvider(
    name="twilio", delivery_methods=UNSEEN, sid="AC0fe9dc", default_from="+819012345678"
)
LEGACY = {"experience": "legacy"}
OURS, OUR_LEGACY = action("ours"), action("ours-legacy", LEGACY_TRIGGER)
MARKETPLACE = action("NTT CPaaS", LEGACY_TRIGGER, from_marketplace=True)
TEXTS = settings().declared_texts


def template(text: str = "t", voice: str = "v") -> PhoneTemplate:
    return PhoneTemplate(text=text, voice=voice, id=f"tem_{text[:1]}")


OUR_TEMPLATES = {kind.value: template(one.text, one.voice) for kind, one in TEXTS.items()}


def legacy(provider: str, **texts: str) -> dict[str, Any]:
    """A legacy tenant that sends by this provider, with these texts."""
    told = {guardian.SELECTED_PROVIDER: {"provider": provider}, guardian.TEMPLATES: texts}
    return {"unified": False, "login": told}


AS_APPLIED = legacy(
    "phone-message-hook",
    enrollment_message=for_legacy(TEXTS[MessageType.OTP_ENROLL]),
    verification_message=for_legacy(TEXTS[MessageType.OTP_VERIFY]),
)


@pytest.mark.parametrize(
    ("tenant", "stack"),
    [
        ({}, {}),
        ({"unified": False}, LEGACY),
        ({"actions": (OURS,)}, {}),
        ({"provider": PhoneProvider(delivery_methods=("text",))}, {}),
        ({"templates": OUR_TEMPLATES}, {}),
        (AS_APPLIED, LEGACY),
    ],
    ids=["unified", "legacy", "our Action", "our provider", "our templates", "legacy, applied"],
)
def test_a_tenant_that_is_empty_or_ours_is_fit(
    tenant: dict[str, Any], stack: dict[str, Any]
) -> None:
    assert troubles(check(reading(**tenant), settings(**stack))) == []


THERE = (action("theirs", LEGACY_TRIGGER), MARKETPLACE, OUR_LEGACY)


def test_an_adopted_stack_declares_what_is_there_so_nothing_of_it_is_in_the_way() -> None:
    stack = settings(cpaasBaseHost=None, adopted={"action": None, "phone": {"enabled": True}})
    found = check(reading(actions=(action("theirs"),), provider=THEIRS), stack)
    assert troubles(found) == []
    (one,) = about(Subject.ACTION, found)
    assert "as they were found" in one.what


UNIFIED_QUESTIONS = {
    "settings": Subject.GENERATION,
    "actions": Subject.ACTION,
    "provider": Subject.PROVIDER,
    "templates": Subject.TEMPLATES,
    POLICIES: Subject.POLICY,
    FACTORS: Subject.FACTORS,
    MESSAGE_TYPES: Subject.FACTORS,
}
LEGACY_QUESTIONS = {
    "actions": Subject.BINDINGS,
    "bindings": Subject.BINDINGS,
    "twilio": Subject.PROVIDER,
    guardian.SELECTED_PROVIDER: Subject.PROVIDER,
    guardian.TEMPLATES: Subject.PROVIDER,
}


@pytest.mark.parametrize(
    ("experience", "question", "subject"),
    [
        *(("unified", *one) for one in UNIFIED_QUESTIONS.items()),
        *(("legacy", *one) for one in LEGACY_QUESTIONS.items()),
    ],
)
def test_one_refused_question_is_one_finding_and_ends_no_other_check(
    experience: str, question: str, subject: Subject
) -> None:
    """A question is a part of the snapshot, or a path about the login."""
    unified, stack = experience == "unified", settings(experience=experience)
    no: Any = {question: refused(Why.OTHER, what="GET /x was answered 500: oops")}
    refusing = {"login": no} if question in guardian.SCOPES else no
    whole = check(reading(unified=unified), stack)
    found = check(reading(unified=unified, **refusing), stack)
    assert troubles(found) == [("unknown", subject.value)]
    assert any("500: oops" in one.what for one in about(subject, found))
    assert {one.subject for one in found} == {one.subject for one in whole}


def test_a_tenants_names_are_shown_without_what_nobody_sees(
    capsys: pytest.CaptureFixture[str],
) -> None:
    there = (action("theirs\u202e" + "x" * 200),)
    (place,) = about(Subject.ACTION, check(reading(actions=there), settings()))
    show(as_document("dev", "t.example.com", [place]))
    shown = capsys.readouterr().out
    assert "theirs‹U+202E›x" in shown
    assert "\u202e" not in shown
    assert "x" * 100 not in place.what + place.fix


# --- Who is asked for a second factor, and what users may lose ------------------------------------


POLICY_WORDS = {"never": [], "adaptive": ["confidence-score"], "always": ["all-applications"]}


def asking(policy: str, *on: str, **more: Any) -> dict[str, Any]:
    """A tenant with this policy, and these factors on."""
    login = {POLICIES: POLICY_WORDS[policy], FACTORS: factors(*on)}
    return {"login": login | more.pop("login", {}), **more}


@pytest.mark.parametrize("declared", POLICY_WORDS)
@pytest.mark.parametrize("there", POLICY_WORDS)
def test_a_policy_is_raised_with_a_warning_and_lowered_by_no_deploy(
    there: str, declared: str
) -> None:
    words = f"ok: {declared}, as declared"
    if [*POLICY_WORDS].index(there) < [*POLICY_WORDS].index(declared):
        words = (
            f"warning … pulumi up makes it {declared}. Asked afterwards: … untried … → pulumi "
            "config set phonemfa:policy never"
        )
    elif there != declared:
        words = "fault … no pulumi up does … break-glass"
    is_said(Subject.POLICY, words, {"policy": declared}, asking(there, "otp"))


def test_a_way_is_called_untried_as_long_as_something_of_it_is_missing() -> None:
    deployed = replace(action("ours"), deployed=True)
    provider = PhoneProvider(delivery_methods=("text",))
    whole: dict[str, Any] = {"actions": (deployed,), "provider": provider}
    offered = {MESSAGE_TYPES: {"message_types": ["sms"]}}
    for on, changes, words in (
        (["sms"], {}, "warning … ¬ untried"),
        ([], {}, "untried: the phone factor is switched off."),
        (["sms"], {"provider": None}, "there is no phone provider"),
    ):
        tenant = asking("never", *on, login=offered, **whole | changes)
        is_said(Subject.POLICY, words, {"policy": "always"}, tenant)


@pytest.mark.parametrize(
    ("on", "config", "first"),
    [
        ([], {}, "warning … cannot log in"),
        (["recovery-code"], {}, "warning … cannot log in"),
        (["sms"], {"gate": "off"}, "warning: gate is off"),
    ],
)
def test_a_policy_that_nobody_can_obey_or_without_its_gate_is_a_warning(
    on: list[str], config: dict[str, Any], first: str
) -> None:
    tenant, stack = asking("always", *on), {"policy": "always"} | config
    warning, fine = lines(Subject.POLICY, reading(**tenant), settings(**stack))
    assert all(one in warning for one in first.split(" … "))
    assert fine.startswith("ok: ")


@pytest.mark.parametrize(
    ("subject", "words", "stack", "tenant"),
    [
        says(
            Subject.SCOPES,
            "fault: update:mfa_policies is missing: it is needed to set when users are asked … "
            "→ tick it: ",
            heard=granted("update:mfa_policies"),
        ),
        says(
            Subject.SCOPES,
            "warning: delete:phone_templates is missing",
            heard=granted("delete:phone_templates"),
        ),
        says(
            Subject.SCOPES,
            "warning: 2 are missing … delete:phone_templates … delete:actions",
            heard=granted("delete:phone_templates", "delete:actions"),
        ),
        says(
            Subject.PLAN,
            "warning: policy adaptive needs an Enterprise plan",
            {"policy": "adaptive"},
        ),
        says(Subject.PLAN, "note: no read was refused for the plan … only a write tells"),
        says(Subject.RATE_LIMIT, "note: the tenant's answers do not tell"),
        says(
            Subject.RATE_LIMIT,
            f"note: 2 … about {FIRST_UP} and takes {-(-FIRST_UP // 2)} s or more",
            heard=heard(limit=2, refusals=3),
        ),
        says(Subject.RATE_LIMIT, "note: 9 requests at once", heard=heard(limit=9)),
        says(Subject.RATE_LIMIT, "ok: 10 requests at once", heard=heard(limit=10)),
        says(Subject.GENERATION, "fault … set phonemfa:experience legacy", unified=False),
        says(Subject.GENERATION, "fault … set phonemfa:experience unified", LEGACY),
        says(Subject.GENERATION, "warning … from legacy", {"transition": True}, unified=False),
        says(Subject.ACTION, "fault … 'theirs' ¬ Marketplace", actions=(action("theirs"),)),
        says(
            Subject.ACTION,
            "fault … 'Sender' of a Marketplace integration … → uninstall",
            actions=(action("Sender", from_marketplace=True),),
        ),
        says(
            Subject.BINDINGS,
            "warning … the Action 'NTT CPaaS' of a Marketplace integration",
            LEGACY,
            unified=False,
            actions=THERE,
            bindings=bound("NTT CPaaS", "ours-legacy"),
        ),
        says(
            Subject.BINDINGS,
            "warning … the Action 'theirs' ¬ Marketplace",
            LEGACY,
            unified=False,
            actions=THERE,
            bindings=bound("theirs", "ours-legacy"),
        ),
        says(
            Subject.PROVIDER,
            "warning … sid AC0fe9dc … +8190 … delivery_methods text, voice … custom with "
            "delivery_methods text ¬ 12345678",
            provider=THEIRS,
        ),
        says(
            Subject.PROVIDER,
            "warning … from voice to text … disabled to enabled",
            provider=PhoneProvider(delivery_methods=("voice",), disabled=True),
        ),
        says(
            Subject.PROVIDER,
            "warning … delivery provider twilio … AC0fe9dc … verification texts ¬ 12345678",
            LEGACY,
            twilio=ACCOUNT,
            **legacy("twilio", enrollment_message="{{code}}", verification_message="{{code}}"),
        ),
        says(  # The stack does not declare the other one.
            Subject.TEMPLATES,
            "warning … otp_verify (tem_t) … 409 ¬ blocked_account",
            templates={"otp_verify": template(), "blocked_account": template()},
        ),
        says(
            Subject.TEMPLATES,
            "warning: already customised",
            templates=OUR_TEMPLATES | {"otp_verify": template()},
        ),
        says(Subject.POLICY, "ok: never ¬ gate is off", {"gate": "off"}),
        says(  # Unread factors accuse nobody.
            Subject.POLICY,
            "ok: always",
            {"policy": "always"},
            **asking("always", login={FACTORS: refused(Why.OTHER)}),
        ),
        says(
            Subject.FACTORS,
            "ok: phone is off, and will be switched on",
            login={MESSAGE_TYPES: {"message_types": ["sms", "voice"]}},
        ),
    ],
)
def test_what_is_said(subject: Subject, words: str, stack: Any, tenant: Any) -> None:
    is_said(subject, words, stack, tenant)


def test_a_policy_that_nobody_knows_is_told() -> None:
    unknown = reading(login={POLICIES: ["some-day"]})
    assert "some-day" in lines(Subject.POLICY, unknown)[0]


@pytest.mark.parametrize(
    ("named", "leaving", "staying"),
    [("otp", "otp", "webauthn-roaming"), ("webauthnRoaming", "webauthn-roaming", "otp")],
)
def test_a_factor_that_is_switched_off_is_a_warning(named: str, leaving: str, staying: str) -> None:
    tenant = reading(login={FACTORS: factors("sms", "otp", "webauthn-roaming")})
    stack = settings(otherFactors={named: False})
    assert troubles(check(tenant, stack)) == [("warning", "factors")]
    warning, other = lines(Subject.FACTORS, tenant, stack)
    assert f"switches off {leaving}:" in warning
    assert f"{staying} on too, and left so" in other


def test_a_channel_that_users_lose_is_a_warning_while_the_phone_is_on() -> None:
    offered = {MESSAGE_TYPES: {"message_types": ["sms", "voice"]}}
    on = reading(login=offered | {FACTORS: factors("sms")})
    assert troubles(check(on, settings())) == [("warning", "factors")]
    assert "does not declare voice" in lines(Subject.FACTORS, on)[0]


NEVER = {"challenge_password_policy": "never", "challenge_password_reset_policy": "never"}
WATCHING = {"challenge_password_policy": "always", "monitoring_mode_enabled": True}
UNSHOWN_SCOPE = "read:attack_protection"
UNSHOWN = refused(Why.SCOPE, scope=UNSHOWN_SCOPE)
CONTROLS = (
    "bot detection, suspicious IP throttling, brute-force protection, breached password detection"
)


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({}, f"ok: on: {CONTROLS} →"),
        # It takes another plan.
        (
            {BREACHES: {"enabled": False, "shields": []}},
            "note … off: breached password detection … Attack Protection",
        ),
        ({ADDRESSES: {"enabled": False}}, "warning … off: suspicious IP throttling"),
        (
            {ADDRESSES: {"enabled": True, "shields": []}},
            "warning … only watching: suspicious IP throttling",
        ),
        ({BOTS: NEVER}, "note … off: bot detection"),
        ({BOTS: WATCHING}, "note … only watching: bot detection"),
        (
            dict.fromkeys(SHIELDED, UNSHOWN),
            f"note: unseen (needs read:attack_protection): {CONTROLS}",
        ),
        (
            {BOTS: refused(Why.PLAN, what="403 feature_not_enabled")},
            "note … unseen (403 feature_not_enabled): bot detection",
        ),
    ],
)
def test_auth0s_own_controls_are_told_on_off_watching_or_unseen(
    answers: dict[str, Any], words: str
) -> None:
    protection = AttackProtection.of_api(SHIELDED | answers)
    is_said(Subject.PROTECTION, words, {}, {"protection": protection})


# --- The three paths that Guardian of pulumi-auth0 3.54 and later reads ---------------------------


CODES = (PHONE_SETTINGS, EMAIL_SETTINGS)
BY_PLAN = guardian.BY_PLAN
NOT_ENTITLED = {"message": "The requestor is not entitled to perform this operation."}
NO_SCOPE = {"message": "Insufficient scope, expected any of: read:x"}
BODIES: dict[str, tuple[int, Any]] = {
    "plan": (403, NOT_ENTITLED | {"errorCode": "not_entitled"}),
    "plan without a code": (403, NOT_ENTITLED),
    "scope": (403, NO_SCOPE | {"errorCode": "insufficient_scope"}),
    "not there": (404, {"statusCode": 404, "error": "Not Found", "message": "Not Found"}),
    "broken": (500, {"message": "Oops"}),
}
FINE: Any = {**OF_CODES, **GUARDIAN[SETTINGS]}


def answered(answers: dict[str, str]) -> dict[str, Any]:
    """What is read of a tenant that answers so; a path that is not named is fine."""

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.method == "GET"
        name = answers.get(request.url.path.removeprefix("/api/v2"))
        status, body = BODIES[name] if name else (200, FINE)
        return httpx.Response(status, json=body)

    async def read() -> dict[str, Any]:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
            client = AsyncManagementClient(domain="t.example.com", token="t", httpx_client=http)
            return await guardian.answers(client, BY_PLAN, ask)

    return asyncio.run(read())


def of_settings(answers: dict[str, str], *, sdk: str = "3.55.1") -> list[str]:
    return lines(Subject.MFA_SETTINGS, reading(login=answered(answers)), sdk=sdk)


def test_the_three_paths_are_asked_in_the_plugins_order() -> None:
    assert tuple(answered({})) == BY_PLAN


CANNOT_RUN = "fault … not entitled to MFA settings … >=3.50,<3.54; SDK and plugin go together"
UNREAD = "ok: the installed pulumi-auth0 3.53.1 does not read them"
STAYS = "does not read them → stay with pulumi-auth0>=3.50,<3.54"
UNTRIED = "unknown … is not known … pulumi-auth0>=3.50,<3.54"


@pytest.mark.parametrize(
    ("sdk", "paths", "body", "words"),
    [
        ("3.55.1", (), "", "ok: … 3.55.1 is installed"),
        # An older version meets nothing of what it does not read, and stays where it must.
        ("3.53.1", (), "", f"{UNREAD}; … could here"),
        *(("3.53.1", BY_PLAN, body, UNREAD) for body in ("scope", "not there", "broken")),
        *((sdk, BY_PLAN, "plan", f"note … {sdk} {STAYS}") for sdk in ("3.50.0", "3.53.1")),
        *(
            (sdk, BY_PLAN, "plan", f"{CANNOT_RUN} … ({sdk} is installed)")
            for sdk in ("3.54.0", "3.55.1", "3.99.2", "4.0.0")
        ),
        *(
            ("3.55.1", paths, body, CANNOT_RUN)
            for paths in (BY_PLAN, CODES, [PHONE_SETTINGS], [EMAIL_SETTINGS])
            for body in ("plan", "plan without a code")
        ),
        *(("3.55.1", paths, "not there", UNTRIED) for paths in (BY_PLAN, CODES, [PHONE_SETTINGS])),
        # A missing scope is fatal to the plugin but for the third, of which it only warns.
        *(
            ("3.55.1", paths, "scope", "unknown … needs read:guardian_factors")
            for paths in (CODES, [PHONE_SETTINGS], [EMAIL_SETTINGS])
        ),
        ("3.55.1", [SETTINGS], "scope", "warning … needs read:tenant_settings … only warns"),
        ("3.55.1", [SETTINGS], "plan", "warning … not_entitled"),
        *(
            ("3.55.1", [path], "broken", f"unknown: could not look: GET {path} was answered 500")
            for path in BY_PLAN
        ),
    ],
)
def test_what_a_tenant_answers_is_one_finding(
    sdk: str, paths: tuple[str, ...], body: str, words: str
) -> None:
    (line,) = of_settings(dict.fromkeys(paths, body), sdk=sdk)
    assert [one for one in words.split(" … ") if one not in line] == [], line
    assert ("could here" in line) is (not paths and sdk == "3.53.1")
    assert ("scope" if body.startswith("plan") else "entitled") not in line


def test_it_is_told_once_and_not_as_something_else_that_the_plan_lacks() -> None:
    tenant = reading(login=answered(dict.fromkeys(BY_PLAN, "plan")))
    findings = check(tenant, settings(), sdk="3.55.1")
    assert [one.subject for one in findings if one.level is Level.FAULT] == [Subject.MFA_SETTINGS]
    assert exit_status(findings) is Exit.FAULTY


@pytest.mark.parametrize("path", BY_PLAN)
def test_a_missing_scope_of_theirs_is_named_among_the_scopes(path: str) -> None:
    tenant = reading(login=answered({path: "scope"}))
    (missing,) = [one for one in lines(Subject.SCOPES, tenant, sdk="3.55.1") if "fault" in one]
    assert f"{SCOPES[path]} is missing" in missing


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({}, "always is not every login: asked again after at most 30 days"),
        (
            {"rememberBrowser": {"inactivity": "12h", "overall": "1d"}},
            "always is not every login, which pulumi up changes: asked again after at most 1 day",
        ),
        ({"rememberBrowser": {"shown": False}}, "no browser is remembered"),
    ],
)
def test_what_always_means_on_a_remembered_browser_is_said(
    config: dict[str, Any], says: str
) -> None:
    (one,) = remembered_browsers(reading(), settings(policy="always", **config))
    assert one.what.startswith(says)
    assert list(remembered_browsers(reading(), settings(policy="never", **config))) == []
    hidden = reading(login={SETTINGS: refused(Why.SCOPE)})
    told = list(remembered_browsers(hidden, settings(policy="always", **config)))
    assert bool(told) is bool(config), "nothing where neither stack nor tenant tells"


# --- Sizes of SMS, and doubts about senders that are well-formed ----------------------------------


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


def test_a_long_code_is_counted_and_nothing_is_said_where_nobody_gets_an_sms() -> None:
    logins = {"messageTypes": ["otp_verify", "otp_enroll"]}
    for length, units in ((4, 62), (6, 64), (10, 68)):
        (one,) = found("あ" * 12, oneTimeCode={"length": length}, **logins)
        assert f"{units} UTF-16 units, 1 part" in one.what
    assert found("みらい銀行", deliveryMethods=["voice"], voiceSender=GOOD) == []


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
BOTH_COUNTRIES = VOICE | {"allowedPrefixes": ["+81", "+1"]}
GOOD, ABROAD = "+815012345678", "+14155550100"


@pytest.mark.parametrize(
    ("config", "doubt"),
    [
        ({"smsSender": "MIRAIBANK"}, "international route"),
        ({"allowedPrefixes": ["+81", "+1"]}, "other countries' carriers"),
        (VOICE | {"voiceSender": "+8150123456789"}, "another length"),
        (VOICE | {"voiceSender": "+8150123456"}, "another length"),
        (VOICE | {"voiceSender": ABROAD}, "another country"),
        ({}, None),
        (VOICE | {"voiceSender": GOOD}, None),
        (VOICE | {"voiceSender": "+81312345678"}, None),
        # Not used, or not in Japan: nobody's doubt.
        ({"voiceSender": ABROAD}, None),
        ({"smsSender": "MIRAIBANK", "allowedPrefixes": ["+1"]}, None),
        (BOTH_COUNTRIES | {"voiceSender": ABROAD, "smsSender": "12345"}, None),
    ],
)
def test_a_doubtful_sender_is_a_warning(config: dict[str, Any], doubt: str | None) -> None:
    found = sender_checks(settings(**config))
    told = [one.what for one in found if one.level is Level.WARNING]
    assert len(told) == (doubt is not None)
    assert all(str(doubt) in one for one in told)


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
