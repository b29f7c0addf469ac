"""What the doctor says of one thing that it looked at.

Owns the levels, the shape of a finding, and which exit status findings amount to. Refuses to make
any.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from phonemfa.exits import Exit


class Level(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    NOTE = "note"
    """Worth knowing; or no read can tell, and where it will show instead."""
    WARNING = "warning"
    """`pulumi up` works, and does what somebody may not expect."""
    UNKNOWN = "unknown"
    """Should have been looked at, and could not be."""
    FAULT = "fault"
    """`pulumi up` would fail, or no code would be sent."""


class Subject(StrEnum):
    """What is looked at, in the order in which `pulumi up` would meet it."""

    TOKEN = "token"  # noqa: S105 - what is looked at
    SCOPES = "scopes"
    PLAN = "plan"
    RATE_LIMIT = "rate limit"
    GENERATION = "generation"
    ACTION = "action"
    BINDINGS = "bindings"
    PROVIDER = "provider"
    TEMPLATES = "templates"
    TEXTS = "texts"
    POLICY = "policy"
    FACTORS = "factors"
    MFA_SETTINGS = "mfa settings"
    SENDERS = "senders"
    CPAAS_HOST = "cpaas host"
    CPAAS_KEY = "cpaas key"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    level: Level
    subject: Subject
    what: str
    fix: str = ""


def exit_status(findings: Collection[Finding]) -> Exit:
    """1 when something is wrong; else 2 when something could not be looked at; else 0."""
    levels = {one.level for one in findings}
    if Level.FAULT in levels:
        return Exit.FAULTY
    return Exit.UNANSWERED if Level.UNKNOWN in levels else Exit.FINE
