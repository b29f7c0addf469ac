"""Commands say one thing in one way: how a command is called, a policy, a version."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.tenant.action import Version
from phonemfa.cli import COMMANDS
from tests.contract import PROJECT

ALONE = re.compile(rf"(?<!-m )(?<![\w/.`-])phonemfa (?:{'|'.join(COMMANDS)})\b")
"""A command to be typed that only works where the package's script is on PATH."""
NAMES = {
    "phonemfa drift ": "a suite of JUnit",
    "phonemfa health ": "a suite of JUnit",
    "phonemfa fleet up": "the message of an update, in Pulumi's history",
    "phonemfa smoke": "the client that an Action is told of",
    "the tenant as phonemfa adopt found it, until this stack takes over": "a description",
    "levels of phonemfa health, such as {successPercent: 95}": "a description",
}
API_WORDS = re.compile("all-applications|confidence-score")
MODEL = {"components/vocabulary.py"}


def strings(path: Path) -> Iterator[str]:
    """What may be printed: every string of a module but its docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docs = {
        id(one.body[0].value)
        for one in ast.walk(tree)
        if isinstance(one, documented) and one.body and isinstance(one.body[0], ast.Expr)
    }
    for one in ast.walk(tree):
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and id(one) not in docs:
            yield one.value


def product() -> list[Path]:
    return [
        path
        for root in ("components", "phonemfa", "policy")
        for path in PROJECT.glob(f"{root}/**/*.py")
    ]


def test_a_command_to_be_typed_is_called_in_the_way_that_works_everywhere() -> None:
    alone = {text for path in product() for text in strings(path) if ALONE.search(text)}
    assert alone - NAMES.keys() == set(), "say python -m phonemfa …, or name it in backticks"


def test_no_message_has_the_apis_words_for_a_policy() -> None:
    found = {
        str(path.relative_to(PROJECT))
        for path in product()
        if any(API_WORDS.search(text) for text in strings(path))
    }
    assert found <= MODEL


@pytest.mark.parametrize("number", [5, 5.0, "5"])
def test_a_version_is_a_whole_number_however_the_api_writes_it(number: object) -> None:
    assert f"version {Version.of_api({'id': 'v', 'number': number}).number}" == "version 5"
