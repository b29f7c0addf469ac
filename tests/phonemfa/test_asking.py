"""Silence is no consent."""

import io

import pytest
import typer

from phonemfa import asking
from phonemfa.asking import Target, agree, agreed, answer_of
from phonemfa.exits import Exit

HERE = Target("prod", "prod.example.com")


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
        agree("write", HERE, yes=False)
    assert ended.value.exit_code == Exit.UNANSWERED
    assert "--yes" in capsys.readouterr().err
    assert not agreed("write", HERE, yes=False, by_typing=True)
    agree("write", HERE, yes=True)
    agree("write", HERE, yes=True, by_typing=True)
    assert answer_of("Did it arrive?") is None


@pytest.mark.parametrize(
    ("answer", "by_typing"),
    [
        *((one, False) for one in ("n\n", "\n", "")),
        *((one, True) for one in ("y\n", "prod\n", "\n", "")),
    ],
)
def test_a_person_who_does_not_say_yes_or_type_the_whole_word_has_said_no(
    person: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], answer: str, by_typing: bool
) -> None:
    says(person, answer)
    with pytest.raises(typer.Exit) as ended:
        agree("write", HERE, yes=False, by_typing=by_typing)
    assert ended.value.exit_code == Exit.UNANSWERED
    assert "nobody agreed" in capsys.readouterr().err


def test_a_person_agrees_and_the_question_stays_off_standard_output(
    person: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    says(person, "y\n")
    agree("write", HERE, yes=False)
    says(person, "prod.example.com\n")
    agree("write", HERE, yes=False, by_typing=True)
    asked = capsys.readouterr()
    assert asked.out.strip() == "", "a piped result would hold the question"
    assert "Stack prod, tenant prod.example.com: write.\nGo on?" in asked.err


def test_who_agreed_beforehand_reads_in_the_log_to_what(capsys: pytest.CaptureFixture[str]) -> None:
    agree("write", HERE, Target("dev", "dev.example.com"), yes=True)
    told = capsys.readouterr().err
    for part in (str(HERE), "Stack dev, tenant dev.example.com", "2 tenants: write."):
        assert part in told


def test_a_tenants_name_is_no_markup_of_the_question(capsys: pytest.CaptureFixture[str]) -> None:
    agree("write", Target("prod", "a\x1b[2J\nStack dev, tenant b"), yes=True)
    assert capsys.readouterr().err.count("\n") == 1
