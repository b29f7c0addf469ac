"""Whether a text gives the code whatever branch of it is taken, found by rendering every one.

Liquid can hide the code behind a variable that is absent or a language that nobody thought of, so
a text is rendered with other codes, without each variable, and with each value that it names.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import combinations, islice, product
from math import prod
from random import Random
from typing import Any, Final

from components.action_code import SOURCE_DIR
from components.settings.liquid_syntax import expressions
from components.settings.message_size import SAMPLE, environment, is_simple, rendered

CODES: Final = ("0918", "8035724690")
"""The shortest and the longest that a tenant may set, one with a zero that arithmetic loses."""

_SHORT: Final = "A"
_OTHER: Final = "zz-ZZ"
_LONGEST_NAME: Final = 300
_ROW: Final = re.compile(r"^  '(.+)',$", re.MULTILINE)
_KATAKANA: Final = re.compile("[ァ-ン]")
_TO_HIRAGANA: Final = ord("ア") - ord("あ")
_MOST_CASES: Final = 2_000
"""So many combinations are all rendered; of more, every pair of values and a sample."""

Path = tuple[str, ...]
_CHANNELS: Final[Mapping[Path, tuple[str, ...]]] = {("message_type",): ("sms", "voice")}


def shows(text: str, code: str) -> bool:
    """Whether a rendered text has the code in it, as the Action finds it (actions/src/text.js)."""
    return bool(written(code).search(text))


@cache
def written(code: str) -> re.Pattern[str]:
    """A code in digits or words, no part of a longer number."""
    digits = _digits()
    parts = [f"(?:{digits[int(one)]})" if one.isdecimal() else re.escape(one) for one in code]
    between = r"[\s.,、。・，．-]*"
    return re.compile(f"(?<![0-9０-９]){between.join(parts)}(?![0-9０-９])")


@cache
def _digits() -> list[str]:
    rows = _ROW.findall((SOURCE_DIR / "text.js").read_text(encoding="utf-8"))
    return [
        _KATAKANA.sub(lambda kana: f"[{kana[0]}{chr(ord(kana[0]) - _TO_HIRAGANA)}]", row)
        for row in rows
    ]


def where_missing(template: str) -> str | None:
    """In which case a text (which is Liquid) does not give the code; None when it always does."""
    if is_simple(template):
        shown = all(shows(rendered(template, {**SAMPLE, "code": code}), code) for code in CODES)
        return None if shown else "ever"
    from liquid.exceptions import LiquidError  # noqa: PLC0415 - a quarter of a second, for few

    parsed = environment().from_string(template)
    for values in _cases(parsed):
        for code in CODES:
            try:
                text = parsed.render(**_context(values, code))
            except LiquidError as error:
                return f"{_words(values)} ({error})"
            if not shows(text, code):
                return _words(values)
    return None


def _cases(template: Any) -> Iterator[Mapping[Path, Any]]:
    """Values of the text's variables: the sample's, and whatever may take another branch."""
    literals = list(dict.fromkeys(_literals(template)))
    paths = _paths(template)
    yield {}
    for usual in ([None, "", _SHORT, _OTHER], [None, _OTHER]):
        choices = [
            [(path, value) for value in [*usual, *_CHANNELS.get(path, ()), *literals]]
            for path in paths
        ]
        if prod(len(one) + 1 for one in choices) <= _MOST_CASES:
            for case in product(*([None, *one] for one in choices)):
                yield dict(pair for pair in case if pair)
            return
    for first, second in combinations(choices, 2):
        for pair in islice(product(first, second), _MOST_CASES):
            yield dict(pair)
    drawn = Random(0)  # noqa: S311 - the same text is judged alike every time
    for _ in range(_MOST_CASES):
        yield dict(drawn.choice(one) for one in choices)


def _paths(template: Any) -> list[Path]:
    found: dict[Path, None] = {}
    for uses in template.analyze(include_partials=False).globals.values():
        for use in uses:
            path = tuple(
                segment
                for segment in use.segments
                if isinstance(segment, str) and segment not in {"size", "first", "last"}
            )
            if path[0] not in {"code", "pause"}:
                found[path] = None
    return list(found)


def _literals(template: Any) -> Iterator[Any]:
    """Every text and number that stands in one of the template's expressions."""
    from liquid.builtin.expressions.primitive import Literal  # noqa: PLC0415 - as above

    for one in expressions(template, deciding=True):
        if isinstance(one, Literal):
            if isinstance(one.value, (int, float)):
                yield from (one.value, one.value - 1, one.value + 1)
                yield _SHORT * (min(int(one.value), _LONGEST_NAME) + 1)  # for its size
            yield str(one.value)


def _context(values: Mapping[Path, Any], code: str) -> dict[str, Any]:
    context = {**SAMPLE, "code": code}
    for path, value in values.items():
        inner: dict[str, Any] = context
        for name in path[:-1]:
            below = inner.get(name)
            inner[name] = dict(below) if isinstance(below, Mapping) else {}
            inner = inner[name]
        if value is None:
            inner.pop(path[-1], None)
        else:
            inner[path[-1]] = value
    return context


def _words(values: Mapping[Path, Any]) -> str:
    told = [
        f"without {'.'.join(path)}" if value is None else f'with {".".join(path)} "{value}"'
        for path, value in values.items()
    ]
    return " and ".join(told) or "ever"
