"""The process that plugins are forked from: everything imported, nothing begun.

Owns taking a launcher's request, and that the fork runs as the launcher would have run: its
arguments, environment, folder and streams. A request from another Python environment, or after a
file of the plugin has changed, is not taken; the launcher then starts the plugin by itself.
Refuses to know the plugin. Has no thread and no event loop, so that forking is safe, and ends
with the process that started it.
"""

from __future__ import annotations

import gc
import os
import select
import shutil
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from sandbox.put_off import put_off

# Parts of the SDK that no plugin needs: a seventh of its start.
put_off("pulumi.automation")
put_off("pulumi.dynamic")

from sandbox.plugin import server  # noqa: E402 - after what it must not import
from sandbox.plugin.launcher import LENGTH, TAKEN, interpreter  # noqa: E402

_FOLDER: Final = Path(__file__).resolve().parent
_ASK_SECONDS: Final = 5.0


@dataclass(frozen=True)
class _Request:
    """What a launcher hands over: `streams` are its descriptors 0, 1 and 2."""

    interpreter: str
    folder: str
    arguments: list[str]
    environment: dict[str, str]
    streams: list[int]

    @classmethod
    def of(cls, connection: socket.socket) -> Self:
        """Read one.

        Raises:
            OSError, ValueError: it is not whole.
        """
        length, streams, *_ = socket.recv_fds(connection, LENGTH, 3)
        left = int.from_bytes(length, "big")
        read = bytearray()
        while len(read) < left:
            piece = connection.recv(left - len(read))
            if not piece:
                raise ValueError("a launcher ended in the middle of its request")
            read += piece
        asker, folder, count, *rest = (os.fsdecode(one) for one in bytes(read).split(b"\0"))
        pairs = (one.partition("=") for one in rest[int(count) :])
        return cls(
            interpreter=asker,
            folder=folder,
            arguments=rest[: int(count)],
            environment={name: value for name, _, value in pairs},
            streams=list(streams),
        )


def serve(listener: socket.socket, owner: int) -> None:
    """Fork for each request until the owner is gone.

    Args:
        listener: a listening Unix socket.
        owner: a descriptor that reads as ended when the process that started this one has ended.
    """
    # The system forgets forks that have ended; their launchers hear of it by the connection.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    begun_with = _files()
    # What is there now is never garbage, and a fork that does not look at it does not copy it.
    gc.freeze()
    while True:
        ready = select.select([listener.fileno(), owner], [], [])[0]
        if owner in ready:
            return
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(_ASK_SECONDS)
            try:
                asked = _Request.of(connection)
            except (OSError, ValueError):
                continue
            if asked.interpreter == interpreter() and begun_with == _files():
                with suppress(OSError):  # the launcher was ended meanwhile, or there is no room
                    connection.sendall(TAKEN)
                    if os.fork() == 0:
                        listener.close()
                        os.close(owner)
                        _be_the_plugin(asked, connection)
            for stream in asked.streams:
                os.close(stream)


def _be_the_plugin(asked: _Request, connection: socket.socket) -> None:
    """Never returns: whatever happens, the fork must not go on as the warm process."""
    status = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        connection.settimeout(None)
        for number, stream in enumerate(asked.streams):
            os.dup2(stream, number)
            os.close(stream)
        os.chdir(asked.folder)
        os.environ.clear()
        os.environ.update(asked.environment)
        sys.argv[:] = asked.arguments
        server.main(connection)
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
    except BaseException:  # noqa: BLE001 - the last one who can tell of it
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        with suppress(OSError):  # a launcher that was ended asks for no status
            connection.sendall(bytes([status]))
        # Nothing of the warm process is this one's to close.
        os._exit(status)


def _files() -> dict[str, int]:
    """The plugin's files as they are now, with their times of change."""
    return {str(file): file.stat().st_mtime_ns for file in _FOLDER.rglob("*.py")}


if __name__ == "__main__":
    # The owner listens before it starts this process, so that no launcher meets a closed door.
    listener = socket.socket(fileno=int(sys.argv[1]))
    try:
        serve(listener, owner=0)
    finally:
        # The owner may have been killed.
        shutil.rmtree(Path(listener.getsockname()).parent, ignore_errors=True)
