"""Doubts about senders that are well-formed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from phonemfa.doctor.findings import Level
from phonemfa.doctor.sender_checks import sender_checks
from tests.phonemfa.doctor.support import settings

VOICE = {"deliveryMethods": ["text", "voice"]}
GOOD = "+815012345678"


def doubts(**config: Any) -> list[str]:
    found = sender_checks(settings(**config))
    return [one.what for one in found if one.level is Level.WARNING]


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"smsSender": "MIRAIBANK"}, "international route"),
        ({"allowedPrefixes": ["+81", "+1"]}, "other countries' carriers"),
        (VOICE | {"voiceSender": "+8150123456789"}, "another length"),
        (VOICE | {"voiceSender": "+8150123456"}, "another length"),
        (VOICE | {"voiceSender": "+14155550100"}, "another country"),
    ],
)
def test_a_doubtful_sender_is_a_warning(config: dict[str, Any], words: str) -> None:
    (one,) = doubts(**config)
    assert words in one


@pytest.mark.parametrize(
    "config",
    [
        {},
        VOICE | {"voiceSender": GOOD},
        VOICE | {"voiceSender": "+81312345678"},
        # Not used, or not in Japan: nobody's doubt.
        {"voiceSender": "+14155550100"},
        {"smsSender": "MIRAIBANK", "allowedPrefixes": ["+1"]},
        VOICE
        | {"voiceSender": "+14155550100", "allowedPrefixes": ["+81", "+1"], "smsSender": "12345"},
    ],
)
def test_a_good_sender_is_not(config: dict[str, Any]) -> None:
    assert doubts(**config) == []


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
