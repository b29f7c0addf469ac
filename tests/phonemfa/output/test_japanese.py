"""What a report says in English it says in Japanese, and nobody else's words are changed by it."""

import ast
import inspect
import re
import tomllib
from collections.abc import Iterator
from types import ModuleType

import pytest

from components.guards import policy_last
from components.settings import model
from components.vocabulary import ASKED
from phonemfa.output import japanese
from phonemfa.output.document import Code, Soft, Strong
from phonemfa.report import differences, document, risks, settings
from policy import rules

PHRASES = tomllib.loads(japanese._BOOK.read_text(encoding="utf-8"))
_GAP = "9"
"""In the place of what is said at run time: not empty, and no word."""


def said_by(module: ModuleType, *calls: str) -> Iterator[str]:
    """What a module says in these calls, with a figure in each gap."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in calls:
            for value in (*node.args, *(one.value for one in node.keywords)):
                yield from _text(value)


def yielded_by(module: ModuleType) -> Iterator[str]:
    """The sentences that a module's generators yield, with a figure in each gap."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Yield) and node.value:
            yield from (one for one in _text(node.value) if one.endswith("."))


def _text(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(
            str(one.value) if isinstance(one, ast.Constant) else _GAP for one in node.values
        )
    elif isinstance(node, ast.IfExp):
        yield from (*_text(node.body), *_text(node.orelse))


OURS = sorted(
    {
        *said_by(risks, "Risk", "_about"),
        *said_by(model, "Words"),
        *said_by(rules, "Finding"),
        *yielded_by(differences),
        *yielded_by(settings),
        settings.ASKED_ONLY,
        *differences._NAMES.values(),
        *differences._PART_NAMES.values(),
        *ASKED.values(),
        f"{document._SAMPLES} {document._STAND_IN}",
        document._SAMPLES,
        f"pulumi up will stop here: {policy_last.lowering([], ['all-applications'])}",
    }
    - {""}
)
LEFT_IN_ENGLISH = re.compile(r"[A-Za-z]+(?: [A-Za-z']+){3}")
"""Four English words in a row; commands and keys have fewer."""


def test_the_modules_say_something() -> None:
    assert len(OURS) > 100
    assert rules.RULES


@pytest.mark.parametrize("sentence", OURS)
def test_every_sentence_of_the_report_is_there_in_japanese(sentence: str) -> None:
    found = japanese.translated((f"{sentence.rstrip('.')}.",))
    assert found is not None
    (text,) = found
    assert isinstance(text, str)
    assert not LEFT_IN_ENGLISH.search(text), text


@pytest.mark.parametrize("english", PHRASES)
def test_every_phrase_can_be_reached_and_fills_each_gap_once(english: str) -> None:
    values = [f"⟨{number}⟩" for number in range(english.count("{}"))]
    pieces = english.split("{}")
    text = "".join(f"{piece}{value}" for piece, value in zip(pieces, [*values, ""], strict=True))
    found = japanese.translated((text,))
    assert found is not None
    assert sorted(re.findall("⟨.⟩", str(found[0]))) == values


def test_names_values_and_commands_stay_as_they_are() -> None:
    line = (Strong("Risks"), " ", Code("Risks"), ", ", Soft("none"), " somebody's words")
    assert japanese.translated(line) == (
        Strong("リスク"),
        " ",
        Code("Risks"),
        "、",
        Soft("なし"),
        " somebody's words",
    )
    assert japanese.translated(("somebody's words",)) is None
