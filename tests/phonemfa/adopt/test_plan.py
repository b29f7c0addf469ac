"""What becomes of a tenant that was configured by hand."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.masking import code_mark
from components.phone_mfa import PhoneMfa, PhoneMfaArgs
from components.resources.sender import Sender
from components.settings.faults import SettingsError
from components.settings.model import StackSettings
from components.settings.stack_config import Loaded
from components.tenant import snapshot
from components.tenant.access import Access
from components.tenant.model import UNSEEN, differences, seen
from components.tenant.snapshot import Snapshot
from components.tenant.stack_access import TenantAccess
from components.vocabulary import Experience
from phonemfa.adopt.plan import Fate, Plan, chosen_action, key_like_lines, plan_of
from phonemfa.answered import RefusedError
from tests.components.declared import declare
from tests.phonemfa.adopt.tenants import LEGACY, action, bound, provider, template, tenant

TEXTS = {"enrollment_message": "{{ code }} e", "verification_message": "{{ code }} v"}
ON = {"phone_enabled": True, "otp": True, "duo": True}
DOMAIN = "t.example.com"


def legacy(selected: str = "phone-message-hook", **changes: Any) -> Snapshot:
    """A legacy tenant that sends; texts of its own under `texts`."""
    told = {"selected_provider": selected, **(changes.pop("texts", None) or TEXTS)}
    values: dict[str, Any] = {"experience_flag": False, "factors": ON, "message_types": ("sms",)}
    return tenant(**values | {"legacy": told} | changes)


HOOKED: dict[str, Any] = {
    "bindings": bound("a1", trigger=LEGACY),
    "actions": (action(trigger=LEGACY),),
}
SENDERS = {"sid": "AC1", "default_from": "+15005550006"}
SHAPES = {
    "everything off": tenant(),
    "twilio": tenant(
        provider=provider("twilio", **SENDERS),
        templates=template(sender="0120") | template("blocked_account", disabled=True),
        factors=ON,
        message_types=("sms",),
        policy="all-applications",
    ),
    "twilio with both senders": tenant(
        provider=provider("twilio", mssid="MG1", **SENDERS), factors=ON, message_types=("sms",)
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
    "legacy hook": legacy(**HOOKED),
    "legacy twilio": legacy("twilio"),
    "marketplace": legacy(**HOOKED | {"actions": (action(trigger=LEGACY, from_marketplace=True),)}),
    "no flag": legacy(experience_flag=None),
}
shapes = pytest.mark.parametrize("found", SHAPES.values(), ids=SHAPES.keys())


def planned(found: Snapshot) -> tuple[Plan, StackSettings]:
    """What would be written, and the settings that a stack has then."""
    plan = plan_of(found, "t1", DOMAIN)
    values = {
        key.removeprefix("phonemfa:"): one for key, one in (plan.suggestions | plan.facts).items()
    }
    assert values.pop("auth0:domain") == DOMAIN
    return plan, StackSettings.check("t1", values)


def kept(plan: Plan, project: Path) -> Path:
    """The project with what is written below it."""
    for name, text in plan.files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text, encoding="utf-8")
    return project


@shapes
def test_what_is_imported_is_what_the_program_declares(found: Snapshot, tmp_path: Path) -> None:
    plan, settings = planned(found)

    def program() -> None:
        loaded = Loaded(
            settings=settings,
            cpaas_api_key=pulumi.Output.secret(""),
            tenant=TenantAccess(access=Access(domain="")),
            project=kept(plan, tmp_path),
        )
        PhoneMfa("phone-mfa", PhoneMfaArgs.of(loaded))

    imported = plan.imports
    assert sorted((one["type"], one["name"], one.get("parent", "")) for one in imported) == sorted(
        (one.type, one.name, parent_of(one.options.parent)) for one in declare(program).values()
    )


def test_what_is_imported_has_one_order_whatever_order_a_tenant_answers_in() -> None:
    kinds = ["otp_verify", "change_password", "otp_enroll"]
    plans = [
        plan_of(
            tenant(
                actions=(action(),),
                bindings=bound("a1"),
                provider=provider(),
                templates={kind: template(kind)[kind] for kind in order},
            ),
            "t1",
            DOMAIN,
        )
        for order in (kinds, kinds[::-1])
    ]
    assert plans[0] == plans[1]
    names = [one["name"].removeprefix("phone-mfa") for one in plans[0].imports]
    templates = [f"-delivery-{kind.replace('_', '-')}" for kind in sorted(kinds)]
    assert names == [
        *("", "-sender", "-sender-action", "-sender-binding"),
        *("-delivery", "-delivery-provider", *templates),
        *("-factor", "-factor-guardian"),
    ]
    ids = [one["id"] for one in plans[0].imports if "id" in one]
    assert ids[:-1] == [
        "a1",
        bound("a1")[0].pulumi_id,
        "pro_1",
        *(f"tem_{one}" for one in sorted(kinds)),
    ]


def parent_of(urn: str) -> str:
    """The name of a parent; the stack itself is the parent of what has none in the file."""
    return "" if "::pulumi:pulumi:Stack::" in urn else urn.rpartition("::")[2]


@shapes
def test_what_is_declared_differs_in_nothing_from_what_was_found(
    found: Snapshot, tmp_path: Path
) -> None:
    plan, settings = planned(found)
    declared = snapshot.declared(settings, kept(plan, tmp_path))
    unified = found.experience is Experience.UNIFIED
    texts = (seen(declared.templates), seen(found.templates)) if unified else ({}, {})
    assert texts[0].keys() == texts[1].keys()
    pairs: list[tuple[Any, Any]] = [
        (declared.settings, found.settings),
        (declared.guardian, found.guardian),
        *zip(seen(declared.actions), seen(found.actions), strict=False),
        *zip(seen(declared.bindings), seen(found.bindings), strict=False),
        *[(declared.provider, found.provider)] * bool(seen(declared.provider)),
        *((one, texts[1][kind]) for kind, one in texts[0].items()),
    ]
    assert [list(differences(*pair)) for pair in pairs] == [[]] * len(pairs)
    assert bool(settings.bind_action) == (unified and bool(seen(found.bindings)))
    # What is left alone differs in nothing either: these are named, so that no `up` leaves them.
    factors = {"otp": found.guardian.otp, "email": False, "recovery_code": False}
    assert settings.other_factors.model_dump(exclude_none=True) == factors


def test_a_policy_that_no_stack_can_declare_is_named_with_the_way_out() -> None:
    with pytest.raises(RefusedError, match=r"policy is 'some-day'.*: switch it"):
        plan_of(tenant(policy="some-day"), "t1", DOMAIN)


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
    plan, settings = planned(replace(found, guardian=replace(found.guardian, **there)))
    keys = ("rememberBrowser", "oneTimeCode")
    facts = {key: plan.facts.get(f"phonemfa:{key}") for key in keys}
    assert {key: one for key, one in facts.items() if one} == declared
    assert {key: one for key, one in settings.plain().items() if key in keys and one} == declared


OFF_BUT_THERE = tenant(provider=provider(disabled=True), templates=template(disabled=True))
OTHERS = legacy(
    actions=(action("a1", trigger=LEGACY), action("logger", trigger=LEGACY)),
    bindings=bound("a1", "logger", trigger=LEGACY),
    provider=provider(),
)
UNSEEN_TEXT = legacy(experience_flag=None, texts=TEXTS | {"enrollment_message": "no code"})
NEW_TYPE = tenant(templates=template("some_day"))


@pytest.mark.parametrize(
    ("found", "fate", "part", "told"),
    [
        ("twilio with both senders", Fate.WARNING, "phone provider", "a Messaging Service"),
        ("custom", Fate.UNREADABLE, "its secrets", "A"),
        ("twilio", Fate.UNREADABLE, "its credentials", "never answered"),
        ("legacy twilio", Fate.UNREADABLE, "Twilio account and token", "not looked at"),
        ("marketplace", Fate.LEFT, LEGACY, "Marketplace Action"),
        ("twilio", Fate.ADOPTED, "policy", "always"),
        ("no flag", Fate.LEFT, "delivery provider and texts", "phone-message-hook"),
        (UNSEEN_TEXT, Fate.LEFT, "legacy text otp_enroll", "customised"),
        ("legacy hook", Fate.ADOPTED, "legacy text otp_enroll", "customised"),
        (OTHERS, Fate.LEFT, LEGACY, "Action 'name of logger', bound"),
        (OTHERS, Fate.LEFT, "phone provider", "custom, of the unified experience"),
        (OFF_BUT_THERE, Fate.ADOPTED, "phone provider", "custom, off"),
        (OFF_BUT_THERE, Fate.WARNING, "template otp_verify", "off"),
        (NEW_TYPE, Fate.LEFT, "template some_day", "customised"),
        (
            tenant(factors={"code_length": 8, "code_lifetime": UNSEEN}),  # type: ignore[dict-item]
            Fate.UNREADABLE,
            "oneTimeCode",
            "not shown",
        ),
    ],
)
def test_what_a_stack_cannot_say_or_will_not_do_is_told(
    found: str | Snapshot, fate: Fate, part: str, told: str
) -> None:
    plan = plan_of(SHAPES[found] if isinstance(found, str) else found, "t1", DOMAIN)
    (row,) = [one for one in plan.rows if (one.fate, one.part) == (fate, part)]
    assert told in row.found


def test_a_tenant_without_the_flag_is_declared_as_the_provider_sees_it() -> None:
    _, settings = planned(SHAPES["no flag"])
    assert settings.experience == "legacy"
    assert settings.adopted
    phone = {"enabled": True, "message_types": ("sms",)}
    assert settings.adopted.model_dump(exclude_defaults=True) == {"phone": phone}


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
            legacy(texts=TEXTS | {"enrollment_message": "{{ friendly_name }} {{ code }}"}),
            {"otp_verify": {"text": "{{ code }} v"}},
            {"enrollmentMessage": "{{ friendly_name }} {{ code }}"},
            ["a variable that legacy tenants do not know"],
            id="legacy, with a unified variable",
        ),
        pytest.param(
            legacy(texts={"enrollment_message": "", "verification_message": "  "}),
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
    plan = plan_of(found, "t1", DOMAIN)
    adopted = plan.facts["phonemfa:adopted"]
    phone = {key: text for key, text in adopted["phone"].items() if key.endswith("Message")}
    reasons = [one.becomes for one in plan.rows if one.found.endswith("package would refuse")]
    assert plan.facts.get("phonemfa:texts", {}) == settings
    assert (adopted.get("templates") or phone) == apart
    assert len(reasons) == len(why)
    assert all(part in reason for part, reason in zip(why, reasons, strict=True))


def test_a_draft_that_does_not_run_and_what_runs_are_both_kept() -> None:
    plan, _ = planned(tenant(actions=(action(code="draft", runs="runs"),)))
    files = {"adopted/t1/action.js": "draft", "adopted/t1/action.deployed.js": "runs"}
    assert plan.files == files
    assert "its deployment" in {row.part for row in plan.rows if row.fate is Fate.WARNING}


def test_a_key_in_the_code_is_pointed_at_and_not_shown() -> None:
    code = "const a = 'short1';\nconst KEY = 'App 0123456789abcdef0123456789abcdef-01';\n"
    assert key_like_lines(code) == [2]
    assert key_like_lines("const url = 'https://abc123.api.infobip.com/sms/2/text';") == []
    name = "SMS, App 0123456789abcdef0123456789abcdef-01"
    plan, _ = planned(tenant(actions=(action(name=name, code=code, runs=code),)))
    (row,) = [one for one in plan.rows if one.part == "its code"]
    assert row.found == f"{code_mark(code)}; what may be a key in line 2"
    assert "0123456789abcdef" not in str(plan.rows)
    assert "rotate first, then adopt" in row.becomes
    assert "Pulumi's state and its history" in row.becomes


def test_host_and_sender_that_can_be_read_are_suggested() -> None:
    found = tenant(
        actions=(action(code="fetch('https://abc123.api.infobip.com/x')"),),
        provider=provider(),
        templates=template(sender="0120000000"),
    )
    plan = plan_of(found, "t1", DOMAIN)
    suggested = plan.suggestions
    assert [one.found for one in plan.rows if "host" in one.part] == ["abc123.api.infobip.com"]
    keys = ("cpaasBaseHost", "smsSender", "voiceSender")
    assert [suggested.get(f"phonemfa:{one}") for one in keys] == [
        "abc123.api.infobip.com",
        "0120000000",
        None,
    ]


@pytest.mark.parametrize(
    ("types", "methods"), [(("voice", "sms"), ["text", "voice"]), (("voice",), ["voice"])]
)
def test_a_stack_offers_the_channels_that_the_tenant_offers(
    types: tuple[str, ...], methods: list[str]
) -> None:
    plan, _ = planned(tenant(factors=ON, message_types=types))
    assert plan.facts["phonemfa:deliveryMethods"] == methods


def test_the_guardian_has_the_same_id_in_every_import() -> None:
    first, second = (plan_of(tenant(), "t1", DOMAIN).imports[-1] for _ in range(2))
    assert first["id"] == second["id"]


ACTION = {"name": "a", "code": "code.js", "runtime": "node18", "triggerVersion": "v1"}


def as_found(**action: str) -> StackSettings:
    found = {"phone": {"enabled": False}, "action": ACTION | action}
    needed = {"experience": "unified", "deliveryMethods": ["text"], "policy": "never"}
    return StackSettings.check("t1", needed | {"adopted": found})


@pytest.mark.parametrize("path", ["/etc/code.js", "../code.js", "a/../../code.js", "Pulumi.yaml"])
def test_the_code_of_an_adopted_action_is_of_the_project(path: str) -> None:
    with pytest.raises(SettingsError, match=r"phonemfa:adopted\.action\.code"):
        as_found(code=path)


def test_an_adopted_action_is_never_deployed_and_its_secrets_are_not_declared(
    tmp_path: Path,
) -> None:
    (tmp_path / "code.js").write_bytes(b"line\r\n")
    (found,) = seen(snapshot.declared(as_found(), tmp_path).actions)

    def program() -> None:
        Sender("s", found, None, "unused")

    declared = declare(program).only("auth0:index/action:Action")
    assert declared.inputs == {
        "name": "a",
        "code": "line\r\n",
        "runtime": "node18",
        "supportedTriggers": {"id": "custom-phone-provider", "version": "v1"},
    }
    assert list(declared.options.ignoreChanges) == ["deploy"]
