"""docs/reference/reasons.md and reasons.ja.md: why a message was not sent, in a language each."""

from __future__ import annotations

from typing import Final

from phonemfa.reasons import REASONS, Language, Reason

_HEADS: Final[dict[Language, str]] = {
    "en": """# Reasons

Why a message was not sent ([in Japanese](reasons.ja.md)). Made from `phonemfa/reasons.py` by
`make reference`. They stand in the tenant's log as the Action said them; an ellipsis (…) stands
for what varies. **Alarm**: it concerns every message. *Wanted*: the stack's own settings refuse
such a message, so that `phonemfa health` does not count it as a failure.

| Reason | Outcome | Meaning | What to do |
|---|---|---|---|
""",
    "ja": """# 送信されなかった理由

Actionがメッセージを送信しなかった理由の一覧です（[英語](reasons.md)）。`phonemfa/reasons.py`から`make
reference`で作られます。テナントのログに、Actionが記したとおりに残ります（…は変わる部分）。

- **警報**: すべてのメッセージに影響します。
- *想定内*: スタックの設定どおりに送信しなかったもので、`phonemfa health`は失敗に数えません。
- 再試行: Auth0が最大5回やり直します。中止: やり直しません。

| 理由 | 結果 | 意味 | 対応 |
|---|---|---|---|
""",
}
_OUTCOMES: Final[dict[Language, tuple[str, str, str, str]]] = {
    "en": ("retry", "drop", ", **alarm**", ", *wanted*"),
    "ja": ("再試行", "中止", "、**警報**", "、*想定内*"),
}


def page(language: Language) -> str:
    """Every reason in one language."""
    return _HEADS[language] + "".join(_row(one, language) for one in REASONS)


def _row(one: Reason, language: Language) -> str:
    retry, drop, alarm, wanted = _OUTCOMES[language]
    outcome = (retry if one.retried else drop) + (
        alarm if one.alarm else wanted if one.wanted else ""
    )
    cells = (f"`{one.text}`", outcome, one.meaning_in(language), one.action_in(language))
    return f"| {' | '.join(cells)} |\n"
