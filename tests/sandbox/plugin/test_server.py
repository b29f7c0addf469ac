"""The plugin's process, as the engine starts and leaves it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PLUGIN = (
    Path(__file__).resolve().parents[3] / "sandbox" / "plugin" / "bin" / "pulumi-resource-auth0"
)
ENGINE = (
    "import subprocess, sys, time\n"
    "plugin = subprocess.Popen([sys.executable, sys.argv[1], '127.0.0.1:1'],"
    " stdout=subprocess.PIPE, text=True)\n"
    "print(plugin.pid, plugin.stdout.readline().strip(), flush=True)\n"
    "time.sleep(600)\n"
)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A zombie that nobody reaped yet has ended all the same.
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="utf-8")


def test_it_tells_its_port_and_ends_when_its_engine_is_killed() -> None:
    engine = subprocess.Popen(
        [sys.executable, "-c", ENGINE, str(PLUGIN)], stdout=subprocess.PIPE, text=True
    )
    assert engine.stdout
    pid, port = (int(word) for word in engine.stdout.readline().split())
    assert 1024 <= port <= 65535
    engine.send_signal(signal.SIGKILL)
    engine.wait()
    deadline = time.monotonic() + 20
    while is_alive(pid):
        assert time.monotonic() < deadline, "the plugin outlived its engine"
        time.sleep(0.1)


def test_without_an_engine_it_says_what_it_is() -> None:
    ended = subprocess.run(
        [sys.executable, str(PLUGIN)], capture_output=True, text=True, check=False
    )
    assert ended.returncode != 0
    assert "is started by the Pulumi engine" in ended.stderr
