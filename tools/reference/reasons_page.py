"""docs/reference/reasons.md: why a message was not sent, in English and Japanese."""

from __future__ import annotations

from typing import Final

from phonemfa.reasons import REASONS, Reason

PAGE: Final = "docs/reference/reasons.md"
_HEAD: Final = """# Reasons

Why a message was not sent (なぜ送信されなかったか). Made from `phonemfa/reasons.py` by
`make reference`. They stand in the tenant's log as the Action said them; an ellipsis (…) stands for
what varies. **Alarm**: it concerns every message. *Wanted*: the stack's own settings refuse such a
message, so that `phonemfa health` does not count it as a failure.

| Reason | Outcome | Meaning | What to do | 意味 | 対応 |
|---|---|---|---|---|---|
"""


def reasons_page() -> str:
    """The page as it is written to `PAGE`."""
    return _HEAD + "".join(map(_row, REASONS))


def _row(one: Reason) -> str:
    outcome = "retry" if one.retried else "drop"
    outcome += ", **alarm**" if one.alarm else ", *wanted*" if one.wanted else ""
    cells = (
        f"`{one.text}`",
        outcome,
        one.meaning.en,
        one.action.en,
        one.meaning.ja,
        one.action.ja,
    )
    return f"| {' | '.join(cells)} |\n"
