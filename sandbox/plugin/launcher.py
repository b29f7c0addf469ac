"""How the plugin's process begins: forked from a warm one where there is one, else by itself.

Most of a Python plugin's start is `import pulumi`, which the official plugin, a Go program, does
not have. A warm process (`sandbox/plugin/warm.py`) has it behind it and forks. The process here
is what the engine sees and ends: as long as it lives, the fork does. Refuses to import anything
that takes time.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
from typing import Final

VARIABLE: Final = "PHONEMFA_WARM_PLUGIN"
"""The address of the warm process: a Unix socket. Without it, or without an answer, all is cold."""

TAKEN: Final = b"\x01"
"""What a warm process answers before it forks."""

LENGTH: Final = 4
"""Bytes in which a request's length is told, before it."""

_ENDED_BADLY: Final = 1


def forked() -> int | None:
    """Have a warm process fork the plugin, and wait for its end.

    Returns:
        Its exit status; None where nobody took the request, so that nothing has begun.
    """
    address = os.environ.get(VARIABLE)
    if not address:
        return None
    # Asked before anything is served: an engine may be killed as soon as it knows the port.
    engine = os.getppid()
    with socket.socket(socket.AF_UNIX) as warm:
        try:
            warm.connect(address)
            asked = request()
            socket.send_fds(warm, [len(asked).to_bytes(LENGTH, "big")], [0, 1, 2])
            warm.sendall(asked)
            if warm.recv(1) != TAKEN:
                return None
        except OSError:
            return None
        # The engine ends this process; the fork sees the connection close, and ends as well.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        return _end_of(warm, engine)


def _end_of(warm: socket.socket, engine: int) -> int:
    # An engine that is killed ends nobody: without its parent the plugin would stay for ever.
    while os.getppid() == engine:
        if select.select([warm], [], [], 1.0)[0]:
            try:
                status = warm.recv(1)
            except OSError:
                status = b""
            return status[0] if status else _ENDED_BADLY
    return _ENDED_BADLY


def request() -> bytes:
    """All that the fork must take over from this process, with the interpreter in front."""
    said = [interpreter(), os.getcwd(), str(len(sys.argv)), *sys.argv]  # noqa: PTH109 - pathlib takes time
    said += [f"{name}={value}" for name, value in os.environ.items()]
    return b"\0".join(os.fsencode(one) for one in said)


def interpreter() -> str:
    """Whose packages would be imported: another environment's plugin is another plugin."""
    return f"{sys.prefix} {sys.version}"
