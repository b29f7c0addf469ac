"""A command that takes long says so, on standard error, and one that does not stays silent."""

import ast
import io
import sys
import threading
from pathlib import Path

import pytest
from rich.console import Console

from phonemfa.output import terminal
from phonemfa.output.terminal import working
from tests.contract import PROJECT
from tests.phonemfa.report.previews import FIXTURE
from tests.processes import run


class Signal:
    """Standard error that tells when something was written."""

    def __init__(self) -> None:
        self.text = ""
        self.written = threading.Event()

    def write(self, text: str) -> int:
        self.text += text
        self.written.set()
        return len(text)

    def flush(self) -> None:
        pass


def test_what_takes_long_and_waits_for_a_rate_limit_is_told_in_a_log_and_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # What a tenant says is no markup.
    what, why = "reading the [bold]tenant[/]", "it waits for the tenant's rate limit: 429 × 3"
    stderr = Signal()
    monkeypatch.setattr("sys.stderr", stderr)
    monkeypatch.setattr(terminal, "REMINDER", 0.01)
    with working(what, patience=0.01) as heard:
        assert stderr.written.wait(10)
        assert stderr.text.startswith(f"… {what} ("), stderr.text
        heard.refusals = 3
        while f"s, {why})" not in stderr.text:
            stderr.written.clear()
            assert stderr.written.wait(10), stderr.text
    stream = io.StringIO()
    screen = Console(file=stream, force_terminal=True, width=200)
    monkeypatch.setattr(terminal, "notes", lambda: screen)
    with working(what) as heard:
        heard.refusals = 3
    assert f"{what} ({why})" in stream.getvalue()


def test_whatever_asks_a_tenant_while_it_is_shown_to_work_tells_of_the_rate_limit() -> None:
    asked = [
        (path.name, one)
        for path in PROJECT.glob("phonemfa/**/*.py")
        for block in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(block, ast.With) and "working" in ast.unparse(block.items[0])
        for one in ast.walk(block)
        if isinstance(one, ast.Call) and ast.unparse(one.func) in {"ask", "log_of"}
    ]
    assert len(asked) > 5
    for name, call in asked:
        given = {one.arg for one in call.keywords} | {ast.unparse(one) for one in call.args}
        assert "heard" in given, f"{name}: {ast.unparse(call)}"


def test_what_ends_at_once_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with working("reading the tenant"):
        pass
    captured = capsys.readouterr()
    assert captured.out + captured.err == ""


def test_no_silence_is_longer_than_two_seconds() -> None:
    assert terminal.PATIENCE <= 2.0


@pytest.mark.parametrize(
    ("closed", "status", "told"),
    [
        (">&-", 2, "standard output is closed"),
        ("--markdown FILE >&-", 0, ""),
        ("2>&-", 0, ""),
        ("<&- >&- 2>&-", 2, ""),
    ],
)
def test_a_closed_stream_loses_no_result_in_silence_and_ends_in_no_traceback(
    tmp_path: Path, closed: str, status: int, told: str
) -> None:
    options = closed.replace("FILE", str(tmp_path / "report.md"))
    report = f"{sys.executable} -m phonemfa report --preview-json {FIXTURE} {options}"
    ended = run("sh", "-c", report, cwd=PROJECT)
    assert ended.returncode == status, ended.stderr
    assert ended.stderr.startswith(told)
    assert "Traceback" not in ended.stderr
    assert (tmp_path / "report.md").exists() == ("FILE" in closed)
