"""The pages' words in the reader's language: English as it is written, Japanese from one file."""

import re
from functools import cache
from pathlib import Path
from typing import Final

import yaml
from starlette.requests import Request

LANGUAGES: Final = ("en", "ja")
_FILE: Final = Path(__file__).with_name("japanese.yaml")
_WANTED: Final = re.compile(r"([A-Za-z]+)(?:-[\w-]*)?(?:;q=([01](?:\.\d{0,3})?))?")
_VALUE: Final = re.compile(r"%\\\((\w+)\\\)s")


def language_for(request: Request) -> str:
    """The first language of the browser's that the pages have; English where it names none."""
    # One by one: over the whole header, a pattern takes minutes for a long one that is none.
    given = request.headers.get("accept-language", "").replace(" ", "").split(",")
    wanted = [found for one in given if (found := _WANTED.fullmatch(one))]
    ranked = sorted(wanted, key=lambda one: -float(one[2] or 1))
    return next((name for one in ranked if (name := one[1].lower()) in LANGUAGES), "en")


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
    return [
        (re.compile(_VALUE.sub(r"(?P<\1>.+?)", re.escape(english)), re.DOTALL), translated)
        for english, translated in japanese().items()
        if "%(" in english and "<" not in english
    ]
