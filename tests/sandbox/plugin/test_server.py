"""The plugin's process, as the engine starts and leaves it."""

import subprocess
import sys

from sandbox.engine.plugin import STAND_IN_PROGRAM
from sandbox.machine.processes import program_of
from tests.sandbox.engine.test_ensure import until

ENGINE = (
    "import os, subprocess, sys, time\n"
    "environ = os.environ | {'PYTHONIOENCODING': 'utf-16'}\n"  # as of a terminal's user
    "plugin = subprocess.Popen([sys.executable, sys.argv[1], '127.0.0.1:1'],"
    " stdout=subprocess.PIPE, encoding='ascii', env=environ)\n"
    "print(plugin.pid, plugin.stdout.readline().strip(), flush=True)\n"
    "time.sleep(600)\n"
)


def test_it_tells_its_port_and_ends_when_its_engine_is_killed() -> None:
    command = [sys.executable, "-c", ENGINE, str(STAND_IN_PROGRAM)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as engine:
        assert engine.stdout
        pid, port = (int(word) for word in engine.stdout.readline().split())
        assert 1024 <= port <= 65535
        engine.kill()
    until(lambda: program_of(pid) is None)


def test_without_an_engine_it_says_what_it_is() -> None:
    command = [sys.executable, str(STAND_IN_PROGRAM)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode != 0
    assert "is started by the Pulumi engine" in ended.stderr
