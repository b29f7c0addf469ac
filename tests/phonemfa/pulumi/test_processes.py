"""Processes that can be stopped.

A shell stands in for Pulumi here; the real one is in tests/end_to_end/test_fleet.py.
"""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

from phonemfa.pulumi import processes
from phonemfa.pulumi.processes import Engines, stopped_by_signals

# Says when it listens; says what it got, once, and ends in order. The second one ends it at once.
PATIENT = """
trap 'count=$((count+1)); echo "interrupted $count"; [ $count -lt 2 ] || exit 3' INT
echo ready
while [ ! -e ended ] && [ -d "$PWD" ]; do sleep 0.02; done
echo ended
"""


class Begun:
    """A process of a run in a thread of its own."""

    def __init__(self, engines: Engines, folder: Path, script: str, **options: float) -> None:
        self.ready = threading.Event()
        self.asked = threading.Event()
        self._engines, self._folder, self._script = engines, folder, script
        self._seconds = options.get("seconds")
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


def test_every_engine_is_asked_once_to_stop_and_may_end_its_step(tmp_path: Path) -> None:
    engines = Engines()
    both = [Begun(engines, tmp_path, PATIENT), Begun(engines, tmp_path, PATIENT)]
    engines.stop()
    for one in both:
        assert one.asked.wait(20)
    (tmp_path / "ended").touch()
    for one in both:
        one.join()
        assert (one.ran.exit, one.ran.out) == (0, "ready\ninterrupted 1\nended")


def test_a_listener_that_fails_stops_no_engine(tmp_path: Path) -> None:
    def full(_line: str) -> None:
        raise OSError(28, "No space left on device")

    # More than a pipe holds.
    ran = Engines().run(
        ["/bin/sh", "-c", "seq 1 50000"], cwd=tmp_path, environ=dict(os.environ), on_out=full
    )
    assert (ran.exit, len(ran.out.splitlines())) == (0, 50000)


def test_asked_twice_they_end_at_once(tmp_path: Path) -> None:
    engines = Engines()
    one = Begun(engines, tmp_path, PATIENT)
    engines.stop()
    assert one.asked.wait(20)
    assert not engines.hurried
    engines.stop()
    one.join()
    assert (one.ran.exit, engines.hurried) == (3, True)


def test_none_begins_after_that(tmp_path: Path) -> None:
    engines = Engines()
    engines.stop()
    ran = engines.run(["/bin/sh", "-c", "touch it"], cwd=tmp_path, environ=dict(os.environ))
    assert (ran.exit, ran.err) == (130, "Stopped before it began.")
    assert not (tmp_path / "it").exists()


def test_a_terminal_that_is_gone_keeps_no_engine_from_being_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def gone(_line: str) -> None:
        raise OSError("Input/output error")

    monkeypatch.setattr(processes, "say", gone)
    engines = Engines()
    with pytest.raises(OSError, match="Input/output"), stopped_by_signals(engines):
        signal.raise_signal(signal.SIGHUP)
    assert engines.stopping


@pytest.mark.timeout(15)
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


def test_a_terminals_ctrl_c_reaches_no_engine_by_itself(tmp_path: Path) -> None:
    ran = Engines().run(
        ["/bin/sh", "-c", "ps -o sid= -p $$"], cwd=tmp_path, environ=dict(os.environ)
    )
    assert int(ran.out) != os.getsid(0)


def test_an_engine_that_takes_too_long_is_asked_and_then_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "GRACE", 0.2)
    stubborn = "trap '' INT; echo ready; while :; do sleep 0.02; done"
    one = Begun(Engines(), tmp_path, stubborn, seconds=1)
    one.join()
    assert (one.ran.exit, one.ran.late) == (-9, True)


def test_what_an_engine_leaves_behind_holds_no_run_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "GRACE", 0.2)
    # A plugin that does not end with its engine keeps the engine's pipes open.
    one = Begun(Engines(), tmp_path, "sleep 40 & echo ready", seconds=1)
    one.join()
    assert (one.ran.exit, one.ran.out) == (0, "ready")
