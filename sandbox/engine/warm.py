"""A warm process of the stand-in plugin, for the life of whoever starts it.

Owns starting `sandbox/plugin/warm.py`, its address, and its end. Where it runs, each `pulumi`
command of an environment that names it saves the third of a second that a Python plugin needs to
start. Refuses to know how plugins are forked.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final, Self

from sandbox.plugin.launcher import VARIABLE

_PROJECT: Final = Path(__file__).resolve().parents[2]
_END_SECONDS: Final = 5


class WarmPlugin:
    """Runs from its making to `stop`, or until this process ends; a context manager.

    Attributes:
        variable: the environment variable that names it to the plugin's launcher.
        address: the variable's value.
        pid: its process.
    """

    variable: Final = VARIABLE

    def __init__(self) -> None:
        # Not in a state folder: a Unix socket's path has about a hundred characters at most.
        self._folder = Path(tempfile.mkdtemp(prefix="phonemfa-"))
        self.address = str(self._folder / "plugin")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.address)
            listener.listen(32)
            self._process = subprocess.Popen(
                [sys.executable, "-m", "sandbox.plugin.warm", str(listener.fileno())],
                cwd=_PROJECT,
                # Nothing is ever written to it: it ends with this process.
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                pass_fds=[listener.fileno()],
                # Ctrl-C is for the owner; a plugin must not end before its engine.
                start_new_session=True,
            )
        self.pid = self._process.pid

    def stop(self) -> None:
        """End it. Plugins that run already go on until their engines end them."""
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
