"""What the Pulumi CLI's answers and failures become, with a stand-in of the CLI on PATH."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from phonemfa.pulumi.engine import EngineFailedError, PulumiCli
from tests.contract import PROJECT

CHANGE = {"op": "update", "urn": "urn:a::b", "detailedDiff": {"policy": {"kind": "update"}}}
SAME = {"op": "refresh", "urn": "urn:a::c"}


def cli(folder: Path, *, exit_status: int, out: Any = "", err: str = "") -> PulumiCli:
    """A `pulumi` that always answers the same."""
    text = out if isinstance(out, str) else json.dumps(out)
    script = folder / "pulumi"
    script.write_text(
        f"#!{sys.executable}\nimport os, sys\nsys.stdout.write({text!r})\n"
        f"sys.stderr.buffer.write(os.fsencode({err!r}))\nsys.exit({exit_status})\n",
        encoding="utf-8",
    )
    script.chmod(0o755)
    return PulumiCli(folder, "dev", environ={"PATH": str(folder)})


@pytest.mark.parametrize(("status", "steps"), [(0, [SAME]), (7, [SAME, CHANGE])])
def test_a_refresh_with_changes_is_exit_status_seven(
    tmp_path: Path, status: int, steps: list[dict[str, Any]]
) -> None:
    seen = cli(tmp_path, exit_status=status, out={"steps": steps}).refresh_preview()
    assert [one.is_change for one in seen] == [False, True][: len(steps)]


@pytest.mark.parametrize("steps", [[], [SAME]])
def test_changes_that_the_engine_does_not_name_are_no_answer(
    tmp_path: Path, steps: list[dict[str, Any]]
) -> None:
    with pytest.raises(EngineFailedError, match="names none"):
        cli(tmp_path, exit_status=7, out={"steps": steps}).refresh_preview()


def test_a_failure_tells_its_errors_once_and_nothing_of_the_config(tmp_path: Path) -> None:
    refused = {"severity": "error", "message": "403 Forbidden\n", "urn": "urn:a::provider"}
    warning = {"severity": "warning", "message": "using a plugin from PATH"}
    out = {"config": {"phonemfa:voiceSender": "+815012345678"}, "steps": [SAME]}
    out["diagnostics"] = [warning, refused, refused]
    with pytest.raises(EngineFailedError) as failed:
        cli(tmp_path, exit_status=1, out=out).refresh_preview()
    text = str(failed.value)
    assert text.count("provider: 403 Forbidden") == 1
    assert "+815012345678" not in text
    assert "using a plugin" not in text


def test_a_missing_cli_is_told_with_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(EngineFailedError, match="no `pulumi` on PATH"):
        PulumiCli(tmp_path, "dev", environ={"PATH": str(tmp_path)}).state()


ENGINE = """
import os, pathlib, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
def say(word):
    with open("pipe", "w") as pipe:
        pipe.write(word)
say("at work")
signal.sigwait([signal.SIGINT])
say("asked")
again = signal.sigtimedwait([signal.SIGINT], float(os.environ["LISTENS"]))
sys.stdout.write("x" * 200_000)
sys.stdout.flush()
pathlib.Path("ended").write_text("twice" if again else "once")
"""
COMMAND = """
import pathlib
from phonemfa.pulumi.engine import PulumiCli
try:
    PulumiCli(pathlib.Path(), "dev").run("up")
except KeyboardInterrupt:
    print(pathlib.Path("ended").read_text())
"""


@pytest.mark.parametrize(
    ("number", "whole_group", "times"),
    [
        (signal.SIGINT, True, 1),  # a terminal's Ctrl-C
        (signal.SIGINT, True, 2),
        (signal.SIGTERM, False, 1),  # a CI system's
        (signal.SIGHUP, False, 2),
    ],
)
def test_who_asks_to_stop_waits_for_the_engine_which_is_asked_as_often(
    tmp_path: Path, number: signal.Signals, whole_group: bool, times: int
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "pulumi").write_text(f"#!{sys.executable}\n{ENGINE}", encoding="utf-8")
    (tmp_path / "pulumi").chmod(0o755)
    environ = {"PATH": str(tmp_path), "PYTHONPATH": str(PROJECT)}
    environ["LISTENS"] = "1" if times == 1 else "60"
    with subprocess.Popen(
        [sys.executable, "-c", COMMAND],
        cwd=tmp_path,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as command:
        for word in ("at work", "asked")[:times]:
            assert (tmp_path / "pipe").read_text() == word
            (os.killpg if whole_group else os.kill)(command.pid, number)
        if times == 1:
            assert (tmp_path / "pipe").read_text() == "asked"
        out, err = command.communicate(timeout=60)
    assert out.strip() == ("once" if times == 1 else "twice"), err
    assert err.count("Once more ends it at once") == 1


@pytest.mark.parametrize(
    ("answer", "stack", "told"),
    [
        ({"exit_status": 6, "err": "no stack named 'dev' found"}, "dev", "no stack named 'dev'"),
        ({"exit_status": 0, "out": "Updating…"}, "dev", "printed no JSON"),
        ({"exit_status": 3, "err": "caf\udce9"}, "dev", "caf"),  # in another encoding
        ({"exit_status": 0}, "a\0b", "cannot be run"),  # no command line can hold it
    ],
)
def test_what_is_no_answer_is_told_with_all_that_was_said(
    tmp_path: Path, answer: dict[str, Any], stack: str, told: str
) -> None:
    cli(tmp_path, **answer)
    with pytest.raises(EngineFailedError, match=told):
        PulumiCli(tmp_path, stack, environ={"PATH": str(tmp_path)}).state()
