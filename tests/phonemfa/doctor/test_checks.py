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
    BY_PLAN,
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
from phonemfa.doctor.command import check
from phonemfa.doctor.findings import Finding, Level, Subject, as_document
from phonemfa.doctor.login import code_checks, remembered_browsers
from phonemfa.doctor.messages import sender_checks, text_checks
from phonemfa.doctor.reading import installed_sdk
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

FIRST_UP = requests_of_first_up(settings(), installed_sdk())
TWILIO = {"sid": "AC0fe9dc", "default_from": "+819012345678", "delivery_methods": ["text", "voice"]}
THEIRS = PhoneProvider.of_api({"name": "twilio", "id": "pro_1", "configuration": TWILIO})
OUR_PROVIDER = PhoneProvider(delivery_methods=("text",))
ACCOUNT = PhoneProvider(
    name="twilio", delivery_methods=UNSEEN, sid="AC0fe9dc", default_from="+819012345678"
)
LEGACY = {"experience": "legacy"}
OURS, OUR_LEGACY = action("ours"), action("ours-legacy", LEGACY_TRIGGER)
THERE = (
    action("theirs", LEGACY_TRIGGER),
    action("NTT CPaaS", LEGACY_TRIGGER, from_marketplace=True),
    OUR_LEGACY,
)
TEXTS = settings().declared_texts
POLICY_WORDS = {"never": [], "adaptive": ["confidence-score"], "always": ["all-applications"]}
SMS_OFFERED = {MESSAGE_TYPES: {"message_types": ["sms"]}}
BOTH_OFFERED = {MESSAGE_TYPES: {"message_types": ["sms", "voice"]}}
NOT_IN_PLAN = refused(Why.PLAN, what="GET /y was answered 403 feature_not_enabled: no")
SPARE = {f"delete:thing{number}" for number in range(7)}


def heard(**rate: Any) -> Heard:
    return replace(granted(), **rate)


def template(text: str = "t", voice: str = "v") -> PhoneTemplate:
    return PhoneTemplate(text=text, voice=voice, id=f"tem_{text[:1]}")


OUR_TEMPLATES = {kind.value: template(one.text, one.voice) for kind, one in TEXTS.items()}


def legacy(provider: str, **texts: str) -> dict[str, Any]:
    """A legacy tenant that sends by this provider, with these texts."""
    told = {guardian.SELECTED_PROVIDER: {"provider": provider}, guardian.TEMPLATES: texts}
    return {"unified": False, "login": told}


def asking(policy: str, *on: str, **more: Any) -> dict[str, Any]:
    """A tenant with this policy, and these factors on."""
    login = {POLICIES: POLICY_WORDS[policy], FACTORS: factors(*on)}
    return {"login": login | more.pop("login", {}), **more}


AS_APPLIED = legacy(
    "phone-message-hook",
    enrollment_message=for_legacy(TEXTS[MessageType.OTP_ENROLL]),
    verification_message=for_legacy(TEXTS[MessageType.OTP_VERIFY]),
)
ON_THEIR_WAY: dict[str, Any] = {
    "actions": (replace(OURS, deployed=True),),
    "provider": OUR_PROVIDER,
}
NEVER = {"challenge_password_policy": "never", "challenge_password_reset_policy": "never"}
WATCHING = {"challenge_password_policy": "always", "monitoring_mode_enabled": True}
UNSHOWN = refused(Why.SCOPE, scope="read:attack_protection")
CONTROLS = (
    "bot detection, suspicious IP throttling, brute-force protection, breached password detection"
)
PROTECTED: list[tuple[dict[str, Any], str]] = [
    ({}, f"ok: on: {CONTROLS} →"),
    (  # It takes another plan.
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
    (dict.fromkeys(SHIELDED, UNSHOWN), f"note: unseen (needs read:attack_protection): {CONTROLS}"),
    (
        {BOTS: refused(Why.PLAN, what="403 feature_not_enabled")},
        "note … unseen (403 feature_not_enabled): bot detection",
    ),
]
VOICE: dict[str, Any] = {"deliveryMethods": ["text", "voice"]}
GOOD, ABROAD = "+815012345678", "+14155550100"
BOTH_COUNTRIES = {"allowedPrefixes": ["+81", "+1"]}
SENDERS: list[tuple[dict[str, Any], str]] = [
    ({"smsSender": "MIRAIBANK"}, "warning … international route / note"),
    (BOTH_COUNTRIES, "warning … other countries' carriers / note"),
    (VOICE | {"voiceSender": "+8150123456789"}, "warning … another length / note"),
    (VOICE | {"voiceSender": "+8150123456"}, "warning … another length / note"),
    (VOICE | {"voiceSender": ABROAD}, "warning … another country / note"),
    ({}, ""),
    (VOICE | {"voiceSender": GOOD}, ""),
    (VOICE | {"voiceSender": "+81312345678"}, ""),
    # Not used, or not in Japan: nobody's doubt.
    ({"voiceSender": ABROAD}, ""),
    ({"smsSender": "MIRAIBANK", "allowedPrefixes": ["+1"]}, ""),
    (VOICE | BOTH_COUNTRIES | {"voiceSender": ABROAD, "smsSender": "12345"}, ""),
]


@pytest.mark.parametrize(
    ("words", "stack", "besides", "tenant"),
    [
        says(
            "scopes: fault: update:mfa_policies is missing: it is needed to … → tick it: ",
            heard=granted("update:mfa_policies"),
        ),
        says(
            "scopes: warning: delete:phone_templates is missing",
            heard=granted("delete:phone_templates"),
        ),
        says(
            "scopes: warning: 2 are missing … delete:phone_templates … delete:actions",
            heard=granted("delete:phone_templates", "delete:actions"),
        ),
        says(  # A read that was refused counts, whatever the token says.
            "scopes: fault: read:phone_providers is missing",
            besides="provider",
            provider=refused(Why.SCOPE, scope="read:phone_providers"),
        ),
        says(
            "provider: unknown … needs read:phone_providers",
            besides="scopes",
            provider=refused(Why.SCOPE, scope="read:phone_providers"),
        ),
        says(  # Of a token that says nothing.
            "scopes: fault: read:actions is missing / warning … create:actions ¬ read:",
            besides="action",
            heard=Heard(),
            actions=refused(Why.SCOPE, scope="read:actions"),
        ),
        says(
            "scopes: ok: all / note … delete:thing4 and 2 more",
            heard=Heard(scopes=scopes.names(scopes.SCOPES) | SPARE),
        ),
        says(
            "plan: fault … feature_not_enabled / note: nothing else was refused",
            provider=NOT_IN_PLAN,
            templates=NOT_IN_PLAN,
        ),
        says(
            "plan: warning … a trial has expired / note",
            login={FACTORS: factors(trial_expired=True)},
        ),
        says("plan: note ¬ room for", action_count=99),
        says("plan: fault … room for 100: ours would be / note", action_count=100),
        says("plan: note: no read", action_count=100, actions=(OURS,)),
        says(
            "rate limit: ok: 50 requests / warning … 2 of the doctor's own",
            heard=heard(limit=50, refusals=2),
        ),
        says(
            "plan: warning: policy adaptive needs an Enterprise plan",
            {"policy": "adaptive"},
            besides="policy",
        ),
        says("plan: note: no read was refused for the plan … only a write tells"),
        says("rate limit: note: the tenant's answers do not tell"),
        says("rate limit: note: the tenant's answers do not", heard=heard(limit=0)),
        says(
            f"rate limit: note: 2 … about {FIRST_UP} and takes {-(-FIRST_UP // 2)} s or more",
            heard=heard(limit=2, refusals=3),
        ),
        says("rate limit: note: 9 requests at once", heard=heard(limit=9)),
        says("rate limit: ok: 10 requests at once", heard=heard(limit=10)),
        says("generation: fault … set phonemfa:experience legacy", unified=False),
        says("generation: fault … set phonemfa:experience unified", LEGACY),
        says("generation: warning … from legacy", {"transition": True}, unified=False),
        says("action: fault … 'theirs' ¬ Marketplace", actions=(action("theirs"),)),
        says(
            "action: fault … 'Sender' of a Marketplace integration … → uninstall",
            actions=(action("Sender", from_marketplace=True),),
        ),
        says(
            "bindings: warning … the Action 'NTT CPaaS' of a Marketplace integration",
            LEGACY,
            unified=False,
            actions=THERE,
            bindings=bound("NTT CPaaS", "ours-legacy"),
        ),
        says(
            "bindings: warning … the Action 'theirs' ¬ Marketplace",
            LEGACY,
            unified=False,
            actions=THERE,
            bindings=bound("theirs", "ours-legacy"),
        ),
        says(
            "provider: warning … sid AC0fe9dc … +8190 … delivery_methods text, voice … custom with "
            "delivery_methods text ¬ 12345678",
            provider=THEIRS,
        ),
        says(
            "provider: warning … from voice to text … disabled to enabled",
            provider=PhoneProvider(delivery_methods=("voice",), disabled=True),
        ),
        says(
            "provider: warning … provider twilio … AC0fe9dc … verification texts ¬ 12345678",
            LEGACY,
            twilio=ACCOUNT,
            **legacy("twilio", enrollment_message="{{code}}", verification_message="{{code}}"),
        ),
        says(  # The stack does not declare the other one.
            "templates: warning … otp_verify (tem_t) … 409 ¬ blocked_account",
            templates={"otp_verify": template(), "blocked_account": template()},
        ),
        says(
            "templates: warning: already customised",
            templates=OUR_TEMPLATES | {"otp_verify": template()},
        ),
        # A tenant that is empty or ours is fit.
        says("token: ok: t.example.com gave one"),
        says("action: ok: the one place on custom-phone-provider is free"),
        says("bindings: ok: none yet", LEGACY, unified=False),
        says("action: ok … is ours, by the name 'ours' → if no", actions=(OURS,)),
        says("provider: ok: custom, as declared", provider=OUR_PROVIDER),
        says("templates: ok: customised with this stack's own", templates=OUR_TEMPLATES),
        says("provider: ok: phone-message-hook, as declared", LEGACY, **AS_APPLIED),
        says("policy: ok: never ¬ gate is off", {"gate": "off"}),
        says(  # Unread factors accuse nobody.
            "policy: ok: always",
            {"policy": "always"},
            besides="factors",
            **asking("always", login={FACTORS: refused(Why.OTHER)}),
        ),
        says("factors: ok: phone is off, and will be switched on", login=BOTH_OFFERED),
        says(  # As the guard in front of the policy has it.
            "policy: warning … some-day / fault … lower it to never ¬ config set",
            login={POLICIES: ["some-day"], FACTORS: factors("otp")},
        ),
        *(
            says(
                f"policy: {first} / ok: always",
                {"policy": "always"} | stack,
                **asking("always", *on),
            )
            for on, stack, first in (
                ([], {}, "warning … cannot log in"),
                (["recovery-code"], {}, "warning … it is always now … cannot log in"),
                (["sms"], {"gate": "off"}, "warning: gate is off"),
            )
        ),
        *(
            says(
                f"factors: warning … switches off {leaving}: / ok … {staying} on too, and left so",
                {"otherFactors": {named: False}},
                login={FACTORS: factors("sms", "otp", "webauthn-roaming")},
            )
            for named, leaving, staying in (
                ("otp", "otp", "webauthn-roaming"),
                ("webauthnRoaming", "webauthn-roaming", "otp"),
            )
        ),
        *(
            says(
                f"policy: {words}",
                {"policy": "always"},
                **asking("never", *on, login=SMS_OFFERED, **ON_THEIR_WAY | changes),
            )
            for on, changes, words in (
                (["sms"], {}, "warning … ¬ untried"),
                ([], {}, "untried: the phone factor is switched off."),
                (["sms"], {"provider": None}, "there is no phone provider"),
            )
        ),
        says(
            "factors: warning … does not declare voice / ok: phone is on; no other",
            login=BOTH_OFFERED | {FACTORS: factors("sms")},
        ),
        *(
            says(f"protection: {words}", protection=AttackProtection.of_api(SHIELDED | answers))
            for answers, words in PROTECTED
        ),
        *(
            says(
                f"senders: {doubt or 'note: the form is good'} … only a message tells"
                f" ¬ {GOOD} ¬ {ABROAD}{' ¬ the form' if doubt else ''}",
                stack,
            )
            for stack, doubt in SENDERS
        ),
        says(
            "action: note … as they were found",
            {"cpaasBaseHost": None, "adopted": {"action": None, "phone": {"enabled": True}}},
            actions=(action("theirs"),),
            provider=THEIRS,
        ),
    ],
)
def test_what_is_said(words: str, stack: Any, besides: str, tenant: Any) -> None:
    is_said(words, stack, besides, tenant)


def test_all_missing_scopes_are_one_fault_with_one_fix() -> None:
    needed = scopes.names(scopes.needed_by(scopes.needs_of(settings())))
    (line,) = lines(Subject.SCOPES, reading(heard=Heard(scopes=frozenset())))
    what, _, fix = line.partition(" → ")
    pressing, _, later = what.partition("; and only to remove something: ")
    assert pressing.startswith(f"fault: {len(needed)} are missing: ")
    assert {*pressing.partition("missing: ")[2].split(", "), *later.split(", ")} == needed
    assert {name.partition(":")[0] for name in later.split(", ")} == {"delete"}
    assert fix.startswith("tick them: ")


TO_TEST_NUMBERS = {"testNumbers": ["+819012345678"]}


@pytest.mark.parametrize(
    ("change", "scope", "needed"),
    [
        ({}, "update:tenant_settings", False),
        ({"transition": True}, "update:tenant_settings", True),
        (LEGACY, "update:tenant_settings", True),
        ({"rememberBrowser": {}}, "update:tenant_settings", True),
        ({"oneTimeCode": {}}, "update:tenant_settings", False),
        (LEGACY, "create:phone_providers", False),
        (LEGACY | {"transition": True}, "create:phone_providers", True),
        ({}, "read:logs", False),
        ({"gate": "smoke"} | TO_TEST_NUMBERS, "read:logs", True),
        (TO_TEST_NUMBERS, "read:logs", True),  # The guide goes on to send a test message.
        (TO_TEST_NUMBERS, "read:attack_protection", False),
    ],
)
def test_a_scope_is_missing_only_where_the_stack_needs_it(
    change: dict[str, Any], scope: str, *, needed: bool
) -> None:
    told = lines(
        Subject.SCOPES, reading(change, unified="experience" not in change, heard=granted(scope))
    )
    assert any(one.startswith("fault") for one in told) is needed


def test_every_need_has_scopes() -> None:
    assert all(scopes.needed_by([need]) for need in Need)


def test_without_a_token_only_that_is_told_and_what_needs_none() -> None:
    text = "t.example.com refused a token. Check AUTH0_CLIENT_ID."
    no = TenantUnreadableError(text, fix="Check AUTH0_CLIENT_ID.")
    found = check(reading(unreachable=no))
    assert troubles(found) == [("unknown", "token")]
    assert {one.subject for one in found} == {Subject.TOKEN, Subject.TEXTS, Subject.SENDERS}
    assert (found[0].what, found[0].fix) == (
        "t.example.com refused a token. Nothing of the tenant was looked at",
        "Check AUTH0_CLIENT_ID",
    )


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


@pytest.mark.parametrize(
    ("experience", "question", "subject"),
    [
        ("unified", "settings", Subject.GENERATION),
        ("unified", "actions", Subject.ACTION),
        ("unified", "provider", Subject.PROVIDER),
        ("unified", "templates", Subject.TEMPLATES),
        ("unified", POLICIES, Subject.POLICY),
        ("unified", FACTORS, Subject.FACTORS),
        ("unified", MESSAGE_TYPES, Subject.FACTORS),
        ("legacy", "actions", Subject.BINDINGS),
        ("legacy", "bindings", Subject.BINDINGS),
        ("legacy", "twilio", Subject.PROVIDER),
        ("legacy", guardian.SELECTED_PROVIDER, Subject.PROVIDER),
        ("legacy", guardian.TEMPLATES, Subject.PROVIDER),
    ],
)
def test_one_refused_question_is_one_finding_and_ends_no_other_check(
    experience: str, question: str, subject: Subject
) -> None:
    """A question is a part of the snapshot, or a path about the login."""
    stack, unified = {"experience": experience}, experience == "unified"
    no: Any = {question: refused(Why.OTHER, what="GET /x was answered 500: oops")}
    refusing = {"login": no} if question in guardian.SCOPES else no
    whole = check(reading(stack, unified=unified))
    found = check(reading(stack, unified=unified, **refusing))
    assert troubles(found) == [("unknown", subject.value)]
    assert any("500: oops" in one.what for one in about(subject, found))
    assert {one.subject for one in found} == {one.subject for one in whole}


def test_a_tenants_names_are_shown_without_what_nobody_sees(
    capsys: pytest.CaptureFixture[str],
) -> None:
    there = (action("theirs\u202e" + "x" * 200),)
    (place,) = about(Subject.ACTION, check(reading(actions=there)))
    show(as_document("dev", "t.example.com", [place]))
    shown = capsys.readouterr().out
    assert "theirs‹U+202E›x" in shown
    assert "\u202e" not in shown
    assert "x" * 100 not in place.what + place.fix


# --- Who is asked for a second factor -------------------------------------------------------------


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
    is_said(f"policy: {words}", {"policy": declared}, "plan", asking(there, "otp"))


# --- The three paths that Guardian of pulumi-auth0 3.54 and later reads ---------------------------


CODES = (PHONE_SETTINGS, EMAIL_SETTINGS)
NOT_ENTITLED = {"message": "The requestor is not entitled to perform this operation."}
NO_SCOPE = {"message": "Insufficient scope, expected any of: read:x"}
BODIES: dict[str, tuple[int, Any]] = {
    "": (200, {**OF_CODES, **GUARDIAN[SETTINGS]}),
    "plan": (403, NOT_ENTITLED | {"errorCode": "not_entitled"}),
    "plan without a code": (403, NOT_ENTITLED),
    "scope": (403, NO_SCOPE | {"errorCode": "insufficient_scope"}),
    "not there": (404, {"statusCode": 404, "error": "Not Found", "message": "Not Found"}),
    "broken": (500, {"message": "Oops"}),
}


def answered(answers: dict[str, str]) -> dict[str, Any]:
    """What is read of a tenant that answers so; a path that is not named is fine."""

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.method == "GET"
        status, body = BODIES[answers.get(request.url.path.removeprefix("/api/v2"), "")]
        return httpx.Response(status, json=body)

    async def read() -> dict[str, Any]:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
            client = AsyncManagementClient(domain="t.example.com", token="t", httpx_client=http)
            return await guardian.answers(client, BY_PLAN, ask)

    found = asyncio.run(read())
    assert tuple(found) == BY_PLAN, "asked in the plugin's order"
    return found


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
            for sdk in ("3.54.0", "3.55.1", "4.0.0")
        ),
        *(
            ("3.55.1", paths, body, CANNOT_RUN)
            for paths in (CODES, [PHONE_SETTINGS], [EMAIL_SETTINGS])
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
    tenant = {"login": answered(dict.fromkeys(paths, body)), "sdk": sdk}
    others = ["could here"] if paths or sdk != "3.53.1" else []
    others += ["scope" if body.startswith("plan") else "entitled"]
    besides = "scopes" if body == "scope" else ""
    is_said(f"mfa settings: {words} ¬ {' ¬ '.join(others)}", {}, besides, tenant)


@pytest.mark.parametrize("path", BY_PLAN)
def test_a_missing_scope_of_theirs_is_named_among_the_scopes(path: str) -> None:
    tenant = reading(login=answered({path: "scope"}), sdk="3.55.1")
    (missing,) = [one for one in lines(Subject.SCOPES, tenant) if "fault" in one]
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
    always, never = config | {"policy": "always"}, config | {"policy": "never"}
    (one,) = remembered_browsers(reading(always))
    assert one.what.startswith(says)
    assert remembered_browsers(reading(never)) == []
    told = remembered_browsers(reading(always, login={SETTINGS: refused(Why.SCOPE)}))
    assert bool(told) is bool(config), "nothing where neither stack nor tenant tells"


# --- Sizes of SMS ---------------------------------------------------------------------------------


LOGINS: dict[str, Any] = {"messageTypes": ["otp_verify", "otp_enroll"]}


def found(name: str | None, **config: Any) -> list[Finding]:
    tenant = {"phone_consolidated_experience": True, "friendly_name": name}
    return text_checks(reading(config, settings=TenantSettings.of_api(tenant)))


@given(st.text(alphabet="みらい銀行Mirai Bank株式会社", min_size=1, max_size=60))
def test_an_sms_is_measured_with_the_tenants_own_name(name: str) -> None:
    text = "{{ friendly_name }} {{ code }}。誰にも教えないでください"
    own = {"texts": {kind: {"text": text} for kind in LOGINS["messageTypes"]}}
    size = sms_size(f"{name} 123456。誰にも教えないでください")
    for one in found(name, **own, **LOGINS):
        assert str(size) in one.what
        assert one.level is (Level.OK if size.parts == 1 else Level.WARNING)


def test_a_tenant_without_a_name_is_called_by_its_domain() -> None:
    for name in ("", None):
        (one,) = found(name)
        assert one.what.startswith("with the name t ")
    (one,) = text_checks(reading(settings=refused(Why.SCOPE)))
    assert "株式会社日本架空銀行会員サービス" in one.what


def test_a_long_code_is_counted_and_nothing_is_said_where_nobody_gets_an_sms() -> None:
    for length, units in ((4, 62), (6, 64), (10, 68)):
        (one,) = found("あ" * 12, oneTimeCode={"length": length}, **LOGINS)
        assert f"{units} UTF-16 units, 1 part" in one.what
    assert found("みらい銀行", deliveryMethods=["voice"], voiceSender=GOOD) == []


def test_a_custom_domain_is_counted_as_the_tenant_has_it(applied: Callable[..., Operator]) -> None:
    text = "{{ code }} {{ custom_domain }} を開いてください。誰にも教えないでください"
    texts = {kind: {"text": text} for kind in LOGINS["messageTypes"]}
    desk = applied(texts=texts, allowedInTexts=["links"], **LOGINS)
    domains = desk.tenant.running.parts.tenant.custom_domains
    domains.add("not-yet.login.example.co.jp", status="pending")
    domains.add("login.example.co.jp")
    size = sms_size("123456 login.example.co.jp を開いてください。誰にも教えないでください")
    said = f"and login.example.co.jp the longest SMS has {size}"
    assert said in desk.run("doctor", "--all").stdout


@given(st.integers(30, 3_600), st.integers(4, 10))
def test_a_lifetime_that_is_not_the_tenants_is_a_warning(lifetime: int, length: int) -> None:
    login = {PHONE_SETTINGS: {"otp_length": length, "otp_expiration_time": lifetime}}
    warned = code_checks(reading(login=login))
    assert len(warned) == (lifetime != 300)
    for one in warned:
        assert f"lifetime' {duration(lifetime)}," in one.fix
        assert "say that a code is valid for 5 minutes" in one.what
    # What the stack declares, the next `up` writes; as found, a tenant has texts of its own.
    assert code_checks(reading({"oneTimeCode": {}}, login=login)) == []
    assert code_checks(reading({"adopted": {"phone": {"enabled": True}}}, login=login)) == []


def test_the_doctor_looks_at_the_lifetime_of_codes() -> None:
    told = check(reading(login={PHONE_SETTINGS: {"otp_length": 6, "otp_expiration_time": 600}}))
    assert any("in this tenant it is for 10 minutes" in one.what for one in told)


# --- Senders --------------------------------------------------------------------------------------


def test_the_actions_line_about_machine_detection_is_explained() -> None:
    line = "CPaaS account has no machine detection: called without it"
    source = Path(__file__).parents[3].joinpath("actions/src/exchange.js").read_text("utf-8")
    assert f"'{line}'" in source

    def told(**config: Any) -> bool:
        return any(line in one.what for one in sender_checks(reading(config)))

    assert told(**VOICE, voiceSender=GOOD, machineDetection=True)
    assert not told(**VOICE, voiceSender=GOOD)
    assert not told(deliveryMethods=["text"], smsSender="0005212345", machineDetection=True)
