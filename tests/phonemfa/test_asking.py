"""Silence is no consent."""

import io

import pytest
import typer

from phonemfa import asking
from phonemfa.asking import Target, agree, answer_of
from phonemfa.exits import Exit

HERE = Target("prod", "prod.example.com")


@pytest.mark.parametrize(
    ("typed", "by_typing", "agrees"),
    [
        ("y\n", False, True),
        *((one, False, False) for one in ("n\n", "\n", "")),
        ("prod.example.com\n", True, True),
        *((one, True, False) for one in ("y\n", "prod\n", "\n", "")),
        *((None, one, False) for one in (False, True)),
    ],
)
def test_nothing_is_written_unless_a_person_at_a_terminal_says_so(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    typed: str | None,
    by_typing: bool,
    agrees: bool,
) -> None:
    if typed is not None:
        monkeypatch.setattr(asking, "on_terminal", lambda: True)
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n" if typed is None else typed))
    status = None
    try:
        agree("write", HERE, yes=False, by_typing=by_typing)
    except typer.Exit as ended:
        status = ended.exit_code
    assert status == (None if agrees else Exit.UNANSWERED)
    said = capsys.readouterr()
    assert said.out.strip() == "", "a piped result would hold the question"
    assert "Stack prod, tenant prod.example.com: write.\n" in said.err
    assert ("nobody agreed" in said.err) is (typed is not None and not agrees)
    assert ("say so with --yes" in said.err) is (typed is None)


@pytest.mark.parametrize("by_typing", [False, True])
def test_who_agreed_beforehand_reads_in_the_log_to_what(
    capsys: pytest.CaptureFixture[str], *, by_typing: bool
) -> None:
    hostile = Target("dev", "a\x1b[2J\nStack prod, tenant b")
    agree("write", HERE, hostile, yes=True, by_typing=by_typing)
    first, second, last = capsys.readouterr().err.splitlines()
    assert (first.strip(), last) == (str(HERE), "2 tenants: write.")
    assert second.startswith("  Stack dev, tenant a")
    assert "\x1b" not in second
    assert answer_of("Did it arrive?") is None, "nobody is there"
