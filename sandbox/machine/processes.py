"""What can be known about other processes: who runs, who listens on a port."""

from contextlib import suppress

import psutil


def program_of(pid: int) -> str | None:
    """The command line of process `pid`, or None when there is no such process.

    A process that has ended but was not collected by its parent yet (a zombie) counts as gone.
    A process that may not be looked at gives an empty string.
    """
    if pid <= 0:
        return None
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return None
    except psutil.AccessDenied:
        return ""


def listener_on(port: int) -> str | None:
    """Who listens on TCP `port` of this machine, as `pid 123 (python -m http.server)`, or None.

    None also when the system does not tell (another user's process).
    """
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if any(
                one.status == psutil.CONN_LISTEN and one.laddr.port == port
                for one in process.net_connections("tcp")
            ):
                program = program_of(process.pid)
                return f"pid {process.pid} ({program[:120]})" if program else f"pid {process.pid}"
    return None
