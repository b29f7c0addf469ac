"""The pages' words in the reader's language: English as it is written, Japanese from one file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import yaml
from starlette.requests import Request

LANGUAGES: Final = ("en", "ja")
_FILE: Final = Path(__file__).with_name("japanese.yaml")
_VALUE: Final = re.compile(r"%\\\((\w+)\\\)s")


def language_for(request: Request) -> str:
    """The first language of the browser's that the pages have; English where it names none."""
    wanted = [one.strip().partition(";q=") for one in _accepted(request).split(",")]
    ranked = sorted(wanted, key=lambda one: -float(one[2] or 1) if _is_number(one[2]) else 0)
    names = (name.partition("-")[0].lower() for name, _, _ in ranked)
    return next((one for one in names if one in LANGUAGES), "en")


def gettext(text: str) -> str:
    """What a template says, in Japanese; what has none stays English."""
    return japanese().get(text, text)


def said(text: str) -> str:
    """A sentence that was put together elsewhere, in Japanese, and what is in it likewise."""
    if text in japanese():
        return japanese()[text]
    for pattern, translated in _patterns():
        if found := pattern.fullmatch(text):
            return translated % {key: said(value) for key, value in found.groupdict().items()}
    return text


@cache
def japanese() -> dict[str, str]:
    """Every English text with its Japanese; `%(name)s` stands for what differs."""
    texts: dict[str, str] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return texts


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    return list(_with_values())


def _with_values() -> Iterator[tuple[re.Pattern[str], str]]:
    for english, translated in japanese().items():
        if "%(" in english and "<" not in english:
            escaped = _VALUE.sub(r"(?P<\1>.+?)", re.escape(english))
            yield re.compile(escaped, re.DOTALL), translated


def _accepted(request: Request) -> str:
    return request.headers.get("accept-language", "")


def _is_number(text: str) -> bool:
    return not text or bool(re.fullmatch(r"[01](\.\d{0,3})?", text))
