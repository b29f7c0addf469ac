"""The server as `up`, `start`, `stop` and `status` see it.

Owns when a running server is good enough to be used and when it has to be started anew. Refuses
to know how it is started (`sandbox.server.daemon`).
"""

from __future__ import annotations

from sandbox.cli.workplace import Workplace
from sandbox.server import daemon, ports
from sandbox.server.record import ServerRecord, running_record, source


def serving(workplace: Workplace) -> tuple[ServerRecord, bool]:
    """A server that runs today's code with today's credentials; started (again) if need be.

    Returns:
        The server, and whether it was started now.

    Raises:
        ServerError: it cannot be started, or the old one cannot be ended.
    """
    record = running_record(workplace.state_dir)
    if record is not None:
        reason = _unfit(workplace, record)
        if reason is None:
            workplace.say(f"server: running already (pid {record.pid}, {record.tenant_url})")
            return record, False
        workplace.say(f"server: starting anew, because {reason}")
        daemon.end(workplace.state_dir)
    record = daemon.spawn(
        workplace.state_dir,
        workplace.progress,
        tenant_port=workplace.tenant_port,
        cpaas_port=workplace.cpaas_port,
        pages_port=workplace.pages_port,
        generation=workplace.generation,
        environ=workplace.environ,
    )
    workplace.say(
        f"server: started (pid {record.pid}); {record.generation} tenant {record.tenant_url}, "
        f"CPaaS {record.cpaas_url}, pages {record.pages_url}"
    )
    return record, True


def _unfit(workplace: Workplace, record: ServerRecord) -> str | None:
    """Why the running server cannot be used, or None."""
    for variable, wanted, actual in (
        (ports.TENANT_VARIABLE, workplace.tenant_port, record.tenant_port),
        (ports.CPAAS_VARIABLE, workplace.cpaas_port, record.cpaas_port),
        (ports.PAGES_VARIABLE, workplace.pages_port, record.pages_port),
    ):
        # Without the variable any port is good: the one it was started with.
        if workplace.environ.get(variable) and wanted != actual:
            return f"{variable}={wanted}, but it listens on {actual}"
    if record.source != source():
        return "the sandbox's code has changed since it was started"
    if record.credentials != workplace.credentials.fingerprint:
        return "the credentials in the state folder are not those it was started with"
    return None
