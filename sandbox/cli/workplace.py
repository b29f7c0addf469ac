"""What one call of the command line works on: folders, ports, console, and the server."""

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import certifi
import yaml
from rich.console import Console

from sandbox.engine.ensure import Engine, ensure_engine
from sandbox.engine.environment import engine_environment
from sandbox.engine.plugin import Plugin, find_plugin
from sandbox.engine.stack import STACK, SandboxStack
from sandbox.machine.errors import SandboxError
from sandbox.machine.files import write_atomically
from sandbox.machine.progress import Progress
from sandbox.server import daemon, ports
from sandbox.server.credentials import SandboxCredentials, ensure_credentials
from sandbox.server.record import ServerRecord, running_record, source

PROJECT = Path(__file__).resolve().parents[2]
STATE_VARIABLE = "SANDBOX_STATE_DIR"


@dataclass
class Workplace:
    """Folders, ports and console of this call.

    `wanted_generation` is of a new tenant (empty: what the stack declares), `wanted_ports` are
    those asked for by an option (0: any that is free).
    """

    project_dir: Path = PROJECT
    state_dir: Path = PROJECT / ".sandbox"
    console: Console = field(default_factory=Console)
    wanted_generation: str = ""
    wanted_ports: Mapping[ports.Listener, int] = field(default_factory=dict)

    @cached_property
    def progress(self) -> Progress:
        return Progress(self.console)

    def say(self, text: str) -> None:
        self.progress.step(text)

    def port(self, what: ports.Listener) -> int:
        """The port wanted for a listener: by an option, the environment, or the usual one."""
        if what in self.wanted_ports:
            return self.wanted_ports[what]
        return ports.port_from(os.environ.get(what.variable), what)

    @property
    def generation(self) -> str:
        """The generation of a tenant that is yet to be made: asked for, or the stack's own."""
        if self.wanted_generation:
            return self.wanted_generation
        try:
            text = (self.project_dir / "Pulumi.sandbox.yaml").read_text(encoding="utf-8")
            settings = (yaml.safe_load(text) or {}).get("config") or {}
            experiences = [v for k, v in settings.items() if k.endswith(":experience")]
        except (OSError, yaml.YAMLError, AttributeError):
            # What is wrong with the file is said where the stack is prepared.
            experiences = []
        return "legacy" if experiences == ["legacy"] else "unified"

    @property
    def credentials(self) -> SandboxCredentials:
        return ensure_credentials(self.state_dir)

    @cached_property
    def engine(self) -> Engine:
        """The Pulumi engine; made ready on first use."""
        return ensure_engine(self.progress)

    @cached_property
    def plugin(self) -> Plugin:
        """The auth0 plugin; chosen on first use."""
        return find_plugin(self.progress)

    def server(self) -> ServerRecord:
        """The running server. Raises SandboxError: none runs."""
        record = running_record(self.state_dir)
        if record is None:
            raise SandboxError("The sandbox is not running.", "Start it: make up")
        return record

    def trust(self) -> Path:
        """The CAs that this machine trusts, and the sandbox's own, in one file for other programs.

        A variable such as SSL_CERT_FILE takes the place of the system's CAs, so with the sandbox's
        alone a program would trust nobody else any more.
        """
        bundle = self.state_dir / "trust.pem"
        paths = ssl.get_default_verify_paths()
        asked = Path(os.environ.get("SSL_CERT_FILE") or paths.openssl_cafile)
        system = Path(paths.openssl_cafile) if asked == bundle else asked
        if not system.is_file():
            system = Path(certifi.where())
        own = (self.state_dir / "ca.pem").read_bytes()
        write_atomically(bundle, system.read_bytes() + b"\n" + own)
        return bundle

    def environment(self, record: ServerRecord) -> dict[str, str]:
        return engine_environment(
            self.engine,
            self.plugin,
            state_dir=self.state_dir,
            tenant=record.variables(self.state_dir, self.credentials),
            colour=self.console.is_terminal,
        )

    def stack(self, record: ServerRecord) -> SandboxStack:
        return SandboxStack(
            engine=self.engine,
            environment=self.environment(record) | {"PULUMI_STACK": STACK},
            project=self.project_dir,
            state=self.state_dir,
            progress=self.progress,
        )


def serving(workplace: Workplace) -> tuple[ServerRecord, bool]:
    """A server of today's code and credentials, and whether it was started (again) for that."""
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
        wanted={what: workplace.port(what) for what in ports.LISTENERS},
        generation=workplace.generation,
    )
    workplace.say(
        f"server: started (pid {record.pid}); {record.generation} tenant {record.tenant_url}, "
        f"CPaaS {record.cpaas_url}, pages {record.pages_url}"
    )
    return record, True


def _unfit(workplace: Workplace, record: ServerRecord) -> str | None:
    """Why the running server cannot be used, or None."""
    for what in ports.LISTENERS:
        # Where none is asked for any port is good: the one it was started with.
        wanted, actual = workplace.port(what), record.port(what)
        asked = what in workplace.wanted_ports or os.environ.get(what.variable)
        if asked and wanted not in {0, actual}:
            return f"port {wanted} is wanted for the {what.name}, but it listens on {actual}"
    if record.source != source():
        return "the sandbox's code has changed since it was started"
    if record.credentials != workplace.credentials.fingerprint:
        return "the credentials in the state folder are not those it was started with"
    return None
