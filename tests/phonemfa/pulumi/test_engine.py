"""What the Pulumi CLI's answers and failures become, and how its processes are stopped.

A stand-in of the CLI is on PATH, or a shell stands in; the real one is in tests/end_to_end.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from phonemfa.pulumi import processes
from phonemfa.pulumi.engine import EngineFailedError, PulumiCli
from phonemfa.pulumi.locks import Lock, locks_in
from phonemfa.pulumi.preview import json_in
from phonemfa.pulumi.processes import Engines, stopped_by_signals
from tests.contract import PROJECT

CHANGE = {"op": "update", "urn": "urn:a::b", "detailedDiff": {"policy": {"kind": "update"}}}
SAME = {"op": "refresh", "urn": "urn:a::c"}
REFUSED = {"severity": "error", "message": "403 Forbidden\n", "urn": "urn:a::provider"}


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
    with pytest.raises(EngineFailedError, match="names none"):
        cli(tmp_path, exit_status=7, out={"steps": [SAME]}).refresh_preview()


def test_a_failure_tells_its_errors_once_and_nothing_of_the_config(tmp_path: Path) -> None:
    warning = {"severity": "warning", "message": "using a plugin from PATH"}
    out = {"config": {"phonemfa:voiceSender": "+815012345678"}, "steps": [SAME]}
    out["diagnostics"] = [warning, REFUSED, REFUSED]
    with pytest.raises(EngineFailedError) as failed:
        cli(tmp_path, exit_status=1, out=out).refresh_preview()
    text = str(failed.value)
    assert text.count("provider: 403 Forbidden") == 1
    assert "+815012345678" not in text
    assert "using a plugin" not in text


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "ascii", "cp932"])
def test_what_python_prints_to_the_engine_is_utf_8_whatever_a_terminal_shows(
    tmp_path: Path, encoding: str
) -> None:
    engine = cli(tmp_path, exit_status=0, out='{"url": "file:///日本"}')
    here = PulumiCli(tmp_path, None, environ=engine.environ | {"PYTHONIOENCODING": encoding})
    assert here.backend() == "file:///日本"


AROUND = (
    "Installing policy pack acme-rules 0.0.7...\n\n[resource plugin auth0-3.54.0] installing\n",
    "\nwarning: A new version of Pulumi is available. {\n",
)


def test_text_around_the_json_is_no_part_of_it(tmp_path: Path) -> None:
    def printed(out: Any) -> str:
        return json.dumps(out, indent=2).join(AROUND)

    seen = cli(tmp_path, exit_status=7, out=printed({"steps": [SAME, CHANGE]})).refresh_preview()
    assert [one.is_change for one in seen] == [False, True]
    history = [{"kind": "update", "environment": {"git.head": "a" * 40}}]
    assert cli(tmp_path, exit_status=0, out=printed(history)).last_update().commit == "a" * 40
    refused = {"config": {"a": "+815012345678"}, "diagnostics": [REFUSED]}
    with pytest.raises(EngineFailedError, match="provider: 403 Forbidden") as failed:
        cli(tmp_path, exit_status=1, out=printed(refused)).refresh_preview()
    assert "+815012345678" not in str(failed.value)
    for exit_status, told in (
        (0, "printed no JSON, or half of it: 'Installing"),
        (1, "Installing"),
    ):
        out = printed(refused | {"config": "canary"})[:-90]  # killed while it printed it
        with pytest.raises(EngineFailedError, match=told) as failed:
            cli(tmp_path, exit_status=exit_status, out=out).refresh_preview()
        assert "canary" not in str(failed.value)


@pytest.mark.parametrize("out", [["x"], "x", 3, None])
@pytest.mark.parametrize(
    "asked", [PulumiCli.state, PulumiCli.backend, PulumiCli.last_update, PulumiCli.config]
)
def test_an_answer_in_another_form_is_told_and_ends_in_no_traceback(
    tmp_path: Path, out: Any, asked: Callable[[PulumiCli], object]
) -> None:
    with pytest.raises(EngineFailedError, match="was not understood"):
        asked(cli(tmp_path, exit_status=0, out=json.dumps(out)))


def test_a_log_in_place_of_the_json_is_refused_in_no_time() -> None:
    began = time.process_time()
    for line in ("[resource plugin auth0-3.54.0] installing\n", "{not: JSON}\n"):
        with pytest.raises(ValueError, match="line 1 column"):
            json_in(line * 20_000)
    assert time.process_time() - began < 1, "it was a second for each two thousand lines"


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


@pytest.fixture
def hangup() -> Iterator[None]:
    """A SIGHUP that is heard, where the tests run under nohup too."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("hangup")
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


STATE = "error: failed to load checkpoint: unexpected end of JSON input"


@pytest.mark.parametrize(
    ("answer", "stack", "told"),
    [
        ({"exit_status": 255, "err": STATE}, "dev", r"(?s)unexpected end.*\.pulumi/history"),
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
    engine = PulumiCli(tmp_path, stack, environ={"PATH": str(tmp_path)})
    for question in engine.state, engine.last_update:
        with pytest.raises(EngineFailedError, match=told):
            question()


# --- Processes that can be stopped ----------------------------------------------------------------

# Says when it listens; says what it got, once, and ends in order. The second one ends it at once.
PATIENT = """
trap 'count=$((count+1)); echo "interrupted $count"; [ $count -lt 2 ] || exit 3' INT
echo ready
while [ ! -e ended ] && [ -d "$PWD" ]; do sleep 0.02; done
echo ended
"""


class Begun:
    """A process of a run in a thread of its own."""

    def __init__(self, engines: Engines, folder: Path, script: str, seconds: float = 60) -> None:
        self.ready = threading.Event()
        self.asked = threading.Event()
        self._engines, self._folder, self._script = engines, folder, script
        self._seconds = seconds
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self.ready.wait(20)

    def _heard(self, line: str) -> None:
        (self.ready if line == "ready" else self.asked).set()

    def _run(self) -> None:
        self.ran = self._engines.run(
            ["/bin/sh", "-c", self._script],
            cwd=self._folder,
            environ=dict(os.environ),
            on_out=self._heard,
            seconds=self._seconds,
        )

    def join(self) -> None:
        self._thread.join(30)
        assert not self._thread.is_alive()


@pytest.mark.parametrize(("times", "exit_status"), [(1, 0), (2, 3)])
def test_every_engine_is_asked_to_stop_and_none_begins_any_more(
    tmp_path: Path, times: int, exit_status: int
) -> None:
    engines = Engines()
    both = [Begun(engines, tmp_path, PATIENT), Begun(engines, tmp_path, PATIENT)]
    for _ in range(times):
        engines.stop()
        for one in both:
            assert one.asked.wait(20)
    assert engines.hurried is (times == 2)
    if times == 1:
        (tmp_path / "ended").touch()  # asked once, it ends its step
    for one in both:
        one.join()
        assert one.ran.exit == exit_status
        assert one.ran.out.startswith("ready\ninterrupted 1")
    ran = engines.run(["/bin/sh", "-c", "touch it"], cwd=tmp_path, environ=dict(os.environ))
    assert (ran.exit, ran.err) == (130, "Stopped before it began.")
    assert not (tmp_path / "it").exists()


def test_a_listener_that_fails_stops_no_engine(tmp_path: Path) -> None:
    full = Mock(side_effect=OSError(28, "No space left on device"))
    # More than a pipe holds.
    ran = Engines().run(
        ["/bin/sh", "-c", "seq 1 50000"], cwd=tmp_path, environ=dict(os.environ), on_out=full
    )
    assert (ran.exit, len(ran.out.splitlines())) == (0, 50000)


@pytest.mark.usefixtures("hangup")
def test_a_terminal_that_is_gone_keeps_no_engine_from_being_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(processes, "say", Mock(side_effect=OSError("Input/output error")))
    engines = Engines()
    with pytest.raises(OSError, match="Input/output"), stopped_by_signals(engines):
        signal.raise_signal(signal.SIGHUP)
    assert engines.stopping


@pytest.mark.timeout(120)
def test_a_signal_that_does_not_wake_who_waits_stops_the_engine(tmp_path: Path) -> None:
    def interrupt(_line: str) -> None:
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

    engines = Engines()
    with stopped_by_signals(engines):
        ran = engines.run(
            # Its input ends as the last thing before this thread waits.
            ["/bin/sh", "-c", "trap 'exit 9' INT; cat; echo ready; while :; do sleep 0.02; done"],
            cwd=tmp_path,
            environ=dict(os.environ),
            on_out=interrupt,
        )
    assert ran.exit == 9


@pytest.mark.parametrize(
    ("script", "grace", "status"),
    [
        # One that listens ends in order, and is not killed.
        ("trap 'exit 7' INT; echo ready; while :; do sleep 0.02; done", 60, 7),
        ("trap '' INT; echo ready; while :; do sleep 0.02; done", 0.2, -9),
        # A plugin that does not end with its engine keeps the engine's pipes open.
        ("sleep 40 & echo ready", 0.2, 0),
    ],
)
def test_an_engine_or_what_it_leaves_behind_that_takes_too_long_is_asked_and_then_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, grace: float, status: int
) -> None:
    monkeypatch.setattr(processes, "GRACE", grace)
    one = Begun(Engines(), tmp_path, script, seconds=2)
    one.join()
    assert (one.ran.exit, one.ran.out, one.ran.late) == (status, "ready", True)


# --- Who holds a lock -----------------------------------------------------------------------------

REFUSAL = (
    "error: the stack is currently locked by 2 lock(s). Either wait for the other process(es) to "
    "end or delete the lock file with `pulumi cancel`.\n"
    "  s3://state/.pulumi/locks/organization/p/prod/1.json?region=x: created by ci@runner-1 "
    "(pid 12) at 2026-11-25T18:26:27Z\n"
    "  postgres://****:****@db/state/.pulumi/locks/organization/p/prod/2.json: created by "
    "a.b@host.example (pid 4711) at 2026-11-25T18:26:28+09:00\n"
)


def lock(*, host: str, pid: int) -> Lock:
    return Lock(user="ci", host=host, pid=pid, since="2026-11-25T18:26:27Z")


CUT_OFF = "error: unexpected end of JSON input", "error: invalid character 'x' looking for a value"


@pytest.mark.parametrize("said", CUT_OFF)
def test_a_lock_that_is_cut_off_is_a_lock(said: str) -> None:
    (cut_off,) = locks_in(f"pulumi refresh ended with 255:\nwarning: x\n{said}")
    assert "killed while it wrote its lock" in cut_off.holder
    assert not cut_off.looks_dead
    assert locks_in(said.replace("error: ", "error: failed to load checkpoint: ")) == []


def test_every_holder_of_a_lock_is_read_and_another_failure_is_no_lock() -> None:
    assert locks_in("error: stack 'prod' not found") == []
    first, second = locks_in(REFUSAL)
    assert first.holder == "ci@runner-1 (pid 12), since 2026-11-25T18:26:27Z"
    assert (second.user, second.host, second.pid) == ("a.b", "host.example", 4711)


def test_only_a_process_of_this_machine_can_look_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    here = socket.gethostname()
    assert lock(host=here, pid=gone.pid).looks_dead
    assert not lock(host=f"not-{here}", pid=gone.pid).looks_dead
    assert not lock(host=here, pid=os.getpid()).looks_dead
    monkeypatch.setattr(os, "kill", Mock(side_effect=PermissionError))
    assert not lock(host=here, pid=1).looks_dead, "one of somebody else"
