"""What the doctor says of a tenant that `pulumi up` would write to."""

from __future__ import annotations

from typing import Any

import pytest

from components.settings.texts import for_legacy
from components.tenant import guardian
from components.tenant.model import UNSEEN, Why
from components.tenant.phone_provider import PhoneProvider
from components.tenant.phone_template import PhoneTemplate
from components.vocabulary import MessageType
from phonemfa.doctor.checks import check
from phonemfa.doctor.findings import Finding, Level, Subject, as_document
from phonemfa.doctor.reading import Reading
from phonemfa.output.terminal import show
from tests.phonemfa.doctor.support import (
    LEGACY_TRIGGER,
    about,
    action,
    bound,
    reading,
    refused,
    settings,
    troubles,
)


def only(subject: Subject, findings: list[Finding]) -> Finding:
    (one,) = about(subject, findings)
    return one


@pytest.mark.parametrize("experience", ["unified", "legacy"])
def test_an_empty_tenant_of_the_right_generation_is_fit(experience: str) -> None:
    found = check(reading(unified=experience == "unified"), settings(experience=experience))
    assert troubles(found) == []


@pytest.mark.parametrize("experience", ["unified", "legacy"])
def test_the_wrong_generation_is_a_fault_with_the_one_setting_to_change(experience: str) -> None:
    found = check(reading(unified=experience == "legacy"), settings(experience=experience))
    generation = only(Subject.GENERATION, found)
    assert generation.level is Level.FAULT
    other = "legacy" if experience == "unified" else "unified"
    assert f"pulumi config set phonemfa:experience {other}" in generation.fix


def test_in_a_transition_the_other_generation_is_only_worth_a_warning() -> None:
    found = check(reading(unified=False), settings(transition=True))
    assert troubles(found) == [("warning", "generation")]


def test_a_foreign_action_on_the_one_place_is_a_fault() -> None:
    found = check(reading(actions=(action("theirs"),)), settings())
    place = only(Subject.ACTION, found)
    assert place.level is Level.FAULT
    assert "theirs" in place.what
    assert "Marketplace" not in place.what


def test_a_marketplace_action_on_the_one_place_is_told_as_one() -> None:
    there = (action("Sender", from_marketplace=True),)
    place = only(Subject.ACTION, check(reading(actions=there), settings()))
    assert "of a Marketplace integration" in place.what
    assert "uninstall" in place.fix


def test_our_own_action_is_none() -> None:
    found = check(reading(actions=(action("ours"),)), settings())
    assert troubles(found) == []


def test_a_marketplace_action_on_the_legacy_trigger_is_recognised() -> None:
    actions = (
        action("NTT CPaaS", LEGACY_TRIGGER, from_marketplace=True),
        action("ours-legacy", LEGACY_TRIGGER),
    )
    tenant = reading(unified=False, actions=actions, bindings=bound("NTT CPaaS", "ours-legacy"))
    binding = only(Subject.BINDINGS, check(tenant, settings(experience="legacy")))
    assert binding.level is Level.WARNING
    assert "Marketplace" in binding.what
    assert "NTT CPaaS" in binding.what


def test_somebody_elses_bound_action_is_told_and_ours_is_not() -> None:
    actions = (action("theirs", LEGACY_TRIGGER), action("ours-legacy", LEGACY_TRIGGER))
    tenant = reading(unified=False, actions=actions, bindings=bound("theirs", "ours-legacy"))
    binding = only(Subject.BINDINGS, check(tenant, settings(experience="legacy")))
    assert binding.level is Level.WARNING
    assert "theirs" in binding.what
    assert "Marketplace" not in binding.what


def twilio() -> PhoneProvider:
    return PhoneProvider.of_api(
        {
            "name": "twilio",
            "id": "pro_1",
            "configuration": {
                "sid": "AC0fe9dc",
                "default_from": "+819012345678",
                "delivery_methods": ["text", "voice"],
            },
        }
    )


def test_what_taking_a_twilio_provider_over_would_overwrite_is_shown() -> None:
    found = only(Subject.PROVIDER, check(reading(provider=twilio()), settings()))
    assert found.level is Level.WARNING
    assert "sid AC0fe9dc" in found.what
    assert "delivery_methods text, voice" in found.what
    assert "custom with delivery_methods text" in found.what
    assert "12345678" not in found.what, "the number, but not whole"
    assert "+8190" in found.what


def test_a_custom_provider_is_told_by_what_changes_in_it() -> None:
    same = PhoneProvider(delivery_methods=("text",))
    assert troubles(check(reading(provider=same), settings())) == []
    other = PhoneProvider(delivery_methods=("voice",), disabled=True)
    found = only(Subject.PROVIDER, check(reading(provider=other), settings()))
    assert found.level is Level.WARNING
    assert "from voice to text" in found.what
    assert "disabled to enabled" in found.what


def test_a_legacy_tenants_own_delivery_is_shown_before_it_is_overwritten() -> None:
    account = PhoneProvider(
        name="twilio", delivery_methods=UNSEEN, sid="AC0fe9dc", default_from="+819012345678"
    )
    own = {"enrollment_message": "{{code}}", "verification_message": "{{code}}"}
    legacy = {
        guardian.SELECTED_PROVIDER: {"provider": "twilio"},
        guardian.TEMPLATES: own,
    }
    tenant = reading(unified=False, twilio=account, login=legacy)
    found = only(Subject.PROVIDER, check(tenant, settings(experience="legacy")))
    assert found.level is Level.WARNING
    for part in ("delivery provider twilio", "AC0fe9dc", "verification texts"):
        assert part in found.what
    assert "12345678" not in found.what


def test_a_legacy_tenant_as_this_stack_left_it_is_fit() -> None:
    stack = settings(experience="legacy")
    texts = stack.declared_texts
    legacy = {
        guardian.SELECTED_PROVIDER: {"provider": "phone-message-hook"},
        guardian.TEMPLATES: {
            "enrollment_message": for_legacy(texts[MessageType.OTP_ENROLL]),
            "verification_message": for_legacy(texts[MessageType.OTP_VERIFY]),
        },
    }
    assert troubles(check(reading(unified=False, login=legacy), stack)) == []


def template(text: str = "t", voice: str = "v") -> PhoneTemplate:
    return PhoneTemplate(text=text, voice=voice, id=f"tem_{text[:1]}")


def test_templates_that_are_in_the_way_are_named_with_the_ids_to_import() -> None:
    there = {"otp_verify": template(), "blocked_account": template()}
    found = only(Subject.TEMPLATES, check(reading(templates=there), settings()))
    assert found.level is Level.WARNING
    assert "otp_verify (tem_t)" in found.what
    assert "409" in found.what
    assert "blocked_account" not in found.what, "the stack does not declare that one"


def test_templates_with_the_stacks_own_texts_are_in_nobodys_way() -> None:
    stack = settings()
    there = {
        kind.value: template(one.text, one.voice) for kind, one in stack.declared_texts.items()
    }
    assert troubles(check(reading(templates=there), stack)) == []
    changed = there | {next(iter(there)): template()}
    assert troubles(check(reading(templates=changed), stack)) == [("warning", "templates")]


def test_an_adopted_stack_declares_what_is_there_so_nothing_of_it_is_in_the_way() -> None:
    stack = settings(cpaasBaseHost=None, adopted={"action": None, "phone": {"enabled": True}})
    there = (action("theirs"),)
    found = check(reading(actions=there, provider=twilio()), stack)
    assert troubles(found) == []
    assert "as they were found" in only(Subject.ACTION, found).what


def refusing(question: str, *, unified: bool = True, what: str = "no") -> Reading:
    """A tenant that refuses one question: a part of its snapshot, or a path about its login."""
    no: Any = {question: refused(Why.OTHER, what=what)}
    if question in guardian.SCOPES:
        return reading(unified=unified, login=no)
    return reading(unified=unified, **no)


@pytest.mark.parametrize(
    ("question", "subject"),
    [
        ("settings", Subject.GENERATION),
        ("actions", Subject.ACTION),
        ("provider", Subject.PROVIDER),
        ("templates", Subject.TEMPLATES),
        (guardian.POLICIES, Subject.POLICY),
        (guardian.FACTORS, Subject.FACTORS),
        (guardian.MESSAGE_TYPES, Subject.FACTORS),
    ],
)
def test_one_refused_question_is_one_finding_and_ends_no_other_check(
    question: str, subject: Subject
) -> None:
    whole = check(reading(), settings())
    found = check(refusing(question, what="GET /x was answered 500: oops"), settings())
    assert troubles(found) == [("unknown", subject.value)]
    assert any("500: oops" in one.what for one in about(subject, found))
    assert {one.subject for one in found} == {one.subject for one in whole}


@pytest.mark.parametrize(
    "question",
    [
        "actions",
        "bindings",
        "twilio",
        guardian.SELECTED_PROVIDER,
        guardian.TEMPLATES,
    ],
)
def test_the_same_holds_for_what_only_legacy_tenants_are_asked(question: str) -> None:
    found = check(refusing(question, unified=False), settings(experience="legacy"))
    assert [level for level, _ in troubles(found)] == ["unknown"]


def test_a_tenants_names_are_shown_without_what_nobody_sees(
    capsys: pytest.CaptureFixture[str],
) -> None:
    there = (action("theirs\u202e" + "x" * 200),)
    place = only(Subject.ACTION, check(reading(actions=there), settings()))
    show(as_document("dev", "t.example.com", [place]))
    shown = capsys.readouterr().out
    assert "theirs‹U+202E›x" in shown
    assert "\u202e" not in shown
    assert "x" * 100 not in place.what + place.fix
