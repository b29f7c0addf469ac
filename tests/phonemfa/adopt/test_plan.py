"""What becomes of a tenant that was configured by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.masking import code_mark
from components.phone_mfa import PhoneMfa, PhoneMfaArgs
from components.settings.model import StackSettings
from components.settings.stack_config import Loaded
from components.tenant import snapshot
from components.tenant.access import Access
from components.tenant.model import UNSEEN, differences, seen
from components.tenant.snapshot import Snapshot
from components.tenant.stack_access import TenantAccess
from components.vocabulary import Experience
from phonemfa.adopt.imports import import_file
from phonemfa.adopt.plan import Fate, Plan, Row, chosen_action, key_like_lines, plan_of
from tests.components.declared import declare
from tests.phonemfa.adopt.tenants import LEGACY, action, bound, provider, template, tenant

TEXTS = {"enrollment_message": "{{ code }} e", "verification_message": "{{ code }} v"}
HOOK = {"selected_provider": "phone-message-hook", **TEXTS}
TWILIO = {"selected_provider": "twilio", **TEXTS}
ON = {"phone_enabled": True, "otp": True, "duo": True}
DOMAIN = "t.example.com"


def legacy(enrolment: str, verification: str) -> Snapshot:
    """A legacy tenant with these texts."""
    texts = {"enrollment_message": enrolment, "verification_message": verification}
    return tenant(experience_flag=False, factors=ON, message_types=("sms",), legacy=HOOK | texts)


SHAPES = {
    "everything off": tenant(),
    "twilio": tenant(
        provider=provider("twilio", sid="AC1", default_from="+15005550006"),
        templates=template(sender="0120") | template("blocked_account", disabled=True),
        factors=ON,
        message_types=("sms",),
        policy="all-applications",
    ),
    "twilio with both senders": tenant(
        provider=provider("twilio", sid="AC1", default_from="+15005550006", mssid="MG1"),
        factors=ON,
        message_types=("sms",),
    ),
    "custom": tenant(
        actions=(action(secret_names=("A",), dependencies=("@a/b@1.0.0",)),),
        bindings=bound("a1"),
        provider=provider(),
        templates=template() | template("otp_enroll", text="no code"),
        factors=ON,
        message_types=("sms", "voice"),
    ),
    "half": tenant(actions=(action(runs=None),), factors=ON),
    "legacy hook": tenant(
        experience_flag=False,
        actions=(action(trigger=LEGACY),),
        bindings=bound("a1", trigger=LEGACY),
        factors=ON,
        message_types=("sms",),
        legacy=HOOK,
    ),
    "legacy twilio": tenant(
        experience_flag=False, factors=ON, message_types=("sms",), legacy=TWILIO
    ),
    "marketplace": tenant(
        experience_flag=False,
        actions=(action(trigger=LEGACY, from_marketplace=True),),
        bindings=bound("a1", trigger=LEGACY),
        factors=ON,
        message_types=("sms",),
        legacy=HOOK,
    ),
    "no flag": tenant(experience_flag=None, factors=ON, message_types=("sms",), legacy=HOOK),
}
shapes = pytest.mark.parametrize("found", SHAPES.values(), ids=SHAPES.keys())


def settings_of(plan: Plan) -> StackSettings:
    values = {**plan.suggestions, **plan.facts}
    values.pop("auth0:domain")
    return StackSettings.check(
        "t1", {key.removeprefix("phonemfa:"): value for key, value in values.items()}
    )


def rows(plan: Plan, fate: Fate) -> dict[str, str]:
    return {row.part: row.found for row in plan.rows if row.fate is fate}


def keep(plan: Plan, project: Path) -> None:
    for name, text in plan.files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text, encoding="utf-8")


@shapes
def test_what_is_imported_is_what_the_program_declares(found: Snapshot, tmp_path: Any) -> None:
    plan = plan_of(found, "t1", DOMAIN)
    keep(plan, tmp_path)

    def program() -> None:
        access = TenantAccess(access=Access(domain=""))
        loaded = Loaded(
            settings=settings_of(plan),
            cpaas_api_key=pulumi.Output.secret(""),
            tenant=access,
            project=tmp_path,
        )
        PhoneMfa("phone-mfa", PhoneMfaArgs.of(loaded))

    declared = {
        (one.type, one.name, parent_of(one.options.parent)) for one in declare(program).values()
    }
    imported = {
        (one["type"], one["name"], one.get("parent", "")) for one in plan.imports["resources"]
    }
    assert imported == declared


@shapes
def test_what_is_declared_differs_in_nothing_from_what_was_found(
    found: Snapshot, tmp_path: Path
) -> None:
    plan = plan_of(found, "t1", DOMAIN)
    keep(plan, tmp_path)
    declared = snapshot.declared(settings_of(plan), tmp_path)
    pairs: list[tuple[Any, Any]] = [
        (declared.settings, found.settings),
        (declared.guardian, found.guardian),
        *zip(seen(declared.actions), seen(found.actions), strict=False),
        *zip(seen(declared.bindings), seen(found.bindings), strict=False),
    ]
    if seen(declared.provider):
        pairs.append((declared.provider, found.provider))
    if found.experience is Experience.UNIFIED:
        assert seen(declared.templates).keys() == seen(found.templates).keys()
        pairs += [
            (one, seen(found.templates)[kind]) for kind, one in seen(declared.templates).items()
        ]
    assert [list(differences(*pair)) for pair in pairs] == [[]] * len(pairs)


def parent_of(urn: str) -> str:
    """The name of a parent; the stack itself is the parent of what has none in the file."""
    return "" if "::pulumi:pulumi:Stack::" in urn else urn.rpartition("::")[2]


@shapes
def test_a_tenant_keeps_its_policy_channels_and_factors(found: Snapshot) -> None:
    plan = plan_of(found, "t1", DOMAIN)
    settings, guardian = settings_of(plan), found.guardian
    assert settings.policy.guardian_policy == guardian.policy
    assert rows(plan, Fate.ADOPTED)["policy"] == settings.policy, "told in the settings' word"
    assert settings.adopted
    assert settings.adopted.phone.enabled is guardian.phone_enabled
    if guardian.phone_enabled:
        assert settings.adopted.phone.message_types == guardian.message_types
    assert settings.other_factors.model_dump(exclude_none=True) == {
        "otp": guardian.otp,
        "email": False,
        "recovery_code": False,
    }


REMEMBERED = {"shown": True, "ticked": True, "inactivity": "12h", "overall": "1d"}


@pytest.mark.parametrize(
    ("there", "declared"),
    [
        ({}, {}),
        ({"remember_me_shown": True, "code_length": 6, "code_lifetime": 300}, {}),
        (
            {"remember_me_default": True, "session_inactivity": 43_200, "session_overall": 86_400},
            {"rememberBrowser": REMEMBERED},
        ),
        ({"code_length": 8}, {"oneTimeCode": {"length": 8, "lifetime": "5m"}}),
        # What a setting may not say stays the tenant's.
        ({"remember_me_shown": False, "remember_me_default": True}, {}),
        ({"code_lifetime": 7_200}, {}),
    ],
)
def test_mfa_settings_that_are_not_auth0s_own_are_declared_as_they_are(
    there: dict[str, Any], declared: dict[str, Any]
) -> None:
    found = tenant()
    plan = plan_of(replace(found, guardian=replace(found.guardian, **there)), "dev", "t.test")
    keys = ("rememberBrowser", "oneTimeCode")
    assert {
        key: plan.facts[f"phonemfa:{key}"] for key in keys if f"phonemfa:{key}" in plan.facts
    } == (declared)
    settings = settings_of(plan).plain()
    assert {key: settings[key] for key in keys if settings[key]} == declared


def test_a_setting_that_the_tenant_does_not_show_whole_is_left_and_told() -> None:
    half: dict[str, Any] = {"code_length": 8, "code_lifetime": UNSEEN}
    plan = plan_of(tenant(factors=half), "t1", DOMAIN)
    assert rows(plan, Fate.UNREADABLE) == {"oneTimeCode": "not shown"}
    assert "phonemfa:oneTimeCode" not in plan.facts


@pytest.mark.parametrize(
    ("shape", "fate", "part", "told"),
    [
        ("twilio with both senders", Fate.WARNING, "phone provider", "a Messaging Service"),
        ("custom", Fate.UNREADABLE, "its secrets", "A"),
        ("twilio", Fate.UNREADABLE, "its credentials", "never answered"),
        ("legacy twilio", Fate.UNREADABLE, "Twilio account and token", "not looked at"),
        ("marketplace", Fate.LEFT, LEGACY, "Marketplace Action"),
    ],
)
def test_what_a_stack_cannot_say_is_told_and_not_declared(
    shape: str, fate: Fate, part: str, told: str
) -> None:
    plan = plan_of(SHAPES[shape], "t1", DOMAIN)
    assert told in rows(plan, fate)[part]
    adopted = settings_of(plan).adopted
    assert adopted
    if fate is Fate.WARNING:
        assert adopted.provider is None
    if fate is Fate.LEFT:
        assert plan.files == {}
        assert "phonemfa:retiredSecrets" not in plan.facts


def test_a_tenant_without_the_flag_is_declared_as_the_provider_sees_it() -> None:
    settings = settings_of(plan_of(SHAPES["no flag"], "t1", DOMAIN))
    assert settings.experience == "legacy"
    assert settings.adopted
    assert settings.adopted.phone.provider is None


DRAFT = action("a2", runs=None)


@pytest.mark.parametrize(
    ("actions", "bindings", "chosen"),
    [
        pytest.param(("a1", "a2", "a3"), bound("a2", "a1"), "a2", id="the first in the flow"),
        pytest.param((DRAFT,), (), "a2", id="the only one"),
        pytest.param((DRAFT, "a1"), (), "a1", id="the only deployed one"),
        pytest.param(("a1", "a2"), (), None, id="cannot be told"),
        pytest.param((action(trigger=LEGACY),), (), None, id="of another trigger"),
    ],
)
def test_the_action_that_sends_is_chosen_as_far_as_that_can_be_told(
    actions: tuple[Any, ...], bindings: Any, chosen: str | None
) -> None:
    there = tuple(action(one) if isinstance(one, str) else one for one in actions)
    found = chosen_action(tenant(actions=there, bindings=bindings))
    assert (found and found.id) == chosen


def texts_of(found: Snapshot) -> tuple[Any, Any, list[str]]:
    """What goes into the settings, what into the adopted block, and why."""
    plan = plan_of(found, "t1", DOMAIN)
    adopted = plan.facts["phonemfa:adopted"]
    apart = adopted.get("templates") or {
        key: text for key, text in adopted["phone"].items() if key.endswith("Message")
    }
    why = [one.becomes for one in plan.rows if one.found == "a text that this package would refuse"]
    return plan.facts.get("phonemfa:texts", {}), apart, why


VOICE, TEXT = "{{ code }} voice", "{{ code }} text"


@pytest.mark.parametrize(
    ("found", "settings", "apart", "why"),
    [
        pytest.param(
            tenant(templates=template(text="@{code}")),
            {"otp_verify": {"voice": VOICE}},
            {"otp_verify": {"text": "@{code}"}},
            ["code"],
            id="breaks a rule",
        ),
        pytest.param(
            tenant(templates=template("blocked_account")),
            {"blocked_account": {"text": TEXT, "voice": VOICE}},
            {"blocked_account": {}},
            [],
            id="a type without shipped texts, whole",
        ),
        pytest.param(
            tenant(templates=template("blocked_account", voice=None)),
            {},
            {"blocked_account": {"text": TEXT}},
            [],
            id="a type without shipped texts, half",
        ),
        pytest.param(
            legacy("{{ friendly_name }} {{ code }}", "{{ code }}"),
            {"otp_verify": {"text": "{{ code }}"}},
            {"enrollmentMessage": "{{ friendly_name }} {{ code }}"},
            ["a variable that legacy tenants do not know"],
            id="legacy, with a unified variable",
        ),
        pytest.param(
            legacy("", "  "),
            {},
            {"verificationMessage": "  "},
            ["It is empty."],
            id="legacy, never set or empty",
        ),
        pytest.param(tenant(experience_flag=False), {}, {}, [], id="legacy, none"),
    ],
)
def test_a_text_is_among_the_settings_where_they_take_it_and_else_kept_apart(
    found: Snapshot, settings: object, apart: object, why: list[str]
) -> None:
    placed, kept, reasons = texts_of(found)
    assert (placed, kept) == (settings, apart)
    assert len(reasons) == len(why)
    assert all(part in reason for part, reason in zip(why, reasons, strict=True))


def test_a_draft_that_does_not_run_and_what_runs_are_both_kept() -> None:
    found = tenant(actions=(action(code="draft", runs="runs"),))
    plan = plan_of(found, "t1", DOMAIN)
    assert plan.files == {
        "adopted/t1/action.js": "draft",
        "adopted/t1/action.deployed.js": "runs",
    }
    assert "its deployment" in rows(plan, Fate.WARNING)


def test_a_key_in_the_code_is_pointed_at_and_not_shown() -> None:
    code = "const a = 'short1';\nconst KEY = 'App 0123456789abcdef0123456789abcdef-01';\n"
    assert key_like_lines(code) == [2]
    assert key_like_lines("const url = 'https://abc123.api.infobip.com/sms/2/text';") == []
    plan = plan_of(tenant(actions=(action(code=code, runs=code),)), "t1", DOMAIN)
    found = rows(plan, Fate.WARNING)["its code"]
    assert found == f"{code_mark(code)}; what may be a key in line 2"
    assert "0123456789abcdef" not in str(plan.rows)
    (advice,) = [one.becomes for one in plan.rows if one.part == "its code"]
    assert "rotate first, then adopt" in advice
    assert "Pulumi's state and its history" in advice


def test_host_and_sender_that_can_be_read_are_suggested() -> None:
    found = tenant(
        actions=(action(code="fetch('https://abc123.api.infobip.com/x')"),),
        provider=provider(),
        templates=template(sender="0120000000"),
    )
    suggested = plan_of(found, "t1", DOMAIN).suggestions
    assert suggested["phonemfa:cpaasBaseHost"] == "abc123.api.infobip.com"
    assert suggested["phonemfa:smsSender"] == "0120000000"
    assert "phonemfa:voiceSender" not in suggested


def test_the_guardian_has_the_same_id_in_every_import() -> None:
    first, second = (import_file(tenant(), None, DOMAIN)["resources"][-1] for _ in range(2))
    assert first["id"] == second["id"]


def test_the_actions_of_others_are_left_alone_and_told() -> None:
    both = (action("a1", trigger=LEGACY), action("logger", trigger=LEGACY))
    found = tenant(
        experience_flag=False, actions=both, bindings=bound("a1", "logger", trigger=LEGACY)
    )
    (other,) = [row for row in plan_of(found, "t1", DOMAIN).rows if "logger" in row.found]
    assert other == Row(
        part=LEGACY,
        found="Action 'name of logger', bound",
        becomes="not the one that sends",
        fate=Fate.LEFT,
    )


def test_a_template_that_is_off_is_told_to_stay_so_only_as_long_as_it_is_adopted() -> None:
    plan = plan_of(tenant(templates=template(disabled=True)), "t1", DOMAIN)
    (warned,) = [row for row in plan.rows if row.fate is Fate.WARNING and "template" in row.part]
    assert (warned.part, warned.found) == ("template otp_verify", "off")
    assert "this stack's own are on" in warned.becomes


def test_what_is_off_or_of_the_other_experience_is_told_as_that() -> None:
    off = plan_of(tenant(provider=provider(disabled=True)), "dev", DOMAIN)
    assert off.facts["phonemfa:adopted"]["provider"]["disabled"] is True
    legacy = plan_of(tenant(experience_flag=False, provider=provider(), legacy=HOOK), "dev", DOMAIN)
    (told,) = [one for one in legacy.rows if "of the unified experience" in one.found]
    assert told.fate is Fate.LEFT
