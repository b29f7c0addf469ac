"""Other people's text inside of Markdown, where it must not become live.

Owns code spans, fences and prose that GitHub shows as it is: no mention, link, image, HTML or
end of a fence comes from it. Refuses to shorten anything but a code span.
"""

from __future__ import annotations

import re
from typing import Final

from phonemfa.shown import cut, visible

_LONGEST_SPAN: Final = 120
_PUNCTUATION: Final = re.compile(r"([\\`*_\[\]<>&!~|$])")
"""What has a meaning inside of a line; other marks have one at its beginning alone."""
_WORD_JOINER: Final = "\u2060"
_LIVE: Final = re.compile(r"[@#]|:(?=//)|www(?=\.)", re.IGNORECASE)
"""What GitHub makes a mention, a reference or a link of, wherever it is not code."""


def span(text: str) -> str:
    """The text as a code span on one line."""
    line = cut(" ".join(visible(text).split()), _LONGEST_SPAN) or " "
    ticks = "`" * (_longest_run(line) + 1)
    pad = " " if line[0] in "` " or line[-1] in "` " else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def spans(texts: list[str] | tuple[str, ...]) -> str:
    """Several code spans with commas."""
    return ", ".join(span(one) for one in texts)


def fence(text: str, language: str = "text") -> str:
    """The text in a fence that is longer than any run of backticks in it."""
    shown = visible(text.replace("\r\n", "\n"))
    ticks = "`" * max(3, _longest_run(shown) + 1)
    return f"{ticks}{language}\n{shown}\n{ticks}"


def prose(text: str) -> str:
    """The text as words inside of a paragraph: no markup, mention, reference or address."""
    line = " ".join(visible(text).split())
    # Escapes alone do not stop GitHub: it looks at what Markdown has made of them.
    broken = _LIVE.sub(lambda found: f"{found[0]}{_WORD_JOINER}", line)
    return _PUNCTUATION.sub(r"\\\1", broken)


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
