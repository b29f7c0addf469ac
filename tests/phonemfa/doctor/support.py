"""Settings of a stack and answers of a tenant, as the doctor's rules take them."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from components.settings.model import StackSettings
from components.tenant import guardian
from components.tenant.action import Action
from components.tenant.attack_protection import AttackProtection
from components.tenant.client import Heard
from components.tenant.guardian import Guardian
from components.tenant.model import Refusal, Unseen, Why
from components.tenant.snapshot import Snapshot
from components.tenant.tenant_settings import TenantSettings
from components.tenant.trigger import Binding
from components.vocabulary import TRIGGERS, Experience
from phonemfa import scopes
from phonemfa.doctor.command import check
from phonemfa.doctor.findings import Finding, Level, Subject
from phonemfa.doctor.reading import Reading
from phonemfa.pulumi.engine import PulumiCli
from phonemfa.pulumi.stack_file import StackFile
from tests.stacks import stack_settings

Json = dict[str, Any]
UNIFIED_TRIGGER, LEGACY_TRIGGER = TRIGGERS[Experience.UNIFIED], TRIGGERS[Experience.LEGACY]
FACTORS = ("sms", "push-notification", "otp", "email", "duo", "webauthn-roaming", "recovery-code")
OF_CODES = {"otp_length": 6, "otp_expiration_time": 300}
GUARDIAN: Mapping[str, Any] = {
    guardian.POLICIES: [],
    guardian.MESSAGE_TYPES: {"message_types": []},
    guardian.SELECTED_PROVIDER: {"provider": None},
    guardian.TEMPLATES: {},
    guardian.PHONE_SETTINGS: OF_CODES,
    guardian.EMAIL_SETTINGS: OF_CODES,
    guardian.SETTINGS: {
        "display_remember_me_checkbox": True,
        "remember_me_default_value": False,
        "mfa_session_inactivity_timeout": 604_800,
        "mfa_session_overall_timeout": 2_592_000,
    },
}
"""A tenant's answers about its login, but for its factors."""
SHIELDED = {
    one.api: {
        "enabled": True,
        "shields": ["block"],
        "challenge_password_policy": "when_risky",
    }
    for one in AttackProtection.PARTS
}
"""A tenant that has all of Auth0's own controls on."""


def settings(**changes: Any) -> StackSettings:
    return stack_settings(**({"actionName": "ours"} | changes))


def stack_file(
    cli: PulumiCli, *, secrets: tuple[str, ...] = (), project: Path = Path(), **changes: Any
) -> StackFile:
    return StackFile(
        stack="dev",
        file=project / "Pulumi.dev.yaml",
        project=project,
        cli=cli,
        settings=settings(**changes),
        domain="t.example.com",
        project_name="phonemfa",
        secrets=secrets,
    )


def granted(*missing: str) -> Heard:
    """A token with every scope but these."""
    return Heard(scopes=scopes.names(scopes.SCOPES) - set(missing))


def reading(
    stack: Json | None = None, *, unified: bool = True, login: Json | None = None, **changes: Any
) -> Reading:
    """An empty tenant that answers everything, and a token that may do all that is needed.

    Args:
        stack: what its stack says otherwise.
        unified: its generation.
        login: other answers about the login, by path.
        changes: other parts of the reading or of its snapshot.
    """
    answers: dict[str, Any] = {guardian.FACTORS: factors(), **GUARDIAN, **(login or {})}
    tenant: dict[str, Any] = {
        "settings": TenantSettings(unified=unified, mfa_in_actions=True),
        "actions": (),
        "bindings": (),
        "provider": None,
        "templates": {},
        "guardian": Guardian.of_api(answers),
    }
    parts = {one.name for one in fields(Snapshot)}
    tenant |= {name: changes.pop(name) for name in parts & set(changes)}
    values: dict[str, Any] = {
        "domain": "t.example.com",
        "stack": settings(**stack or {}),
        "tenant": Snapshot(**tenant),
        "heard": granted(),
        "action_count": 0,
        "twilio": None,
        "protection": AttackProtection.of_api(SHIELDED),
    }
    return Reading(**values | changes)


def factors(*on: str, trial_expired: bool = False) -> list[dict[str, Any]]:
    return [
        {"name": name, "enabled": name in on, "trial_expired": trial_expired} for name in FACTORS
    ]


def action(name: str, trigger: str = UNIFIED_TRIGGER, *, from_marketplace: bool = False) -> Action:
    integration = {"installed_integration_id": "integration-1"} if from_marketplace else {}
    return Action.of_api({"name": name, "id": f"id-of-{name}"} | integration, trigger)


def bound(*names: str) -> tuple[Binding, ...]:
    """Bindings as the API answers them: of the Action only some keys."""
    answers = [{"id": f"b-{one}", "action": {"id": f"id-of-{one}", "name": one}} for one in names]
    return tuple(Binding.of_api(one, LEGACY_TRIGGER) for one in answers)


def refused(
    why: Why,
    *,
    scope: str = "read:actions",
    what: str = "GET /x was 403",
    asked: str = "GET /x",
) -> Unseen:
    return Unseen(refusal=Refusal(asked=asked, scope=scope, why=why, what=what, status=403))


def about(subject: Subject, findings: Iterable[Finding]) -> list[Finding]:
    return [one for one in findings if one.subject is subject]


def lines(subject: Subject, tenant: Reading) -> list[str]:
    """What is said of a subject, as `level: what → fix`."""
    return [f"{one.level}: {one.what} → {one.fix}" for one in about(subject, check(tenant))]


def says(words: str, stack: Json | None = None, besides: str = "", **tenant: Any) -> Any:
    """A row for `is_said`."""
    return pytest.param(words, stack or {}, besides, tenant, id=words)


def is_said(words: str, stack: Json, besides: str, tenant: Json) -> None:
    """Of a subject these lines, divided by `/`, are said.

    Of each these words, divided by `…`, and none of those after `¬`. There is no other trouble but
    of a subject `besides`.
    """
    looked = reading(stack, **tenant)
    subject, _, said = words.partition(": ")
    told, expected = lines(Subject(subject), looked), said.split(" / ")
    assert len(told) == len(expected), told
    for line, one in zip(told, expected, strict=True):
        are_in(line, one)
    found = check(looked)
    own, every = troubles(about(Subject(subject), found)), troubles(found)
    assert [one for one in every if one[1] != besides] == own


def are_in(line: str, words: str) -> None:
    """Words, divided by `…`, and none of those after `¬`."""
    wanted, *unwanted = words.split("¬")
    assert [one for one in wanted.split("…") if one.strip() not in line] == [], line
    assert [one for one in unwanted if one.strip() in line] == [], line


def troubles(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    quiet = {Level.OK, Level.NOTE}
    return [(one.level.value, one.subject) for one in findings if one.level not in quiet]
