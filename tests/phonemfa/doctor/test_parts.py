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
from phonemfa.doctor.findings import Subject, as_document
from phonemfa.output.terminal import show
from tests.phonemfa.doctor.support import (
    LEGACY_TRIGGER,
    about,
    action,
    bound,
    is_said,
    reading,
    refused,
    says,
    settings,
    troubles,
)

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


@pytest.mark.parametrize(
    ("subject", "words", "stack", "tenant"),
    [
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
    ],
)
def test_what_is_in_the_way_is_told(subject: Subject, words: str, stack: Any, tenant: Any) -> None:
    is_said(subject, words, stack, tenant)


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
    guardian.POLICIES: Subject.POLICY,
    guardian.FACTORS: Subject.FACTORS,
    guardian.MESSAGE_TYPES: Subject.FACTORS,
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
