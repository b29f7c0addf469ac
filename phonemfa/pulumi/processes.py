"""Engine processes, which can be asked to stop: they end the step they are at, and record it.

Each is in a session of its own, so that Ctrl-C at a terminal reaches this process alone, which asks
each engine as often as it was asked itself. Twice means "at once" to Pulumi, and an engine that
loses who reads its output dies, and leaves its lock.
"""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, Any, Final

from phonemfa.output.terminal import say

PATIENCE: Final = 3600.0
"""Seconds that one command of the engine may take. It waits for tenants, some without an end."""

GRACE: Final = 60.0
"""Seconds that an engine has to end after it was asked to, at most as many as it had before."""

AWAKE: Final = 0.5
"""Seconds after which the main thread looks up from waiting: a signal that came just as it went to
wait has not woken it, and is handled then."""

Line = Callable[[str], Any]

_STOPPING: Final = (
    "Stopping: pulumi ends the step it is at, and records it. Once more ends it at once."
)
_STOPPED: Final = 130


@dataclass(frozen=True)
class Ran:
    """One finished command of the CLI; `late`: it was asked to end, as its time was over."""

    exit: int
    out: str
    err: str
    late: bool = False


class Engines:
    """Every engine process that a run has begun, so that all can be asked to stop.

    Once they are `stopping` none begins any more; `hurried` ones were asked twice, and ended in the
    middle of a step.
    """

    def __init__(self) -> None:
        # One that the same thread may take twice: a signal comes while it begins an engine, too.
        self._lock = threading.RLock()
        self._running: set[subprocess.Popen[str]] = set()
        self.stopping = self.hurried = False

    def stop(self) -> None:
        """Ask all to stop: they end the step they are at, and write the state. Again: at once."""
        with self._lock:
            self.hurried = self.stopping
            self.stopping = True
            running = list(self._running)
        for process in running:
            _interrupt(process)

    def run(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        environ: Mapping[str, str],
        stdin: str = "",
        on_out: Line | None = None,
        seconds: float = PATIENCE,
    ) -> Ran:
        """Run one command to its end; an `OSError` or `ValueError` where it cannot be run.

        After `seconds` it is asked to stop, and after `GRACE` more ended.
        """
        out, err = list[str](), list[str]()
        with self._lock:
            if self.stopping:
                return Ran(_STOPPED, "", "Stopped before it began.")
            process = subprocess.Popen(
                command,
                cwd=cwd,
                env=environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
            self._running.add(process)
            if self.stopping:  # since then
                _interrupt(process)
        streams = (process.stdout, on_out, out), (process.stderr, None, err)
        readers = [threading.Thread(target=_read, args=one) for one in streams]
        ends = (seconds, _interrupt), (seconds + min(GRACE, seconds), _end)
        timers = [threading.Timer(after, do, [process]) for after, do in ends]
        begun = time.monotonic()
        try:
            with process:
                for thread in (*readers, *timers):
                    thread.daemon = True
                    thread.start()
                if process.stdin:
                    with suppress(BrokenPipeError), process.stdin as pipe:
                        pipe.write(stdin)
                for reader in readers:
                    while reader.is_alive():
                        reader.join(AWAKE)
                status = process.wait()
        finally:
            for timer in timers:
                timer.cancel()
            with self._lock:
                self._running.discard(process)
        late = time.monotonic() - begun >= seconds
        return Ran(status, "\n".join(out), "\n".join(err), late)


@contextmanager
def stopped_by_signals(engines: Engines) -> Iterator[None]:
    """Ctrl-C, and what a CI system sends, stop the engines instead of this process; twice, at once.

    Signals are the main thread's: in another one this does nothing.
    """

    def stop(_number: int, _frame: FrameType | None) -> None:
        again = engines.stopping
        engines.stop()  # before all else: a terminal that hung up can be told nothing
        if not again:
            say(_STOPPING)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {one: signal.getsignal(one) for one in signals}
    handled = {one: handler for one, handler in before.items() if handler is not signal.SIG_IGN}
    for one in handled:
        signal.signal(one, stop)
    try:
        yield
    finally:
        for one, handler in handled.items():
            signal.signal(one, handler)


def _read(stream: IO[str], hear: Line | None, lines: list[str]) -> None:
    for line in stream:
        stripped = line.rstrip()
        lines.append(stripped)
        if hear:
            # Whatever befalls the listener: an engine whose pipe nobody empties stands still.
            with suppress(Exception):
                hear(stripped)


def _interrupt(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)


def _end(process: subprocess.Popen[str]) -> None:
    # Its plugins and language host are of its session, and hold its pipes: also when it has ended.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
