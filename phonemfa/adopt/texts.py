"""Where each text that was found has its place: among the settings, or in the adopted block.

`phonemfa:texts` takes what this package would send, too; a text that breaks one
of its rules (no code in it, Liquid that the tenant does not know) stays in the adopted block,
where no rule reads it, and goes with the block.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from components.settings.text_rules import text_faults
from components.settings.texts import SHIPPED, legacy_variables
from components.tenant.model import known, seen
from components.tenant.phone_template import PhoneTemplate
from components.tenant.snapshot import Snapshot
from components.vocabulary import Experience, MessageType


@dataclass
class FoundTexts:
    """Texts by place.

    `settings` is the value of `texts`, `templates` that of `adopted.templates`,
    `legacy_messages` goes into `adopted.phone`. `told` and `unfit` are pairs for the report.
    """

    settings: dict[str, dict[str, str]] = field(default_factory=dict)
    templates: dict[str, dict[str, Any]] = field(default_factory=dict)
    legacy_messages: dict[str, str] = field(default_factory=dict)
    told: list[tuple[str, str]] = field(default_factory=list)
    unfit: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class _Override:
    text: str | None = None
    voice: str | None = None


def sorted_texts(found: Snapshot) -> FoundTexts:
    """Every text of the tenant's own generation, in its place."""
    sorted_ = FoundTexts()
    if found.experience is Experience.LEGACY:
        _legacy(found, sorted_)
        return sorted_
    for kind, template in seen(found.templates).items():
        _template(MessageType(kind), template, sorted_)
    return sorted_


def _template(kind: MessageType, template: PhoneTemplate, sorted_: FoundTexts) -> None:
    texts = {"text": known(template.text, None), "voice": known(template.voice, None)}
    given = {channel: text for channel, text in texts.items() if text is not None}
    problems = {channel: _problem(kind, channel, text) for channel, text in given.items()}
    fit = {channel: text for channel, text in given.items() if not problems[channel]}
    if kind not in SHIPPED and len(fit) < len(texts):
        # Of a type without shipped texts the settings take both or none.
        fit = {}
    block: dict[str, Any] = {"disabled": True} if seen(template.disabled) else {}
    origin = known(template.sender, None)
    if origin:
        block["from"] = origin
    block |= {channel: text for channel, text in given.items() if channel not in fit}
    if fit:
        sorted_.settings[kind.value] = fit
    sorted_.templates[kind.value] = block
    place = f"texts.{kind}" if fit else f"adopted.templates.{kind}"
    sender = f", from {origin}" if origin else ""
    sorted_.told.append((f"template {kind}", place + sender))
    sorted_.unfit += [
        (f"template {kind}, {channel}", problem) for channel, problem in problems.items() if problem
    ]


def _legacy(found: Snapshot, sorted_: FoundTexts) -> None:
    keys = {
        MessageType.OTP_ENROLL: "enrollmentMessage",
        MessageType.OTP_VERIFY: "verificationMessage",
    }
    for kind, text in found.guardian.texts.items():
        problem = _problem(kind, "text", text, legacy=True)
        if problem:
            sorted_.legacy_messages[keys[kind]] = text
            sorted_.unfit.append((f"legacy text {kind}", problem))
        else:
            sorted_.settings[kind.value] = {"text": text}
            sorted_.told.append((f"legacy text {kind}", f"texts.{kind}.text"))


def _problem(kind: MessageType, channel: str, text: str, *, legacy: bool = False) -> str:
    """Why the settings cannot have a text; empty when they can."""
    if not text.strip():
        return "It is empty."
    if text != text.rstrip():
        return "It ends with a line break or a space, which the settings leave out."
    if legacy and legacy_variables(text) != text:
        return "It has a variable that legacy tenants do not know."
    texts: Mapping[MessageType, _Override] = {kind: _Override(**{channel: text})}
    faults = list(text_faults(texts, legacy=legacy))
    return faults[0].consequence if faults else ""
