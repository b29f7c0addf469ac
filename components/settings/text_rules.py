"""Whether a stack's texts can be sent: fit Liquid, not too long, shown by every carrier."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from components.settings.code_in_text import where_missing
from components.settings.faults import Fault
from components.settings.liquid_syntax import outputs, syntax_problems
from components.settings.message_size import (
    MAX_PARTS,
    MAX_VOICE,
    SAMPLE,
    SmsSize,
    is_simple,
    rendered,
    sms_size,
    unshowable,
)
from components.settings.raw_config import NAMESPACE
from components.settings.texts import TextOverride, Texts, unified_variables
from components.vocabulary import MessageType, TextContent

_PLAIN: Final = re.compile(r"\{\{\s*([a-zA-Z_]+)\s*\}\}")
_LINK_VARIABLES: Final = frozenset(
    ["home_url", "logo_url", "support_url", "support_email", "custom_domain"]
)
_LINK: Final = re.compile(
    r"://|\bwww\.|(?<![\w.])[a-z0-9-]+(?:\.[a-z0-9-]+)*"
    r"\.(?:com|net|org|jp|io|co|me|ly|to|app|dev|info|biz|xyz|link|page|site|example)\b",
    re.IGNORECASE,
)


def text_faults(
    texts: Mapping[MessageType, TextOverride],
    *,
    legacy: bool,
    allowed: Collection[str] = (),
    origin: str | None = None,
) -> Iterator[Fault]:
    """Everything that keeps a stack's texts from being sent or understood.

    With `legacy`, only a legacy tenant will render them; `allowed` is what others decide and a text
    may have all the same (TextContent), `origin` the host of the line that the Action adds.
    """
    for kind, own in texts.items():
        for channel, given in (("text", own.text), ("voice", own.voice)):
            if given is None:
                continue
            # The sample for counting has a unified tenant's variables.
            template = unified_variables(given) if legacy else given
            problems = [(one, _SYNTAX) for one in _syntax(template, legacy=legacy)]
            if not problems:
                line = origin_line(kind, origin) if channel == "text" else ""
                problems = [
                    *_without_code(kind, template),
                    *_of_others(template, allowed),
                    *_too_long(channel, template, line),
                ]
            for problem in problems:
                yield Fault(f"{NAMESPACE}:texts.{kind}.{channel}", _excerpt(template), *problem)


Problem = tuple[str, str]
"""What would happen, and what to do about it."""
_SYNTAX: Final = "see Auth0's page Supported Liquid Syntax for Phone Templates"


def _without_code(kind: MessageType, template: str) -> Iterator[Problem]:
    missing = where_missing(template) if kind.carries_code else None
    if missing:
        when = "" if missing == "ever" else f" {missing}"
        what = f"It does not output the code{when}: users would get a message without it"
        fix = "put {{ code }} where the code belongs, before any condition or in each branch"
        yield f"{what} and could not log in.", fix


def text_warnings(
    texts: Mapping[MessageType, Texts],
    origin: str | None = None,
    values: Mapping[str, Any] = SAMPLE,
) -> Iterator[str]:
    """What is worth a look before it is sent: long SMS, characters that carriers may garble."""
    for kind, size in sms_sizes(texts, origin, values).items():
        if size.parts > 1:
            yield (
                f"texts.{kind}.text needs {size} with the name {values['friendly_name']}: each "
                "part is charged, and old phones show them one by one."
            )
    for kind, one in texts.items():
        odd = unshowable(rendered(one.text, values))
        if odd:
            yield f"texts.{kind}.text has characters that Japanese carriers may garble: {odd}"


def sms_sizes(
    texts: Mapping[MessageType, Texts],
    origin: str | None = None,
    values: Mapping[str, Any] = SAMPLE,
) -> dict[MessageType, SmsSize]:
    """The size of each SMS with these values; without any, with the longest realistic ones."""
    return {
        kind: sms_size(rendered(one.text, values) + origin_line(kind, origin, values))
        for kind, one in texts.items()
    }


def origin_line(kind: MessageType, origin: str | None, values: Mapping[str, Any] = SAMPLE) -> str:
    """What the Action adds to an SMS with a code where the stack has originBoundCode."""
    return f"\n@{origin} #{values['code']}" if origin and kind.carries_code else ""


def _syntax(template: str, *, legacy: bool) -> Iterator[str]:
    # The shipped texts, and most others, use two variables and nothing else: no parser needed.
    if is_simple(template) and {*_PLAIN.findall(template)} <= {"code", "friendly_name"}:
        return
    from liquid.exceptions import LiquidError  # noqa: PLC0415 - a quarter of a second, for few

    problems = list(syntax_problems(template, legacy=legacy))
    if not problems:
        try:
            rendered(template)
        except LiquidError as error:
            problems = [f"it cannot be rendered ({error})"]
    yield from (f"{one}: users would get a broken message." for one in problems)


def _of_others(template: str, allowed: Collection[str]) -> Iterator[Problem]:
    used = set() if is_simple(template) else outputs(template)
    used |= set(_PLAIN.findall(template))
    found = sorted(used & set(TextContent))
    if used & _LINK_VARIABLES or _LINK.search(rendered(template)):
        found.append(TextContent.LINKS)
    for name in found:
        if name in allowed:
            continue
        what = (
            "It has a link, and a text with a code and a link is what phishing looks like; "
            "carriers filter such texts"
            if name == TextContent.LINKS
            else f"It puts {name} into the message, which a user or a stranger can write: the "
            "company would send their words under its name"
        )
        yield f"{what}.", f"take it out, or add {name} to allowedInTexts"


def _too_long(channel: str, template: str, line: str) -> Iterator[Problem]:
    text = rendered(template) + line
    size = sms_size(text)
    if channel == "text" and size.parts > MAX_PARTS:
        what = f"it is {size}, over the {MAX_PARTS} parts of a domestic long SMS"
        fix = "shorten it, best to one part (70 UTF-16 units)"
        yield f"With long names {what}: it would be refused or cut.", fix
    if channel == "voice" and len(text) > MAX_VOICE:
        what = f"it has {len(text)} characters, over the {MAX_VOICE} that the CPaaS reads aloud"
        yield f"With long names {what}: every call would be refused.", "shorten it"


def _excerpt(template: str) -> str:
    line = " ".join(template.split())
    return f'"{line[:60]}…"' if len(line) > 60 else f'"{line}"'  # noqa: PLR2004
