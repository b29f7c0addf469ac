"""Silence is no consent."""

from __future__ import annotations

import io

import pytest
import typer

from phonemfa import asking
from phonemfa.asking import agree, agree_by_typing, answer_of
from phonemfa.exits import Exit


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Somebody at a terminal."""
    monkeypatch.setattr(asking, "on_terminal", lambda: True)
    return monkeypatch


def says(person: pytest.MonkeyPatch, text: str) -> None:
    person.setattr("sys.stdin", io.StringIO(text))


def test_without_a_terminal_nothing_is_written_unless_yes_was_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with pytest.raises(typer.Exit) as ended:
        agree("Write?", yes=False)
    assert ended.value.exit_code == Exit.UNANSWERED
    assert "--yes" in capsys.readouterr().err
    with pytest.raises(typer.Exit):
        agree_by_typing("tenant", "Write.", yes=False)
    agree("Write?", yes=True)
    agree_by_typing("tenant", "Write.", yes=True)
    assert answer_of("Did it arrive?") is None


@pytest.mark.parametrize("answer", ["n\n", "\n", ""])
def test_a_person_who_does_not_say_yes_has_said_no(
    person: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], answer: str
) -> None:
    says(person, answer)
    with pytest.raises(typer.Exit) as ended:
        agree("Write?", yes=False)
    assert ended.value.exit_code == Exit.UNANSWERED
    assert "nobody agreed" in capsys.readouterr().err


def test_a_person_agrees_and_the_question_stays_off_standard_output(
    person: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    says(person, "y\n")
    agree("Write?", yes=False)
    says(person, "prod.example.com\n")
    agree_by_typing("prod.example.com", "Write.", yes=False)
    asked = capsys.readouterr()
    assert asked.out.strip() == "", "a piped result would hold the question"
    assert "Write?" in asked.err


@pytest.mark.parametrize("typed", ["y\n", "prod\n", "\n", ""])
def test_the_whole_word_has_to_be_typed(person: pytest.MonkeyPatch, typed: str) -> None:
    says(person, typed)
    with pytest.raises(typer.Exit):
        agree_by_typing("prod.example.com", "Write.", yes=False)
